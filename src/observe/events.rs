//! The last things that happened, each with its reason, in a ring of bounded size. Readers keep a cursor of their own.

use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::node::NodeId;

/// How many events are kept.
pub const KEPT: usize = 256;
const LONGEST_REASON: usize = 300;
const REPEATED_WITHIN_MS: u64 = 60_000;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// A round of discovery ended well: the first one, or the first after failures.
    Refreshed,
    /// A round of discovery ended without a list; the last good one stays.
    RefreshFailed,
    /// A node or seed gave no usable answer to discovery.
    AskFailed,
    /// A part of an answer was no address and was passed over.
    EntriesSkipped,
    /// The wanted scope has no node: a later one of the chain is in use.
    FellBack,
    /// An earlier scope of the chain is in use again.
    Returned,
    /// A node is in the list that was not before.
    NodeJoined,
    /// A node is no longer in the list.
    NodeLeft,
    /// A node is chosen only when all others were tried, until a probe finds it well.
    NodeSetAside,
    /// A node that was set aside is in use again.
    NodeBack,
    /// The partition key of a table was learned, or is another one now.
    TableKeyLearned,
    /// The partition key of a table could not be learned; its requests are routed without it.
    TableKeyFailed,
    /// The refresh thread could not be started.
    ThreadFailed,
}

impl EventKind {
    /// All of them, for manuals and tests.
    pub const ALL: [EventKind; 13] = [
        EventKind::Refreshed,
        EventKind::RefreshFailed,
        EventKind::AskFailed,
        EventKind::EntriesSkipped,
        EventKind::FellBack,
        EventKind::Returned,
        EventKind::NodeJoined,
        EventKind::NodeLeft,
        EventKind::NodeSetAside,
        EventKind::NodeBack,
        EventKind::TableKeyLearned,
        EventKind::TableKeyFailed,
        EventKind::ThreadFailed,
    ];

    /// Whether it says that something failed, which it may do again and again.
    fn is_failure(self) -> bool {
        matches!(self, EventKind::RefreshFailed | EventKind::AskFailed | EventKind::EntriesSkipped | EventKind::TableKeyFailed)
    }

    /// The name in the JSON text.
    pub fn name(self) -> &'static str {
        match self {
            EventKind::Refreshed => "refreshed",
            EventKind::RefreshFailed => "refresh_failed",
            EventKind::AskFailed => "ask_failed",
            EventKind::EntriesSkipped => "entries_skipped",
            EventKind::FellBack => "fell_back",
            EventKind::Returned => "returned",
            EventKind::NodeJoined => "node_joined",
            EventKind::NodeLeft => "node_left",
            EventKind::NodeSetAside => "node_set_aside",
            EventKind::NodeBack => "node_back",
            EventKind::TableKeyLearned => "table_key_learned",
            EventKind::TableKeyFailed => "table_key_failed",
            EventKind::ThreadFailed => "thread_failed",
        }
    }
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Counts up from 1; a jump tells a reader that it missed some.
    pub sequence: u64,
    /// When, in milliseconds since 1970.
    pub unix_ms: u64,
    /// What.
    pub kind: EventKind,
    /// The node concerned, if it has a number.
    pub node: Option<NodeId>,
    /// The node or seed concerned as text; empty when none is.
    pub at: String,
    /// The scope in use.
    pub scope: String,
    /// Why.
    pub reason: String,
    /// How often the same failed again within a minute, with nothing but failures between, up to the moment of reading.
    pub repeated: u64,
}

impl Event {
    /// The event as one JSON object.
    pub fn json(&self) -> Value {
        json!({
            "sequence": self.sequence,
            "unix_ms": self.unix_ms,
            "kind": self.kind.name(),
            "node_id": self.node,
            "at": self.at,
            "scope": self.scope,
            "reason": self.reason,
            "repeated": self.repeated,
        })
    }
}

/// The ring.
#[derive(Debug, Default)]
pub struct Events {
    kept: VecDeque<Event>,
    sequence: u64,
}

impl Events {
    /// Adds an event. A failure that repeats one of the last few is counted there instead, as long as nothing but failures came
    /// between and it is not older than a minute.
    pub fn add(&mut self, kind: EventKind, node: Option<NodeId>, at: &str, scope: &str, reason: &str) {
        let mut reason: String = reason.chars().take(LONGEST_REASON).collect();
        reason.retain(|c| !c.is_control());
        let unix_ms = std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |elapsed| elapsed.as_millis() as u64);
        if kind.is_failure() {
            let mut recent = self.kept.iter_mut().rev().take(8).take_while(|event| event.kind.is_failure());
            let same = recent.find(|event| (event.kind, event.at.as_str()) == (kind, at));
            if let Some(event) = same.filter(|event| event.reason == reason && event.scope == scope)
                && unix_ms.saturating_sub(event.unix_ms) < REPEATED_WITHIN_MS
            {
                event.repeated += 1;
                return;
            }
        }
        self.sequence += 1;
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(Event {
            sequence: self.sequence,
            unix_ms,
            kind,
            node,
            at: at.into(),
            scope: scope.into(),
            reason,
            repeated: 0,
        });
    }

    /// The oldest event kept behind `sequence`.
    pub fn after(&self, sequence: u64) -> Option<&Event> {
        let behind = self.kept.partition_point(|event| event.sequence <= sequence);
        self.kept.get(behind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_get_events_in_order_and_see_what_they_missed() {
        let mut events = Events::default();
        for number in 0..KEPT + 10 {
            events.add(EventKind::NodeJoined, Some(number as u32), &format!("n{number}"), "cluster", "listed");
        }
        let first = events.after(0).unwrap();
        assert_eq!(first.sequence, 11);
        assert_eq!(events.after(first.sequence).unwrap().sequence, 12);
        assert!(events.after(KEPT as u64 + 10).is_none());
    }

    #[test]
    fn a_repeated_event_is_counted_not_kept() {
        let mut events = Events::default();
        for _ in 0..5 {
            events.add(EventKind::AskFailed, None, "a", "cluster", "refused");
            events.add(EventKind::AskFailed, None, "b", "cluster", "refused");
        }
        assert_eq!(events.kept.len(), 2);
        assert_eq!(events.after(0).unwrap().repeated, 4);
        events.add(EventKind::AskFailed, None, "a", "cluster", "timed out");
        events.add(EventKind::AskFailed, None, "a", "cluster", "refused");
        assert_eq!(events.kept.len(), 4, "a change of the reason is news, and so is the change back");
    }

    #[test]
    fn what_comes_and_goes_is_told_each_time() {
        let mut events = Events::default();
        for _ in 0..3 {
            events.add(EventKind::NodeJoined, Some(1), "a", "cluster", "listed");
            events.add(EventKind::NodeLeft, Some(1), "a", "cluster", "no longer listed");
        }
        assert_eq!(events.kept.len(), 6);
        events.add(EventKind::RefreshFailed, None, "", "cluster", "refused");
        events.add(EventKind::Refreshed, None, "", "cluster", "after 1 failed rounds");
        events.add(EventKind::RefreshFailed, None, "", "cluster", "refused");
        assert_eq!(events.kept.len(), 9, "a new outage is news");
    }

    #[test]
    fn reasons_are_bounded_and_printable() {
        let mut events = Events::default();
        events.add(EventKind::RefreshFailed, None, "", "cluster", &"x\n\u{1b}".repeat(10_000));
        let event = events.after(0).unwrap();
        assert!(event.reason.len() <= LONGEST_REASON && !event.reason.contains(char::is_control));
        assert_eq!(event.json()["kind"], "refresh_failed");
    }
}
