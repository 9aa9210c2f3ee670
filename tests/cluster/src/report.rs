//! What a node tells the supervisor: records on the pipe that is the node's stdout.
//!
//! A record is in the kernel's hands before the request it tells of is answered. So the supervisor, which reads whatever is
//! in the pipe before it shows a counter, never shows less than a client has seen, and a SIGKILL loses nothing.
//! Repeated texts (header names, user agents, tables) cross the pipe once and are numbers from then on.

use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Write};

/// The number of a text told by a `Record::Name`; 0 stands for "none".
pub type NameId = u32;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Route {
    Api,
    Localnodes,
    Health,
    Other,
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Record<'a> {
    /// From here on `id` means `text`.
    Name {
        id: NameId,
        text: &'a str,
    },
    Request(#[serde(borrow)] RequestRecord<'a>),
    ConnectionOpened,
    ConnectionClosed,
    TlsEstablished {
        resumed: bool,
    },
    FaultFired {
        id: u64,
    },
    /// The node acts by the situation of this revision.
    Applied {
        revision: u64,
    },
    Listening,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct RequestRecord<'a> {
    pub unix_micros: u64,
    pub route: Route,
    pub in_flight: u32,
    pub operation: NameId,
    /// The header names in the order received, comma-separated.
    pub headers: NameId,
    pub user_agent: NameId,
    pub content_encoding: NameId,
    pub accept_encoding: NameId,
    pub query: NameId,
    pub attempt: u32,
    pub invocation: &'a str,
    pub write_table: NameId,
    pub write_key: &'a str,
}

/// The node's end of the pipe.
pub struct Reporter {
    pipe: File,
    names: HashMap<Box<str>, NameId>,
    pending: Vec<u8>,
}

impl Reporter {
    pub fn new(pipe: File) -> Self {
        Reporter { pipe, names: HashMap::new(), pending: Vec::with_capacity(512) }
    }

    /// The number of `text`, told to the supervisor together with the next record.
    pub fn name(&mut self, text: &str) -> NameId {
        if text.is_empty() {
            return 0;
        }
        if let Some(id) = self.names.get(text) {
            return *id;
        }
        let id = self.names.len() as NameId + 1;
        self.names.insert(text.into(), id);
        self.put(&Record::Name { id, text });
        id
    }

    /// Hands the record to the kernel. Waits while the supervisor is behind; ends the node when there is none any more.
    pub fn tell(&mut self, record: &Record) {
        self.put(record);
        if self.pipe.write_all(&self.pending).is_err() {
            std::process::exit(0);
        }
        self.pending.clear();
    }

    fn put(&mut self, record: &Record) {
        // Into memory this cannot fail: the records hold nothing that postcard refuses.
        self.pending = postcard::to_extend(record, std::mem::take(&mut self.pending)).unwrap_or_default();
    }
}

/// The supervisor's end of the pipe of one node process.
pub struct ReportReader {
    pipe: File,
    buffer: Vec<u8>,
    filled: usize,
}

impl ReportReader {
    /// The pipe must be non-blocking.
    pub fn new(pipe: File) -> Self {
        ReportReader { pipe, buffer: vec![0; 256 * 1024], filled: 0 }
    }

    /// Reads all that is in the pipe now and hands it over record by record.
    pub fn drain(&mut self, mut take: impl FnMut(Record)) {
        loop {
            match self.pipe.read(&mut self.buffer[self.filled..]) {
                Ok(0) => return,
                Ok(read) => self.filled += read,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return,
            }
            let mut rest = &self.buffer[..self.filled];
            while let Ok((record, after)) = postcard::take_from_bytes::<Record>(rest) {
                take(record);
                rest = after;
            }
            let left = rest.len();
            let start = self.filled - left;
            self.buffer.copy_within(start..self.filled, 0);
            self.filled = left;
            if self.filled == self.buffer.len() {
                self.buffer.resize(self.buffer.len() * 2, 0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::OwnedFd;

    fn pipe() -> (ReportReader, File) {
        let (reader, writer) = io::pipe().expect("a pipe");
        let reader = File::from(OwnedFd::from(reader));
        rustix::io::ioctl_fionbio(&reader, true).expect("non-blocking");
        (ReportReader::new(reader), File::from(OwnedFd::from(writer)))
    }

    fn drained(reader: &mut ReportReader) -> Vec<String> {
        let mut seen = Vec::new();
        reader.drain(|record| seen.push(format!("{record:?}")));
        seen
    }

    #[test]
    fn a_name_crosses_the_pipe_once_and_before_its_first_use() {
        let (mut reader, writer) = pipe();
        let mut reporter = Reporter::new(writer);
        let first = reporter.name("PutItem");
        reporter.tell(&Record::FaultFired { id: 7 });
        assert_eq!(reporter.name("PutItem"), first);
        reporter.tell(&Record::ConnectionOpened);
        assert_eq!(drained(&mut reader), [r#"Name { id: 1, text: "PutItem" }"#, "FaultFired { id: 7 }", "ConnectionOpened"]);
    }

    #[test]
    fn a_record_cut_in_two_is_read_when_it_is_whole() {
        let (mut reader, mut writer) = pipe();
        let bytes = postcard::to_stdvec(&Record::Name { id: 300, text: "some text" }).expect("encoded");
        let (head, tail) = bytes.split_at(4);
        writer.write_all(head).expect("written");
        assert!(drained(&mut reader).is_empty());
        writer.write_all(tail).expect("written");
        assert_eq!(drained(&mut reader), [r#"Name { id: 300, text: "some text" }"#]);
    }

    #[test]
    fn records_outlive_their_writer() {
        let (mut reader, writer) = pipe();
        let mut reporter = Reporter::new(writer);
        reporter.tell(&Record::Listening);
        drop(reporter);
        assert_eq!(drained(&mut reader), ["Listening"]);
    }
}
