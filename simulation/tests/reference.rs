//! The model is the reference's: policies that both have come to the same figures, digit by digit. Run with optimisation.

use alb_simulation::model::Metrics;
use alb_simulation::policy::Kind;
use alb_simulation::reference::{Row, rows};
use rayon::prelude::*;

/// What a figure printed with that many decimals may differ by.
fn rounding(decimals: i32) -> f64 {
    0.500_001 * 10f64.powi(-decimals)
}

fn differences(row: &Row, ours: &Metrics) -> Vec<String> {
    let theirs = &row.metrics;
    // Name, theirs, ours, decimals as the reference's tables print it (percentages have two more).
    let figures = [
        ("p50", theirs.p50, ours.p50, 2),
        ("p99", theirs.p99, ours.p99, 1),
        ("p99.9", theirs.p999, ours.p999, 1),
        ("err", theirs.err, ours.err, 6),
        ("att.err", theirs.atterr, ours.atterr, 5),
        ("att", theirs.att, ours.att, 3),
        ("max/mean", theirs.maxmean, ours.maxmean, 2),
        ("imbalance", theirs.imb, ours.imb, 2),
        ("bad", theirs.bad, ours.bad, 4),
        ("recovery", theirs.rec.unwrap_or(-1.0), ours.rec.unwrap_or(-1.0), 1),
        ("cross", theirs.cross, ours.cross, 2),
    ];
    let differ = |theirs: f64, ours: f64, decimals| {
        let allowed = if row.printed { rounding(decimals) } else { theirs.abs() * 1e-9 };
        (theirs - ours).abs() > allowed
    };
    figures
        .iter()
        .filter(|(_, theirs, ours, decimals)| differ(*theirs, *ours, *decimals))
        .map(|(name, theirs, ours, _)| {
            let (policy, scenario, clients, load) = (&row.policy, &row.scenario, row.clients, row.load);
            format!("{policy} in {scenario} with {clients} clients at load {load}: {name} is {ours} instead of {theirs}")
        })
        .collect()
}

fn wrong(wanted: impl Fn(&Row) -> bool, least: usize) -> Vec<String> {
    let rows = rows().unwrap().into_iter().filter(wanted);
    let model = |row: Row| Kind::named(&row.policy).filter(|kind| !kind.is_ours()).map(|kind| (row, kind));
    let known: Vec<(Row, &Kind)> = rows.filter_map(model).collect();
    assert!(known.len() >= least, "only {} rows have a policy that is known here", known.len());
    known.par_iter().flat_map_iter(|(row, kind)| differences(row, &row.played_by(kind).unwrap())).collect()
}

/// Rows of short runs, as they are printed, and those of long runs of which all digits are known, for the two policies that depend
/// on most of the model.
#[test]
fn models_come_to_the_reference_figures_exactly() {
    let wrong = wrong(|row| row.printed || ["official_cpp", "p2c_peak_ewma"].contains(&row.policy.as_str()), 50);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[ignore = "takes a minute of processor time"]
fn models_come_to_all_the_reference_figures_exactly() {
    let wrong = wrong(|_| true, 70);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
