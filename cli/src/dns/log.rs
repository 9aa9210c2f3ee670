//! What the server tells of itself: where it listens, and every change of the list, on standard error for people, or as JSON lines
//! on standard output.

use std::collections::HashSet;
use std::io::{self, Write};
use std::net::SocketAddr;

use alternator_lb::Balancer;
use alternator_lb::observe::{Event, EventKind};
use serde_json::{Value, json};

use crate::events::{self, Events};
use crate::failure::Failure;
use crate::output;

pub struct Log {
    json: bool,
    events: Events,
    aside: HashSet<String>,
}

impl Log {
    pub fn new(json: bool) -> Log {
        Log { json, events: Events::default(), aside: HashSet::new() }
    }

    pub fn listening(&self, name: &str, address: SocketAddr, user: Option<&str>) -> Result<(), Failure> {
        let as_whom = user.map(|user| format!(", as the user {user}")).unwrap_or_default();
        let text = format!("answering for {name} at {address}{as_whom}");
        self.tell(&text, json!({ "kind": "listening", "name": name, "address": address.to_string(), "user": user }))
    }

    /// Tells what happened since the last call.
    pub fn events(&mut self, balancer: &Balancer) -> Result<(), Failure> {
        for event in self.events.new_ones(balancer) {
            if self.is_a_change(&event) {
                self.tell(&events::text(&event), event.json())?;
            }
        }
        Ok(())
    }

    /// A node that stays set aside is so again after each probe that fails.
    fn is_a_change(&mut self, event: &Event) -> bool {
        match event.kind {
            EventKind::NodeSetAside => self.aside.insert(event.at.clone()),
            EventKind::NodeBack | EventKind::NodeLeft => {
                self.aside.remove(&event.at);
                true
            }
            _ => true,
        }
    }

    fn tell(&self, text: &str, value: Value) -> Result<(), Failure> {
        if self.json {
            return output::line(&value.to_string());
        }
        // A service whose standard error is closed serves on.
        let _ = writeln!(io::stderr(), "alb dns: {text}");
        Ok(())
    }
}
