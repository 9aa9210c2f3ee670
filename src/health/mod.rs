//! How the nodes fare: what a request to each is expected to take, who is set aside, and for how long.
//!
//! A pick begins an attempt, a report ends it; both touch one cache line of the node and wait for nobody. [`line`] is that record,
//! [`estimate`], [`lanes`], [`window`] and [`pool`] what it is made of, [`shards`] what is kept off it, [`table`] who shares it;
//! [`ejection`] decides who is set aside.

mod budget;
mod ejection;
mod estimate;
mod lanes;
mod line;
mod outcome;
mod pool;
mod quantile;
mod requests;
mod rules;
mod shards;
mod standing;
mod table;
mod tick;
mod window;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crate::clock::Nanos;
use crate::config::Config;
use crate::node::{Address, NodeId};
use crate::rows::Rows;

use line::Line;
use pool::Pool;
use rules::Rules;
use shards::Shards;
use table::Table;
use tick::Tick;

pub use budget::Budget;
pub use line::Sign;
pub use outcome::{Meaning, Outcome};
pub use quantile::Quantile;
pub use requests::Requests;
pub use standing::{Cause, Standing};

// A pick reads one cache line for each candidate.
const _: () = assert!(size_of::<Line>() == 64 && align_of::<Line>() == 64);

/// Every node's health, by the node's number.
pub struct Health {
    rules: Rules,
    table: Arc<Table>,
    /// Behind which place in the table each node has its record; 0 where it has none yet.
    places: Rows<AtomicU32>,
    /// Whether some node's place is not its number: then the places have to be looked up.
    apart: AtomicBool,
    shards: Shards,
}

impl Health {
    /// No node yet; what other handles of this process have learned of the cluster is shared if the options and `may_share` say so.
    pub fn new(config: &Config, may_share: bool) -> Health {
        let table = if may_share && config.health.shared { Table::shared(config) } else { Table::private() };
        Health { rules: Rules::of(config), table, places: Rows::new(), apart: AtomicBool::new(false), shards: Shards::new() }
    }

    /// Makes the record of the node with the next number, or finds the one that its address has. One writer at a time (the caller sees
    /// to that). `false` when there are too many.
    pub fn join(&self, node: NodeId, address: &Address) -> bool {
        let Some(place) = self.table.place(address) else { return false };
        self.shards.grow(node as usize + 1);
        self.apart.fetch_or(place != node, Ordering::AcqRel);
        self.places.grow(node as usize + 1);
        self.places.get(node as usize).inspect(|behind| behind.store(place + 1, Ordering::Release)).is_some()
    }

    #[inline]
    fn line(&self, node: NodeId) -> Option<&Line> {
        if !self.apart.load(Ordering::Relaxed) {
            // A handle that is alone, and most that are not, have seen the nodes in the order of the table.
            return self.table.line(node).filter(|_| (node as usize) < self.places.len());
        }
        let behind = self.places.get(node as usize)?.load(Ordering::Acquire);
        self.table.line(behind.checked_sub(1)?)
    }

    #[inline]
    fn pool(&self) -> &Pool {
        self.table.pool()
    }

    /// A number that moves when any handle sets a node aside, or finds one well again.
    #[inline]
    pub fn changes(&self) -> u64 {
        self.table.changes()
    }

    /// The nodes' prices at that moment.
    #[inline]
    pub fn prices(&self, now: Nanos) -> Prices<'_> {
        Prices { health: self, now: Tick::of(now), mean: self.pool().mean() }
    }

    /// An attempt at the node begins.
    #[inline]
    pub fn begin(&self, node: NodeId, now: Nanos) {
        if let (Some(line), Some(own)) = (self.line(node), self.shards.own(node)) {
            let now = Tick::of(now);
            match own.begin(now) {
                0 => {}
                attempts => line.begin(now, attempts),
            }
        }
    }

    /// An attempt at the node has ended. Tells what somebody should look at; [`None`] if there is no such node.
    #[inline]
    pub fn report(&self, node: NodeId, outcome: Outcome, latency_us: u64, now: Nanos) -> Option<Option<Sign>> {
        let (line, own) = (self.line(node)?, self.shards.own(node)?);
        let now = Tick::of(now);
        self.shards.count(node, own, outcome, latency_us);
        if !own.end() {
            line.end(latency_us, now);
        }
        Some(line.report(outcome, latency_us, now, self.pool(), &self.rules))
    }

    /// Whether the node is set aside.
    #[inline]
    pub fn is_aside(&self, node: NodeId) -> bool {
        self.line(node).is_some_and(Line::is_aside)
    }

    /// When the node's next probe is due; `None` while it is in use.
    pub fn aside_until(&self, node: NodeId) -> Option<Nanos> {
        self.line(node)?.aside_until()
    }

    /// How the node stands; `None` if there is no such node.
    pub fn standing(&self, node: NodeId, now: Nanos) -> Option<Standing> {
        let standing = self.line(node)?.standing(Tick::of(now), self.pool().mean(), &self.rules);
        Some(Standing { in_flight: standing.in_flight + self.shards.deferred(node), ..standing })
    }

    /// The mean latency of all nodes in microseconds; 0 before the first report.
    pub fn mean_us(&self) -> u64 {
        self.pool().mean() as u64
    }

    /// Whether requests take much longer than over the last minute.
    pub fn is_overloaded(&self) -> bool {
        self.pool().is_overloaded()
    }

    /// How many attempts at the node ended so.
    pub fn counted(&self, node: NodeId, outcome: Outcome) -> u64 {
        self.shards.counted(node, outcome)
    }

    /// The mean latency of the attempts at the node that succeeded, in microseconds; 0 when none did.
    pub fn mean_latency_us(&self, node: NodeId) -> u64 {
        self.shards.mean_latency_us(node)
    }
}

/// What requests to the nodes cost at one moment.
#[derive(Clone, Copy)]
pub struct Prices<'a> {
    health: &'a Health,
    now: Tick,
    mean: f32,
}

impl Prices<'_> {
    /// The price of a request to the node.
    #[inline(always)]
    pub fn of(&self, node: NodeId) -> f32 {
        match self.health.line(node) {
            Some(line) => line.cost(self.now, self.mean, &self.health.rules),
            None => f32::INFINITY,
        }
    }

    /// Whether nothing is known of the node, or nothing of late.
    #[inline]
    pub fn is_stale(&self, node: NodeId) -> bool {
        self.health.line(node).is_none_or(|line| line.is_stale(self.now, &self.health.rules))
    }
}
