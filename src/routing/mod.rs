//! Choosing nodes: the policies' choices, and the query plan that walks on from the first one.

mod choice;
mod cursors;
mod plan;

pub use choice::{Choice, Market};
pub use cursors::Cursors;
pub use plan::{Plan, PlanError};
