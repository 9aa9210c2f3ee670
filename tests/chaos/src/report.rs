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

/// One line for each run of which the machine, busy with other things, may have taken a part: where less than three quarters of the
/// `possible` calls a second were made even before anything happened, and where the reference was not steady.
pub fn doubts(rows: &[Row], possible: f64) -> Vec<String> {
    let of_row = |row: &Row| {
        let Figures { before, reference_during, reference_after, .. } = row.figures;
        let slow = before < 0.75 * possible;
        let why = match (slow, row.figures.is_steady()) {
            (false, true) => return None,
            (true, _) => format!("{before:.0} calls/s before the event, {possible:.0} were possible"),
            (false, false) => format!(
                "the reference went at {:.0} % during the event, at {:.0} % at the end",
                100.0 * reference_during,
                100.0 * reference_after
            ),
        };
        Some(format!("{}, {} nodes, {}: {why}", row.scenario, row.nodes, row.policy))
    };
    rows.iter().filter_map(of_row).collect()
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
    fn a_run_is_doubted_that_was_slow_from_the_beginning_or_whose_reference_changed() {
        let row = |before, reference_after| Row {
            scenario: "sigkill",
            nodes: 3,
            policy: "adaptive",
            figures: Figures { before, reference_during: 1.0, reference_after, ..Figures::default() },
            balance: Balance::default(),
            complaints: Vec::new(),
        };
        assert_eq!(
            doubts(&[row(300.0, 1.0), row(299.0, 1.0), row(300.0, 0.9)], 400.0),
            [
                "sigkill, 3 nodes, adaptive: 299 calls/s before the event, 400 were possible",
                "sigkill, 3 nodes, adaptive: the reference went at 100 % during the event, at 90 % at the end",
            ]
        );
    }
}
