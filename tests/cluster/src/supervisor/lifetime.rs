//! When the supervisor is to end: told so by a signal, by the end of its stdin, or by the end of its parent.
//!
//! Not by PR_SET_PDEATHSIG: that fires when the parent's *thread* ends, and test runners start processes from short-lived ones.

use rustix::fs::{FileType, fstat};
use rustix::process::getppid;
use std::io::{self, Read};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

const PARENT_CHECK_PERIOD: Duration = Duration::from_millis(100);

/// Returns why.
pub async fn ended(check_parent: bool) -> Result<&'static str, String> {
    let explain = |e: io::Error| format!("cannot wait for signals: {e}");
    let mut terminate = signal(SignalKind::terminate()).map_err(explain)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(explain)?;
    let deserted = async {
        if !check_parent {
            std::future::pending::<()>().await;
        }
        tokio::select! {
            () = stdin_closed() => "stdin was closed",
            () = parent_gone() => "the parent process ended",
        }
    };
    Ok(tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
        reason = deserted => reason,
    })
}

/// Only a pipe or a socket has somebody at its other end; /dev/null, a file or a terminal says nothing about the parent.
async fn stdin_closed() {
    let kind = fstat(io::stdin()).map(|stat| FileType::from_raw_mode(stat.st_mode));
    if !matches!(kind, Ok(FileType::Fifo | FileType::Socket)) {
        std::future::pending::<()>().await;
    }
    let (closed, told) = oneshot::channel();
    std::thread::spawn(move || {
        let mut stdin = io::stdin().lock();
        let mut ignored = [0; 4096];
        while !matches!(stdin.read(&mut ignored), Ok(0) | Err(_)) {}
        // Nobody listens when the supervisor is ending already.
        let _ = closed.send(());
    });
    if told.await.is_err() {
        std::future::pending::<()>().await;
    }
}

async fn parent_gone() {
    let parent = getppid();
    let mut period = tokio::time::interval(PARENT_CHECK_PERIOD);
    while getppid() == parent {
        period.tick().await;
    }
}
