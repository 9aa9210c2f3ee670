//! The handle: configuration, topology, health and discovery in one.
//!
//! Picks and reports are in `attempts`. What a pick may start behind its own choice, and what changes the list, lives in `control` and
//! `driver` behind one mutex a process, which no pick waits for.

mod attempts;
mod checks;
mod control;
mod driver;
mod due;
mod further;
mod requests;
mod sans_io;
mod spread;
mod statistics;
mod worker;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crossbeam_utils::CachePadded;

use crate::affinity::TableKeys;
use crate::clock::{Clock, Nanos};
use crate::config::{Config, RefreshMode, Source, TlsOptions};
use crate::discovery::transport::Transport;
use crate::error::{Error, Status};
use crate::fork::{self, ForkLocal};
use crate::health::{Health, Standing};
use crate::node::{Node, NodeId, Nodes, Scheme};
use crate::observe::{Counters, Event};
use crate::rng::{Rng, with_thread_rng};
use crate::routing::Cursors;
use crate::topology::Topology;
use crate::wire::Wire;

use control::Control;
use due::Due;
use further::Further;
pub use requests::{Route, Write};
pub use sans_io::Fetch;

/// A load balancer for one cluster. All methods may be called from any number of threads at once.
pub struct Balancer(Arc<Core>);

/// How a node fares, for those who look.
#[derive(Clone, Copy, Debug)]
pub struct HealthView {
    /// In use or set aside, and why.
    pub standing: Standing,
    /// When its next probe is due; `None` while it is in use.
    pub probe_in: Option<Duration>,
    /// What a request is expected to take at a node of which nothing is known, in microseconds; 0 before the first report.
    pub mean_us: u64,
}

/// What picks touch at each call.
struct Hot {
    /// When a step of discovery is due.
    due: Due,
    /// The fork generation in which requests have flowed since the last round; 0 when none has.
    active: AtomicU64,
    /// When an answer was reported of late, in nanoseconds; 0 before the first.
    answered_at: AtomicU64,
    /// From when on a request may try a node that is set aside, in nanoseconds: never while somebody drives discovery.
    trial_at: AtomicU64,
    /// What the health records' number of changes was when the list was published.
    seen_changes: AtomicU64,
}

struct Core {
    config: Config,
    clock: Clock,
    hot: CachePadded<Hot>,
    topology: Topology,
    cursors: Cursors,
    nodes: Nodes,
    health: Health,
    /// By how much a node beyond the preferred rack is dearer.
    beyond: f32,
    further: Further,
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
        // Without TLS there are no sessions to remember, and their store is the largest part of a handle.
        let session_cache = if config.scheme == Scheme::Https { config.tls.session_cache } else { 0 };
        let tls = TlsOptions { session_cache, ..config.tls.clone() };
        let transport = Transport::new(&tls, &config.user_agent, config.connect_timeout).map_err(|error| {
            Error::new(Status::Io, format!("option {} cannot be '{}': {}", error.option, error.value, error.reason))
        })?;
        let core = Core {
            hot: CachePadded::new(Hot {
                due: Due::at(clock.now().0),
                active: AtomicU64::new(0),
                answered_at: AtomicU64::new(0),
                trial_at: AtomicU64::new(Nanos::NEVER.0),
                seen_changes: AtomicU64::new(0),
            }),
            topology: Topology::new(),
            cursors: Cursors::new(),
            nodes: Nodes::new(config.scheme),
            health: Health::new(&config, matches!(clock, Clock::System)),
            beyond: config.adaptive.beyond_percent as f32 / 100.0,
            further: Further::new(&config, clock.now()),
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

    /// The nodes that requests go to as long as they answer: those not set aside, and the whole datacenter's where most of a
    /// preferred rack is. Never empty while there is a list.
    pub fn nodes_in_use(&self) -> Vec<NodeId> {
        self.0.topology.listing().usable
    }

    /// The client side of TLS as the options `tls.*` want it, for the caller's own connections to the nodes.
    pub fn tls_config(&self) -> Arc<rustls::ClientConfig> {
        self.0.control().transport.tls_config()
    }

    /// Whether the node is in the list that requests are routed over, or in that which keys choose among.
    pub fn is_listed(&self, id: NodeId) -> bool {
        self.0.topology.read(|snapshot| {
            (0..snapshot.all()).any(|index| snapshot.node(index) == id)
                || (0..snapshot.usable()).any(|index| snapshot.usable_node(index) == id)
                || (0..snapshot.beyond()).any(|index| snapshot.beyond_node(index) == id)
                || (0..snapshot.keyed()).any(|index| snapshot.keyed_node(index) == id)
        })
    }

    /// How a node fares; `None` if there is no such node.
    pub fn health_of(&self, id: NodeId) -> Option<HealthView> {
        let core = &*self.0;
        let now = core.clock.now();
        let standing = core.health.standing(id, now)?;
        let probe_in = standing.probe_at.map(|at| if core.health.is_due(at, now) { Duration::ZERO } else { at.since(now) });
        Some(HealthView { standing, probe_in, mean_us: core.health.mean_us() })
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
        self.hot.due.set(due.0);
    }
}
