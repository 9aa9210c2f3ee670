//! What the library tells of itself, to those who ask: a ring of events and a page of statistics. It prints and logs nothing.

mod counters;
mod events;

pub use counters::Counters;
pub use events::{Event, EventKind, Events};
