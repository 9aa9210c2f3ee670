//! The table of all runs, and what was missed.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};

use crate::measure::{Figures, Latency};
use crate::oracle::Balance;

/// A row: what was run, and what came out.
pub struct Row {
    pub scenario: &'static str,
    pub nodes: usize,
    pub policy: &'static str,
    pub figures: Figures,
    pub balance: Balance,
    pub complaints: Vec<String>,
}

const HEADER: [&str; 15] = [
    "scenario",
    "nodes",
    "client",
    "calls/s\nbefore",
    "during",
    "after",
    "during/\nbefore",
    "same of\nreference",
    "worst\n250 ms",
    "failed\ncalls",
    "failed\nattempts",
    "at bad nodes\ntrial + late",
    "p50 / p99 / p99.9 ms\nbefore → during",
    "back\nafter s",
    "writes: acks\n+ ambiguous, lost",
];

pub fn table(rows: &[Row]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(HEADER);
    for row in rows {
        table.add_row(cells(row));
    }
    for column in table.column_iter_mut().skip(3) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// One line for each expectation that does not hold.
pub fn complaints(rows: &[Row]) -> Vec<String> {
    let of_row = |row: &Row| {
        let (scenario, nodes, policy) = (row.scenario, row.nodes, row.policy);
        let told: Vec<_> = row.complaints.iter().map(|what| format!("{scenario}, {nodes} nodes, {policy}: {what}")).collect();
        told
    };
    rows.iter().flat_map(of_row).collect()
}

/// One line for each run that made less than three quarters of the possible calls a second even before anything happened: the
/// machine had too much else to do for the run to say much.
pub fn doubts(rows: &[Row], possible: f64) -> Vec<String> {
    let slow = rows.iter().filter(|row| row.figures.before < 0.75 * possible);
    slow.map(|row| {
        let before = row.figures.before;
        format!(
            "{}, {} nodes, {}: {before:.0} calls/s before the event, {possible:.0} were possible",
            row.scenario, row.nodes, row.policy
        )
    })
    .collect()
}

fn cells(row: &Row) -> [String; 15] {
    let Row { figures, balance, .. } = row;
    [
        row.scenario.to_owned(),
        row.nodes.to_string(),
        row.policy.to_owned(),
        format!("{:.0}", figures.before),
        format!("{:.0}", figures.during),
        format!("{:.0}", figures.after),
        format!("{:.1} %", 100.0 * figures.during / figures.before),
        format!("{:.1} %", 100.0 * figures.reference_during),
        format!("{:.0}", figures.worst),
        figures.failed_calls.to_string(),
        figures.failed_attempts.to_string(),
        format!("{} + {}", figures.trial_attempts, figures.late_attempts),
        format!("{} → {}", percentiles(figures.latency_before), percentiles(figures.latency)),
        figures.back_after.map_or("-".to_owned(), |back| format!("{:.1}", back.as_secs_f64())),
        format!("{} + {}, {}", balance.acknowledged, balance.ambiguous, balance.lost),
    ]
}

fn percentiles(latency: Latency) -> String {
    let ms = [latency.p50, latency.p99, latency.p999].map(|duration| format!("{:.0}", duration.as_secs_f64() * 1000.0));
    ms.join(" / ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_was_slow_from_the_beginning_is_doubted() {
        let row = |before| Row {
            scenario: "sigkill",
            nodes: 3,
            policy: "adaptive",
            figures: Figures { before, ..Figures::default() },
            balance: Balance::default(),
            complaints: Vec::new(),
        };
        assert_eq!(
            doubts(&[row(300.0), row(299.0)], 400.0),
            ["sigkill, 3 nodes, adaptive: 299 calls/s before the event, 400 were possible"]
        );
    }
}
