//! The cluster: starts node processes, hears of what befalls them, and keeps the nodes told.
//!
//! An event of a node process counts whoever caused it: a `kill -9` from a shell is as good as a call (`operations`).

use super::certificates::Certificates;
use super::counters::{Counters, Names};
use super::membership::Standing;
use super::process::{Event, Spawner};
use super::state::{NodeEntry, NodeState, Running, Settings, State};
use super::subnet::Subnet;
use crate::cli::Place;
use crate::protocol::{Birth, Credentials, EngineAddress, Member};
use parking_lot::Mutex;
use rustix::process::Signal;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// Addresses run from .11 up.
const FIRST_HOST: usize = 11;
const MAX_NODES: usize = 255 - FIRST_HOST;

const START_PATIENCE: Duration = Duration::from_secs(20);
pub const SIGNAL_PATIENCE: Duration = Duration::from_secs(5);
const APPLY_PATIENCE: Duration = Duration::from_secs(5);
const DRAIN_PERIOD: Duration = Duration::from_millis(20);
const SETTLE_PERIOD: Duration = Duration::from_millis(1);

/// What stays as it was at start.
pub struct Foundation {
    pub subnet: Subnet,
    pub port: u16,
    pub topology: Vec<Place>,
    pub credentials: Credentials,
    pub engine: EngineAddress,
    pub certificates: Option<Certificates>,
}

/// Why a call could not be carried out.
#[derive(Debug)]
pub enum Refusal {
    /// The request is wrong in itself.
    Invalid(String),
    NoSuchNode(usize),
    /// The node is in no state for it.
    Conflict(String),
    /// It should have worked.
    Failed(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Refusal::Invalid(message) | Refusal::Conflict(message) | Refusal::Failed(message) => f.write_str(message),
            Refusal::NoSuchNode(index) => write!(f, "there is no node {index}"),
        }
    }
}

pub struct Cluster {
    pub foundation: Foundation,
    state: Mutex<State>,
    /// Held by the call that ends or starts processes.
    pub lifecycle: tokio::sync::Mutex<()>,
    spawner: Spawner,
}

impl Cluster {
    pub fn new(foundation: Foundation, settings: Settings) -> Arc<Self> {
        let state =
            State { nodes: Vec::new(), settings, counters: Counters::default(), revision: 0, last_fault: 0, published: Vec::new() };
        Arc::new(Cluster {
            foundation,
            state: Mutex::new(state),
            lifecycle: tokio::sync::Mutex::default(),
            spawner: Spawner::new(),
        })
    }

    /// Looks at the state, with all that the nodes have reported in it.
    pub fn inspect<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock();
        state.drain();
        look(&mut state)
    }

    /// Keeps the reports flowing and lets silent nodes fall out of the lists. Never ends.
    pub async fn attend(&self) {
        loop {
            let next_notice = self.inspect(|state| {
                if state.listed() != state.published {
                    state.publish();
                }
                state.next_notice()
            });
            let pause = next_notice.map_or(DRAIN_PERIOD, |at| at.saturating_duration_since(Instant::now()));
            sleep(pause.min(DRAIN_PERIOD)).await;
        }
    }

    pub async fn start_all(self: &Arc<Self>, count: usize) -> Result<(), Refusal> {
        for _ in 0..count {
            self.create(None, None, Standing::Alive)?;
        }
        self.inspect(|state| state.publish());
        for index in 0..count {
            self.launch(index).await?;
        }
        for index in 0..count {
            self.await_listening(index).await?;
        }
        self.settle().await
    }

    pub fn create(&self, datacenter: Option<String>, rack: Option<String>, standing: Standing) -> Result<usize, Refusal> {
        let mut state = self.state.lock();
        let index = state.nodes.len();
        if index == MAX_NODES {
            return Err(Refusal::Conflict(format!("a cluster has room for {MAX_NODES} nodes, removed ones included")));
        }
        let place = &self.foundation.topology[index % self.foundation.topology.len()];
        let member = Member {
            address: self.foundation.subnet.host((FIRST_HOST + index) as u8),
            datacenter: datacenter.unwrap_or_else(|| place.datacenter.clone()),
            rack: rack.unwrap_or_else(|| place.rack.clone()),
        };
        state.nodes.push(NodeEntry {
            member,
            state: NodeState::Starting,
            standing,
            running: None,
            faults: Vec::new(),
            fired: BTreeMap::new(),
            localnodes: None,
        });
        Ok(index)
    }

    pub async fn launch(self: &Arc<Self>, index: usize) -> Result<(), Refusal> {
        let foundation = &self.foundation;
        let (member, situation) = self.inspect(|state| (state.nodes[index].member.clone(), state.situation(index)));
        let tls = foundation.certificates.as_ref().map(|certificates| certificates.for_node(member.address)).transpose();
        let birth = Birth {
            index,
            address: member.address,
            port: foundation.port,
            datacenter: member.datacenter,
            rack: member.rack,
            supervisor_pid: std::process::id(),
            credentials: foundation.credentials.clone(),
            engine: foundation.engine.clone(),
            tls: tls.map_err(Refusal::Failed)?,
            situation,
        };
        let (process, reports) = self.spawner.start(&birth).await.map_err(Refusal::Failed)?;
        self.inspect(|state| {
            let cluster = Arc::downgrade(self);
            let pid = process.pid;
            process.watch(move |event| {
                if let Some(cluster) = cluster.upgrade() {
                    cluster.happened(index, pid, event);
                }
            });
            // What was published while it was being started has passed it by.
            process.send(&state.situation(index));
            let node = &mut state.nodes[index];
            node.state = NodeState::Starting;
            node.running = Some(Running { process, reports, names: Names::default(), listening: false, applied: 0 });
        });
        Ok(())
    }

    /// Something befell a node process.
    fn happened(&self, index: usize, pid: u32, event: Event) {
        let mut state = self.state.lock();
        if state.nodes[index].pid() != Some(pid) {
            return;
        }
        state.drain_node(index);
        let node = &mut state.nodes[index];
        let now = Instant::now();
        match event {
            Event::Stopped => {
                node.state = NodeState::Stopped;
                node.standing = node.standing.falls_silent(now);
            }
            Event::Continued => {
                node.state = NodeState::Up;
                node.standing = Standing::Alive;
            }
            Event::Ended => {
                node.running = None;
                if node.state != NodeState::Removed {
                    node.state = NodeState::Killed;
                    node.standing = node.standing.falls_silent(now);
                }
                state.counters.node(index).connections_open = 0;
            }
        }
        if state.listed() != state.published {
            state.publish();
        }
    }

    /// Ends all nodes and waits until they are gone.
    pub async fn end(&self) {
        self.inspect(|state| {
            for running in state.nodes.iter().filter_map(|node| node.running.as_ref()) {
                // One that has ended by itself meanwhile is what is wanted.
                let _ = running.process.signal(Signal::KILL);
            }
        });
        let gone = || self.inspect(|state| state.nodes.iter().all(|node| node.running.is_none()));
        let deadline = Instant::now() + SIGNAL_PATIENCE;
        while !gone() && Instant::now() < deadline {
            sleep(SETTLE_PERIOD).await;
        }
    }

    pub fn look<T>(&self, index: usize, look: impl FnOnce(&NodeEntry) -> T) -> Result<T, Refusal> {
        self.inspect(|state| state.nodes.get(index).map(look)).ok_or(Refusal::NoSuchNode(index))
    }

    pub async fn await_listening(&self, index: usize) -> Result<(), Refusal> {
        let done = |node: &NodeEntry| node.running.as_ref().is_none_or(|running| running.listening);
        self.wait(index, START_PATIENCE, "does not listen", done).await?;
        self.inspect(|state| {
            let node = &mut state.nodes[index];
            if node.running.is_none() {
                return Err(Refusal::Failed(format!("node {index} ended at once; its message is on stderr")));
            }
            if node.state == NodeState::Starting {
                node.state = NodeState::Up;
            }
            Ok(())
        })
    }

    /// Waits until all nodes that run act by what has been published up to now. A stopped node will when it goes on.
    pub async fn settle(&self) -> Result<(), Refusal> {
        let revision = self.inspect(|state| state.revision);
        let behind = |node: &NodeEntry| {
            node.state == NodeState::Up && node.running.as_ref().is_some_and(|running| running.applied < revision)
        };
        let deadline = Instant::now() + APPLY_PATIENCE;
        while let Some(index) = self.inspect(|state| state.nodes.iter().position(behind)) {
            if Instant::now() >= deadline {
                return Err(Refusal::Failed(format!("node {index} does not take up the change")));
            }
            sleep(SETTLE_PERIOD).await;
        }
        Ok(())
    }

    pub async fn wait(
        &self,
        index: usize,
        patience: Duration,
        complaint: &str,
        done: impl Fn(&NodeEntry) -> bool,
    ) -> Result<(), Refusal> {
        let deadline = Instant::now() + patience;
        while !self.look(index, &done)? {
            if Instant::now() >= deadline {
                return Err(Refusal::Failed(format!("node {index} {complaint} within {patience:?}")));
            }
            sleep(SETTLE_PERIOD).await;
        }
        Ok(())
    }
}
