//! What can be done to the cluster; the control API is a thin layer over this.
//!
//! Calls that end or start processes run one after the other. Each returns when what it does is in force at every node that runs.

use super::cluster::{Cluster, Refusal, SIGNAL_PATIENCE};
use super::membership::Standing;
use super::state::{NodeEntry, NodeState, SettingsChange};
use crate::faults::Fault;
use crate::protocol::LocalnodesOverride;
use rustix::process::Signal;
use std::sync::Arc;
use std::time::Duration;

impl Cluster {
    pub async fn add(self: &Arc<Self>, datacenter: Option<String>, rack: Option<String>) -> Result<usize, Refusal> {
        let _turn = self.lifecycle.lock().await;
        let index = self.create(datacenter, rack, Standing::Left)?;
        let started = match self.launch(index).await {
            Ok(()) => self.await_listening(index).await,
            failed => failed,
        };
        self.inspect(|state| {
            let node = &mut state.nodes[index];
            match started {
                Ok(()) => node.standing = Standing::Alive,
                Err(_) => node.state = NodeState::Removed,
            }
            state.publish();
        });
        started?;
        self.settle().await?;
        Ok(index)
    }

    pub async fn kill(&self, index: usize) -> Result<(), Refusal> {
        let _turn = self.lifecycle.lock().await;
        self.signal(index, "kill", &[NodeState::Up, NodeState::Stopped], Signal::KILL)?;
        self.await_state(index, NodeState::Killed).await
    }

    pub async fn stop(&self, index: usize) -> Result<(), Refusal> {
        let _turn = self.lifecycle.lock().await;
        self.signal(index, "stop", &[NodeState::Up], Signal::STOP)?;
        self.await_state(index, NodeState::Stopped).await
    }

    pub async fn resume(&self, index: usize) -> Result<(), Refusal> {
        let _turn = self.lifecycle.lock().await;
        self.signal(index, "cont", &[NodeState::Stopped], Signal::CONT)?;
        self.await_state(index, NodeState::Up).await?;
        self.settle().await
    }

    /// A clean end: connections first, then the others are told.
    pub async fn shut_down(&self, index: usize) -> Result<(), Refusal> {
        let _turn = self.lifecycle.lock().await;
        self.signal(index, "shutdown", &[NodeState::Up], Signal::TERM)?;
        self.await_state(index, NodeState::Killed).await?;
        self.inspect(|state| {
            state.nodes[index].standing = Standing::Left;
            state.publish();
        });
        self.settle().await
    }

    pub async fn restart(self: &Arc<Self>, index: usize) -> Result<(), Refusal> {
        let _turn = self.lifecycle.lock().await;
        if self.look(index, |node| node.pid().is_some())? {
            self.signal(index, "restart", &[NodeState::Up, NodeState::Stopped], Signal::KILL)?;
            self.await_state(index, NodeState::Killed).await?;
        }
        self.require(index, "restart", &[NodeState::Killed])?;
        self.inspect(|state| {
            // A restarting node says that it is normal in its first gossip, before its port is open.
            state.nodes[index].standing = Standing::Alive;
            state.publish();
        });
        self.launch(index).await?;
        self.await_listening(index).await?;
        self.settle().await
    }

    pub async fn decommission(&self, index: usize) -> Result<(), Refusal> {
        let _turn = self.lifecycle.lock().await;
        self.require(index, "decommission", &[NodeState::Up, NodeState::Stopped, NodeState::Killed])?;
        self.inspect(|state| {
            state.nodes[index].standing = Standing::Left;
            state.publish();
        });
        self.settle().await?;
        self.inspect(|state| {
            let node = &mut state.nodes[index];
            node.state = NodeState::Removed;
            // Stopped ones too, hence no SIGTERM.
            node.running.as_ref().map_or(Ok(()), |running| running.process.signal(Signal::KILL))
        })
        .map_err(|e| Refusal::Failed(format!("node {index}: {e}")))?;
        self.wait(index, SIGNAL_PATIENCE, "did not end", |node| node.running.is_none()).await
    }

    pub async fn add_fault(&self, index: usize, mut fault: Fault) -> Result<Fault, Refusal> {
        fault.check(self.foundation.certificates.is_some()).map_err(Refusal::Invalid)?;
        self.look(index, |_| ())?;
        let fault = self.inspect(|state| {
            state.last_fault += 1;
            fault.id = state.last_fault;
            state.nodes[index].faults.push(fault.clone());
            state.publish();
            fault
        });
        self.settle().await?;
        Ok(fault)
    }

    pub async fn clear_faults(&self, index: usize) -> Result<(), Refusal> {
        self.change(index, |node| node.faults.clear()).await
    }

    pub async fn override_localnodes(&self, index: usize, with: Option<LocalnodesOverride>) -> Result<(), Refusal> {
        self.change(index, |node| node.localnodes = with).await
    }

    pub async fn change_settings(&self, change: SettingsChange) -> Result<(), Refusal> {
        self.inspect(|state| {
            let settings = &mut state.settings;
            settings.gossip_delay = change.gossip_delay_ms.map_or(settings.gossip_delay, Duration::from_millis);
            settings.old_server = change.old_server.unwrap_or(settings.old_server);
            settings.auth = change.auth.unwrap_or(settings.auth);
            state.publish();
        });
        self.settle().await
    }

    async fn change(&self, index: usize, change: impl FnOnce(&mut NodeEntry)) -> Result<(), Refusal> {
        self.look(index, |_| ())?;
        self.inspect(|state| {
            change(&mut state.nodes[index]);
            state.publish();
        });
        self.settle().await
    }

    fn require(&self, index: usize, what: &str, states: &[NodeState]) -> Result<(), Refusal> {
        let state = self.look(index, |node| node.state)?;
        if states.contains(&state) {
            return Ok(());
        }
        Err(Refusal::Conflict(format!("node {index} is {state:?}; {what} needs one that is {states:?}").to_lowercase()))
    }

    fn signal(&self, index: usize, what: &str, states: &[NodeState], signal: Signal) -> Result<(), Refusal> {
        self.require(index, what, states)?;
        let sent = self.look(index, |node| match &node.running {
            Some(running) => running.process.signal(signal).map_err(|e| e.to_string()),
            None => Err("it has just ended".into()),
        })?;
        sent.map_err(|e| Refusal::Failed(format!("cannot {what} node {index}: {e}")))
    }

    async fn await_state(&self, index: usize, state: NodeState) -> Result<(), Refusal> {
        self.wait(index, SIGNAL_PATIENCE, &format!("did not become {state:?}"), |node| node.state == state).await
    }
}
