//! The library under simulation: runs repeat themselves, its plain policies are what they say, keys stay where they are.

use alb_simulation::model::{Metrics, Run, simulate};
use alb_simulation::policy::Kind;
use alb_simulation::scenario::Scenario;

fn play(policy: &str, scenario: &str, duration: f64, seed: u64) -> Metrics {
    let scenario = Scenario { duration, ..Scenario::named(scenario).unwrap() };
    simulate(&Run { policy: Kind::named(policy).unwrap(), scenario, seed }).unwrap()
}

/// Whether two figures are alike within a share of the second.
fn alike(ours: f64, theirs: f64, within: f64) -> bool {
    (ours - theirs).abs() <= within * theirs
}

#[test]
fn a_run_depends_on_its_seed_alone() {
    for policy in ["alb_adaptive", "alb_adaptive_hedge", "alb_round_robin", "official_cpp"] {
        let figures = |seed| {
            let Metrics { n, mean, p999, bad, atterr, .. } = play(policy, "die", 22.0, seed);
            [n, mean, p999, bad, atterr]
        };
        assert_eq!(figures(3), figures(3), "{policy}");
        assert_ne!(figures(3), figures(4), "{policy}");
    }
}

#[test]
fn the_librarys_plain_policies_are_the_models_when_all_is_well() {
    for (ours, model) in [("alb_random", "random"), ("alb_round_robin", "rr")] {
        let (ours, model) = (play(ours, "equal", 25.0, 1), play(model, "equal", 25.0, 1));
        assert!(alike(ours.p50, model.p50, 0.03), "p50 {} and {}", ours.p50, model.p50);
        assert!(alike(ours.p99, model.p99, 0.05), "p99 {} and {}", ours.p99, model.p99);
        assert!(alike(ours.imb, model.imb, 0.05), "imbalance {} and {}", ours.imb, model.imb);
        assert!(ours.maxmean < 1.02, "max/mean {}", ours.maxmean);
    }
}

#[test]
fn a_dead_node_costs_each_client_one_attempt_or_two() {
    for policy in ["alb_random", "alb_round_robin"] {
        for scenario in ["die", "die_3", "die_2"] {
            let metrics = play(policy, scenario, 30.0, 1);
            assert!((1.0..=2.0).contains(&metrics.failed_per_client), "{policy} in {scenario}: {}", metrics.failed_per_client);
            assert!(metrics.felt.is_some_and(|felt| felt < 0.5), "{policy} in {scenario}: felt for {:?} s", metrics.felt);
            assert_eq!(metrics.err, 0.0, "{policy} in {scenario}");
        }
    }
}

#[test]
fn a_node_that_leaves_in_good_order_costs_nothing_and_returns() {
    let metrics = play("alb_random", "leave", 30.0, 1);
    assert_eq!(metrics.atterr, 0.0);
    assert!(metrics.bad < 0.01, "{}", metrics.bad);
    assert!(metrics.rec.is_some_and(|seconds| seconds <= 2.0), "{:?}", metrics.rec);
}

#[test]
fn a_new_node_gets_its_share_within_two_seconds() {
    let metrics = play("alb_random", "join", 30.0, 1);
    assert_eq!((metrics.bad, metrics.atterr), (0.0, 0.0));
    assert!(metrics.rec.is_some_and(|seconds| seconds <= 2.0), "{:?}", metrics.rec);
}

#[test]
fn a_dead_node_moves_its_own_keys_and_no_others() {
    for scenario in ["keys_die", "keys_hang"] {
        let metrics = play("alb_adaptive", scenario, 22.0, 1);
        let keys = metrics.keys.unwrap();
        assert_eq!(keys.strayed, 0.0, "{scenario}");
        // Callers feel a dead node at once, a hung one for as long as an attempt is waited for.
        let (displaced, felt) = if scenario == "keys_die" { (0.99, 0.5) } else { (0.85, 1.5) };
        assert!(keys.displaced > displaced, "{scenario}: {}", keys.displaced);
        assert!(metrics.felt.is_some_and(|seconds| seconds < felt), "{scenario}: felt for {:?} s", metrics.felt);
        assert_eq!(metrics.err, 0.0, "{scenario}");
    }
    let official = play("official_keys", "keys_die", 22.0, 1).keys.unwrap();
    assert!(official.strayed > 0.8, "{}", official.strayed);
}
