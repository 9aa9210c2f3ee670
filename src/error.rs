//! What can go wrong, as a number that never changes its meaning and a sentence that names the cause.

use std::fmt;

/// The status of a call. The numbers are part of the C ABI: never renumbered, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum Status {
    /// It worked.
    Ok = 0,
    /// A pointer, length or text that no call accepts.
    InvalidArgument = -1,
    /// Caller and library were built for different versions of the ABI.
    AbiMismatch = -2,
    /// There is no option of that name.
    UnknownOption = -3,
    /// The option exists; its value does not fit, or a required option is missing.
    BadValue = -4,
    /// There is no node to choose.
    NoNodes = -5,
    /// No node has that id.
    UnknownNode = -6,
    /// The time that the caller allowed ran out.
    Timeout = -7,
    /// No seed and no node could be reached.
    Unreachable = -8,
    /// The TLS handshake failed.
    Tls = -9,
    /// Something answered, but nothing usable.
    BadResponse = -10,
    /// The cluster does not know this datacenter or rack.
    ScopeUnknown = -11,
    /// The servers, or this library, do not support what was asked.
    Unsupported = -12,
    /// The token is not, or no longer, that of an open request.
    StaleToken = -13,
    /// A file that an option names could not be used.
    Io = -14,
    /// A defect of the library, caught; the handle goes on with what it knew.
    Panic = -15,
    /// More came out of a compressed body than the caller allows.
    TooLarge = -16,
    /// There were too many retries or hedges of late.
    BudgetSpent = -17,
    /// No hedge is offered for this request.
    NotOffered = -18,
}

impl Status {
    /// All of them, for tables and tests.
    pub const ALL: [Status; 19] = [
        Status::Ok,
        Status::InvalidArgument,
        Status::AbiMismatch,
        Status::UnknownOption,
        Status::BadValue,
        Status::NoNodes,
        Status::UnknownNode,
        Status::Timeout,
        Status::Unreachable,
        Status::Tls,
        Status::BadResponse,
        Status::ScopeUnknown,
        Status::Unsupported,
        Status::StaleToken,
        Status::Io,
        Status::Panic,
        Status::TooLarge,
        Status::BudgetSpent,
        Status::NotOffered,
    ];

    /// The number's C name, NUL-terminated for C.
    pub fn c_name(self) -> &'static std::ffi::CStr {
        match self {
            Status::Ok => c"ALB_OK",
            Status::InvalidArgument => c"ALB_ERR_INVALID_ARGUMENT",
            Status::AbiMismatch => c"ALB_ERR_ABI_MISMATCH",
            Status::UnknownOption => c"ALB_ERR_UNKNOWN_OPTION",
            Status::BadValue => c"ALB_ERR_BAD_VALUE",
            Status::NoNodes => c"ALB_ERR_NO_NODES",
            Status::UnknownNode => c"ALB_ERR_UNKNOWN_NODE",
            Status::Timeout => c"ALB_ERR_TIMEOUT",
            Status::Unreachable => c"ALB_ERR_UNREACHABLE",
            Status::Tls => c"ALB_ERR_TLS",
            Status::BadResponse => c"ALB_ERR_BAD_RESPONSE",
            Status::ScopeUnknown => c"ALB_ERR_SCOPE_UNKNOWN",
            Status::Unsupported => c"ALB_ERR_UNSUPPORTED",
            Status::StaleToken => c"ALB_ERR_STALE_TOKEN",
            Status::Io => c"ALB_ERR_IO",
            Status::Panic => c"ALB_ERR_PANIC",
            Status::TooLarge => c"ALB_ERR_TOO_LARGE",
            Status::BudgetSpent => c"ALB_ERR_BUDGET_SPENT",
            Status::NotOffered => c"ALB_ERR_NOT_OFFERED",
        }
    }

    /// The status of that number.
    pub fn from_code(code: i32) -> Option<Status> {
        Status::ALL.into_iter().find(|status| *status as i32 == code)
    }
}

/// A failure with what is needed to act on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The kind of failure.
    pub status: Status,
    /// One sentence: what was tried, on what, and what would be accepted. Holds no secret.
    pub message: String,
    /// The node or seed concerned; empty when none is.
    pub node: String,
    /// The HTTP status received; 0 when there was none.
    pub http_status: i32,
    /// The system's error number; 0 when there was none.
    pub os_errno: i32,
}

impl Error {
    /// A failure that concerns no node.
    pub fn new(status: Status, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), node: String::new(), http_status: 0, os_errno: 0 }
    }

    /// The same failure, at this node.
    pub fn at(mut self, node: impl Into<String>) -> Self {
        self.node = node.into();
        self
    }
}

/// A value as it is shown in a message: without control characters, and not at length.
pub(crate) fn shorten(value: &str) -> String {
    let shown: String = value.chars().take(80).flat_map(char::escape_debug).collect();
    if value.chars().nth(80).is_some() { format!("{shown}...") } else { shown }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if !self.node.is_empty() {
            write!(f, " (at {})", self.node)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_go_both_ways() {
        for (position, status) in Status::ALL.into_iter().enumerate() {
            assert_eq!(status as i32, -(position as i32));
            assert_eq!(Status::from_code(status as i32), Some(status));
        }
        assert_eq!(Status::from_code(1), None);
        assert_eq!(Status::from_code(-19), None);
    }
}
