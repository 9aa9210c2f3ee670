//! What can be made to go wrong at a node, as the control API speaks of it.
//!
//! A fault is checked once, when it is added, so a node never meets one it cannot carry out. How often a fault has fired is
//! the supervisor's to know: the node reports every firing, so a limited fault keeps its count over a restart.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Slow,
    Error,
    ErrorAfterWrite,
    Reset,
    CloseBeforeReply,
    CloseAfterWrite,
    HalfReply,
    Hang,
    ConnectionClose,
    HalfOpen,
    Refuse,
    Blackhole,
    TlsExpired,
    TlsWrongName,
    TlsUntrusted,
    TlsStall,
    ClockSkew,
}

/// Where a fault strikes, which decides what may narrow it down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// A request: by path and operation, probability and count.
    Request,
    /// A connection being accepted: by probability and count.
    Connection,
    /// The node as a whole, as long as the fault is there.
    Node,
}

impl Kind {
    pub fn level(self) -> Level {
        match self {
            Kind::Slow
            | Kind::Error
            | Kind::ErrorAfterWrite
            | Kind::Reset
            | Kind::CloseBeforeReply
            | Kind::CloseAfterWrite
            | Kind::HalfReply
            | Kind::Hang
            | Kind::ConnectionClose => Level::Request,
            Kind::HalfOpen | Kind::TlsExpired | Kind::TlsWrongName | Kind::TlsUntrusted | Kind::TlsStall => Level::Connection,
            Kind::Refuse | Kind::Blackhole | Kind::ClockSkew => Level::Node,
        }
    }

    fn is_tls(self) -> bool {
        matches!(self, Kind::TlsExpired | Kind::TlsWrongName | Kind::TlsUntrusted | Kind::TlsStall)
    }

    /// The name used in JSON.
    pub fn name(self) -> String {
        serde_json::to_value(self).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Path {
    Api,
    Localnodes,
    Health,
    Any,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Given by the supervisor; unique within the cluster.
    #[serde(default)]
    pub id: u64,
    pub kind: Kind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<Path>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

impl Fault {
    /// Says which option is wrong, what it is and what is accepted.
    pub fn check(&self, https: bool) -> Result<(), String> {
        let kind = self.kind.name();
        let level = self.kind.level();
        if self.id != 0 {
            return Err("id is given by the cluster, not by the caller".into());
        }
        if self.kind.is_tls() && !https {
            return Err(format!("kind {kind} needs a cluster started with --https"));
        }
        if level != Level::Request && (self.path.is_some() || self.operation.is_some()) {
            return Err(format!("kind {kind} takes no path and no operation: it does not concern single requests"));
        }
        if level == Level::Node && (self.probability.is_some() || self.count.is_some()) {
            return Err(format!("kind {kind} takes no probability and no count: it lasts until it is removed"));
        }
        if self.operation.is_some() && !matches!(self.path, None | Some(Path::Api)) {
            return Err("operation goes with path \"api\" only".into());
        }
        match (self.kind, self.ms) {
            (Kind::Slow | Kind::ClockSkew, None) => return Err(format!("kind {kind} needs ms")),
            (Kind::ClockSkew, Some(_)) | (Kind::Slow | Kind::HalfReply, None | Some(0..)) => {}
            (Kind::Slow | Kind::HalfReply, Some(ms)) => {
                return Err(format!("ms is {ms}; kind {kind} takes 0 or more"));
            }
            (_, Some(_)) => {
                return Err(format!("ms goes with slow, half_reply and clock_skew, not with {kind}"));
            }
            (_, None) => {}
        }
        let answers = matches!(self.kind, Kind::Error | Kind::ErrorAfterWrite);
        if !answers && (self.status.is_some() || self.error_type.is_some() || self.message.is_some()) {
            return Err(format!("status, error_type and message go with error and error_after_write, not with {kind}"));
        }
        if let Some(status) = self.status.filter(|status| !(400..=599).contains(status)) {
            return Err(format!("status is {status}; accepted is 400 to 599"));
        }
        if let Some(p) = self.probability.filter(|p| !(0.0..=1.0).contains(p)) {
            return Err(format!("probability is {p}; accepted is 0 to 1"));
        }
        if self.count == Some(0) {
            return Err("count is 0; accepted is 1 or more".into());
        }
        Ok(())
    }

    pub fn concerns(&self, path: Path, operation: Option<&str>) -> bool {
        let here = self.path.unwrap_or(Path::Api);
        (here == Path::Any || here == path) && self.operation.as_deref().is_none_or(|wanted| operation == Some(wanted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(json: &str) -> Fault {
        serde_json::from_str(json).unwrap_or_else(|e| unreachable!("{json}: {e}"))
    }

    #[test]
    fn an_operation_fault_leaves_other_operations_and_paths_alone() {
        let fault = fault(r#"{"kind":"error","operation":"PutItem"}"#);
        assert!(fault.concerns(Path::Api, Some("PutItem")));
        assert!(!fault.concerns(Path::Api, Some("GetItem")));
        assert!(!fault.concerns(Path::Localnodes, None));
    }

    #[test]
    fn a_fault_that_cannot_be_carried_out_is_refused_by_name() {
        for (json, https, complaint) in [
            (r#"{"kind":"slow"}"#, false, "needs ms"),
            (r#"{"kind":"slow","ms":-1}"#, false, "0 or more"),
            (r#"{"kind":"tls_expired"}"#, false, "--https"),
            (r#"{"kind":"refuse","path":"api"}"#, false, "no path"),
            (r#"{"kind":"refuse","count":2}"#, false, "no count"),
            (r#"{"kind":"error","status":200}"#, false, "400 to 599"),
            (r#"{"kind":"error","probability":1.5}"#, false, "0 to 1"),
            (r#"{"kind":"reset","ms":5}"#, false, "not with reset"),
            (r#"{"kind":"error","path":"localnodes","operation":"PutItem"}"#, false, "path \"api\" only"),
            (r#"{"kind":"tls_expired","operation":"PutItem"}"#, true, "no operation"),
        ] {
            let complaint_given = fault(json).check(https).expect_err(json);
            assert!(complaint_given.contains(complaint), "{json}: {complaint_given}");
        }
    }

    #[test]
    fn a_misspelt_option_is_refused() {
        assert!(serde_json::from_str::<Fault>(r#"{"kind":"slow","msec":5}"#).is_err());
    }
}
