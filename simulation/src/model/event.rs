//! What is going to happen, in order of time, and of scheduling where times are equal.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::rc::Rc;

use alternator_lb::Outcome;

use super::request::{Attempt, Request};
use crate::policy::{Answer, Fetch};

/// Something that happens.
pub enum Happening {
    /// A request arrives at a client, and the next is drawn.
    Arrival,
    /// An attempt reaches its node.
    Reaches(Rc<Attempt>),
    /// A worker of the node has done an attempt's work, which took so long. Void if the node died or hung since.
    Done { node: usize, attempt: Rc<Attempt>, life: u32 },
    /// An answer, or a refusal, reaches the client.
    Answered(Rc<Attempt>, Outcome),
    /// A pause before another attempt is over.
    TriesAgain(Rc<Request>),
    /// A request may be sent to a second node, if its only attempt has not ended.
    Hedge(Rc<Request>),
    /// A client looks whether discovery has something to do.
    Tick(usize),
    /// The answer of a node to discovery reaches the client.
    Fetched(usize, Box<(Fetch, Answer)>),
    /// A client that discovers nothing itself hears who the nodes are.
    Hears(usize),
    /// Trouble begins, proceeds or ends.
    Trouble(Turn),
    /// The queues are looked at.
    Sample,
}

/// How trouble goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Turn {
    /// It begins.
    Begins,
    /// A node that has left stops serving.
    Stops,
    /// It ends.
    Ends,
}

/// A happening and its time.
pub struct Event {
    /// When.
    pub at: f64,
    order: u64,
    /// What.
    pub what: Happening,
}

impl Ord for Event {
    /// The earliest is the greatest: the heap gives out its greatest.
    fn cmp(&self, other: &Event) -> Ordering {
        other.at.total_cmp(&self.at).then(other.order.cmp(&self.order))
    }
}

impl PartialOrd for Event {
    fn partial_cmp(&self, other: &Event) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Event {
    fn eq(&self, other: &Event) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Event {}

/// What is to come.
#[derive(Default)]
pub struct Queue {
    heap: BinaryHeap<Event>,
    scheduled: u64,
}

impl Queue {
    /// Schedules a happening.
    pub fn add(&mut self, at: f64, what: Happening) {
        self.scheduled += 1;
        self.heap.push(Event { at, order: self.scheduled, what });
    }

    /// When the next happens.
    pub fn next_at(&self) -> Option<f64> {
        self.heap.peek().map(|event| event.at)
    }

    /// The next.
    pub fn take(&mut self) -> Option<Event> {
        self.heap.pop()
    }

    /// The attempts a node works at, in the heap's own order. That order follows from the pushes and pops alone, and is the same as
    /// in CPython's `heapq`, which sifts alike: the reference takes them in this order when the node dies.
    pub fn in_work(&self, wanted: usize, life_wanted: u32) -> Vec<Rc<Attempt>> {
        self.heap
            .iter()
            .filter_map(|event| match &event.what {
                Happening::Done { node, attempt, life } if *node == wanted && *life == life_wanted => Some(Rc::clone(attempt)),
                _ => None,
            })
            .collect()
    }
}
