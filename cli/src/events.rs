//! The library's events, as a reader with a cursor gets them, and as people read them.

use alternator_lb::Balancer;
use alternator_lb::observe::Event;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::shown;

/// Where a reader is.
#[derive(Default)]
pub struct Events {
    cursor: u64,
}

impl Events {
    /// What happened since the last call.
    pub fn new_ones(&mut self, balancer: &Balancer) -> Vec<Event> {
        let mut found = Vec::new();
        while let Some(event) = balancer.event_after(self.cursor) {
            self.cursor = event.sequence;
            found.push(event);
        }
        found
    }
}

/// One line: when, what, where, why.
pub fn text(event: &Event) -> String {
    let when = moment(event.unix_ms);
    let what = event.kind.name().replace('_', " ");
    let at = if event.at.is_empty() { String::new() } else { format!(" {}", shown::short(&event.at)) };
    let why = if event.reason.is_empty() { String::new() } else { format!(": {}", shown::short(&event.reason)) };
    format!("{when} {what}{at}{why}")
}

/// A moment as RFC 3339 has it, in UTC, to the second.
pub fn moment(unix_ms: u64) -> String {
    let seconds = i64::try_from(unix_ms / 1000).unwrap_or_default();
    let moment = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    moment.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alternator_lb::observe::EventKind;

    #[test]
    fn a_line_tells_when_what_where_and_why() {
        let event = Event {
            sequence: 1,
            unix_ms: 1_767_225_600_999,
            kind: EventKind::NodeSetAside,
            node: Some(1),
            at: "http://10.0.0.1:8000".into(),
            scope: "cluster".into(),
            reason: "no connection could be made".into(),
            repeated: 0,
        };
        assert_eq!(text(&event), "2026-01-01T00:00:00Z node set aside http://10.0.0.1:8000: no connection could be made");
    }
}
