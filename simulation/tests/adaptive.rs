//! What the adaptive policy promises, beside what random choice, round robin and the official clients come to in the same runs.
//! Run with optimisation.

use alb_simulation::model::{Metrics, Run, simulate};
use alb_simulation::policy::Kind;
use alb_simulation::reference::rows;
use alb_simulation::scenario::Scenario;
use rayon::prelude::*;

const ADAPTIVE: &str = "alb_adaptive";

fn named(scenario: &str) -> Scenario {
    Scenario::named(scenario).unwrap()
}

/// The mean of two seeds.
fn play(policy: &str, scenario: &Scenario) -> Metrics {
    let policy = Kind::named(policy).unwrap();
    let run = |seed| simulate(&Run { policy, scenario: scenario.clone(), seed }).unwrap();
    Metrics::mean_of(&[1, 2].into_par_iter().map(run).collect::<Vec<_>>())
}

/// Differs by this share of the second at most.
fn near(ours: f64, theirs: f64, share: f64) -> bool {
    (ours - theirs).abs() <= share * theirs
}

#[test]
fn it_comes_to_the_reference_figures() {
    let rows: Vec<_> = rows().unwrap().into_iter().filter(|row| row.policy == "alb_probe").collect();
    assert_eq!(rows.len(), 14);
    let wrong: Vec<String> = rows
        .par_iter()
        .flat_map_iter(|row| {
            let (ours, theirs) = (row.played_by(Kind::named(ADAPTIVE).unwrap()).unwrap(), &row.metrics);
            // With 500 clients the tail is each one's own discovery of the bad node, and chance decides: it moved the reference's
            // from 194 to 378 ms, and moves the library's from 270 to 470.
            let tail = if row.clients == 500 { 0.50 } else { 0.20 };
            let recovered = ours.rec.zip(theirs.rec).is_none_or(|(ours, theirs)| (ours - theirs).abs() <= 1.5);
            [
                ("p50", near(ours.p50, theirs.p50, 0.10), ours.p50, theirs.p50),
                ("p99", near(ours.p99, theirs.p99, 0.10), ours.p99, theirs.p99),
                ("p99.9", near(ours.p999, theirs.p999, tail), ours.p999, theirs.p999),
                ("recovery", recovered, ours.rec.unwrap_or(-1.0), theirs.rec.unwrap_or(-1.0)),
            ]
            .into_iter()
            .filter(|(_, well, ..)| !well)
            .map(move |(name, _, ours, theirs)| {
                let (scenario, clients, load) = (&row.scenario, row.clients, row.load);
                format!("{scenario} with {clients} clients at load {load}: {name} is {ours}, the reference's {theirs}")
            })
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_bad_node_does_not_show_in_the_tail() {
    let healthy = play(ADAPTIVE, &named("equal"));
    for name in ["slow", "hang", "die"] {
        let scenario = named(name);
        let metrics = play(ADAPTIVE, &scenario);
        assert!(metrics.p999 <= 1.2 * healthy.p999, "{name}: p99.9 {} against {} healthy", metrics.p999, healthy.p999);
        assert!(metrics.failed_per_client <= 1.2, "{name}: {} failed attempts a client", metrics.failed_per_client);
        assert_eq!(metrics.err, 0.0, "{name}");
        assert!(metrics.rec.is_some_and(|seconds| seconds <= 5.0), "{name}: back after {:?} s", metrics.rec);
        // The official client for Go is random where nothing is refused.
        let others = if name == "die" { &[][..] } else { &["random", "rr", "official_cpp"] };
        for other in others {
            let theirs = play(other, &Scenario { duration: 25.0, ..scenario.clone() }).p999;
            assert!(theirs >= 20.0 * healthy.p999, "{name}: p99.9 {} healthy against {theirs} of {other}", healthy.p999);
        }
    }
}

#[test]
fn nothing_is_lost_when_all_is_well() {
    for (load, clients) in [(0.65, 50), (0.85, 50), (0.65, 5), (0.65, 500)] {
        let scenario = Scenario { load, clients, duration: 25.0, ..named("equal") };
        let ours = play(ADAPTIVE, &scenario);
        // While nothing fails, the official clients are random.
        for other in ["random", "rr"] {
            let theirs = play(other, &scenario);
            for (figure, ours, theirs) in [("p50", ours.p50, theirs.p50), ("p99", ours.p99, theirs.p99)] {
                assert!(ours <= 1.01 * theirs, "{clients} clients at {load}: {figure} {ours} against {theirs} of {other}");
            }
            // Two seeds tell p99.9 apart no better than this.
            assert!(ours.p999 <= 1.1 * theirs.p999, "{clients} clients at {load}: p99.9 {} and {}", ours.p999, theirs.p999);
        }
        assert_eq!((ours.err, ours.atterr), (0.0, 0.0));
        assert!(ours.maxmean <= 1.1, "{clients} clients at {load}: {} times the mean at one node", ours.maxmean);
    }
}

#[test]
fn a_bad_node_of_two_or_three_costs_a_client_an_attempt_or_two() {
    for name in ["die_3", "hang_3", "die_2", "hang_2"] {
        let metrics = play(ADAPTIVE, &named(name));
        assert!(metrics.failed_per_client <= 1.5, "{name}: {} failed attempts a client", metrics.failed_per_client);
        assert!(metrics.p999 < 40.0, "{name}: p99.9 {}", metrics.p999);
        assert!(metrics.rec.is_some_and(|seconds| seconds <= 5.0), "{name}: back after {:?} s", metrics.rec);
        assert_eq!(metrics.err, 0.0, "{name}");
    }
}

#[test]
fn nodes_come_and_go_without_a_failure() {
    for name in ["leave", "join"] {
        let metrics = play(ADAPTIVE, &named(name));
        assert_eq!(metrics.atterr, 0.0, "{name}");
        assert!(metrics.p999 < 40.0, "{name}: p99.9 {}", metrics.p999);
        assert!(metrics.rec.is_some_and(|seconds| seconds <= 5.0), "{name}: its share after {:?} s", metrics.rec);
    }
}

#[test]
fn five_hundred_clients_find_a_slow_node_each_for_itself() {
    let scenario = Scenario { clients: 500, duration: 25.0, ..named("slow") };
    let (ours, random) = (play(ADAPTIVE, &scenario), play("random", &scenario));
    assert!(ours.p99 * 20.0 < random.p99, "p99 {} against {}", ours.p99, random.p99);
    assert!(ours.bad < 0.02 && ours.rec.is_some_and(|seconds| seconds <= 5.0), "share {}, back after {:?} s", ours.bad, ours.rec);
}

#[test]
fn trouble_of_the_whole_cluster_is_not_multiplied_by_retries() {
    for name in ["outage", "overload"] {
        let (ours, random) = (play(ADAPTIVE, &named(name)), play("random", &named(name)));
        assert!(ours.amplified <= 1.3 && random.amplified >= 2.0, "{name}: {} and {}", ours.amplified, random.amplified);
        assert!(ours.err <= random.err + 0.005, "{name}: {} of the requests fail, {} of random's", ours.err, random.err);
    }
}

#[test]
fn hedges_cut_the_tail_and_do_no_harm_to_a_busy_cluster() {
    let healthy = Scenario { duration: 25.0, ..named("equal") };
    let (without, with) = (play(ADAPTIVE, &healthy), play("alb_adaptive_hedge", &healthy));
    assert!(with.p999 <= 0.85 * without.p999, "p99.9 {} and {} without", with.p999, without.p999);
    assert!((1.01..=1.05).contains(&with.att), "{} attempts a request", with.att);
    let busy = Scenario { duration: 25.0, load: 0.85, ..named("slow") };
    let (without, with) = (play(ADAPTIVE, &busy), play("alb_adaptive_hedge", &busy));
    assert!(with.p99 <= 1.15 * without.p99 && with.p999 <= 1.15 * without.p999, "{} ms, {} ms", with.p99, with.p999);
}

#[test]
fn a_preferred_rack_keeps_traffic_near_and_does_not_choke_on_it() {
    let scenario = Scenario { duration: 25.0, ..named("local") };
    let (ours, official, random) =
        (play("alb_rack_prefer", &scenario), play("official_rack", &scenario), play("random", &scenario));
    assert!(official.p50 > 100.0 && official.err > 0.01, "a rack alone is too small: {} ms", official.p50);
    assert_eq!((ours.err, ours.atterr), (0.0, 0.0));
    assert!(ours.cross <= 0.15, "{} of the attempts cross racks", ours.cross);
    assert!(ours.p50 <= random.p50 && ours.p99 <= 1.1 * random.p99, "p50 {}, p99 {}", ours.p50, ours.p99);
}
