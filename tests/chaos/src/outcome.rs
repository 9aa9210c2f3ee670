//! How an attempt ended, in the terms of the C ABI, and what follows from it for a retry and for the count of writes.

use alternator_lb::ffi::types::{
    ALB_OUTCOME_CALLER_FAULT, ALB_OUTCOME_REFUSED, ALB_OUTCOME_RESET, ALB_OUTCOME_SERVER_ERROR, ALB_OUTCOME_SUCCESS,
    ALB_OUTCOME_THROTTLED, ALB_OUTCOME_TIMEOUT,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Success,
    CallerFault,
    Throttled,
    ServerError,
    Refused,
    Reset,
    Timeout,
}

impl Outcome {
    /// The number that `alb_report` takes.
    pub fn code(self) -> i32 {
        match self {
            Outcome::Success => ALB_OUTCOME_SUCCESS,
            Outcome::CallerFault => ALB_OUTCOME_CALLER_FAULT,
            Outcome::Throttled => ALB_OUTCOME_THROTTLED,
            Outcome::ServerError => ALB_OUTCOME_SERVER_ERROR,
            Outcome::Refused => ALB_OUTCOME_REFUSED,
            Outcome::Reset => ALB_OUTCOME_RESET,
            Outcome::Timeout => ALB_OUTCOME_TIMEOUT,
        }
    }

    /// An answer, by its status and body.
    pub fn of_answer(status: u16, body: &str) -> Outcome {
        match status {
            200..300 => Outcome::Success,
            429 => Outcome::Throttled,
            400 if body.contains("ProvisionedThroughputExceeded") || body.contains("RequestLimitExceeded") => Outcome::Throttled,
            400..500 => Outcome::CallerFault,
            _ => Outcome::ServerError,
        }
    }

    /// A failure to get one.
    pub fn of_error(error: &ureq::Error) -> Outcome {
        match error {
            ureq::Error::Timeout(ureq::Timeout::Connect) | ureq::Error::ConnectionFailed => Outcome::Refused,
            ureq::Error::Timeout(_) => Outcome::Timeout,
            ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => Outcome::Refused,
            _ => Outcome::Reset,
        }
    }

    pub fn is_success(self) -> bool {
        self == Outcome::Success
    }

    /// Whether another node may well do what this one did not.
    pub fn is_worth_a_retry(self) -> bool {
        !matches!(self, Outcome::Success | Outcome::CallerFault)
    }

    /// Whether a write may have been done although it was not acknowledged.
    pub fn is_ambiguous(self) -> bool {
        matches!(self, Outcome::ServerError | Outcome::Reset | Outcome::Timeout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn only_a_connection_that_was_never_made_is_refused() {
        let io = |kind| ureq::Error::Io(io::Error::from(kind));
        assert_eq!(Outcome::of_error(&io(io::ErrorKind::ConnectionRefused)), Outcome::Refused);
        assert_eq!(Outcome::of_error(&ureq::Error::Timeout(ureq::Timeout::Connect)), Outcome::Refused);
        assert_eq!(Outcome::of_error(&io(io::ErrorKind::ConnectionReset)), Outcome::Reset);
        assert_eq!(Outcome::of_error(&io(io::ErrorKind::UnexpectedEof)), Outcome::Reset);
        assert_eq!(Outcome::of_error(&ureq::Error::Timeout(ureq::Timeout::Global)), Outcome::Timeout);
    }

    #[test]
    fn throttling_is_told_from_a_fault_of_the_request() {
        assert_eq!(Outcome::of_answer(200, ""), Outcome::Success);
        assert_eq!(Outcome::of_answer(400, r#"{"__type":"x#ProvisionedThroughputExceededException"}"#), Outcome::Throttled);
        assert_eq!(Outcome::of_answer(400, r#"{"__type":"x#ValidationException"}"#), Outcome::CallerFault);
        assert_eq!(Outcome::of_answer(500, ""), Outcome::ServerError);
    }

    #[test]
    fn a_refused_write_was_certainly_not_done_and_a_lost_answer_may_hide_one() {
        for (outcome, ambiguous) in [
            (Outcome::Refused, false),
            (Outcome::Throttled, false),
            (Outcome::Timeout, true),
            (Outcome::Reset, true),
            (Outcome::ServerError, true),
        ] {
            assert_eq!(outcome.is_ambiguous(), ambiguous, "{outcome:?}");
            assert!(outcome.is_worth_a_retry(), "{outcome:?}");
        }
    }
}
