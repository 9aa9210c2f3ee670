//! The records of the nodes of one cluster, shared by the handles of this process that are made for it: what one handle has learned of a
//! node, all know.
//!
//! Handles share a table when they have the same scheme, port and seeds, and the same options of TLS and health: else the trouble or
//! the rules of one would be the other's. Each handle numbers nodes for itself; in the table they are found by address. The list of
//! tables, and the locks, are one a process: a forked child goes on with its copies of the tables it had, and shares new ones only.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crossbeam_utils::CachePadded;

use super::line::Line;
use super::pool::Pool;
use crate::append::AppendList;
use crate::config::{AdaptiveOptions, Config, HealthOptions, TlsOptions};
use crate::fork::ForkLocal;
use crate::node::{Address, Scheme};
use crate::rows::Rows;

/// The tables of this process that somebody uses.
static TABLES: ForkLocal<Mutex<Vec<Known>>> = ForkLocal::new();

type Known = (Cluster, Weak<Table>);

/// What handles must have in common to share a table.
#[derive(PartialEq)]
struct Cluster {
    scheme: Scheme,
    port: u16,
    seeds: Vec<Address>,
    tls: TlsOptions,
    adaptive: AdaptiveOptions,
    health: HealthOptions,
}

impl Cluster {
    fn of(config: &Config) -> Cluster {
        let mut seeds = config.seeds();
        seeds.sort();
        let Config { scheme, port, adaptive, health, .. } = *config;
        Cluster { scheme, port, seeds, tls: config.tls.clone(), adaptive, health }
    }
}

/// The records of one cluster.
pub struct Table {
    lines: Rows<Line>,
    pool: CachePadded<Pool>,
    /// Moves when a node is set aside or comes back, so that each handle looks at its list again.
    changes: CachePadded<AtomicU64>,
    /// The address of each record.
    addresses: AppendList<Address>,
    /// The places in the order of their addresses; whoever holds it may change standings.
    ledger: ForkLocal<Mutex<Vec<u32>>>,
}

/// Leave to change standings, one at a time in a process.
pub struct Leave<'a> {
    _held: MutexGuard<'a, Vec<u32>>,
}

impl Table {
    /// A table of one's own.
    pub fn private() -> Arc<Table> {
        Arc::new(Table {
            lines: Rows::new(),
            pool: CachePadded::default(),
            changes: CachePadded::default(),
            addresses: AppendList::new(),
            ledger: ForkLocal::new(),
        })
    }

    /// The table of the handles that are made for the same cluster in the same manner.
    pub fn shared(config: &Config) -> Arc<Table> {
        let cluster = Cluster::of(config);
        let mut tables = TABLES.get(|| Mutex::new(Vec::new())).lock().unwrap_or_else(PoisonError::into_inner);
        tables.retain(|(_, table)| table.strong_count() > 0);
        if let Some(table) = tables.iter().filter(|(known, _)| *known == cluster).find_map(|(_, table)| table.upgrade()) {
            return table;
        }
        let table = Table::private();
        tables.push((cluster, Arc::downgrade(&table)));
        table
    }

    /// Where the address has its record, made at first sight; `None` when there are too many.
    pub fn place(&self, address: &Address) -> Option<u32> {
        let mut ledger = self.ledger();
        match ledger.binary_search_by_key(&Some(address), |place| self.addresses.get(*place as usize)) {
            Ok(found) => Some(ledger[found]),
            Err(gap) => {
                let place = self.addresses.push_with(|_| address.clone())?;
                self.lines.grow(place + 1);
                ledger.insert(gap, place as u32);
                Some(place as u32)
            }
        }
    }

    /// The record at that place.
    #[inline]
    pub fn line(&self, place: u32) -> Option<&Line> {
        self.lines.get(place as usize)
    }

    /// What the nodes have in common.
    #[inline]
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// A number that moves when a node is set aside or comes back.
    #[inline]
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// A node was set aside, or has come back.
    pub fn changed(&self) {
        self.changes.fetch_add(1, Ordering::Release);
    }

    /// Leave to change standings.
    pub fn leave(&self) -> Leave<'_> {
        Leave { _held: self.ledger() }
    }

    fn ledger(&self) -> MutexGuard<'_, Vec<u32>> {
        let anew = || {
            let mut places: Vec<u32> = (0..self.addresses.len() as u32).collect();
            places.sort_by_key(|place| self.addresses.get(*place as usize));
            Mutex::new(places)
        };
        self.ledger.get(anew).lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(options: &[(&str, &str)]) -> Config {
        let mut config = Config::default();
        for (key, value) in options {
            config.set(key, value).unwrap();
        }
        config
    }

    #[test]
    fn handles_for_the_same_cluster_share_a_table_as_long_as_one_lives() {
        let same = Table::shared(&config(&[("seeds", "a.table,b.table")]));
        assert!(Arc::ptr_eq(&same, &Table::shared(&config(&[("seeds", "b.table, a.table"), ("policy", "random")]))));
        for other in [
            &[("seeds", "a.table")][..],
            &[("seeds", "a.table,b.table"), ("port", "9")],
            &[("seeds", "a.table,b.table"), ("scheme", "https")],
            &[("seeds", "a.table,b.table"), ("tls.verify", "none")],
            &[("seeds", "a.table,b.table"), ("health.eject_base_ms", "10")],
            &[("seeds", "a.table,b.table"), ("adaptive.clip", "5")],
        ] {
            assert!(!Arc::ptr_eq(&same, &Table::shared(&config(other))), "{other:?}");
        }
        let address = Address::parse("a.table", 1).unwrap();
        assert_eq!(same.place(&address), Some(0));
        drop(same);
        assert_eq!(Table::shared(&config(&[("seeds", "a.table,b.table")])).addresses.len(), 0, "the last one took it along");
    }

    #[test]
    fn an_address_has_one_place() {
        let table = Table::private();
        let place = |text: &str| table.place(&Address::parse(text, 1).unwrap());
        assert_eq!([place("a"), place("b"), place("A"), place("a:2")], [Some(0), Some(1), Some(0), Some(2)]);
        assert!(table.line(2).is_some() && table.line(3).is_none());
    }
}
