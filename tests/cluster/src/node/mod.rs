//! One node process: what it is told at birth, and all its parts share.
//!
//! Single-threaded but for one thread that reads the supervisor's messages and ends the process when the supervisor is gone.
//! The kernel ends it too (PR_SET_PDEATHSIG), so a stopped or busy node cannot stay behind either.

mod api;
mod canned;
mod compression;
mod door;
mod engine;
mod errors;
mod front;
mod injection;
mod keys;
mod localnodes;
mod overrides;
mod reply;
mod sigv4;
mod tls;
mod wire;

use crate::protocol::{Birth, Credentials, Situation};
use crate::report::{Record, Reporter};
use engine::Engine;
use injection::Injection;
use keys::PartitionKeys;
use parking_lot::{Mutex, RwLock};
use rustix::process::{Signal, getppid, set_parent_process_death_signal};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use tokio::sync::watch;

pub struct Node {
    address: Ipv4Addr,
    port: u16,
    datacenter: String,
    credentials: Credentials,
    engine: Engine,
    reporter: Mutex<Reporter>,
    situation: RwLock<Arc<Situation>>,
    revision: watch::Sender<u64>,
    injection: Injection,
    partition_keys: PartitionKeys,
    in_flight: AtomicU32,
}

impl Node {
    fn situation(&self) -> Arc<Situation> {
        self.situation.read().clone()
    }

    fn socket_address(&self) -> SocketAddr {
        (self.address, self.port).into()
    }

    fn tell(&self, record: &Record) {
        self.reporter.lock().tell(record);
    }

    fn adopt(&self, situation: Situation) {
        let revision = situation.revision;
        self.injection.arm(&situation.faults);
        *self.situation.write() = Arc::new(situation);
        self.revision.send_replace(revision);
    }

    /// Waits until the fault is removed.
    async fn fault_removed(&self, id: u64) {
        let mut revision = self.revision.subscribe();
        while self.injection.has(id) && revision.changed().await.is_ok() {}
    }

    /// Waits while the node is a black hole.
    async fn blackhole_over(&self) {
        let mut revision = self.revision.subscribe();
        while self.injection.door() == injection::Door::Blackhole && revision.changed().await.is_ok() {}
    }
}

/// The hidden `node` subcommand.
pub fn run() -> Result<(), String> {
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(|e| format!("PR_SET_PDEATHSIG: {e}"))?;
    let mut messages = BufReader::new(io::stdin());
    let birth: Birth = read_message(&mut messages)?.ok_or("the node was told nothing on its stdin")?;
    let parent = getppid().map_or(0, |pid| pid.as_raw_nonzero().get() as u32);
    if parent != birth.supervisor_pid {
        return Err(format!("supervisor {} is gone", birth.supervisor_pid));
    }
    let pipe = io::stdout().as_fd().try_clone_to_owned().map_err(|e| format!("the report pipe: {e}"))?;
    let faces = birth.tls.as_ref().map(tls::Faces::new).transpose()?;
    let name = format!("node {}", birth.index);

    let node = Arc::new(Node {
        address: birth.address,
        port: birth.port,
        datacenter: birth.datacenter,
        credentials: birth.credentials,
        engine: Engine::new(birth.engine),
        reporter: Mutex::new(Reporter::new(File::from(pipe))),
        situation: RwLock::default(),
        revision: watch::Sender::new(0),
        injection: Injection::default(),
        partition_keys: PartitionKeys::default(),
        in_flight: AtomicU32::new(0),
    });
    node.adopt(birth.situation);
    listen_to_supervisor(messages, node.clone());

    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| format!("{name}: the runtime: {e}"))?;
    runtime.block_on(door::keep(node, faces.map(Arc::new))).map_err(|e| format!("{name}: {e}"))
}

fn listen_to_supervisor(mut messages: BufReader<io::Stdin>, node: Arc<Node>) {
    std::thread::spawn(move || {
        while let Ok(Some(situation)) = read_message(&mut messages) {
            node.adopt(situation);
        }
        std::process::exit(0);
    });
}

fn read_message<T: serde::de::DeserializeOwned>(from: &mut impl BufRead) -> Result<Option<T>, String> {
    let mut line = String::new();
    match from.read_line(&mut line) {
        Ok(0) => Ok(None),
        Ok(_) => serde_json::from_str(&line).map(Some).map_err(|e| format!("the supervisor's message: {e}")),
        Err(e) => Err(format!("the supervisor's pipe: {e}")),
    }
}
