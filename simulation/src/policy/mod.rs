//! How a client chooses nodes: the library's own code, and models of what others do.
//!
//! Models draw from the stream that the reference gives them, in its order. The library draws from its own stream, seeded by the
//! run.

mod alarm;
mod candidates;
mod official_cpp;
mod official_go;
mod official_keys;
mod official_rack;
mod p2c_least;
mod p2c_peak_ewma;
mod product;
mod random;
mod round_robin;
mod world;

use alternator_lb::{Error, Outcome};

use crate::model::Walk;
use product::Product;

pub use world::World;

/// One client's way of choosing.
pub trait Policy {
    /// A request arrives.
    fn request(&mut self, _now: f64) {}

    /// The node for the next attempt of a request; the attempt begins with it. `None` if no node is left.
    fn pick(&mut self, now: f64, walk: &mut Walk) -> Option<usize>;

    /// An attempt has ended.
    fn done(&mut self, _now: f64, _node: usize, _latency: f64, _outcome: Outcome) {}

    /// After which pause a request whose attempt failed tries again, if it does; `usual` is the pause of its SDK.
    fn retry_after(&mut self, _now: f64, _walk: &Walk, _outcome: Outcome, usual: f64) -> Option<f64> {
        Some(usual)
    }

    /// After which further time a request whose only attempt has taken `elapsed` is sent to a second node as well, if it is.
    fn hedge_after(&mut self, _now: f64, _walk: &Walk, _elapsed: f64) -> Option<f64> {
        None
    }

    /// When to look for [`Policy::fetches`]; `None` if that is scheduled already, or never.
    fn wake_at(&mut self, _now: f64) -> Option<f64> {
        None
    }

    /// What discovery asks of nodes now.
    fn fetches(&mut self, _now: f64) -> Vec<Fetch> {
        Vec::new()
    }

    /// What came of it.
    fn fetched(&mut self, _now: f64, _fetch: &Fetch, _answer: &Answer) {}

    /// Who the nodes are: news for policies that do not ask themselves.
    fn hears(&mut self, _listed: &[usize]) {}

    /// The first call that the library refused: a mistake of the simulation, which makes a run void.
    fn refused(&self) -> Option<&Error> {
        None
    }
}

/// A question of discovery to a node.
pub struct Fetch {
    /// To which.
    pub node: usize,
    /// How long the answer is waited for.
    pub timeout: f64,
    /// The library's name for the question.
    pub token: u64,
    /// The rack whose nodes are asked for; `None` for all nodes.
    pub rack: Option<usize>,
}

/// What a node says to discovery.
pub enum Answer {
    /// Who the nodes are.
    Nodes(Vec<usize>),
    /// No connection could be made.
    Refused,
    /// Nothing.
    Silence,
}

/// Which client a policy is made for.
pub struct Client {
    /// Its number.
    pub id: usize,
    /// Its rack.
    pub rack: usize,
    /// How many racks there are.
    pub racks: usize,
    /// How many nodes there are, listed or not.
    pub nodes: usize,
    /// Where in the period of its discovery it starts, from 0 to 1, so that clients are not in step.
    pub phase: f64,
}

/// A kind of policy.
pub struct Kind {
    /// Its name on the command line and in tables.
    pub name: &'static str,
    /// Makes one client's.
    pub make: Make,
}

type Make = fn(&Client, &World) -> Result<Box<dyn Policy>, Error>;

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// Every kind there is.
pub static KINDS: &[Kind] = &[
    Kind { name: "random", make: |client, world| Ok(Box::new(random::Random::new(client, world))) },
    Kind { name: "rr", make: |client, world| Ok(Box::new(round_robin::RoundRobin::new(client, world))) },
    Kind { name: "official_cpp", make: |client, world| Ok(Box::new(official_cpp::OfficialCpp::new(client, world))) },
    Kind { name: "official_go", make: |client, world| Ok(Box::new(official_go::OfficialGo::new(client, world))) },
    Kind { name: "official_rack", make: |client, world| Ok(Box::new(official_rack::OfficialRack::new(client, world))) },
    Kind { name: "official_keys", make: |client, world| Ok(Box::new(official_keys::OfficialKeys::new(client, world))) },
    Kind { name: "p2c_least", make: |client, world| Ok(Box::new(p2c_least::P2cLeast::new(client, world))) },
    Kind { name: "p2c_peak_ewma", make: |client, world| Ok(Box::new(p2c_peak_ewma::P2cPeakEwma::new(client, world))) },
    Kind { name: "alb_adaptive", make: |client, world| Product::boxed(client, world, &[("policy", "adaptive")]) },
    Kind {
        name: "alb_adaptive_hedge",
        make: |client, world| Product::boxed(client, world, &[("policy", "adaptive"), ("hedge", "on")]),
    },
    Kind {
        name: "alb_rack_prefer",
        make: |client, world| {
            let scope = world::scope_of_rack(client.rack);
            Product::boxed(client, world, &[("policy", "adaptive"), ("scope", &scope), ("rack", "prefer")])
        },
    },
    Kind {
        name: "alb_rack_strict",
        make: |client, world| {
            let scope = world::scope_of_rack(client.rack);
            Product::boxed(client, world, &[("policy", "adaptive"), ("scope", &scope), ("rack", "strict")])
        },
    },
    Kind { name: "alb_random", make: |client, world| Product::boxed(client, world, &[("policy", "random")]) },
    Kind { name: "alb_round_robin", make: |client, world| Product::boxed(client, world, &[("policy", "round_robin")]) },
];

impl Kind {
    /// The kind of that name.
    pub fn named(name: &str) -> Option<&'static Kind> {
        KINDS.iter().find(|kind| kind.name == name)
    }

    /// Whether this is the library itself, not a model.
    pub fn is_ours(&self) -> bool {
        self.name.starts_with("alb")
    }
}
