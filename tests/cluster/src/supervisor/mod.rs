//! The supervisor: takes a subnet, starts the nodes, prints the JSON line, serves the control API, and ends with its parent.

mod certificates;
mod cluster;
mod control;
mod counters;
mod engine;
mod lifetime;
mod membership;
mod operations;
mod process;
mod state;
mod subnet;

use crate::cli::{EngineChoice, Options};
use crate::protocol::{Credentials, EngineAddress};
use certificates::Certificates;
use cluster::{Cluster, Foundation};
use state::Settings;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;
use subnet::Subnet;
use tokio::net::TcpListener;

/// The engine works on the runtime's threads and may hold several up at once.
const WORKER_THREADS: usize = 4;

pub fn run(options: Options) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKER_THREADS)
        .enable_all()
        .build()
        .map_err(|e| format!("the runtime: {e}"))?;
    let result = runtime.block_on(supervise(options));
    // The thread that reads stdin may be waiting for ever.
    runtime.shutdown_background();
    result
}

async fn supervise(options: Options) -> Result<(), String> {
    let (subnet, lock) = Subnet::take(options.subnet)?;
    let engine = match options.engine.clone() {
        EngineChoice::Dynoxide => EngineAddress::Http(engine::start(subnet.host(1)).await?),
        EngineChoice::Other(address) => address,
    };
    let https = options.https || options.mtls;
    let certificates = https.then(|| Certificates::make(options.mtls, options.tls_tickets)).transpose()?;
    let foundation = Foundation {
        subnet,
        port: options.port,
        topology: options.topology,
        credentials: Credentials { access_key: options.access_key, secret_key: options.secret_key },
        engine,
        certificates,
    };
    let settings = Settings {
        gossip_delay: Duration::from_millis(options.gossip_delay_ms),
        old_server: options.old_server,
        auth: options.auth,
    };
    let cluster = Cluster::new(foundation, settings);
    let announced = AtomicBool::new(false);
    let outcome = tokio::select! {
        outcome = serve(cluster.clone(), lock, options.nodes.into(), &announced) => outcome,
        ended = lifetime::ended(!options.no_parent_check) => ended.and_then(|reason| {
            if announced.load(Relaxed) { Ok(()) } else { Err(format!("ended before the nodes answered: {reason}")) }
        }),
    };
    cluster.end().await;
    outcome
}

async fn serve(cluster: Arc<Cluster>, lock: std::net::TcpListener, nodes: usize, announced: &AtomicBool) -> Result<(), String> {
    let explain = |e: std::io::Error| format!("the control API: {e}");
    lock.set_nonblocking(true).map_err(explain)?;
    let listener = TcpListener::from_std(lock).map_err(explain)?;
    let control = listener.local_addr().map_err(explain)?;
    let started = async {
        cluster.start_all(nodes).await.map_err(|refusal| refusal.to_string())?;
        let mut stdout = std::io::stdout();
        // The reader of the line may not want it; that its end of the pipe is closed is no reason to end.
        let _ = writeln!(stdout, "{}", control::line(&cluster, control)).and_then(|()| stdout.flush());
        announced.store(true, Relaxed);
        axum::serve(listener, control::router(cluster.clone(), control)).await.map_err(explain)
    };
    tokio::select! {
        outcome = started => outcome,
        () = cluster.attend() => Ok(()),
    }
}
