//! The store that all nodes share: dynoxide, in memory, behind its own HTTP server on the supervisor's address.

use dynoxide::Database;
use std::net::Ipv4Addr;
use tokio::net::TcpListener;

/// Starts it and returns its host:port.
pub async fn start(address: Ipv4Addr) -> Result<String, String> {
    let explain = |e: &dyn std::fmt::Display| format!("the engine: {e}");
    let database = Database::memory().map_err(|e| explain(&e))?;
    let listener = TcpListener::bind((address, 0)).await.map_err(|e| explain(&e))?;
    let host_port = listener.local_addr().map_err(|e| explain(&e))?.to_string();
    tokio::spawn(async {
        if let Err(e) = dynoxide::server::serve_with_shutdown(listener, database, std::future::pending()).await {
            eprintln!("altcluster: the engine has ended: {e}");
        }
    });
    Ok(host_port)
}
