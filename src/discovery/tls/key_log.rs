//! The secrets of each TLS connection, written to a file in the NSS key log format, so that a packet capture can be read.
//!
//! One line is one `write` to a file opened for appending, so threads and processes may share a file without a lock.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use rustls::KeyLog;

/// An open key log file.
#[derive(Debug)]
pub struct KeyLogFile(File);

impl KeyLogFile {
    /// Opens `path` for appending; a file that does not exist yet is created readable by its owner alone.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path).map(Self)
    }
}

impl KeyLog for KeyLogFile {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let line = format!("{label} {} {}\n", hex(client_random), hex(secret));
        // A full disk must cost the trace, never the connection.
        let _ = (&self.0).write_all(line.as_bytes());
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
