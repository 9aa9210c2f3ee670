//! The machine against a network of plain data, under virtual time.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use super::*;
use crate::discovery::answer::read;
use crate::node::Host;
use crate::rng::Rng;

/// How an address behaves.
#[derive(Clone, Debug)]
enum Peer {
    /// Lists these for every scope that is not mentioned in `Scoped`.
    Lists(Vec<&'static str>),
    /// Lists by path; nobody for other paths.
    Scoped(Vec<(&'static str, Vec<&'static str>)>),
    Answers(u16, &'static str),
    Refuses,
    Hangs,
    /// Answers after so many milliseconds.
    Slow(u64, Vec<&'static str>),
}

struct Net {
    machine: Machine,
    peers: HashMap<&'static str, Peer>,
    names: HashMap<&'static str, Vec<&'static str>>,
    world: World,
    now: Nanos,
    rng: Rng,
    asked: Vec<String>,
    effects: Vec<Effect>,
}

fn address(text: &str) -> Address {
    Address::parse(text, 8000).unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

impl Net {
    fn new(options: &[(&str, &str)], peers: &[(&'static str, Peer)]) -> Net {
        let mut config = Config::default();
        for (key, value) in options {
            config.set(key, value).unwrap();
        }
        let now = Nanos(1_000_000_000);
        Net {
            machine: Machine::new(&config, now),
            peers: peers.iter().cloned().collect(),
            names: HashMap::new(),
            world: World { usable: config.seeds(), ..World::default() },
            now,
            rng: Rng::new(3),
            asked: Vec::new(),
            effects: Vec::new(),
        }
    }

    fn turn<R>(&mut self, take: impl FnOnce(&mut Machine, &mut Turn<'_>) -> R) -> R {
        let mut turn = Turn { now: self.now, world: &self.world, rng: &mut self.rng, effects: Vec::new() };
        let result = take(&mut self.machine, &mut turn);
        for effect in turn.effects {
            if let Effect::List(_, nodes) = &effect {
                self.world = World { usable: nodes.clone(), known: true, ..World::default() };
            }
            self.effects.push(effect);
        }
        result
    }

    /// One request, answered as the peer behaves, in the time that it takes. `false` when there was nothing to do.
    fn step(&mut self, force: bool) -> bool {
        let Some(request) = self.turn(|machine, turn| machine.next(force, turn)) else { return false };
        let host = request.address.host.to_string();
        if request.resolved.is_none()
            && let Some(addresses) = self.names.get(host.as_str())
        {
            let addresses: Vec<IpAddr> = addresses.iter().map(|text| ip(text)).collect();
            self.machine.expand(request.token, &addresses);
            return true;
        }
        let connected = request.resolved.map_or(host, |ip| ip.to_string());
        self.asked.push(connected.clone());
        let json = |hosts: &[&str]| serde_json::to_string(hosts).unwrap();
        let (took, answer) = match self.peers.get(connected.as_str()).cloned().unwrap_or(Peer::Refuses) {
            Peer::Lists(hosts) => (1, Ok((200, json(&hosts)))),
            Peer::Scoped(scopes) => {
                let hosts = scopes.iter().find(|(path, _)| *path == request.path).map_or(&[][..], |(_, hosts)| hosts);
                (1, Ok((200, json(hosts))))
            }
            Peer::Answers(status, body) => (1, Ok((status, body.to_owned()))),
            Peer::Slow(ms, hosts) if Duration::from_millis(ms) <= request.timeout => (ms, Ok((200, json(&hosts)))),
            Peer::Refuses => (0, Err((FailureKind::Refused, "connection refused"))),
            Peer::Hangs | Peer::Slow(..) => (request.timeout.as_millis() as u64, Err((FailureKind::Timeout, "timed out"))),
        };
        self.now = self.now.after(Duration::from_millis(took));
        self.turn(|machine, turn| match answer {
            Ok((status, body)) => machine.answered(request.token, status, read(status, body.as_bytes()), turn),
            Err((kind, reason)) => machine.failed(request.token, kind, reason.into(), turn),
        });
        true
    }

    /// One whole round; how long it took and what it brought.
    fn round(&mut self) -> (Duration, Vec<Effect>) {
        let start = self.now;
        self.effects.clear();
        self.asked.clear();
        let over = |effect: &Effect| matches!(effect, Effect::RoundDone | Effect::NoScopeHasNodes | Effect::RoundFailed(..));
        while !self.effects.iter().any(over) {
            assert!(self.step(true), "the round got stuck: {:?}", self.machine);
        }
        let success = self.effects.contains(&Effect::RoundDone);
        let now = self.now;
        self.machine.schedule().ended(now, success, true, &mut self.rng);
        (self.now.since(start), std::mem::take(&mut self.effects))
    }

    fn nodes(&self) -> Vec<String> {
        let mut hosts: Vec<String> = self.world.usable.iter().map(|address| address.host.to_string()).collect();
        hosts.sort();
        hosts
    }
}

const A: &str = "10.0.0.1";
const B: &str = "10.0.0.2";
const C: &str = "10.0.0.3";
const D: &str = "10.0.1.1";
const E: &str = "10.0.1.2";

fn trio() -> [(&'static str, Peer); 3] {
    let list = Peer::Lists(vec![A, B, C]);
    [(A, list.clone()), (B, list.clone()), (C, list)]
}

#[test]
fn live_nodes_are_asked_before_seeds() {
    let mut peers = trio().to_vec();
    peers.push((D, Peer::Lists(vec![A, B, C])));
    let mut net = Net::new(&[("seeds", D)], &peers);
    net.round();
    assert_eq!(net.asked, [D]);
    assert_eq!(net.nodes(), [A, B, C]);
    for _ in 0..20 {
        net.round();
        assert_eq!(net.asked.len(), 2, "a live node, then the seed that it does not name: {:?}", net.asked);
        assert_eq!((net.asked[0] != D, net.asked[1].as_str()), (true, D));
    }
    // Within one datacenter the first answer settles it.
    let mut net = Net::new(&[("seeds", D), ("scope", "dc:dc1")], &peers);
    net.round();
    for _ in 0..20 {
        net.round();
        assert_eq!((net.asked.len(), net.asked[0] != D), (1, true));
    }
}

#[test]
fn each_address_of_a_seed_is_asked() {
    let mut net = Net::new(&[("seeds", "cluster.example")], &[(A, Peer::Refuses), (B, Peer::Refuses), (C, Peer::Lists(vec![C]))]);
    net.names.insert("cluster.example", vec![A, B, C]);
    net.round();
    assert_eq!(net.asked, [A, B, C]);
    assert_eq!(net.nodes(), [C]);
}

#[test]
fn a_dead_single_seed_does_not_freeze_the_list() {
    let mut net = Net::new(&[("seeds", A)], &trio());
    net.round();
    for survivor in [B, C] {
        net.peers.insert(survivor, Peer::Lists(vec![B, C, D]));
    }
    net.peers.insert(D, Peer::Lists(vec![B, C, D]));
    net.peers.insert(A, Peer::Refuses);
    net.round();
    assert_eq!(net.nodes(), [B, C, D]);
}

#[test]
fn a_hung_seed_does_not_delay_discovery_from_another() {
    let seeds = format!("{A},{B}");
    let mut peers = trio().to_vec();
    peers[0] = (A, Peer::Hangs);
    let mut net = Net::new(&[("seeds", &seeds)], &peers);
    let (took, _) = net.round();
    assert!(took <= Duration::from_millis(255), "one stall at most: {took:?}");
    assert_eq!(net.nodes(), [A, B, C]);
    for _ in 0..50 {
        let (took, _) = net.round();
        // It is listed by the others, so nobody needs to ask it.
        assert!(took <= Duration::from_millis(255));
    }
}

#[test]
fn many_hung_seeds_cost_one_stall_once_there_is_an_answer() {
    let mut peers = trio().to_vec();
    peers[0] = (A, Peer::Lists(vec![A, B, C]));
    for hung in ["10.7.0.1", "10.7.0.2", "10.7.0.3", "10.7.0.4", "10.7.0.5"] {
        peers.push((hung, Peer::Hangs));
    }
    let mut net = Net::new(&[("seeds", "10.0.0.1,10.7.0.1,10.7.0.2,10.7.0.3,10.7.0.4,10.7.0.5")], &peers);
    net.round();
    assert_eq!(net.nodes(), [A, B, C]);
    for _ in 0..30 {
        let (took, _) = net.round();
        assert!(took <= Duration::from_millis(260), "{took:?}");
        assert_eq!(net.nodes(), [A, B, C]);
        net.now = net.now.after(Duration::from_secs(1));
    }
}

#[test]
fn a_hung_node_does_not_hide_the_other_datacenter() {
    let (one, two) = (Peer::Lists(vec![A, B]), Peer::Lists(vec![D, E]));
    let mut net = Net::new(&[("seeds", "10.0.0.1,10.0.1.1")], &[(A, one.clone()), (B, one), (D, two.clone()), (E, two)]);
    net.round();
    net.peers.insert(D, Peer::Hangs);
    for _ in 0..20 {
        net.round();
        assert_eq!(net.nodes(), [A, B, D, E]);
    }
}

#[test]
fn a_hung_node_is_passed_over_once_and_then_asked_last() {
    let mut peers = trio().to_vec();
    peers[0] = (A, Peer::Hangs);
    let mut net = Net::new(&[("seeds", B), ("scope", "dc:dc1")], &peers);
    let mut waits = 0;
    for _ in 0..100 {
        waits += u32::from(net.round().0 > Duration::from_millis(100));
    }
    assert!(waits <= 1, "{waits} rounds waited for the hung node");
}

#[test]
fn a_slow_cluster_is_waited_for_when_nobody_is_faster() {
    let mut net =
        Net::new(&[("seeds", "10.0.0.1,10.0.0.2")], &[(A, Peer::Slow(900, vec![A, B])), (B, Peer::Slow(1200, vec![A, B]))]);
    let (took, effects) = net.round();
    assert!(effects.contains(&Effect::RoundDone), "{effects:?}");
    assert!(took <= Duration::from_millis(250 * 2 + 1200), "{took:?}");
    assert_eq!(net.nodes(), [A, B]);
}

#[test]
fn useless_answers_leave_the_list_and_give_the_reason() {
    for (peer, reason) in [
        (Peer::Answers(500, "[]"), "status 500"),
        (Peer::Answers(200, "<html>"), "not a JSON array"),
        (Peer::Answers(200, "[\"10.0.0.1\""), "not a JSON array"),
        (Peer::Answers(200, "[]"), "not even itself"),
        (Peer::Answers(302, ""), "redirects"),
        (Peer::Answers(200, "[\"no address\"]"), "none of 1"),
        (Peer::Refuses, "refused"),
        (Peer::Hangs, "timed out"),
    ] {
        let mut net = Net::new(&[("seeds", A)], &trio());
        net.round();
        let before = net.nodes();
        for node in [A, B, C] {
            net.peers.insert(node, peer.clone());
        }
        let (_, effects) = net.round();
        assert_eq!(net.nodes(), before);
        let failure = effects.iter().find_map(|effect| match effect {
            Effect::RoundFailed(reason, by) => Some((reason.reason.clone(), by.clone())),
            _ => None,
        });
        let (text, by) = failure.unwrap();
        assert!(text.contains(reason), "{peer:?}: {text}");
        assert!(by.contains("10.0.0."), "{by}");
    }
}

#[test]
fn the_cluster_is_the_union_of_its_datacenters() {
    let one = Peer::Lists(vec![A, B]);
    let two = Peer::Lists(vec![D, E]);
    let seeds = format!("{A},{D}");
    let mut net = Net::new(&[("seeds", &seeds)], &[(A, one.clone()), (B, one), (D, two.clone()), (E, two)]);
    for _ in 0..20 {
        net.round();
        assert_eq!(net.nodes(), [A, B, D, E]);
        assert_eq!(net.asked.len(), 2, "one node of each datacenter: {:?}", net.asked);
    }
}

#[test]
fn a_datacenter_that_was_cut_off_is_found_again_without_a_seed() {
    let one = Peer::Lists(vec![A, B]);
    let two = Peer::Lists(vec![D, E]);
    let mut net = Net::new(&[("seeds", "10.0.0.1,10.0.1.1")], &[(A, one.clone()), (B, one), (D, two.clone()), (E, two.clone())]);
    net.round();
    net.machine.seeds = vec![address(A)];
    for node in [D, E] {
        net.peers.insert(node, Peer::Refuses);
    }
    net.round();
    assert_eq!(net.nodes(), [A, B]);
    for node in [D, E] {
        net.peers.insert(node, two.clone());
    }
    net.now = net.now.after(Duration::from_secs(5));
    net.round();
    assert_eq!(net.nodes(), [A, B, D, E]);
}

#[test]
fn an_empty_rack_falls_back_and_returns() {
    let rack = "/localnodes?dc=dc1&rack=r1";
    let datacenter = "/localnodes?dc=dc1";
    let full = Peer::Scoped(vec![(rack, vec![A]), (datacenter, vec![A, B])]);
    let empty = Peer::Scoped(vec![(datacenter, vec![B])]);
    let options = [("seeds", "10.0.0.1,10.0.0.2"), ("scope", "rack:dc1/r1>dc:dc1>cluster")];
    let mut net = Net::new(&options, &[(A, full.clone()), (B, full.clone())]);
    let tiers = |effects: &[Effect]| -> Vec<usize> {
        effects.iter().filter_map(|e| if let Effect::List(tier, _) = e { Some(*tier) } else { None }).collect()
    };
    assert_eq!(tiers(&net.round().1).last(), Some(&0));
    assert_eq!(net.nodes(), [A]);
    net.peers.insert(A, Peer::Refuses);
    net.peers.insert(B, empty);
    assert_eq!(tiers(&net.round().1), [1]);
    assert_eq!(net.nodes(), [B]);
    net.peers.insert(A, full.clone());
    net.peers.insert(B, full);
    assert_eq!(tiers(&net.round().1), [0]);
    assert_eq!(net.nodes(), [A]);
}

#[test]
fn a_failing_network_is_no_reason_to_fall_back() {
    let options = [("seeds", A), ("scope", "dc:dc1>cluster")];
    let mut net = Net::new(&options, &[(A, Peer::Answers(500, ""))]);
    let (_, effects) = net.round();
    assert!(matches!(effects.last(), Some(Effect::RoundFailed(..))), "{effects:?}");
    assert_eq!(net.asked.len(), 1);
}

#[test]
fn one_empty_answer_is_confirmed_by_another_node() {
    let path = "/localnodes?dc=dc1";
    for seed in 0..10 {
        let options = [("seeds", "10.0.0.1,10.0.0.2"), ("scope", "dc:dc1")];
        let lists = Peer::Scoped(vec![(path, vec![A, B, C])]);
        let mut net = Net::new(&options, &[(A, Peer::Lists(vec![])), (B, lists)]);
        net.rng = Rng::new(seed);
        net.round();
        assert_eq!(net.nodes(), [A, B, C], "asked {:?}", net.asked);
    }
}

#[test]
fn an_outage_of_all_heals_by_itself() {
    let mut net = Net::new(&[("seeds", A)], &trio());
    net.round();
    for node in [A, B, C] {
        net.peers.insert(node, Peer::Refuses);
    }
    for failures in 1..=6 {
        let (_, effects) = net.round();
        assert!(matches!(effects.last(), Some(Effect::RoundFailed(..))));
        assert_eq!(net.machine.schedule().failures(), failures);
        assert!(net.machine.due(Nanos::NEVER).since(net.now) <= Duration::from_millis(8800));
    }
    assert_eq!(net.nodes(), [A, B, C]);
    net.peers = trio().into_iter().collect();
    let (_, effects) = net.round();
    assert!(effects.contains(&Effect::RoundDone));
    assert_eq!(net.machine.schedule().failures(), 0);
}

#[test]
fn nothing_is_asked_before_it_is_due() {
    let mut net = Net::new(&[("seeds", A)], &trio());
    net.round();
    assert!(!net.step(false));
    let due = net.machine.due(Nanos::NEVER);
    assert!(due.since(net.now) >= Duration::from_millis(900));
    net.now = due;
    assert!(net.step(false));
}

#[test]
fn a_stalled_request_lets_the_next_one_be_asked_beside_it() {
    let mut net = Net::new(&[("seeds", "10.0.0.1,10.0.0.2,10.0.0.3")], &trio());
    let first = net.turn(|machine, turn| machine.next(false, turn)).unwrap();
    assert!(net.turn(|machine, turn| machine.next(false, turn)).is_none());
    assert_eq!(net.machine.due(Nanos::NEVER).since(net.now), Duration::from_millis(250));
    net.now = net.now.after(Duration::from_millis(250));
    let second = net.turn(|machine, turn| machine.next(false, turn)).unwrap();
    assert_ne!(first.address, second.address);
    net.turn(|machine, turn| machine.answered(second.token, 200, read(200, br#"["10.0.0.1","10.0.0.2","10.0.0.3"]"#), turn));
    assert!(!net.effects.contains(&Effect::RoundDone) || net.machine.is_open(first.token));
    net.turn(|machine, turn| machine.failed(first.token, FailureKind::Timeout, "late".into(), turn));
    assert!(net.effects.contains(&Effect::RoundDone));
}

#[test]
fn an_answer_that_is_never_brought_wedges_nothing() {
    let mut net = Net::new(&[("seeds", A)], &trio());
    let lost = net.turn(|machine, turn| machine.next(false, turn)).unwrap();
    net.now = net.now.after(Duration::from_secs(2));
    assert!(net.step(false), "asked anew, with patience");
    assert!(!net.machine.is_open(lost.token));
    assert_eq!(net.nodes(), [A, B, C]);
    net.turn(|machine, turn| machine.answered(lost.token, 200, read(200, b"[]"), turn));
    assert_eq!(net.nodes(), [A, B, C], "a stale answer changes nothing");
}

#[test]
fn a_node_set_aside_is_probed_when_its_time_has_come() {
    let mut net = Net::new(&[("seeds", A), ("discovery", "static")], &[]);
    assert!(net.turn(|machine, turn| machine.next(true, turn)).is_none(), "a static list has no rounds");
    assert_eq!(net.machine.due(Nanos(77)), Nanos(77));
    net.world.probes = vec![(5, address(B))];
    for (status, well) in [(200, true), (404, true), (500, false), (503, false)] {
        let probe = net.turn(|machine, turn| machine.next(false, turn)).unwrap();
        assert_eq!((probe.path.as_str(), &probe.address), ("/", &address(B)));
        assert!(net.turn(|machine, turn| machine.next(false, turn)).is_none(), "one probe of a node at a time");
        net.turn(|machine, turn| machine.answered(probe.token, status, read(status, b""), turn));
        match net.effects.pop() {
            Some(Effect::ProbeOk(5)) => assert!(well, "{status}"),
            Some(Effect::ProbeFailed(5, reason)) => assert!(!well && reason.contains(&status.to_string())),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_probe_on_somebodys_request_waits_no_longer_than_an_answer_may_take() {
    for (mode, answer_ms, wanted_ms) in
        [("inline", 0, 250), ("inline", 1, 50), ("inline", 10, 80), ("inline", 100, 250), ("thread", 1, 250)]
    {
        let mut net = Net::new(&[("seeds", A), ("refresh.mode", mode)], &[(A, Peer::Slow(answer_ms, vec![A, B]))]);
        net.round();
        net.world.probes = vec![(5, address(B))];
        let probe = net.turn(|machine, turn| machine.next(false, turn)).unwrap();
        assert_eq!(probe.timeout, Duration::from_millis(wanted_ms), "{mode}, answers after {answer_ms} ms");
    }
}

#[test]
fn hostile_lists_are_bounded() {
    let mut net = Net::new(&[("seeds", A)], &[(A, Peer::Lists(vec!["10.9.9.9"; 4000]))]);
    net.round();
    assert_eq!(net.nodes(), ["10.9.9.9"]);
    assert_eq!(Host::parse("10.9.9.9").map(|host| host.ip()), Ok(Some(ip("10.9.9.9"))));
}

/// A rack of one node in a datacenter of three.
fn racks() -> [(&'static str, Peer); 3] {
    let scoped = Peer::Scoped(vec![
        ("/localnodes?dc=dc1&rack=r1", vec!["10.0.0.1"]),
        ("/localnodes?dc=dc1", vec!["10.0.0.3", "10.0.0.2", "10.0.0.1"]),
    ]);
    [("10.0.0.1", scoped.clone()), ("10.0.0.2", scoped.clone()), ("10.0.0.3", scoped)]
}

fn around(effects: &[Effect]) -> Option<Vec<String>> {
    effects.iter().find_map(|effect| match effect {
        Effect::Around(nodes) => Some(nodes.iter().map(ToString::to_string).collect()),
        _ => None,
    })
}

#[test]
fn where_its_datacenter_is_wanted_a_rack_brings_it_along() {
    for wanted in [("affinity", "rmw"), ("rack", "prefer"), ("rack", "off")] {
        let options = [("seeds", "10.0.0.1"), ("scope", "rack:dc1/r1>dc:dc1"), ("rack", "strict"), wanted];
        let mut net = Net::new(&options, &racks());
        let (_, effects) = net.round();
        assert_eq!(effects[0], Effect::List(0, vec![address("10.0.0.1")]));
        assert_eq!(around(&effects).unwrap(), ["10.0.0.3:8000", "10.0.0.2:8000", "10.0.0.1:8000"], "{wanted:?}");
        assert_eq!(effects.last(), Some(&Effect::RoundDone));
    }
    let strict = [("seeds", "10.0.0.1"), ("scope", "rack:dc1/r1"), ("rack", "strict")];
    for options in [
        [strict, [("affinity", "none"); 3]].concat(),
        [strict, [("affinity", "rmw"), ("affinity.scope", "routing"), ("affinity", "rmw")]].concat(),
        vec![("seeds", "10.0.0.1"), ("scope", "dc:dc1"), ("affinity", "rmw")],
    ] {
        let (_, effects) = Net::new(&options, &racks()).round();
        assert_eq!((around(&effects), effects.last()), (None, Some(&Effect::RoundDone)), "{options:?}");
    }
}

#[test]
fn a_datacenter_that_cannot_be_listed_does_not_fail_the_round() {
    let mut peers = racks();
    peers[0].1 = Peer::Scoped(vec![("/localnodes?dc=dc1&rack=r1", vec!["10.0.0.1"])]);
    let mut net = Net::new(&[("seeds", "10.0.0.1"), ("scope", "rack:dc1/r1"), ("affinity", "rmw")], &peers[..1]);
    let (_, effects) = net.round();
    let told = |effect: &Effect| matches!(effect, Effect::AroundFailed(reason, _) if reason.contains("no node"));
    assert!(effects.iter().any(told), "{effects:?}");
    assert_eq!(effects.last(), Some(&Effect::RoundDone));
}
