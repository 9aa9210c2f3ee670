//! One run: a fresh cluster, fresh clients, workers under load while the scenario's timeline goes by, and the oracle at the end.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::client::Client;
use crate::cluster::Cluster;
use crate::log::{Call, Clock, Outage, Phases};
use crate::oracle::{self, Balance};
use crate::reference;
use crate::scenario::Scenario;
use crate::worker::Worker;

const WARM_UP: Duration = Duration::from_secs(1);
const REFRESH_LIMIT: Duration = Duration::from_secs(5);

/// What is the same in all runs.
pub struct Setup {
    pub altcluster: PathBuf,
    pub engine: String,
    pub base_ms: u64,
    pub clients: usize,
    pub threads: usize,
    /// Length of the event; the load goes on for half of it before, and for all of it after.
    pub event: Duration,
}

/// What a run left behind.
pub struct Record {
    pub calls: Vec<Call>,
    /// Those of the reference.
    pub reference: Vec<Call>,
    pub outages: Vec<Outage>,
    pub phases: Phases,
    pub balance: Balance,
}

/// Runs a scenario on that many nodes, with clients of these options.
pub fn run(setup: &Setup, scenario: &Scenario, nodes: usize, options: &[(String, String)]) -> Result<Record, String> {
    let start = |nodes| {
        let cluster = Cluster::start(&setup.altcluster, nodes, &setup.engine, setup.base_ms)?;
        oracle::create(&cluster.urls[0]).map(|()| cluster)
    };
    let (cluster, unharmed) = (start(nodes)?, start(1)?);
    let mut options = options.to_vec();
    options.push(("seeds".into(), cluster.urls[0].trim_start_matches("http://").into()));
    let clients = (0..setup.clients).map(|_| Client::new(&options)).collect::<Result<Vec<_>, _>>()?;
    for client in &clients {
        client.refresh(REFRESH_LIMIT)?;
    }

    let clock = Clock::start();
    let stop = AtomicBool::new(false);
    let (calls, reference, happened) = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..setup.threads)
            .map(|thread| {
                let number = thread % clients.len();
                let worker = Worker { client: &clients[number], number, clock, urls: &cluster.urls };
                let stop = &stop;
                scope.spawn(move || worker.run(stop))
            })
            .collect();
        let references: Vec<_> =
            (0..reference::THREADS).map(|_| scope.spawn(|| reference::run(&unharmed.urls[0], clock, &stop))).collect();
        let happened = play(setup, scenario, &cluster, clock);
        stop.store(true, Ordering::Relaxed);
        let calls = workers.into_iter().map(|worker| worker.join().unwrap_or_else(|_| Err("a worker panicked".into())));
        let reference = references.into_iter().map(|thread| thread.join().map_err(|_| "a reference thread panicked".to_owned()));
        (calls.collect::<Result<Vec<_>, _>>(), reference.collect::<Result<Vec<_>, _>>(), happened)
    });
    let (phases, outages) = happened?;
    let (calls, reference) = (calls?.concat(), reference?.concat());
    // All nodes are well by now; the last one is that which most scenarios leave alone.
    let reader = nodes - 1;
    cluster.clear_faults(reader)?;
    let finals = oracle::read(&cluster.urls[reader])?;
    let balance = oracle::check(&calls, &finals);
    Ok(Record { calls, reference, outages, phases, balance })
}

/// Lets the timeline go by, and tells what happened when.
fn play(setup: &Setup, scenario: &Scenario, cluster: &Cluster, clock: Clock) -> Result<(Phases, Vec<Outage>), String> {
    let event = WARM_UP + setup.event / 2;
    let mut outages: Vec<Outage> = Vec::new();
    for (at, node, act) in scenario.moments(cluster.urls.len(), setup.event) {
        clock.sleep_until(event + at);
        let now = clock.now();
        if act.is_bad() {
            outages.push(Outage { node, during: now..Duration::MAX });
        } else if let Some(outage) = outages.iter_mut().rfind(|outage| outage.node == node) {
            outage.during.end = now;
        }
        cluster.act(node, act)?;
    }
    clock.sleep_until(event + setup.event);
    // Restarting nine processes takes its time, which is no part of what comes after.
    let over = clock.now();
    clock.sleep_until(over + setup.event);
    Ok((Phases { before: WARM_UP..event, event: event..over, after: over..over + setup.event }, outages))
}
