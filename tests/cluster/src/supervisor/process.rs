//! One node process: starting it, signalling it, hearing of its stops and its end.
//!
//! All are started from one thread that lives as long as the supervisor, because the kernel takes a child whose
//! PR_SET_PDEATHSIG is set down with the *thread* that started it. Signals go by pidfd, so never to a stranger.

use crate::protocol::{Birth, Situation};
use crate::report::ReportReader;
use rustix::io::ioctl_fionbio;
use rustix::pipe::fcntl_setpipe_size;
use rustix::process::{Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, pidfd_open, pidfd_send_signal, waitid};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, mpsc};
use std::thread;
use tokio::sync::oneshot;

/// Room for some ten thousand reports, so that a node hardly ever waits for the supervisor to read.
const REPORT_PIPE_BYTES: usize = 1024 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Stopped,
    Continued,
    Ended,
}

pub struct Process {
    pub pid: u32,
    handle: Arc<OwnedFd>,
    messages: mpsc::Sender<String>,
}

impl Process {
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        Ok(pidfd_send_signal(&*self.handle, signal)?)
    }

    pub fn send(&self, situation: &Situation) {
        if let Ok(line) = serde_json::to_string(situation) {
            // A process that has just ended misses nothing.
            let _ = self.messages.send(line);
        }
    }

    /// Calls `tell` from a thread of its own at every event, the last of which is `Ended`.
    pub fn watch(&self, tell: impl Fn(Event) + Send + 'static) {
        let handle = self.handle.clone();
        thread::spawn(move || {
            let options = WaitIdOptions::EXITED | WaitIdOptions::STOPPED | WaitIdOptions::CONTINUED;
            loop {
                match waitid(WaitId::PidFd(handle.as_fd()), options) {
                    Ok(Some(status)) if status.stopped() => tell(Event::Stopped),
                    Ok(Some(status)) if status.continued() => tell(Event::Continued),
                    Err(rustix::io::Errno::INTR) => {}
                    _ => return tell(Event::Ended),
                }
            }
        });
    }
}

type Order = oneshot::Sender<io::Result<(Child, ReportReader)>>;

/// The thread that starts all processes.
pub struct Spawner(mpsc::Sender<Order>);

impl Spawner {
    pub fn new() -> Self {
        let (orders, incoming) = mpsc::channel::<Order>();
        thread::spawn(move || {
            for order in incoming {
                // The one who ordered may have been called off; then the child's stdin closes and it ends.
                let _ = order.send(spawn());
            }
        });
        Spawner(orders)
    }

    pub async fn start(&self, birth: &Birth) -> Result<(Process, ReportReader), String> {
        let explain = |e: &dyn std::fmt::Display| format!("cannot start node {}: {e}", birth.index);
        let (order, done) = oneshot::channel();
        self.0.send(order).map_err(|e| explain(&e))?;
        let (mut child, reports) = done.await.map_err(|e| explain(&e))?.map_err(|e| explain(&e))?;
        let mut stdin = child.stdin.take().ok_or_else(|| explain(&"no stdin"))?;
        let pid = Pid::from_raw(child.id() as i32).ok_or_else(|| explain(&"no pid"))?;
        let handle = Arc::new(pidfd_open(pid, PidfdFlags::empty()).map_err(|e| explain(&e))?);
        let (messages, outgoing) = mpsc::channel::<String>();
        messages.send(serde_json::to_string(birth).map_err(|e| explain(&e))?).map_err(|e| explain(&e))?;
        // A thread, because a stopped node does not read. It ends with the node or with the `Process`.
        thread::spawn(move || {
            for line in outgoing {
                if stdin.write_all(line.as_bytes()).and_then(|()| stdin.write_all(b"\n")).is_err() {
                    return;
                }
            }
        });
        Ok((Process { pid: child.id(), handle, messages }, reports))
    }
}

fn spawn() -> io::Result<(Child, ReportReader)> {
    let (reader, writer) = io::pipe()?;
    // A smaller pipe only makes nodes wait more often.
    let _ = fcntl_setpipe_size(&writer, REPORT_PIPE_BYTES);
    ioctl_fionbio(&reader, true)?;
    let child = Command::new("/proc/self/exe").arg0("altcluster").arg("node").stdin(Stdio::piped()).stdout(writer).spawn()?;
    Ok((child, ReportReader::new(File::from(OwnedFd::from(reader)))))
}
