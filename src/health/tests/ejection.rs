use super::*;

fn near(pause: Duration, millis: u64) -> bool {
    let wanted = Duration::from_millis(millis);
    pause >= wanted.mul_f64(0.75) && pause <= wanted.mul_f64(1.25)
}

/// Probes the node as soon as it is due, in vain.
fn probe_in_vain(bench: &mut Bench, node: NodeId) -> Duration {
    bench.now = bench.health.aside_until(node).unwrap();
    bench.health.probe_failed(node, bench.now, &mut bench.rng).unwrap()
}

#[test]
fn the_pause_doubles_from_half_a_second_to_thirty() {
    let mut bench = Bench::new(3);
    assert!(near(bench.eject(0, Cause::Refused).unwrap(), 500));
    for millis in [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000] {
        // A trial, at the cost of somebody's request.
        bench.now = bench.health.aside_until(0).unwrap();
        bench.health.try_out(0, bench.now, &mut bench.rng);
        let pause = bench.health.probe_failed(0, bench.now, &mut bench.rng).unwrap();
        assert!(near(pause, millis), "{millis}: {pause:?}");
    }
    assert!(bench.health.probe_ok(0, bench.now));
    assert!(!bench.health.is_aside(0));
}

#[test]
fn a_node_that_was_out_of_reach_is_found_well_after_an_eighth_of_that_time() {
    for cause in [Cause::Refused, Cause::Hung, Cause::TlsFailure] {
        let mut bench = Bench::new(3);
        let start = bench.now;
        assert!(near(bench.eject(0, cause).unwrap(), 500));
        for millis in [1000, 2000, 2000, 2000] {
            assert!(near(probe_in_vain(&mut bench, 0), millis), "{cause:?}: {millis}");
        }
        while bench.now.since(start) < Duration::from_secs(600) {
            let pause = probe_in_vain(&mut bench, 0);
            let away = bench.now.since(start).as_millis() as u64;
            assert!(near(pause, (away / 8).clamp(2000, 30_000)), "{cause:?}: {pause:?} after {away} ms");
        }
        assert!(bench.health.probe_ok(0, bench.now));
        // Probes that failed at no user's cost are not held against it; that it fails again is.
        for millis in [4000, 8000, 16_000, 30_000, 30_000] {
            assert!(near(bench.eject(0, cause).unwrap(), millis), "{cause:?}: {millis}");
            bench.health.probe_ok(0, bench.now);
        }
    }
}

#[test]
fn a_node_that_answers_with_errors_stays_away_its_time() {
    let mut bench = Bench::new(3);
    bench.warm_up();
    while !bench.health.is_aside(0) {
        bench.attempt_and_heed(0, Outcome::ServerError, 2);
    }
    assert_eq!(bench.standing(0).cause, Cause::FailuresInARow);
    for millis in [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000] {
        assert!(near(probe_in_vain(&mut bench, 0), millis), "{millis}");
    }
}

#[test]
fn a_second_failure_before_the_next_probe_is_due_counts_nothing() {
    let mut bench = Bench::new(3);
    bench.eject(0, Cause::Refused);
    bench.now = bench.health.aside_until(0).unwrap();
    assert!(bench.health.probe_failed(0, bench.now, &mut bench.rng).is_some());
    assert!(bench.health.probe_failed(0, bench.now, &mut bench.rng).is_none());
    assert_eq!(bench.standing(0).strikes, 2);
}

#[test]
fn a_minute_in_good_health_is_forgiven() {
    let mut bench = Bench::new(3);
    bench.eject(0, Cause::Refused);
    bench.now = bench.health.aside_until(0).unwrap();
    bench.health.probe_failed(0, bench.now, &mut bench.rng);
    bench.health.probe_ok(0, bench.now);
    bench.pass(59_000);
    assert!(near(bench.eject(0, Cause::Refused).unwrap(), 2000));
    bench.health.probe_ok(0, bench.now);
    bench.pass(61_000);
    assert!(near(bench.eject(0, Cause::Refused).unwrap(), 500));
}

#[test]
fn never_more_than_half_are_set_aside() {
    for (nodes, most) in [(1, 0), (2, 1), (3, 1), (4, 2), (9, 4)] {
        let mut bench = Bench::new(nodes);
        (0..nodes as NodeId).for_each(|node| bench.attempt_and_heed(node, Outcome::Refused, 1));
        assert_eq!(bench.aside(), most, "of {nodes}");
    }
}

#[test]
fn a_node_that_is_not_listed_or_already_aside_changes_nothing() {
    let mut bench = Bench::new(4);
    bench.listed.pop();
    assert!(bench.eject(3, Cause::Refused).is_none());
    assert!(bench.eject(9, Cause::Refused).is_none());
    assert!(bench.eject(0, Cause::Refused).is_some());
    assert!(bench.eject(0, Cause::Refused).is_none());
    bench.pass(10_000);
    assert!(bench.health.probe_failed(1, bench.now, &mut bench.rng).is_none());
    assert!(!bench.health.probe_ok(1, bench.now));
}

#[test]
fn switched_off_it_sets_nobody_aside() {
    let mut bench = Bench::with(3, &[("health", "off")]);
    for _ in 0..10 {
        assert_eq!(bench.attempt(0, Outcome::Refused, 1), None);
    }
    assert!(bench.eject(0, Cause::Refused).is_none());
}

#[test]
fn a_list_that_shrank_to_the_nodes_aside_is_used_whole() {
    let mut bench = Bench::new(4);
    bench.eject(0, Cause::Refused);
    bench.eject(1, Cause::Refused);
    assert_eq!(bench.health.usable(&bench.listed), [2, 3]);
    assert_eq!(bench.health.usable(&[0, 1, 2]), [0, 1, 2]);
}

#[test]
fn the_ceiling_holds_in_each_list_that_has_the_node() {
    let mut bench = Bench::new(9);
    let (rack, datacenter): (Vec<NodeId>, Vec<NodeId>) = ((0..3).collect(), (0..9).collect());
    let lists = [rack.as_slice(), datacenter.as_slice()];
    let mut aside = |node| bench.health.eject(node, Cause::Refused, &lists, bench.now, &mut bench.rng).is_some();
    assert_eq!([0, 1, 2].map(&mut aside), [true, false, false], "one of three in the rack");
    assert_eq!([3, 4, 5, 6, 7, 8].map(&mut aside), [true, true, true, false, false, false], "four of nine around it");
}

#[test]
fn who_cannot_be_reached_is_set_aside_at_once() {
    for (outcome, cause) in [(Outcome::Refused, Cause::Refused), (Outcome::TlsFailure, Cause::TlsFailure)] {
        let mut bench = Bench::new(3);
        bench.attempt_and_heed(0, outcome, 1);
        assert_eq!((bench.aside(), bench.standing(0).cause), (1, cause));
    }
}

#[test]
fn who_hangs_is_set_aside_at_its_first_time_out() {
    let mut bench = Bench::new(3);
    bench.warm_up();
    bench.attempt_and_heed(0, Outcome::Timeout, 1000);
    assert_eq!(bench.standing(0).cause, Cause::Hung);
}

#[test]
fn a_large_scan_that_times_out_at_a_live_node_ejects_nobody() {
    let mut bench = Bench::new(3);
    bench.warm_up();
    let scan_began = bench.now;
    bench.health.begin(0, scan_began);
    for _ in 0..100 {
        bench.pass(10);
        bench.attempt_and_heed(0, Outcome::Success, 2);
    }
    let latency = bench.now.since(scan_began).as_micros() as u64;
    assert_eq!(bench.health.report(0, Outcome::Timeout, latency, bench.now), Some(None));
    bench.attempt_and_heed(1, Outcome::Success, 30_000);
    assert_eq!(bench.aside(), 0, "nor does one that is merely slow");
}

#[test]
fn a_time_out_shorter_than_a_stall_says_nothing_of_a_hang() {
    let mut bench = Bench::new(3);
    bench.warm_up();
    bench.pass(10_000);
    assert_eq!(bench.attempt(0, Outcome::Timeout, 5), None);
}

#[test]
fn three_failures_in_a_row_set_aside_who_stands_out() {
    for outcome in [Outcome::ServerError, Outcome::Reset] {
        let mut bench = Bench::new(3);
        bench.warm_up();
        for failures in 0..3 {
            assert_eq!(bench.aside(), 0, "after {failures}");
            bench.attempt_and_heed(0, outcome, 2);
            bench.attempt_and_heed(1, Outcome::Success, 2);
        }
        assert_eq!(bench.standing(0).cause, Cause::FailuresInARow, "{outcome:?}");
    }
}

#[test]
fn a_success_between_ends_the_row() {
    let mut bench = Bench::new(3);
    bench.warm_up();
    for answer in [Outcome::Success, Outcome::CallerFault] {
        for _ in 0..20 {
            bench.attempt_and_heed(0, Outcome::ServerError, 2);
            bench.attempt_and_heed(0, Outcome::ServerError, 2);
            bench.attempt_and_heed(0, answer, 2);
        }
    }
    assert_eq!(bench.aside(), 0);
}

#[test]
fn throttling_and_cancelling_set_nobody_aside() {
    let mut bench = Bench::new(3);
    bench.warm_up();
    for _ in 0..100 {
        bench.attempt_and_heed(0, Outcome::Throttled, 2);
        bench.attempt_and_heed(0, Outcome::Cancelled, 2);
    }
    assert_eq!(bench.aside(), 0);
}

#[test]
fn a_fault_of_the_whole_cluster_ejects_nobody() {
    for nodes in [3, 9] {
        let mut bench = Bench::new(nodes);
        bench.warm_up();
        for _ in 0..500 {
            for node in 0..nodes as NodeId {
                bench.attempt_and_heed(node, Outcome::ServerError, 2);
            }
        }
        assert_eq!(bench.aside(), 0, "of {nodes}");
    }
}

#[test]
fn errors_of_a_third_of_all_requests_eject_nobody_for_good_luck_elsewhere() {
    let mut bench = Bench::new(9);
    bench.warm_up();
    let mut dice = Rng::new(1);
    let mut most = 0;
    for round in 0..3000 {
        for node in 0..9 {
            let outcome = if dice.below(3) == 0 { Outcome::ServerError } else { Outcome::Success };
            bench.attempt_and_heed(node, outcome, 2);
        }
        if round == 300 {
            // Before the rates had settled somebody may have gone; since then nobody goes.
            (0..9).for_each(|node| {
                bench.health.probe_ok(node, bench.now);
            });
        }
        most = if round > 300 { most.max(bench.aside()) } else { 0 };
    }
    assert_eq!(most, 0, "of nine at once");
}

#[test]
fn who_fails_most_requests_is_set_aside_though_some_succeed() {
    for nodes in [2, 3, 9] {
        let mut bench = Bench::with(nodes, &[("health.failures_in_a_row", "0")]);
        bench.warm_up();
        for round in 0..4000 {
            let outcome = if round % 4 == 0 { Outcome::Success } else { Outcome::ServerError };
            bench.attempt_and_heed(0, outcome, 2);
            (1..nodes as NodeId).for_each(|node| bench.attempt_and_heed(node, Outcome::Success, 2));
            if bench.aside() > 0 {
                break;
            }
        }
        assert_eq!(bench.standing(0).cause, Cause::FailureRate, "of {nodes}");
    }
}

#[test]
fn one_failure_of_a_node_that_is_seldom_asked_is_no_rate() {
    let mut bench = Bench::with(3, &[("health.failures_in_a_row", "0")]);
    bench.warm_up();
    for _ in 0..30 {
        bench.pass(20_000);
        bench.attempt_and_heed(0, Outcome::ServerError, 2);
        bench.attempt_and_heed(1, Outcome::Success, 2);
    }
    assert_eq!(bench.aside(), 0);
}

#[test]
fn a_request_that_began_after_the_ejection_and_is_served_brings_the_node_back() {
    let mut bench = Bench::new(3);
    bench.warm_up();
    bench.health.begin(0, bench.now);
    let early = bench.now;
    bench.eject(0, Cause::Refused);
    bench.pass(200);
    let latency = bench.now.since(early).as_micros() as u64;
    assert_eq!(bench.health.report(0, Outcome::Success, latency, bench.now), Some(None), "it began before");
    assert_eq!(bench.attempt(0, Outcome::Success, 2), Some(Sign::Well));
}

#[test]
fn failures_of_a_node_that_is_aside_do_not_prolong_its_pause() {
    let mut bench = Bench::new(3);
    bench.warm_up();
    bench.eject(0, Cause::Refused);
    let due = bench.health.aside_until(0);
    for _ in 0..10 {
        bench.attempt_and_heed(0, Outcome::Refused, 20);
    }
    assert_eq!(bench.health.aside_until(0), due);
}

#[test]
fn a_probe_that_a_clock_gone_back_left_in_the_far_future_is_due() {
    let mut bench = Bench::new(3);
    bench.eject(0, Cause::Refused);
    let due = bench.health.aside_until(0).unwrap();
    assert!(!bench.health.is_due(due, bench.now));
    let yesterday = Nanos(bench.now.0 - 86_400_000_000_000);
    assert!(bench.health.is_due(due, yesterday));
}
