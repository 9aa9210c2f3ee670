//! `alb-simulation`: plays the suite, or what is chosen of it, prints a table for each scenario and writes plots and figures.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use alb_simulation::policy::{KINDS, Kind};
use alb_simulation::report::{plot, table};
use alb_simulation::scenario::{SCENARIOS, Scenario};
use alb_simulation::suite::{Section, sections};
use clap::Parser;

/// Simulates clients that balance load over the nodes of a cluster: the library itself, and models of other policies.
///
/// Without --scenarios the whole suite is played, or the sections that are named.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// Sections of the suite, separated by commas
    #[arg(long, value_delimiter = ',', conflicts_with = "scenarios")]
    sections: Vec<String>,
    /// Policies, instead of the section's
    #[arg(long, value_delimiter = ',')]
    policies: Vec<String>,
    /// Scenarios, instead of the suite
    #[arg(long, value_delimiter = ',')]
    scenarios: Vec<String>,
    /// Seeds of the runs that are averaged
    #[arg(long, value_delimiter = ',')]
    seeds: Vec<u64>,
    /// How many clients there are
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    clients: Option<u16>,
    /// Share of the cluster's capacity that requests take, such as 0.65
    #[arg(long)]
    load: Option<f64>,
    /// When the last request arrives, in seconds; trouble is from 10 to 20
    #[arg(long)]
    duration: Option<f64>,
    /// Where plots and figures go
    #[arg(long, default_value = "build/simulation")]
    out: PathBuf,
    /// How many runs are played at once; 0 for one a processor
    #[arg(long, default_value_t = 0)]
    threads: usize,
    /// Names sections, scenarios and policies, and plays nothing
    #[arg(long)]
    list: bool,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("alb-simulation: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    if options.list {
        println!("sections:  {}", join(sections().iter().map(|section| section.name.as_str())));
        println!("scenarios: {}", join(SCENARIOS.iter().map(|scenario| scenario.name)));
        println!("policies:  {}", join(KINDS.iter().map(|kind| kind.name)));
        return Ok(());
    }
    let chosen = options.chosen()?;
    rayon::ThreadPoolBuilder::new().num_threads(options.threads).build_global()?;
    fs::create_dir_all(&options.out)?;
    println!("{}", table::LEGEND);
    for section in chosen {
        println!("\n## {} ({})", section.title, section.name);
        let begun = Instant::now();
        let results = section.play()?;
        for (scenario, rows) in &results {
            let Scenario { name, nodes, clients, load, duration, .. } = scenario;
            let seeds = join(section.seeds.iter().map(u64::to_string).collect::<Vec<_>>().iter().map(String::as_str));
            println!("\n### {name}: {nodes} nodes, {clients} clients, load {load}, {duration} s, seeds {seeds}\n");
            println!("{}", table::table(rows));
        }
        let figures: serde_json::Map<String, serde_json::Value> = results
            .iter()
            .map(|(scenario, rows)| {
                let rows = rows.iter().map(|row| Ok((row.policy.name.into(), serde_json::to_value(&row.metrics)?)));
                Ok((scenario.name.into(), rows.collect::<Result<serde_json::Map<_, _>, serde_json::Error>>()?.into()))
            })
            .collect::<Result<_, serde_json::Error>>()?;
        let json = options.out.join(format!("{}.json", section.name));
        fs::write(&json, serde_json::to_string_pretty(&figures)?)?;
        let mut written = plot::write(&section, &results, &options.out)?;
        written.push(json);
        let written: Vec<String> = written.iter().map(|path| path.display().to_string()).collect();
        println!("\n{:.0} s; written: {}", begun.elapsed().as_secs_f64(), written.join(", "));
    }
    Ok(())
}

impl Options {
    /// The sections to play.
    fn chosen(&self) -> Result<Vec<Section>, String> {
        let known = sections();
        let mut chosen: Vec<Section> = if !self.scenarios.is_empty() {
            vec![self.section_of_scenarios()?]
        } else if self.sections.is_empty() {
            known
        } else {
            let named = |name: &String| {
                let found = known.iter().find(|section| section.name == *name).cloned();
                found.ok_or_else(|| unknown("--sections", name, join(known.iter().map(|section| section.name.as_str()))))
            };
            self.sections.iter().map(named).collect::<Result<_, _>>()?
        };
        for section in &mut chosen {
            if !self.policies.is_empty() {
                section.policies = self.policies.iter().map(|name| policy(name)).collect::<Result<_, _>>()?;
            }
            if !self.seeds.is_empty() {
                section.seeds.clone_from(&self.seeds);
            }
            for scenario in &mut section.scenarios {
                scenario.clients = self.clients.map_or(scenario.clients, usize::from);
                scenario.load = accepted("--load", self.load, scenario.load, 0.01..=0.99)?;
                scenario.duration = accepted("--duration", self.duration, scenario.duration, 21.0..=3600.0)?;
            }
        }
        Ok(chosen)
    }

    fn section_of_scenarios(&self) -> Result<Section, String> {
        let named = |name: &String| {
            let known = join(SCENARIOS.iter().map(|scenario| scenario.name));
            Scenario::named(name).ok_or_else(|| unknown("--scenarios", name, known))
        };
        Ok(Section {
            name: "chosen".into(),
            title: "As chosen".into(),
            scenarios: self.scenarios.iter().map(named).collect::<Result<_, _>>()?,
            policies: KINDS.iter().collect(),
            seeds: vec![1],
        })
    }
}

fn policy(name: &str) -> Result<&'static Kind, String> {
    Kind::named(name).ok_or_else(|| unknown("--policies", name, join(KINDS.iter().map(|kind| kind.name))))
}

fn accepted(option: &str, given: Option<f64>, otherwise: f64, range: std::ops::RangeInclusive<f64>) -> Result<f64, String> {
    match given {
        Some(value) if !range.contains(&value) => {
            Err(format!("{option} cannot be {value}: accepted is a number from {} to {}", range.start(), range.end()))
        }
        given => Ok(given.unwrap_or(otherwise)),
    }
}

fn unknown(option: &str, name: &str, known: String) -> String {
    format!("{option} cannot be '{name}': accepted are {known}")
}

fn join<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
