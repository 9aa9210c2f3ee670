//! The cluster's state: its nodes, its settings, and what of them has been published to the nodes.

use super::counters::{Counters, Names};
use super::membership::{Standing, view};
use super::process::Process;
use crate::faults::Fault;
use crate::protocol::{ArmedFault, Auth, LocalnodesOverride, Member, Situation};
use crate::report::{Record, ReportReader};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeState {
    Starting,
    Up,
    Stopped,
    Killed,
    Removed,
}

#[derive(Clone, Debug, Serialize)]
pub struct Settings {
    #[serde(rename = "gossip_delay_ms", serialize_with = "as_millis")]
    pub gossip_delay: Duration,
    pub old_server: bool,
    pub auth: Auth,
}

fn as_millis<S: serde::Serializer>(delay: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(delay.as_millis() as u64)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettingsChange {
    pub gossip_delay_ms: Option<u64>,
    pub old_server: Option<bool>,
    pub auth: Option<Auth>,
}

pub struct NodeEntry {
    pub member: Member,
    pub state: NodeState,
    pub standing: Standing,
    pub running: Option<Running>,
    pub faults: Vec<Fault>,
    pub fired: BTreeMap<u64, u64>,
    pub localnodes: Option<LocalnodesOverride>,
}

impl NodeEntry {
    pub fn pid(&self) -> Option<u32> {
        self.running.as_ref().map(|running| running.process.pid)
    }

    pub fn fired(&self, fault: u64) -> u64 {
        self.fired.get(&fault).copied().unwrap_or(0)
    }
}

pub struct Running {
    pub process: Process,
    pub reports: ReportReader,
    pub names: Names,
    pub listening: bool,
    /// The newest revision that the node acts by.
    pub applied: u64,
}

pub struct State {
    pub nodes: Vec<NodeEntry>,
    pub settings: Settings,
    pub counters: Counters,
    pub revision: u64,
    pub last_fault: u64,
    pub published: Vec<Member>,
}

impl State {
    pub fn is_listed(&self, index: usize) -> bool {
        self.nodes[index].standing.listed(self.settings.gossip_delay, Instant::now())
    }

    pub fn listed(&self) -> Vec<Member> {
        let now = Instant::now();
        let delay = self.settings.gossip_delay;
        self.nodes.iter().filter(|node| node.standing.listed(delay, now)).map(|node| node.member.clone()).collect()
    }

    pub fn next_notice(&self) -> Option<Instant> {
        let now = Instant::now();
        self.nodes.iter().filter_map(|node| node.standing.noticed_at(self.settings.gossip_delay, now)).min()
    }

    pub fn situation(&self, index: usize) -> Situation {
        let node = &self.nodes[index];
        let armed = |fault: &Fault| ArmedFault { fault: fault.clone(), fired_before: node.fired(fault.id) };
        Situation {
            revision: self.revision,
            members: view(&self.published, &node.member),
            old_server: self.settings.old_server,
            auth: self.settings.auth,
            faults: node.faults.iter().map(armed).collect(),
            localnodes: node.localnodes.clone(),
        }
    }

    /// Tells every node how things are now. Returns the revision to wait for.
    pub fn publish(&mut self) -> u64 {
        self.revision += 1;
        self.published = self.listed();
        for index in 0..self.nodes.len() {
            if let Some(running) = &self.nodes[index].running {
                running.process.send(&self.situation(index));
            }
        }
        self.revision
    }

    /// Reads what the nodes have reported up to now.
    pub fn drain(&mut self) {
        for index in 0..self.nodes.len() {
            self.drain_node(index);
        }
    }

    pub fn drain_node(&mut self, index: usize) {
        let node = &mut self.nodes[index];
        let Some(running) = &mut node.running else {
            return;
        };
        let counters = &mut self.counters;
        running.reports.drain(|record| match record {
            Record::Name { text, .. } => running.names.add(text),
            Record::Request(request) => counters.request(index, &request, &running.names),
            Record::ConnectionOpened => counters.connection_opened(index),
            Record::ConnectionClosed => counters.node(index).connections_open -= 1,
            Record::TlsEstablished { resumed: true } => counters.node(index).tls_resumed += 1,
            Record::TlsEstablished { resumed: false } => counters.node(index).tls_full += 1,
            Record::FaultFired { id } => {
                *node.fired.entry(id).or_default() += 1;
                if let Some(fault) = node.faults.iter().find(|fault| fault.id == id) {
                    *counters.node(index).faults.entry(fault.kind.name()).or_default() += 1;
                }
            }
            Record::Applied { revision } => running.applied = revision,
            Record::Listening => running.listening = true,
        });
    }
}
