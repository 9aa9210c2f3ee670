//! How an attempt ended, and what that says of the node.

/// How an attempt ended. The numbers are part of the C ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Outcome {
    /// It was answered.
    Success = 0,
    /// It was answered with a 4xx that is the request's own fault.
    CallerFault = 1,
    /// It was answered with a request to slow down.
    Throttled = 2,
    /// It was answered with a 5xx.
    ServerError = 3,
    /// No connection could be made.
    Refused = 4,
    /// The connection was lost.
    Reset = 5,
    /// No whole answer came in time.
    Timeout = 6,
    /// The TLS handshake failed.
    TlsFailure = 7,
    /// The caller gave it up.
    Cancelled = 8,
}

/// What an outcome says of the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It served the request: its latency counts as it is.
    Served,
    /// It answered and asks for less: it counts as slow, not as failing, since the reason may be the key or the table.
    Busy,
    /// It failed, and does not if it was one accident: it counts as slow, and the failure is kept in mind.
    Failed,
    /// No request can reach it: it is to be set aside.
    Unreachable,
    /// Nothing.
    Unknown,
}

impl Outcome {
    /// All of them with the names they have in the statistics.
    pub const ALL: [(Outcome, &'static str); 9] = [
        (Outcome::Success, "success"),
        (Outcome::CallerFault, "caller_fault"),
        (Outcome::Throttled, "throttled"),
        (Outcome::ServerError, "server_error"),
        (Outcome::Refused, "refused"),
        (Outcome::Reset, "reset"),
        (Outcome::Timeout, "timeout"),
        (Outcome::TlsFailure, "tls_failure"),
        (Outcome::Cancelled, "cancelled"),
    ];

    /// The outcome of that number.
    pub fn from_code(code: i32) -> Option<Outcome> {
        Self::ALL.get(usize::try_from(code).ok()?).map(|(outcome, _)| *outcome)
    }

    /// What it says of the node.
    #[inline]
    pub fn meaning(self) -> Meaning {
        match self {
            Outcome::Success | Outcome::CallerFault => Meaning::Served,
            Outcome::Throttled => Meaning::Busy,
            Outcome::ServerError | Outcome::Reset | Outcome::Timeout => Meaning::Failed,
            Outcome::Refused | Outcome::TlsFailure => Meaning::Unreachable,
            Outcome::Cancelled => Meaning::Unknown,
        }
    }

    /// Whether an HTTP answer came.
    #[inline]
    pub fn is_answer(self) -> bool {
        matches!(self, Outcome::Success | Outcome::CallerFault | Outcome::Throttled | Outcome::ServerError)
    }

    /// Whether the connection failed: the list may have changed, so discovery is due.
    #[inline]
    pub fn is_connection_trouble(self) -> bool {
        matches!(self, Outcome::Refused | Outcome::Reset | Outcome::Timeout | Outcome::TlsFailure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_go_both_ways() {
        for (position, (outcome, _)) in Outcome::ALL.into_iter().enumerate() {
            assert_eq!(outcome as usize, position);
            assert_eq!(Outcome::from_code(position as i32), Some(outcome));
        }
        assert_eq!(Outcome::from_code(9), None);
        assert_eq!(Outcome::from_code(-1), None);
    }

    #[test]
    fn an_answer_is_no_connection_trouble() {
        for (outcome, name) in Outcome::ALL {
            assert!(!(outcome.is_answer() && outcome.is_connection_trouble()), "{name}");
            assert!(outcome.is_answer() || outcome.meaning() != Meaning::Served, "{name}");
        }
    }
}
