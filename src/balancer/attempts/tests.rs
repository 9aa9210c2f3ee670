//! Picks and reports together, over lists that are told, under a clock of the tests'.

use super::*;
use crate::Config;
use crate::clock::Clock;
use std::collections::HashSet;

struct Bench {
    balancer: Balancer,
    clock: Clock,
}

impl Bench {
    /// A static list of so many nodes, or a scope that is told by [`Bench::discover`].
    fn new(nodes: u32, options: &[(&str, &str)]) -> Bench {
        let seeds: Vec<String> = (1..=nodes).map(|i| format!("10.0.0.{i}")).collect();
        let mut config = Config::default();
        let fixed = [("seeds", seeds.join(",")), ("discovery", "static".into()), ("refresh.mode", "manual".into())];
        for (key, value) in &fixed {
            config.set(key, value).unwrap();
        }
        for (key, value) in options {
            config.set(key, value).unwrap();
        }
        let clock = Clock::starting_at(Nanos(1 << 50));
        Bench { balancer: Balancer::with_clock(config, clock.clone()).unwrap(), clock }
    }

    /// A rack of three nodes in a datacenter of nine, discovered.
    fn in_a_rack(options: &[(&str, &str)]) -> Bench {
        let options = [&[("discovery", "localnodes"), ("scope", "rack:dc1/r1")], options].concat();
        let bench = Bench::new(1, &options);
        bench.discover();
        bench
    }

    /// Answers what discovery asks now; all nodes answer probes.
    fn discover(&self) {
        while let Some(fetch) = self.balancer.discovery_next() {
            let body = if fetch.url.ends_with("&rack=r1") {
                list(1..=3)
            } else if fetch.url.contains("/localnodes") {
                list(1..=9)
            } else {
                String::new()
            };
            self.balancer.discovery_feed(fetch.token, 200, body.as_bytes()).unwrap();
        }
    }

    fn pass(&self, millis: u64) {
        self.clock.advance(Duration::from_millis(millis));
    }

    /// Requests one after the other, each node taking its time; tells how often each node was asked.
    fn requests(&self, count: u32, millis: impl Fn(NodeId) -> u64) -> [u32; 9] {
        let mut asked = [0; 9];
        for _ in 0..count {
            let node = self.balancer.next_node().unwrap();
            self.pass(millis(node));
            self.balancer.report(node, Outcome::Success, millis(node) * 1000).unwrap();
            asked[node as usize] += 1;
        }
        asked
    }

    fn eject(&self, node: NodeId) {
        self.balancer.report(node, Outcome::Refused, 100).unwrap();
        assert!(self.balancer.is_set_aside(node));
    }

    fn id(&self, last_byte: u32) -> NodeId {
        let url = format!("http://10.0.0.{last_byte}:8000");
        (0..9).find(|id| self.balancer.node(*id).is_some_and(|node| node.url.as_str() == url)).unwrap()
    }
}

fn list(last_bytes: std::ops::RangeInclusive<u32>) -> String {
    let nodes: Vec<String> = last_bytes.map(|byte| format!("\"10.0.0.{byte}\"")).collect();
    format!("[{}]", nodes.join(","))
}

#[test]
fn a_slow_node_gets_few_requests() {
    let bench = Bench::new(9, &[]);
    bench.requests(2000, |_| 2);
    let asked = bench.requests(5000, |node| if node == 4 { 20 } else { 2 });
    assert!(asked[4] < 5000 / 9 / 5, "{asked:?}");
    assert!(asked.iter().enumerate().all(|(node, n)| node == 4 || *n > 400), "the others share its part: {asked:?}");
}

#[test]
fn nodes_that_are_alike_get_alike() {
    let bench = Bench::new(9, &[]);
    let asked = bench.requests(18_000, |_| 2);
    assert!(asked.iter().all(|n| (1600..2400).contains(n)), "{asked:?}");
}

#[test]
fn a_node_with_attempts_in_flight_gives_way_to_idle_ones() {
    let bench = Bench::new(4, &[]);
    bench.requests(100, |_| 2);
    let mut busy = Vec::new();
    for _ in 0..4 {
        busy.push(bench.balancer.next_node().unwrap());
        bench.pass(2);
    }
    assert_eq!(busy.iter().collect::<HashSet<_>>().len(), 4, "each of four nodes has one of four requests: {busy:?}");
}

#[test]
fn who_reports_nothing_gets_random_nodes_and_leaves_no_trace() {
    let bench = Bench::new(9, &[]);
    let mut asked = [0; 9];
    for _ in 0..90_000 {
        asked[bench.balancer.next_node().unwrap() as usize] += 1;
    }
    assert!(asked.iter().all(|n| (9500..10_500).contains(n)), "{asked:?}");
    assert!((0..9).all(|node| bench.balancer.health_of(node).unwrap().standing.in_flight == 0));
}

#[test]
fn who_reports_only_failures_has_nothing_counted() {
    let bench = Bench::new(9, &[]);
    for _ in 0..100 {
        let node = bench.balancer.next_node().unwrap();
        bench.pass(5);
        if bench.balancer.health_of(node).unwrap().standing.failures_in_a_row == 0 {
            bench.balancer.report(node, Outcome::Reset, 5000).unwrap();
        }
    }
    assert!((0..9).all(|node| bench.balancer.health_of(node).unwrap().standing.in_flight == 0));
}

#[test]
fn who_stops_reporting_gets_random_nodes_again_and_its_attempts_are_forgotten() {
    let bench = Bench::new(3, &[]);
    bench.requests(100, |_| 2);
    for _ in 0..300 {
        bench.pass(2);
        bench.balancer.next_node();
    }
    let in_flight = |node| bench.balancer.health_of(node).unwrap().standing.in_flight;
    assert!((0..3).map(in_flight).sum::<u32>() > 250);
    bench.pass(31_000);
    let before: u32 = (0..3).map(in_flight).sum();
    assert!((0..100).all(|_| bench.balancer.next_node().is_some()));
    assert_eq!((0..3).map(in_flight).sum::<u32>(), before, "no longer counted");
    bench.pass(70_000);
    assert_eq!((0..3).map(in_flight).sum::<u32>(), 0);
}

#[test]
fn a_pick_by_key_begins_an_attempt_as_well() {
    let bench = Bench::new(3, &[]);
    bench.requests(10, |_| 2);
    let node = bench.balancer.node_for_key(7).unwrap();
    assert_eq!(bench.balancer.health_of(node).unwrap().standing.in_flight, 1);
    let mut plan = Plan::for_key(7);
    bench.pass(2);
    assert_eq!(bench.balancer.plan_next(&mut plan), Ok(node));
    assert_eq!(bench.balancer.health_of(node).unwrap().standing.in_flight, 2);
}

#[test]
fn a_node_that_answers_with_errors_is_set_aside_and_told_of() {
    let bench = Bench::new(3, &[]);
    bench.requests(300, |_| 2);
    let before = bench.balancer.generation().load(Ordering::Relaxed);
    for _ in 0..3 {
        bench.pass(2);
        bench.balancer.report(1, Outcome::ServerError, 2000).unwrap();
    }
    assert!(bench.balancer.is_set_aside(1));
    assert_ne!(bench.balancer.generation().load(Ordering::Relaxed), before);
    let event = bench.balancer.event_after(0).unwrap();
    assert!(event.reason.contains("in a row") && event.node == Some(1), "{event:?}");
    assert_eq!(bench.requests(100, |_| 2)[1], 0);
}

#[test]
fn one_server_error_of_each_node_ejects_nobody() {
    let bench = Bench::new(3, &[]);
    bench.requests(300, |_| 2);
    for node in (0..3).cycle().take(9) {
        bench.pass(2);
        bench.balancer.report(node, Outcome::ServerError, 2000).unwrap();
    }
    assert!((0..3).all(|node| !bench.balancer.is_set_aside(node)));
}

#[test]
fn where_nobody_drives_discovery_one_request_tries_a_node_when_its_time_has_come() {
    for policy in ["adaptive", "random", "round_robin"] {
        let bench = Bench::new(3, &[("policy", policy)]);
        bench.requests(100, |_| 2);
        bench.eject(1);
        bench.pass(300);
        assert_eq!(bench.requests(30, |_| 2)[1], 0, "{policy}");
        bench.pass(400);
        assert_eq!(bench.balancer.next_node(), Some(1), "{policy}: the trial");
        assert!((0..30).all(|_| bench.balancer.next_node() != Some(1)), "and no second one");
        bench.balancer.report(1, Outcome::Refused, 100).unwrap();
        assert!(bench.balancer.is_set_aside(1));
        bench.pass(700);
        assert!((0..30).all(|_| bench.balancer.next_node() != Some(1)), "twice the pause now");
        bench.pass(700);
        let mut plan = Plan::start();
        assert_eq!(bench.balancer.plan_next(&mut plan), Ok(1), "{policy}: a plan's first step may be one too");
        bench.pass(2);
        bench.balancer.report(1, Outcome::Success, 2000).unwrap();
        assert!(!bench.balancer.is_set_aside(1), "{policy}");
    }
}

#[test]
fn a_trial_that_is_never_reported_is_followed_by_another() {
    let bench = Bench::new(3, &[]);
    bench.eject(1);
    let mut trials = 0;
    for _ in 0..100 {
        bench.pass(100);
        trials += u32::from(bench.balancer.next_node() == Some(1));
    }
    assert!((12..=28).contains(&trials), "one in half a second: {trials} in ten");
}

#[test]
fn who_drives_discovery_has_no_request_sent_to_a_node_that_is_aside() {
    let bench = Bench::new(3, &[]);
    bench.eject(1);
    let mut probes = 0;
    for _ in 0..200 {
        bench.pass(50);
        while let Some(fetch) = bench.balancer.discovery_next() {
            probes += 1;
            bench.balancer.discovery_fail(fetch.token, Outcome::Refused).unwrap();
        }
        assert_ne!(bench.balancer.next_node(), Some(1));
    }
    assert!((5..=9).contains(&probes), "after 0.5, 1, 2, 2, ... seconds, {probes} in ten");
}

#[test]
fn a_rack_is_preferred_and_its_datacenter_helps_out_when_it_is_slow() {
    let bench = Bench::in_a_rack(&[]);
    let own: HashSet<NodeId> = (1..=3).map(|byte| bench.id(byte)).collect();
    let beyond = |asked: [u32; 9]| asked.iter().enumerate().filter(|(id, _)| !own.contains(&(*id as NodeId))).map(|(_, n)| n).sum();
    let even: u32 = beyond(bench.requests(5000, |_| 2));
    assert!(even < 500, "{even} of 5000 beyond a rack that is as fast as the others");
    let slow: u32 = beyond(bench.requests(5000, |node| if own.contains(&node) { 12 } else { 2 }));
    assert!(slow > 4000, "{slow} of 5000 beyond a rack that is slow");
}

#[test]
fn strict_and_off_take_the_rack_at_its_word_or_not_at_all() {
    let own_share = |rack: &str| {
        let bench = Bench::in_a_rack(&[("rack", rack)]);
        let own: Vec<NodeId> = (1..=3).map(|byte| bench.id(byte)).collect();
        let asked = bench.requests(900, |_| 2);
        own.iter().map(|id| asked[*id as usize]).sum::<u32>()
    };
    assert_eq!(own_share("strict"), 900);
    assert!((200..400).contains(&own_share("off")), "a third of the nodes, a third of the requests");
}

#[test]
fn a_rack_that_is_lost_spills_to_its_datacenter_under_every_policy() {
    for policy in ["adaptive", "random", "round_robin"] {
        let bench = Bench::in_a_rack(&[("policy", policy)]);
        bench.requests(100, |_| 2);
        let own: Vec<NodeId> = (1..=3).map(|byte| bench.id(byte)).collect();
        own.iter().for_each(|node| bench.eject(*node));
        let asked = bench.requests(600, |_| 2);
        assert!(own.iter().all(|id| asked[*id as usize] == 0), "{policy}: {asked:?}");
        assert_eq!(asked.iter().filter(|n| **n > 30).count(), 6, "{policy}: {asked:?}");
        bench.pass(1000);
        bench.discover();
        assert!(own.iter().all(|id| !bench.balancer.is_set_aside(*id)), "probes bring it back");
    }
}

#[test]
fn a_plan_in_a_rack_goes_on_beyond_it_and_repeats_no_node() {
    for policy in ["adaptive", "random", "round_robin"] {
        let bench = Bench::in_a_rack(&[("policy", policy)]);
        bench.requests(100, |_| 2);
        bench.eject(bench.id(2));
        for _ in 0..50 {
            let mut plan = Plan::start();
            let order: Vec<NodeId> = (0..9).map(|_| bench.balancer.plan_next(&mut plan).unwrap()).collect();
            assert_eq!(order.iter().collect::<HashSet<_>>().len(), 9, "{policy}: {order:?}");
            assert_eq!(order[8], bench.id(2), "{policy}: the one that is aside comes last: {order:?}");
        }
    }
}

#[test]
fn a_strict_rack_has_half_of_its_nodes_set_aside_at_most() {
    let bench = Bench::in_a_rack(&[("rack", "strict")]);
    for byte in 1..=3 {
        bench.balancer.report(bench.id(byte), Outcome::Refused, 100).unwrap();
    }
    assert_eq!((1..=3).filter(|byte| bench.balancer.is_set_aside(bench.id(*byte))).count(), 1);
}

#[test]
fn a_clock_that_jumps_keeps_requests_flowing_and_brings_nodes_back() {
    let bench = Bench::new(3, &[]);
    bench.requests(300, |_| 2);
    bench.eject(1);
    let Clock::Virtual(time) = &bench.clock else { unreachable!() };
    for jump in [86_400_000_000_000i64, -86_400_000_000_000, -1_000_000_000, i64::MAX / 4] {
        time.store(time.load(Ordering::Relaxed).wrapping_add_signed(jump), Ordering::Relaxed);
        bench.requests(300, |_| 2);
        bench.pass(61_000);
        bench.requests(300, |_| 2);
        assert!(!bench.balancer.is_set_aside(1), "after a jump of {jump} ns");
        bench.eject(1);
    }
}

/// Two handles for one cluster, in the same process.
fn two_handles(name: &str, share: &str) -> [Balancer; 2] {
    [(); 2].map(|()| {
        let mut config = Config::default();
        let seeds = (1..=3).map(|i| format!("{name}-{i}")).collect::<Vec<_>>().join(",");
        for (key, value) in
            [("seeds", seeds.as_str()), ("discovery", "static"), ("refresh.mode", "manual"), ("health.share", share)]
        {
            config.set(key, value).unwrap();
        }
        Balancer::new(config).unwrap()
    })
}

#[test]
fn handles_for_one_cluster_share_what_they_learn_of_its_nodes() {
    let [one, other] = two_handles("shared", "process");
    for _ in 0..50 {
        one.report(0, Outcome::Success, 7000).unwrap();
    }
    assert!((6900..7100).contains(&other.health_of(0).unwrap().standing.estimate_us.unwrap()));
    assert_eq!(other.statistics()["nodes"][0]["outcomes"]["success"], 0, "who reported what stays one's own");
    let generation = other.generation().load(Ordering::Relaxed);
    one.report(1, Outcome::Refused, 10).unwrap();
    assert!(other.is_set_aside(1));
    other.next_node();
    assert_ne!(other.generation().load(Ordering::Relaxed), generation, "a pick notices, for the next ones");
    assert!((0..200).all(|_| other.next_node() != Some(1)));
    let event = other.event_after(0).unwrap();
    assert!(event.node == Some(1) && event.reason.contains("another handle"), "{event:?}");
    other.report(2, Outcome::Refused, 10).unwrap();
    assert!(!one.is_set_aside(2), "the ceiling is that of both");
}

#[test]
fn handles_that_do_not_share_learn_each_for_itself() {
    let [one, other] = two_handles("apart", "handle");
    one.report(1, Outcome::Refused, 10).unwrap();
    assert!(one.is_set_aside(1) && !other.is_set_aside(1));
}

#[test]
fn threads_of_two_handles_that_eject_at_once_keep_the_ceiling() {
    let handles = two_handles("ceiling", "process");
    std::thread::scope(|scope| {
        for handle in &handles {
            for node in 0..3 {
                let handles = &handles;
                scope.spawn(move || {
                    for _ in 0..2000 {
                        handle.report(node, Outcome::Refused, 10).unwrap();
                        assert!((0..3).filter(|node| handles[0].is_set_aside(*node)).count() <= 1);
                    }
                });
            }
        }
    });
}

#[test]
fn the_nodes_in_use_are_those_not_set_aside_and_the_datacenter_s_where_most_of_the_rack_is() {
    let bench = Bench::in_a_rack(&[]);
    let rack = bench.balancer.nodes();
    assert_eq!((rack.len(), bench.balancer.nodes_in_use()), (3, rack.clone()));
    bench.eject(rack[0]);
    assert_eq!(bench.balancer.nodes_in_use(), rack[1..]);
    bench.eject(rack[1]);
    let in_use = bench.balancer.nodes_in_use();
    assert!(in_use.len() == 7 && !in_use.contains(&rack[0]) && !in_use.contains(&rack[1]), "{in_use:?}");
}
