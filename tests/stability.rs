//! Which keys go elsewhere when nodes are set aside, come back, leave or join; and that clients which set different nodes aside still
//! agree on the others.
//!
//! `cargo test --test stability -- --nocapture` prints the table.

use std::collections::HashSet;
use std::time::Duration;

use alternator_lb::affinity::{KeyType, key_hash};
use alternator_lb::clock::{Clock, Nanos};
use alternator_lb::{Balancer, Config, NodeId, Outcome, Plan};
use proptest::prelude::*;

const KEYS: usize = 20_000;

/// A balancer over a list that never changes, under a clock that stands still.
struct Client {
    balancer: Balancer,
    clock: Clock,
}

impl Client {
    fn over(nodes: &[String], placement: &Placement) -> Client {
        let mut config = Config::default();
        let seeds = nodes.join(",");
        let placement = ("affinity.placement", placement.name);
        for (key, value) in [("seeds", seeds.as_str()), ("discovery", "static"), ("refresh.mode", "manual"), placement] {
            config.set(key, value).expect("a valid option");
        }
        let clock = Clock::starting_at(Nanos(1_000_000_000));
        Client { balancer: Balancer::with_clock(config, clock.clone()).expect("a valid configuration"), clock }
    }

    fn id(&self, node: &str) -> NodeId {
        self.balancer.nodes().into_iter().find(|id| self.host(*id) == node).expect("a node of the list")
    }

    fn host(&self, id: NodeId) -> String {
        self.balancer.node(id).expect("a node of the list").address.host.to_string()
    }

    fn refuse(&self, node: &str) {
        self.balancer.report(self.id(node), Outcome::Refused, 0).expect("a node of the list");
    }

    fn sets_aside(&self, node: &str) -> bool {
        self.balancer.is_set_aside(self.id(node))
    }

    /// Answers probes until the node is back.
    fn answer_probes_of(&self, node: &str) {
        for _ in 0..600 {
            while let Some(fetch) = self.balancer.discovery_next() {
                self.balancer.discovery_feed(fetch.token, 200, b"healthy").expect("an open request");
            }
            if !self.sets_aside(node) {
                return;
            }
            self.clock.advance(Duration::from_millis(100));
        }
        panic!("{node} is not probed within a minute");
    }

    /// The node of each key.
    fn placed(&self, keys: &[i64]) -> Vec<String> {
        let mut names = vec![None; self.balancer.nodes().len()];
        keys.iter()
            .map(|key| {
                let id = self.balancer.node_for_key(*key).expect("a node");
                names[id as usize].get_or_insert_with(|| self.host(id)).clone()
            })
            .collect()
    }

    /// All nodes in the order of a key.
    fn plan(&self, key: i64) -> Vec<String> {
        let mut plan = Plan::for_key(key);
        let step = |_| self.host(self.balancer.plan_next(&mut plan).expect("a node"));
        (0..self.balancer.nodes().len()).map(step).collect()
    }
}

fn keys() -> Vec<i64> {
    (0..KEYS).map(|number| key_hash(KeyType::S, format!("user_{number}").as_bytes())).collect()
}

fn nodes(count: usize) -> Vec<String> {
    (1..=count).map(|number| format!("10.0.0.{number}")).collect()
}

/// How keys are placed, and which share of them may move when the list changes.
#[derive(Clone, Debug)]
struct Placement {
    /// As the option `affinity.placement` names it.
    name: &'static str,
    left: fn(f64) -> f64,
    joined: fn(f64) -> f64,
    /// Whether keys leave a living node only for a new one.
    minimal: bool,
}

/// The key draws a place in the sorted list, and the draws below n and below n + 1 are as good as independent.
const OFFICIAL: Placement =
    Placement { name: "official", left: |n| 1.0 - 1.0 / n, joined: |n| 1.0 - 1.0 / (n + 1.0), minimal: false };

/// The key goes to the node with the highest weight for it, whoever else there is.
const RENDEZVOUS: Placement = Placement { name: "rendezvous", left: |n| 1.0 / n, joined: |n| 1.0 / (n + 1.0), minimal: true };

const PLACEMENTS: [Placement; 2] = [OFFICIAL, RENDEZVOUS];

/// Shares of the keys: how many moved, and how many of those without need.
#[derive(Clone, Copy, Default)]
struct Moved {
    all: f64,
    needless: f64,
}

impl Moved {
    /// `needed` says whether a key that moved from one node to another had to.
    fn between(before: &[String], after: &[String], needed: impl Fn(&str, &str) -> bool) -> Moved {
        let moved = before.iter().zip(after).filter(|(before, after)| before != after);
        let (all, needless) =
            moved.fold((0, 0), |(all, needless), (before, after)| (all + 1, needless + usize::from(!needed(before, after))));
        Moved { all: all as f64 / before.len() as f64, needless: needless as f64 / before.len() as f64 }
    }

    fn mean(of: &[Moved]) -> Moved {
        let mean = |share: fn(&Moved) -> f64| of.iter().map(share).sum::<f64>() / of.len() as f64;
        Moved { all: mean(|moved| moved.all), needless: mean(|moved| moved.needless) }
    }
}

struct Row {
    ejected: Moved,
    returned: Moved,
    left: Moved,
    joined: Moved,
}

/// The mean over some nodes that are set aside and come back, or that leave; and one that joins.
fn row(placement: &Placement, count: usize) -> Row {
    let (keys, listed) = (keys(), nodes(count));
    let client = Client::over(&listed, placement);
    let at_first = client.placed(&keys);
    let mut moved = [const { Vec::new() }; 3];
    for node in listed.iter().step_by(count.div_ceil(5)) {
        client.refuse(node);
        assert!(client.sets_aside(node));
        moved[0].push(Moved::between(&at_first, &client.placed(&keys), |before, _| before == node));
        client.answer_probes_of(node);
        moved[1].push(Moved::between(&at_first, &client.placed(&keys), |_, _| false));
        let others: Vec<String> = listed.iter().filter(|other| *other != node).cloned().collect();
        let without = Client::over(&others, placement).placed(&keys);
        moved[2].push(Moved::between(&at_first, &without, |before, _| before == node));
    }
    let (with_new, new) = (nodes(count + 1), nodes(count + 1).swap_remove(count));
    let joined = Moved::between(&at_first, &Client::over(&with_new, placement).placed(&keys), |_, after| after == new);
    let [ejected, returned, left] = moved.map(|moved| Moved::mean(&moved));
    Row { ejected, returned, left, joined }
}

fn check(what: &str, count: usize, share: f64, expected: f64) {
    // Four standard deviations of the share of so many keys.
    let tolerance = 4.0 * (expected * (1.0 - expected) / KEYS as f64).sqrt();
    assert!((share - expected).abs() <= tolerance, "{what} of {count} nodes: {share:.4}, not {expected:.4} +- {tolerance:.4}");
}

#[test]
fn only_the_keys_of_a_node_set_aside_move_and_they_come_back() {
    println!("share of {KEYS} keys that moved (in parentheses: without need) when one of the nodes");
    println!("placement    nodes  was set aside      was back           left               another joined");
    for placement in &PLACEMENTS {
        for count in [3, 9, 30, 100] {
            let row = row(placement, count);
            let shares = [row.ejected, row.returned, row.left, row.joined]
                .map(|moved| format!("{:6.2} % ({:5.2} %)", 100.0 * moved.all, 100.0 * moved.needless));
            println!("{:<12} {count:>5}  {}", placement.name, shares.join("  "));
            let n = count as f64;
            check("set aside", count, row.ejected.all, 1.0 / n);
            assert_eq!(row.ejected.needless, 0.0, "keys of other nodes stay when one of {count} is set aside");
            assert_eq!(row.returned.all, 0.0, "all keys are where they were when the node is back among {count}");
            check("left", count, row.left.all, (placement.left)(n));
            check("joined", count, row.joined.all, (placement.joined)(n));
            if placement.minimal {
                assert_eq!((row.left.needless, row.joined.needless), (0.0, 0.0), "no key leaves a living node for an old one");
            } else {
                check("left without need", count, row.left.needless, (placement.left)(n) - 1.0 / n);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn clients_agree_on_every_key_whose_node_is_set_aside_in_neither(
        placement in prop::sample::select(&PLACEMENTS[..]),
        count in 2usize..40,
        refused in prop::array::uniform2(prop::collection::vec(any::<prop::sample::Index>(), 0..20)),
        keys in prop::collection::vec(any::<i64>(), 1..30),
    ) {
        let listed = nodes(count);
        let undisturbed = Client::over(&listed, &placement);
        let clients = refused.map(|refused| {
            let client = Client::over(&listed, &placement);
            refused.iter().for_each(|index| client.refuse(&listed[index.index(count)]));
            client
        });
        let aside: HashSet<&String> = listed.iter().filter(|node| clients.iter().any(|client| client.sets_aside(node))).collect();
        let homes = undisturbed.placed(&keys);
        let chosen = clients.each_ref().map(|client| client.placed(&keys));
        for (place, key) in keys.iter().enumerate() {
            let [one, other] = [&chosen[0][place], &chosen[1][place]];
            if !aside.contains(&homes[place]) {
                prop_assert_eq!([one, other], [&homes[place]; 2]);
            }
            // Also when the key had to leave its home, if neither sets aside where the other one sends it.
            if !aside.contains(one) && !aside.contains(other) {
                prop_assert_eq!(one, other);
            }
            let plans = clients.each_ref().map(|client| client.plan(*key));
            let [one, other] = plans.map(|plan| plan.into_iter().filter(|node| !aside.contains(node)).collect::<Vec<_>>());
            prop_assert_eq!(one, other, "retries go on in one order");
        }
    }
}
