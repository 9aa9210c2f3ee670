use super::*;

#[test]
fn a_record_is_one_cache_line() {
    assert_eq!((size_of::<Line>(), align_of::<Line>()), (64, 64));
}

#[test]
fn unknown_nodes_cost_alike_and_those_in_flight_more() {
    let mut bench = Bench::new(3);
    assert_eq!(bench.price(0), bench.price(1));
    bench.health.begin(0, bench.now);
    assert_eq!(bench.price(0), 2.0 * bench.price(1));
    bench.pass(2);
    bench.health.begin(0, bench.now);
    assert_eq!(bench.price(0), 3.0 * bench.price(1));
    assert_eq!(bench.standing(0).in_flight, 2);
    bench.health.report(0, Outcome::Cancelled, 100, bench.now);
    assert_eq!(bench.standing(0).in_flight, 1, "an attempt that is given up has ended");
    assert_eq!(bench.price(99), f32::INFINITY, "a node that does not exist");
}

#[test]
fn a_slow_node_costs_more_until_it_is_forgotten() {
    let mut bench = Bench::new(3);
    bench.warm_up();
    for _ in 0..20 {
        bench.attempt(0, Outcome::Success, 15);
        bench.attempt(1, Outcome::Success, 2);
        bench.attempt(2, Outcome::Success, 2);
    }
    let slow = bench.price(0) - bench.price(1);
    assert!(slow > bench.price(1), "{slow} {}", bench.price(1));
    bench.pass(2000);
    assert!(bench.price(0) - bench.price(1) < slow * 0.5, "{} of {slow}", bench.price(0) - bench.price(1));
    bench.pass(20_000);
    assert!((bench.price(0) / bench.price(1) - 1.0).abs() < 0.1, "average again, not the favourite");
    assert!(bench.price(0) > bench.price(1) * 0.99);
}

#[test]
fn a_failure_is_never_a_fast_sample() {
    for outcome in [Outcome::ServerError, Outcome::Throttled, Outcome::Reset] {
        let mut bench = Bench::new(3);
        bench.warm_up();
        let before = bench.price(0);
        bench.pass(300);
        bench.attempt(0, outcome, 0);
        assert!(bench.price(0) > before * 1.05, "{outcome:?}: {} after {before}", bench.price(0));
    }
}

#[test]
fn one_enormous_latency_counts_as_ten_times_the_mean() {
    let mut bench = Bench::new(3);
    bench.warm_up();
    let before = bench.price(0);
    bench.attempt(0, Outcome::Success, 60_000);
    assert!(bench.price(0) < before * 4.0, "a quarter of ten times the mean: {} after {before}", bench.price(0));
}

#[test]
fn silence_with_an_attempt_in_flight_counts_as_latency() {
    let mut bench = Bench::new(3);
    bench.warm_up();
    let before = bench.price(0);
    bench.health.begin(0, bench.now);
    bench.pass(9);
    assert!(bench.price(0) < before * 2.2, "not yet");
    bench.pass(91);
    assert!(bench.price(0) > before * 80.0, "a hundred milliseconds of silence, two times");
    bench.health.report(0, Outcome::Success, 100_000, bench.now);
    assert!(bench.price(0) < before * 4.0, "the answer ends it");
    let idle = bench.price(1);
    bench.pass(100);
    assert!(bench.price(1) <= idle * 1.1, "silence of an idle node says nothing");
}

#[test]
fn attempts_that_never_end_are_forgotten() {
    let mut bench = Bench::new(3);
    bench.warm_up();
    for _ in 0..50 {
        bench.health.begin(0, bench.now);
    }
    assert_eq!(bench.standing(0).in_flight, 50);
    for _ in 0..70 {
        bench.pass(1000);
        bench.health.begin(0, bench.now);
        bench.health.report(0, Outcome::Success, 0, bench.now);
    }
    assert_eq!(bench.standing(0).in_flight, 0);
}

#[test]
fn a_node_that_came_back_warms_up() {
    let mut bench = Bench::new(3);
    bench.warm_up();
    bench.eject(0, Cause::Refused).unwrap();
    bench.pass(20_000);
    assert!(bench.health.probe_ok(0, bench.now));
    let normal = bench.price(1);
    assert!(bench.standing(0).warming_up);
    assert!((bench.price(0) / normal - 10.0).abs() < 1.0, "a tenth at first: {} of {normal}", bench.price(0));
    bench.pass(1500);
    assert!((bench.price(0) / normal - 2.0).abs() < 0.2, "half after half the time");
    bench.pass(1500);
    assert!((bench.price(0) / normal - 1.0).abs() < 0.1 && !bench.standing(0).warming_up);
}

#[test]
fn a_probe_that_is_answered_does_not_make_a_slow_node_fast() {
    let mut bench = Bench::new(3);
    bench.warm_up();
    for _ in 0..20 {
        bench.attempt(0, Outcome::Success, 15);
    }
    let slow = bench.standing(0).estimate_us.unwrap();
    bench.eject(0, Cause::Refused).unwrap();
    bench.health.probe_ok(0, bench.now);
    assert_eq!(bench.standing(0).estimate_us, Some(slow));
}

#[test]
fn a_failure_that_cannot_set_a_node_aside_makes_it_dear() {
    let mut bench = Bench::new(1);
    bench.warm_up();
    let before = bench.price(0);
    for _ in 0..8 {
        bench.pass(300);
        bench.attempt_and_heed(0, Outcome::Refused, 0);
    }
    assert_eq!(bench.aside(), 0);
    assert!(bench.price(0) > before * 5.0, "{} after {before}", bench.price(0));
}

#[test]
fn a_standing_says_what_is_known() {
    let mut bench = Bench::new(3);
    assert_eq!(bench.standing(0).estimate_us, None);
    bench.warm_up();
    let well = bench.standing(0);
    assert!((1900..2100).contains(&well.estimate_us.unwrap()));
    assert_eq!((well.cause, well.probe_at, well.strikes, well.in_flight), (Cause::None, None, 0, 0));
    bench.attempt(0, Outcome::ServerError, 2);
    let failing = bench.standing(0);
    assert_eq!(failing.failures_in_a_row, 1);
    assert!(failing.failure_rate > 0.0 && failing.failure_rate < 0.1);
    bench.eject(0, Cause::TlsFailure);
    let aside = bench.standing(0);
    assert_eq!((aside.cause, aside.strikes), (Cause::TlsFailure, 1));
    assert!(aside.probe_at > Some(bench.now));
    assert_eq!(bench.health.standing(7, bench.now), None);
}
