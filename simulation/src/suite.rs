//! What `make simulate` plays, as data: sections of scenarios, each with the policies that have something to show there.

use rayon::prelude::*;

use crate::model::{Metrics, Run, simulate};
use crate::policy::Kind;
use crate::scenario::Scenario;

/// A part of the suite: one table a scenario, one page of each plot.
#[derive(Clone, Debug)]
pub struct Section {
    /// Its name on the command line and in file names.
    pub name: String,
    /// What it shows.
    pub title: String,
    /// The scenarios.
    pub scenarios: Vec<Scenario>,
    /// The policies.
    pub policies: Vec<&'static Kind>,
    /// The seeds of the runs that are averaged.
    pub seeds: Vec<u64>,
}

/// A section as it stands below.
struct Plan {
    name: &'static str,
    title: &'static str,
    scenarios: &'static [&'static str],
    policies: &'static [&'static str],
    seeds: &'static [u64],
    change: fn(Scenario) -> Scenario,
}

/// The policies that all sections but those for racks and keys compare.
const POLICIES: &[&str] =
    &["random", "rr", "official_cpp", "official_go", "p2c_least", "p2c_peak_ewma", "alb_random", "alb_round_robin", "alb_adaptive"];

const PLANS: &[Plan] = &[
    Plan {
        name: "reference",
        title: "The reference's circumstances: 9 nodes, 50 clients, 65 % load, one minute",
        scenarios: &["equal", "slow", "die", "hang"],
        policies: POLICIES,
        seeds: &[1, 2],
        change: |scenario| scenario,
    },
    Plan {
        name: "racks",
        title: "60 % of the clients in one rack of three",
        scenarios: &["local", "local_hang"],
        policies: &["random", "rr", "official_cpp", "official_rack", "alb_adaptive", "alb_rack_prefer", "alb_rack_strict"],
        seeds: &[1, 2],
        change: |scenario| scenario,
    },
    Plan {
        name: "few-clients",
        title: "5 busy clients",
        scenarios: &["equal", "slow", "hang"],
        policies: POLICIES,
        seeds: &[1],
        change: |scenario| Scenario { clients: 5, duration: 25.0, ..scenario },
    },
    Plan {
        name: "many-clients",
        title: "500 clients, each with little to go by",
        scenarios: &["equal", "slow", "hang"],
        policies: POLICIES,
        seeds: &[1],
        change: |scenario| Scenario { clients: 500, duration: 25.0, ..scenario },
    },
    Plan {
        name: "high-load",
        title: "85 % load",
        scenarios: &["equal", "slow", "hang"],
        policies: POLICIES,
        seeds: &[1],
        change: |scenario| Scenario { load: 0.85, duration: 25.0, ..scenario },
    },
    Plan {
        name: "hedges",
        title: "Second attempts for what takes long",
        scenarios: &["equal", "slow", "hang"],
        policies: &["random", "alb_adaptive", "alb_adaptive_hedge"],
        seeds: &[1, 2],
        change: |scenario| Scenario { duration: 25.0, ..scenario },
    },
    Plan {
        name: "hedges-high-load",
        title: "Second attempts for what takes long, at 85 % load",
        scenarios: &["equal", "slow", "hang"],
        policies: &["random", "alb_adaptive", "alb_adaptive_hedge"],
        seeds: &[1, 2],
        change: |scenario| Scenario { load: 0.85, duration: 25.0, ..scenario },
    },
    Plan {
        name: "membership",
        title: "A node leaves in good order, or joins",
        scenarios: &["leave", "join"],
        policies: POLICIES,
        seeds: &[1, 2],
        change: |scenario| scenario,
    },
    Plan {
        name: "small-clusters",
        title: "3 and 2 nodes, 12 clients",
        scenarios: &["die_3", "hang_3", "die_2", "hang_2"],
        policies: POLICIES,
        seeds: &[1, 2],
        change: |scenario| scenario,
    },
    Plan {
        name: "back-off",
        title: "Retries after a pause: a node hangs, all nodes die, all nodes get twice as slow",
        scenarios: &["hang_backoff", "outage", "overload"],
        policies: POLICIES,
        seeds: &[1, 2],
        change: |scenario| scenario,
    },
    Plan {
        name: "keys",
        title: "Requests with a partition key, and the node of some keys dies, hangs or is slow",
        scenarios: &["keys_die", "keys_hang", "keys_slow"],
        policies: &["official_keys", "alb_adaptive"],
        seeds: &[1, 2],
        change: |scenario| scenario,
    },
];

/// All sections.
pub fn sections() -> Vec<Section> {
    PLANS
        .iter()
        .map(|plan| Section {
            name: plan.name.into(),
            title: plan.title.into(),
            scenarios: plan.scenarios.iter().filter_map(|name| Scenario::named(name)).map(plan.change).collect(),
            policies: plan.policies.iter().filter_map(|name| Kind::named(name)).collect(),
            seeds: plan.seeds.to_vec(),
        })
        .collect()
}

/// What a policy came to in a scenario: the mean of the seeds.
#[derive(Clone, Debug)]
pub struct Row {
    /// The policy.
    pub policy: &'static Kind,
    /// The figures.
    pub metrics: Metrics,
}

impl Section {
    /// Plays all runs of the section, as many at once as there are threads. Rows stand by scenario and in the order of the
    /// policies.
    pub fn play(&self) -> Result<Vec<(Scenario, Vec<Row>)>, String> {
        let rows = |scenario: &Scenario| {
            let row = |policy: &&'static Kind| {
                let play = |seed: &u64| simulate(&Run { policy, scenario: scenario.clone(), seed: *seed });
                let runs: Result<Vec<Metrics>, _> = self.seeds.par_iter().map(play).collect();
                let runs = runs.map_err(|error| format!("{} in {}: {error}", policy.name, scenario.name))?;
                Ok(Row { policy, metrics: Metrics::mean_of(&runs) })
            };
            self.policies.par_iter().map(row).collect::<Result<Vec<Row>, String>>()
        };
        self.scenarios.iter().map(|scenario| Ok((scenario.clone(), rows(scenario)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_in_the_suite_is_known() {
        for (plan, section) in PLANS.iter().zip(sections()) {
            assert_eq!(section.scenarios.len(), plan.scenarios.len(), "{}", plan.name);
            assert_eq!(section.policies.len(), plan.policies.len(), "{}", plan.name);
        }
    }
}
