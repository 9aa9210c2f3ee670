//! The `thread` mode: one thread a process and handle, started with the handle or by the first pick after a fork, ended with the
//! handle.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use super::Core;
use super::control::Worker;
use super::driver::Step;
use crate::error::{Error, Status};
use crate::observe::EventKind;

impl Core {
    /// Starts the refresh thread of this process, unless it has one.
    pub(super) fn ensure_thread(self: &Arc<Self>) -> Result<(), Error> {
        let control = self.control();
        if control.worker.get().is_some() || control.worker_wanted.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        let stop = Arc::new(AtomicBool::new(false));
        let (core, stopped) = (Arc::downgrade(self), Arc::clone(&stop));
        let started = thread::Builder::new().name("alternator-lb".into()).spawn(move || work(&core, &stopped));
        match started {
            Ok(join) => {
                let worker = Worker { stop, thread: join.thread().clone(), join: Mutex::new(Some(join)) };
                // Nobody else sets it: `worker_wanted` was ours.
                let _ = control.worker.set(Box::new(worker));
                Ok(())
            }
            Err(error) => {
                control.worker_wanted.store(false, Ordering::Release);
                let message = format!("option refresh.mode is thread, and the thread could not be started: {error}");
                control.lock().events.add(EventKind::ThreadFailed, None, "", "", &message);
                Err(Error { os_errno: error.raw_os_error().unwrap_or(0), ..Error::new(Status::Io, message) })
            }
        }
    }

    /// Wakes the refresh thread, if this process has one.
    pub(super) fn wake_thread(&self) {
        if let Some(worker) = self.control.peek().and_then(|control| control.worker.get()) {
            worker.thread.unpark();
        }
    }

    /// Ends the refresh thread of this process and waits for it: for one request of discovery at most.
    pub(super) fn stop_thread(&self) {
        let Some(worker) = self.control.peek().and_then(|control| control.worker.get()) else { return };
        worker.stop.store(true, Ordering::Release);
        worker.thread.unpark();
        if let Some(join) = worker.join.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // The thread holds no handle, so it is never the one to wait here; if it panicked, that was its end alone.
            let _ = join.join();
        }
    }
}

/// The refresh thread: a step when one is due, sleep otherwise. It keeps no handle alive.
fn work(core: &Weak<Core>, stop: &AtomicBool) {
    while !stop.load(Ordering::Acquire) {
        let Some(core) = core.upgrade() else { return };
        let control = core.control();
        let due = match core.step(control, control.lock(), false, Duration::MAX) {
            Step::Done(mut state) | Step::Nothing(mut state) => state.due(&core),
            Step::Busy(_, until) => until,
        };
        let pause = due.since(core.clock.now()).min(Duration::from_secs(3600));
        drop(core);
        if !pause.is_zero() && !stop.load(Ordering::Acquire) {
            thread::park_timeout(pause);
        }
    }
}
