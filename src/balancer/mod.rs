//! The handle: configuration, topology, health and discovery in one.
//!
//! Picking ([`Balancer::next_node`], [`Balancer::plan_next`]) reads a published snapshot and this thread's random stream: no lock, no
//! allocation, no syscall, no wait. What a pick may start behind its own choice, and what changes the list, lives in `control` and
//! `driver` behind one mutex a process, which no pick waits for.

mod checks;
mod control;
mod driver;
mod requests;
mod sans_io;
mod statistics;
mod worker;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_utils::CachePadded;

use crate::affinity::{KeyOrder, TableKeys};
use crate::clock::{Clock, Nanos};
use crate::config::{Config, RefreshMode, Source};
use crate::discovery::transport::Transport;
use crate::error::{Error, Status};
use crate::fork::{self, ForkLocal};
use crate::health::{Health, Outcome, Rule};
use crate::node::{Node, NodeId, Nodes};
use crate::observe::{Counters, Event};
use crate::rng::{Rng, with_thread_rng};
use crate::routing::{Cursors, Plan, PlanError, first_choice};
use crate::topology::Topology;
use crate::wire::Wire;

use control::Control;
pub use requests::{Route, Write};
pub use sans_io::Fetch;

/// A load balancer for one cluster. All methods may be called from any number of threads at once.
pub struct Balancer(Arc<Core>);

/// What picks touch at each call.
struct Hot {
    /// When a step of discovery is due, in nanoseconds. Moving it into the future is the claim on the step, and the claim's
    /// deadline: who vanishes in mid-step holds it no longer than that.
    due_at: AtomicU64,
    /// The fork generation in which requests have flowed since the last round; 0 when none has.
    active: AtomicU64,
}

struct Core {
    config: Config,
    clock: Clock,
    hot: CachePadded<Hot>,
    topology: Topology,
    cursors: Cursors,
    nodes: Nodes,
    health: Health,
    table_keys: TableKeys,
    /// How requests were routed, by [`Route`].
    routes: Counters<{ Route::ALL.len() }>,
    wire: Wire,
    /// Never used itself: each process takes a copy that shares no connection and no lock with it.
    transport: Transport,
    control: ForkLocal<Control>,
}

impl Balancer {
    /// Makes a balancer whose list is the seeds. No network; reads the files that `tls.*` names.
    pub fn new(config: Config) -> Result<Balancer, Error> {
        Balancer::with_clock(config, Clock::System)
    }

    /// The same under a clock of the caller's.
    pub fn with_clock(config: Config, clock: Clock) -> Result<Balancer, Error> {
        config.check()?;
        let transport = Transport::new(&config.tls, &config.user_agent, config.connect_timeout).map_err(|error| {
            Error::new(Status::Io, format!("option {} cannot be '{}': {}", error.option, error.value, error.reason))
        })?;
        let rule = Rule { on: config.health, base: config.eject_base, longest: config.eject_max };
        let core = Core {
            hot: CachePadded::new(Hot { due_at: AtomicU64::new(clock.now().0), active: AtomicU64::new(0) }),
            topology: Topology::new(),
            cursors: Cursors::new(),
            nodes: Nodes::new(config.scheme),
            health: Health::new(rule),
            table_keys: TableKeys::default(),
            routes: Counters::default(),
            wire: Wire::new(&config.wire),
            transport,
            control: ForkLocal::new(),
            clock,
            config,
        };
        core.control().lock().begin(&core);
        for (table, key) in &core.config.affinity.table_keys {
            core.table_keys.preset(table, key);
        }
        let balancer = Balancer(Arc::new(core));
        if balancer.0.config.refresh_mode == RefreshMode::Thread {
            balancer.0.ensure_thread()?;
        }
        Ok(balancer)
    }

    /// Chooses the node for a request.
    #[inline]
    pub fn next_node(&self) -> Option<NodeId> {
        let core = &*self.0;
        let chosen =
            with_thread_rng(|rng| core.topology.read(|snapshot| first_choice(core.config.policy, snapshot, &core.cursors, rng)));
        self.after_pick();
        chosen
    }

    /// Takes the next step of a plan.
    #[inline]
    pub fn plan_next(&self, plan: &mut Plan) -> Result<NodeId, PlanError> {
        let core = &*self.0;
        let step = if plan.is_keyed() {
            let placement = core.config.affinity.placement;
            core.topology.read(|snapshot| plan.choose_by_key(KeyOrder::new(snapshot, placement), |node| core.health.is_aside(node)))
        } else {
            with_thread_rng(|rng| core.topology.read(|snapshot| plan.choose(core.config.policy, snapshot, &core.cursors, rng)))
        };
        self.after_pick();
        step.map(|step| plan.take(step))
    }

    /// Chooses the node for a key of that hash: the first step of its plan.
    #[inline]
    pub fn node_for_key(&self, hash: i64) -> Option<NodeId> {
        let chosen = self.0.node_for_key(hash);
        self.after_pick();
        chosen
    }

    /// Takes in how an attempt at a node ended.
    pub fn report(&self, node: NodeId, outcome: Outcome, latency_us: u64) -> Result<(), Error> {
        let core = &*self.0;
        let Some(record) = core.health.get(node) else {
            return Err(Error::new(Status::UnknownNode, format!("no node has the id {node}")));
        };
        record.count(outcome, latency_us);
        if matches!(outcome, Outcome::Refused | Outcome::Reset | Outcome::Timeout | Outcome::TlsFailure) {
            let mut state = core.control().lock();
            if outcome == Outcome::Refused {
                state.refused(core, node, "no connection could be made (reported by the caller)");
            }
            state.hurry(core);
        }
        Ok(())
    }

    /// The node of that number.
    #[inline]
    pub fn node(&self, id: NodeId) -> Option<&Node> {
        self.0.nodes.get(id)
    }

    /// The list that requests are routed over, nodes set aside included, in the order of their URLs.
    pub fn nodes(&self) -> Vec<NodeId> {
        self.0.topology.listing().all
    }

    /// The same without an allocation: fills `ids` as far as it goes and tells how many there are.
    pub fn copy_nodes(&self, ids: &mut [i32]) -> usize {
        self.0.topology.read(|snapshot| {
            for (index, place) in (0..snapshot.all()).zip(ids.iter_mut()) {
                *place = snapshot.node(index) as i32;
            }
            snapshot.all() as usize
        })
    }

    /// Whether the node is in the list that requests are routed over, or in that which keys choose among.
    pub fn is_listed(&self, id: NodeId) -> bool {
        self.0.topology.read(|snapshot| {
            (0..snapshot.all()).any(|index| snapshot.node(index) == id)
                || (0..snapshot.keyed()).any(|index| snapshot.keyed_node(index) == id)
        })
    }

    /// Whether the node is set aside.
    #[inline]
    pub fn is_set_aside(&self, id: NodeId) -> bool {
        self.0.health.is_aside(id)
    }

    /// A word that changes with the list and with what is set aside.
    pub fn generation(&self) -> &AtomicU64 {
        self.0.topology.generation()
    }

    /// How requests and answers look on the wire.
    pub fn wire(&self) -> &Wire {
        &self.0.wire
    }

    /// The oldest event kept behind that one.
    pub fn event_after(&self, sequence: u64) -> Option<Event> {
        self.0.control().lock().events.after(sequence).cloned()
    }

    /// What a pick does behind its own choice: notes that requests flow and, in `inline` mode, does a step that is due.
    #[inline]
    fn after_pick(&self) {
        let core = &*self.0;
        if core.hot.active.load(Ordering::Relaxed) != fork::generation() {
            self.wake();
        }
        if core.config.refresh_mode == RefreshMode::Inline {
            let now = core.clock.now();
            if now.0 >= core.hot.due_at.load(Ordering::Relaxed) {
                core.inline_step(now);
            }
        }
    }

    /// The first request since the last round, or since a fork.
    #[cold]
    fn wake(&self) {
        self.0.hot.active.store(fork::generation(), Ordering::Relaxed);
        if self.0.config.refresh_mode == RefreshMode::Thread {
            // After a fork the child has no thread yet. A failure is in the events, and is tried again when requests flow again.
            let _ = self.0.ensure_thread();
            self.0.wake_thread();
        }
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.0.stop_thread();
    }
}

impl Core {
    /// This process's part; made from the shared one after a fork.
    fn control(&self) -> &Control {
        self.control.get(|| Control::new(self))
    }

    fn is_static(&self) -> bool {
        self.config.source == Source::Static
    }

    /// Whether requests have flowed in this process since the last round.
    fn is_active(&self) -> bool {
        self.hot.active.load(Ordering::Relaxed) == fork::generation()
    }

    /// A stream for decisions off the hot path.
    fn with_rng<R>(&self, body: impl FnOnce(&mut Rng) -> R) -> R {
        with_thread_rng(body)
    }

    fn set_due(&self, due: Nanos) {
        self.hot.due_at.store(due.0, Ordering::Relaxed);
    }
}
