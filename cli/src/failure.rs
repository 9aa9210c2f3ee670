//! What ends a command early: an exit code that scripts can tell apart, and one sentence for people.

use std::fmt;
use std::io;
use std::process::ExitCode;

use alternator_lb::{Error, Status};

use crate::shown;

/// The exit codes. The README lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Code {
    /// The command did what it is for, and found trouble.
    Trouble = 1,
    /// The arguments or options are wrong.
    Usage = 2,
    /// The cluster could not be reached, or gave nothing usable.
    Unreachable = 3,
    /// The cluster does not know the datacenter or rack, or cannot be asked by them.
    Scope = 4,
    /// The system refused: a port in use, a missing permission, a file.
    System = 5,
    /// The cluster refused a request.
    Refused = 6,
    /// Ended by a signal before it was done.
    Interrupted = 130,
}

/// Why a command ended early.
#[derive(Clone, Debug)]
pub struct Failure {
    pub code: Code,
    pub message: String,
}

impl Failure {
    pub fn new(code: Code, message: impl Into<String>) -> Failure {
        Failure { code, message: message.into() }
    }

    pub fn system(what: impl fmt::Display, error: &io::Error) -> Failure {
        Failure::new(Code::System, format!("{what}: {error}"))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let code = match error.status {
            Status::UnknownOption | Status::BadValue | Status::InvalidArgument => Code::Usage,
            Status::ScopeUnknown | Status::Unsupported => Code::Scope,
            Status::Io => Code::System,
            _ => Code::Unreachable,
        };
        Failure::new(code, error.to_string())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown::plain(&self.message))
    }
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> ExitCode {
        ExitCode::from(code as u8)
    }
}
