//! The figures of the reference (reference/rows.json): what a program in Python that this model repeats has measured.

use serde::Deserialize;

use crate::model::{Metrics, Run, simulate};
use crate::policy::Kind;
use crate::scenario::Scenario;

/// One row: a policy in a scenario, the mean of its seeds.
#[derive(Clone, Debug, Deserialize)]
pub struct Row {
    /// The reference's name of the policy.
    pub policy: String,
    /// The scenario.
    pub scenario: String,
    /// Clients.
    pub clients: usize,
    /// Load.
    pub load: f64,
    /// Seeds of the runs.
    pub seeds: Vec<u64>,
    /// Length of the runs.
    pub duration: f64,
    /// Whether the figures are rounded, as a table prints them.
    pub printed: bool,
    /// The figures.
    #[serde(flatten)]
    pub metrics: Metrics,
}

/// All rows.
pub fn rows() -> Result<Vec<Row>, serde_json::Error> {
    serde_json::from_str(include_str!("../reference/rows.json"))
}

impl Row {
    /// The circumstances of the row; `None` if there is no such scenario.
    pub fn circumstances(&self) -> Option<Scenario> {
        let scenario = Scenario::named(&self.scenario)?;
        Some(Scenario { clients: self.clients, load: self.load, duration: self.duration, ..scenario })
    }

    /// What a policy comes to in the circumstances of the row.
    pub fn played_by(&self, policy: &'static Kind) -> Result<Metrics, String> {
        let scenario = self.circumstances().ok_or_else(|| format!("no scenario is called {}", self.scenario))?;
        let play = |seed| simulate(&Run { policy, scenario: scenario.clone(), seed }).map_err(|error| error.to_string());
        let runs: Vec<Metrics> = self.seeds.iter().map(|seed| play(*seed)).collect::<Result<_, _>>()?;
        Ok(Metrics::mean_of(&runs))
    }
}
