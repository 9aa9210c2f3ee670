//! What the server tells of itself: where it listens, and every change of the list, on standard error for people, or as JSON lines
//! on standard output.

use std::io::{self, Write};
use std::net::SocketAddr;

use alternator_lb::Balancer;
use serde_json::{Value, json};

use crate::events::{self, Events};
use crate::failure::Failure;
use crate::output;

pub struct Log {
    json: bool,
    events: Events,
}

impl Log {
    pub fn new(json: bool) -> Log {
        Log { json, events: Events::default() }
    }

    pub fn listening(&self, name: &str, address: SocketAddr, user: Option<&str>) -> Result<(), Failure> {
        let as_whom = user.map(|user| format!(", as the user {user}")).unwrap_or_default();
        let text = format!("answering for {name} at {address}{as_whom}");
        self.tell(&text, json!({ "kind": "listening", "name": name, "address": address.to_string(), "user": user }))
    }

    /// Tells what happened since the last call.
    pub fn events(&mut self, balancer: &Balancer) -> Result<(), Failure> {
        for event in self.events.new_ones(balancer) {
            self.tell(&events::text(&event), event.json())?;
        }
        Ok(())
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
