//! Which attribute is the partition key of a table: told by configuration, or learned from DescribeTable, which the caller makes off
//! the path of requests.
//!
//! A request looks its table up without a lock or an allocation. A table that is not known is put on a list of wanted ones at its first
//! sight; [`TableKeys::next_wanted`] gives each of them to one caller at a time. What is learned is asked after again after an hour, and
//! at once when a request lacks the attribute: the table may have been dropped and made again. Failures pause: 0.1 s doubling to 30 s, or
//! five minutes where asking again is of no use. Nothing is ever taken out, so the number of tables is bounded.

mod describe;
mod record;

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use once_cell::race::OnceBox;

pub use describe::{Refusal, read_description};
pub use record::TableState;
use record::{CLAIM, Record};

use super::murmur::{Murmur3, Tail};
use crate::append::AppendList;
use crate::clock::Nanos;
use crate::fork::ForkLocal;
use crate::rng::Rng;

/// Beyond this many tables, requests are routed without their keys.
const MOST_TABLES: usize = 4096;
/// Places of the index: a power of two, twice the tables.
const PLACES: usize = 2 * MOST_TABLES;
/// How many places a look-up tries.
const MOST_TRIES: usize = 64;

/// The tables of one handle.
pub struct TableKeys {
    records: AppendList<Record>,
    /// Names of key attributes; a record points to one by its number.
    names: AppendList<Box<str>>,
    /// Numbers of records plus one, by the hash of the table's name.
    index: OnceBox<[AtomicU32; PLACES]>,
    /// When the next table is to be asked after, or earlier.
    due: AtomicU64,
    /// Held by whoever adds records or names, or gives out a wanted table.
    writing: ForkLocal<Mutex<()>>,
}

impl Default for TableKeys {
    /// No table yet.
    fn default() -> TableKeys {
        TableKeys {
            records: AppendList::new(),
            names: AppendList::new(),
            index: OnceBox::new(),
            due: AtomicU64::new(Nanos::NEVER.0),
            writing: ForkLocal::new(),
        }
    }
}

impl TableKeys {
    /// The key attribute of a table, and the number by which [`TableKeys::miss`] knows the table. A table whose key is not known, or was
    /// learned long ago, is wanted from then on. No lock, no allocation, but at the first sight of a table.
    pub fn look_up(&self, table: &str, now: Nanos) -> (Option<&str>, Option<usize>) {
        match self.find(table) {
            Some((number, record)) => {
                if record.is_stale(now) {
                    self.want(record, now);
                }
                (self.name_of(record), Some(number))
            }
            None => {
                // Somebody else adds a table at this moment: the next request finds out.
                if let Ok(_writing) = self.writing.get(Default::default).try_lock()
                    && let Some((_, record)) = self.find_or_add(table)
                {
                    self.want(record, now);
                }
                (None, None)
            }
        }
    }

    /// The key attribute of a table, as far as it is known; nothing follows from asking.
    pub fn key_of(&self, table: &str) -> Option<&str> {
        self.find(table).and_then(|(_, record)| self.name_of(record))
    }

    /// A request for the table of that number did not have the attribute.
    pub fn miss(&self, number: usize, now: Nanos) {
        if let Some(record) = self.records.get(number)
            && record.missed(now)
        {
            self.want(record, now);
        }
    }

    /// Tells a table's key for good.
    pub fn preset(&self, table: &str, key: &str) -> bool {
        self.put(table, key, |record, name| record.preset(name))
    }

    /// A table's key was learned. `false` if there is no room for it.
    pub fn learned(&self, table: &str, key: &str, now: Nanos) -> bool {
        self.put(table, key, |record, name| record.learned(name, now))
    }

    /// Asking after a table failed; `permanent` where asking again soon is of no use. Tells how long it is not asked after.
    pub fn failed(&self, table: &str, permanent: bool, now: Nanos, rng: &mut Rng) -> Option<Duration> {
        self.find(table).map(|(_, record)| record.failed(permanent, now, rng))
    }

    /// A table to be asked after now. It is given to nobody else until it is answered for, or half a minute has passed.
    pub fn next_wanted(&self, now: Nanos) -> Option<&str> {
        if now.0 < self.due.load(Ordering::Relaxed) {
            return None;
        }
        let _writing = self.write();
        // Who wants a table from here on moves the due time again.
        self.due.store(Nanos::NEVER.0, Ordering::SeqCst);
        let wanted = self.records.iter().filter(|record| record.due() <= now).min_by_key(|record| record.due());
        if let Some(record) = wanted {
            record.claim(now.after(CLAIM));
        }
        for record in self.records.iter() {
            self.due.fetch_min(record.due().0, Ordering::SeqCst);
        }
        wanted.map(|record| &*record.table)
    }

    /// Every table, for the statistics: its name, its key if known, and how it stands with it.
    pub fn states(&self, now: Nanos) -> impl Iterator<Item = (&str, Option<&str>, TableState)> {
        self.records.iter().map(move |record| (&*record.table, self.name_of(record), record.state(now)))
    }

    fn want(&self, record: &Record, now: Nanos) {
        if let Some(due) = record.want(now) {
            self.due.fetch_min(due.0, Ordering::SeqCst);
        }
    }

    fn write(&self) -> MutexGuard<'_, ()> {
        self.writing.get(Default::default).lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, table: &str, key: &str, put: impl FnOnce(&Record, u32)) -> bool {
        let _writing = self.write();
        let Some((_, record)) = self.find_or_add(table) else { return false };
        let known = self.names.iter().position(|known| **known == *key);
        let Some(name) = known.or_else(|| self.names.push_with(|_| key.into())) else { return false };
        put(record, name as u32);
        true
    }

    fn name_of(&self, record: &Record) -> Option<&str> {
        self.names.get(record.name()? as usize).map(|name| &**name)
    }

    fn find(&self, table: &str) -> Option<(usize, &Record)> {
        let index = self.index.get()?;
        for place in places(table) {
            let number = (index[place].load(Ordering::Acquire) as usize).checked_sub(1)?;
            let record = self.records.get(number)?;
            if *record.table == *table {
                return Some((number, record));
            }
        }
        None
    }

    /// The caller holds the lock.
    fn find_or_add(&self, table: &str) -> Option<(usize, &Record)> {
        if let Some(found) = self.find(table) {
            return Some(found);
        }
        let index = self.index.get_or_init(|| Box::new([const { AtomicU32::new(0) }; PLACES]));
        if self.records.len() >= MOST_TABLES || table.len() > u8::MAX as usize {
            return None;
        }
        let place = places(table).find(|place| index[*place].load(Ordering::Relaxed) == 0)?;
        let number = self.records.push_with(|_| Record::new(table))?;
        index[place].store(number as u32 + 1, Ordering::Release);
        Some((number, self.records.get(number)?))
    }
}

/// The places of the index where a table may stand.
fn places(table: &str) -> impl Iterator<Item = usize> {
    let mut hash = Murmur3::new();
    hash.update(table.as_bytes());
    let first = hash.finish(Tail::Unsigned) as usize;
    (0..MOST_TRIES).map(move |step| first.wrapping_add(step) % PLACES)
}

#[cfg(test)]
mod tests;
