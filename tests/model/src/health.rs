//! Health as in the core, but for the table of records, which here has as many as asked for, and whose lock is loom's.

use std::time::Duration;

use loom::sync::atomic::{AtomicU64, Ordering};
use loom::sync::{Mutex, MutexGuard};

use crate::clock::Nanos;
use crate::config::{AdaptiveOptions, Config, HealthOptions};
use crate::node::NodeId;
use crate::rng::Rng;
use line::Line;
use pool::Pool;
use rules::Rules;
use standing::Cause;

#[path = "../../../src/health/budget.rs"]
pub mod budget;
#[path = "../../../src/health/ejection.rs"]
pub mod ejection;
#[path = "../../../src/health/estimate.rs"]
pub mod estimate;
#[path = "../../../src/health/lanes.rs"]
pub mod lanes;
#[path = "../../../src/health/line.rs"]
pub mod line;
#[path = "../../../src/health/outcome.rs"]
pub mod outcome;
#[path = "../../../src/health/pool.rs"]
pub mod pool;
#[path = "../../../src/health/rules.rs"]
pub mod rules;
#[path = "../../../src/health/standing.rs"]
pub mod standing;
#[path = "../../../src/health/tick.rs"]
pub mod tick;
#[path = "../../../src/health/window.rs"]
pub mod window;

/// Every node's health.
pub struct Health {
    rules: Rules,
    table: Table,
    lines: Vec<Line>,
    pool: Pool,
}

struct Table {
    ledger: Mutex<()>,
    changes: AtomicU64,
}

impl Table {
    fn leave(&self) -> MutexGuard<'_, ()> {
        self.ledger.lock().unwrap()
    }

    fn changed(&self) {
        self.changes.fetch_add(1, Ordering::Release);
    }
}

impl Health {
    /// So many nodes, all well.
    pub fn new(nodes: usize) -> Health {
        let second = Duration::from_secs(1);
        let health = HealthOptions { on: true, eject_base: second, eject_max: second, ..HealthOptions::default() };
        let config = Config { adaptive: AdaptiveOptions { tau: second, forget: second, ..AdaptiveOptions::default() }, health };
        Health {
            rules: Rules::of(&config),
            table: Table { ledger: Mutex::new(()), changes: AtomicU64::new(0) },
            lines: (0..nodes).map(|_| Line::default()).collect(),
            pool: Pool::default(),
        }
    }

    fn line(&self, node: NodeId) -> Option<&Line> {
        self.lines.get(node as usize)
    }

    fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Whether the node is set aside.
    pub fn is_aside(&self, node: NodeId) -> bool {
        self.line(node).is_some_and(Line::is_aside)
    }

    /// No connection could be made to the node; tells whether that set it aside.
    pub fn refused(&self, node: NodeId, listed: &[NodeId], now: Nanos) -> bool {
        self.eject(node, Cause::Refused, &[listed], now, &mut Rng).is_some()
    }
}
