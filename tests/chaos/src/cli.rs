//! The options of the program.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use crate::scenario::{SCENARIOS, Scenario};

/// Puts load on a local cluster through the C ABI while its nodes are killed, stopped, slowed down and restarted. The exit status
/// is 0 only if every expectation of every scenario holds.
#[derive(Parser)]
#[command(version)]
pub struct Cli {
    /// Scenarios to run, separated by commas; all of them without it
    #[arg(long, value_delimiter = ',', value_parser = named)]
    pub scenarios: Vec<&'static Scenario>,

    /// Sizes of the cluster, of those that a scenario is made for
    #[arg(long, value_delimiter = ',', default_value = "3,9")]
    pub nodes: Vec<usize>,

    /// How the clients choose: all expectations must hold for each of these
    #[arg(long, value_delimiter = ',', value_enum, default_value = "adaptive")]
    pub policy: Vec<Policy>,

    /// How other clients choose that are measured beside them in some scenarios, without expectations but for lost writes
    #[arg(long, value_delimiter = ',', value_enum, default_value = "ordinary")]
    pub compare: Vec<Policy>,

    /// Measure no other clients
    #[arg(long)]
    pub no_compare: bool,

    /// A further option of the library for all clients, such as health.eject_base_ms=250
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value)]
    pub options: Vec<(String, String)>,

    /// Length of the event; the load goes on for half of it before, and for all of it after
    #[arg(long, default_value_t = 8.0, value_parser = seconds)]
    pub seconds: f64,

    /// Handles of the library, each with its own view of the nodes
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..))]
    pub clients: u8,

    /// Threads in all, each with one call at a time
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: u16,

    /// What a request takes at a healthy node, so that throughput is that of the threads and not of the machine
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u64).range(1..=200))]
    pub base_ms: u64,

    /// The cluster's engine; canned keeps nothing, so that the oracle finds every write lost
    #[arg(long, default_value = "dynoxide")]
    pub engine: String,

    /// A shortened run of under a minute: some scenarios, three nodes, an event of three seconds, no comparison
    #[arg(long)]
    pub quick: bool,

    /// Where the plots go
    #[arg(long, default_value = "build/chaos")]
    pub out: PathBuf,

    /// The cluster's program; the one beside this program without it
    #[arg(long, env = "ALTCLUSTER")]
    pub altcluster: Option<PathBuf>,

    /// Tell the scenarios and what is expected of them, and run none
    #[arg(long)]
    pub list: bool,
}

/// How a client chooses nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Policy {
    Adaptive,
    Random,
    RoundRobin,
    /// At random, no node is ever set aside, and retries have no budget: most clients there are
    Ordinary,
}

impl Policy {
    pub fn name(self) -> &'static str {
        match self {
            Policy::Adaptive => "adaptive",
            Policy::Random => "random",
            Policy::RoundRobin => "round_robin",
            Policy::Ordinary => "ordinary",
        }
    }

    /// As options of the library.
    pub fn options(self) -> Vec<(String, String)> {
        let options: &[_] = match self {
            Policy::Ordinary => &[
                ("policy", "random"),
                ("health", "off"),
                ("retry.percent", "1000"),
                ("retry.per_second", "1000000"),
                ("retry.burst", "1000000"),
            ],
            other => &[("policy", other.name())],
        };
        options.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }
}

impl Cli {
    /// Calls per second of all threads, if a call took no longer than a healthy node does.
    pub fn possible_rate(&self) -> f64 {
        f64::from(self.threads) * 1000.0 / self.base_ms as f64
    }

    /// The scenarios to run, each with a size of the cluster.
    pub fn runs(&self) -> Vec<(&'static Scenario, usize)> {
        let chosen: Vec<_> = if self.scenarios.is_empty() { SCENARIOS.iter().collect() } else { self.scenarios.clone() };
        let wanted = |scenario: &Scenario| !self.quick || scenario.quick || !self.scenarios.is_empty();
        let sizes: &[usize] = if self.quick { &[3] } else { &self.nodes };
        chosen
            .into_iter()
            .filter(|scenario| wanted(scenario))
            .flat_map(|scenario| sizes.iter().filter(|size| scenario.sizes.contains(size)).map(move |size| (scenario, *size)))
            .collect()
    }
}

fn named(name: &str) -> Result<&'static Scenario, String> {
    SCENARIOS.iter().find(|scenario| scenario.name == name).ok_or_else(|| {
        let names: Vec<_> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
        format!("accepted are {}", names.join(", "))
    })
}

fn key_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("accepted is KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| "accepted is a number of seconds".to_owned())?;
    // Shorter than that, the event would be over with the first time-outs.
    if (2.0..=600.0).contains(&seconds) { Ok(seconds) } else { Err("accepted are 2 to 600 seconds".into()) }
}
