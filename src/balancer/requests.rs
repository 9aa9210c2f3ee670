//! Plans for requests: by the partition key where the affinity options say so, else the ordinary way. Routing never fails a request: what
//! can't be read or is not known yet goes the ordinary way, and is counted.

use super::{Balancer, Core};
use crate::affinity::{KeyOrder, KeyType, Refusal, key_hash, read_description, rule, wire_key_hash};
use crate::config::{AffinityMode, check_attribute_name, check_table_name};
use crate::error::{Error, Status};
use crate::node::NodeId;
use crate::observe::EventKind;
use crate::request::{Facts, Object, Operation, RawText, read, read_batch};
use crate::routing::Plan;

/// The longest name of a table that is looked up, and of one within an ARN.
const LONGEST_TABLE: usize = 255;
const LONGEST_ARN: usize = 1024;

/// How a request was routed; the names are those of the statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// To the node of its key.
    ByKey,
    /// To the nodes of its items' keys.
    ByVotes,
    /// The ordinary way, since no rule sends it elsewhere.
    Ordinary,
    /// The ordinary way, since it could not be read.
    Unreadable,
    /// The ordinary way, since the table's key is not known yet.
    KeyUnknown,
    /// The ordinary way, since it does not have the key attribute.
    KeyMissing,
}

impl Route {
    /// All of them with the names they have in the statistics.
    pub const ALL: [(Route, &'static str); 6] = [
        (Route::ByKey, "by_key"),
        (Route::ByVotes, "by_votes"),
        (Route::Ordinary, "ordinary"),
        (Route::Unreadable, "unreadable"),
        (Route::KeyUnknown, "key_unknown"),
        (Route::KeyMissing, "key_missing"),
    ];
}

/// A write of one item, for callers that hold its parameters and not its text.
#[derive(Clone, Copy, Debug)]
pub struct Write<'a> {
    /// The operation.
    pub operation: Operation,
    /// The table's name or ARN.
    pub table: &'a str,
    /// The partition key; `None` if the item has no attribute of that name.
    pub key: Option<(KeyType, &'a [u8])>,
    /// What tells whether the server reads before it writes.
    pub facts: Facts,
}

impl Balancer {
    /// A plan for a request by its operation and its body as it goes on the wire.
    pub fn plan_for_request(&self, operation: Operation, body: &[u8]) -> Plan {
        let core = &*self.0;
        let mode = core.config.affinity.mode;
        let (plan, route) = if mode == AffinityMode::None {
            (Plan::start(), Route::Ordinary)
        } else if rule::goes_by_votes(mode, operation) {
            core.plan_for_batch(body)
        } else {
            core.plan_for_write_on_the_wire(operation, body)
        };
        core.routes.count(route as usize);
        plan
    }

    /// A plan for a write of one item by its parameters.
    pub fn plan_for_write(&self, write: &Write<'_>) -> Plan {
        let core = &*self.0;
        let options = &core.config.affinity;
        let (plan, route) = if rule::goes_by_key(options.mode, options.rule, write.operation, &write.facts) {
            core.plan_by_table(without_arn(write.table), |_| Ok(write.key.map(|(kind, value)| key_hash(kind, value))))
        } else {
            (Plan::start(), Route::Ordinary)
        };
        core.routes.count(route as usize);
        plan
    }

    /// Adds the vote of one item of a BatchWriteItem to a plan that was begun and has no step taken; without affinity of every write, and
    /// for an item without the key, nothing changes. `false` if the plan can't take votes.
    pub fn vote(&self, plan: &mut Plan, table: &str, key: Option<(KeyType, &[u8])>) -> bool {
        let core = &*self.0;
        if !plan.takes_votes() {
            return false;
        }
        if rule::goes_by_votes(core.config.affinity.mode, Operation::BatchWriteItem) {
            let route = core.vote_by_table(plan, without_arn(table), |_| Ok(key.map(|(kind, value)| key_hash(kind, value))));
            core.routes.count(route as usize);
        }
        true
    }

    /// The key attribute of a table, as far as it is known.
    pub fn table_key(&self, table: &str) -> Option<&str> {
        self.0.table_keys.key_of(without_arn(table))
    }

    /// A table whose key is to be asked after by DescribeTable now. It is given to nobody else until it is answered for.
    pub fn next_wanted_table(&self) -> Option<&str> {
        self.0.table_keys.next_wanted(self.0.clock.now())
    }

    /// Tells a table's key, as DescribeTable says it.
    pub fn set_table_key(&self, table: &str, key: &str) -> Result<(), Error> {
        let core = &*self.0;
        let table = without_arn(table);
        check_table_name(table).and_then(|()| check_attribute_name(key)).map_err(|why| Error::new(Status::BadValue, why))?;
        let known = core.table_keys.key_of(table).map(str::to_owned);
        if !core.table_keys.learned(table, key, core.clock.now()) {
            let message = format!("no room for the key of table '{table}': this handle knows as many tables as it can");
            return Err(Error::new(Status::BadValue, message));
        }
        if known.as_deref() != core.table_keys.key_of(table) {
            let reason = format!("table {table}: the partition key is {}", crate::error::shorten(key));
            core.control().lock().table_event(EventKind::TableKeyLearned, &reason);
        }
        Ok(())
    }

    /// Brings the answer to DescribeTable, whatever its status.
    pub fn feed_table_description(&self, table: &str, status: u16, body: &[u8]) -> Result<(), Error> {
        match read_description(status, body) {
            Ok(key) => self.set_table_key(table, &key),
            Err(refusal) => {
                let mut error =
                    Error::new(Status::BadResponse, format!("DescribeTable of '{table}' brought no key: {}", refusal.reason));
                error.http_status = i32::from(status);
                self.table_key_failed(table, &refusal);
                Err(error)
            }
        }
    }

    /// Says that asking after a table's key failed.
    pub fn table_key_failed(&self, table: &str, refusal: &Refusal) {
        let core = &*self.0;
        let table = without_arn(table);
        let pause = core.with_rng(|rng| core.table_keys.failed(table, refusal.permanent, core.clock.now(), rng));
        if let Some(pause) = pause {
            let reason = format!("table {table}: {}; not asked again within {} ms", refusal.reason, pause.as_millis());
            core.control().lock().table_event(EventKind::TableKeyFailed, &reason);
        }
    }
}

impl Core {
    fn plan_for_write_on_the_wire(&self, operation: Operation, body: &[u8]) -> (Plan, Route) {
        if !matches!(operation, Operation::PutItem | Operation::UpdateItem | Operation::DeleteItem) {
            return (Plan::start(), Route::Ordinary);
        }
        let Ok(request) = read(operation, body) else { return (Plan::start(), Route::Unreadable) };
        let options = &self.config.affinity;
        if !rule::goes_by_key(options.mode, options.rule, operation, &request.facts) {
            return (Plan::start(), Route::Ordinary);
        }
        let (Some(table), Some(source)) = (request.table, request.key_source) else {
            return (Plan::start(), Route::Unreadable);
        };
        let mut room = [0; LONGEST_ARN];
        match decoded(table, &mut room) {
            Some(table) => self.plan_by_table(table, |key| hash_in(&source, key)),
            None => (Plan::start(), Route::Unreadable),
        }
    }

    /// A plan by the hash that `hash_of` finds under the name of the table's key.
    fn plan_by_table(&self, table: &str, hash_of: impl FnOnce(&str) -> Result<Option<i64>, Unhashable>) -> (Plan, Route) {
        match self.hash_by_table(table, hash_of) {
            Ok(hash) => (Plan::for_key(hash), Route::ByKey),
            Err(route) => (Plan::start(), route),
        }
    }

    fn plan_for_batch(&self, body: &[u8]) -> (Plan, Route) {
        let mut plan = Plan::start();
        let mut lacking = None;
        let mut room = [0; LONGEST_ARN];
        let read = read_batch(body, |table, source: Object<'_>| {
            let route = match decoded(table, &mut room) {
                Some(table) => self.vote_by_table(&mut plan, table, |key| hash_in(&source, key)),
                None => Route::Unreadable,
            };
            if route != Route::ByVotes {
                lacking.get_or_insert(route);
            }
        });
        match read {
            Err(_) => (Plan::start(), Route::Unreadable),
            Ok(()) if plan.is_keyed() => (plan, Route::ByVotes),
            Ok(()) => (plan, lacking.unwrap_or(Route::Ordinary)),
        }
    }

    fn vote_by_table(&self, plan: &mut Plan, table: &str, hash_of: impl FnOnce(&str) -> Result<Option<i64>, Unhashable>) -> Route {
        match self.hash_by_table(table, hash_of) {
            Ok(hash) => {
                self.node_for_key(hash).map(|node| plan.vote(node));
                Route::ByVotes
            }
            Err(route) => route,
        }
    }

    fn hash_by_table(&self, table: &str, hash_of: impl FnOnce(&str) -> Result<Option<i64>, Unhashable>) -> Result<i64, Route> {
        let now = self.clock.now();
        let (Some(key), Some(number)) = self.table_keys.look_up(table, now) else { return Err(Route::KeyUnknown) };
        match hash_of(key) {
            Ok(Some(hash)) => Ok(hash),
            Ok(None) => {
                self.table_keys.miss(number, now);
                Err(Route::KeyMissing)
            }
            Err(Unhashable) => Err(Route::Unreadable),
        }
    }

    /// The node for a key of that hash.
    pub(super) fn node_for_key(&self, hash: i64) -> Option<NodeId> {
        let placement = self.config.affinity.placement;
        self.topology.read(|snapshot| KeyOrder::new(snapshot, placement).node(hash, |node| self.health.is_aside(node)))
    }
}

/// The key attribute is there and holds nothing that could be hashed.
struct Unhashable;

fn hash_in(source: &Object<'_>, key: &str) -> Result<Option<i64>, Unhashable> {
    match source.attribute(key) {
        None => Ok(None),
        Some(value) => value.and_then(|value| wire_key_hash(&value)).map(Some).map_err(|_| Unhashable),
    }
}

/// The table's name in a text of the request, which may hold escapes.
fn decoded<'b>(text: RawText<'b>, room: &'b mut [u8; LONGEST_ARN]) -> Option<&'b str> {
    let name = match text.plain() {
        Some(plain) => plain,
        None => {
            let mut len = 0;
            for byte in text.bytes() {
                *room.get_mut(len)? = byte.ok()?;
                len += 1;
            }
            str::from_utf8(&room[..len]).ok()?
        }
    };
    Some(without_arn(name)).filter(|name| !name.is_empty() && name.len() <= LONGEST_TABLE)
}

/// The table's name; an ARN ends in `table/` and the name.
fn without_arn(table: &str) -> &str {
    match table.strip_prefix("arn:") {
        Some(arn) => arn.split_once("table/").map_or(table, |(_, name)| name),
        None => table,
    }
}

#[cfg(test)]
mod tests;
