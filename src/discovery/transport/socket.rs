//! A TCP stream whose every read and write ends by one deadline.
//!
//! It writes plain buffers only: a vectored write would go by `writev`, which cannot ask the system not to raise SIGPIPE in a host
//! that left that signal at its default.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// A connected stream and when it gives up. Dropping it closes the descriptor and sends nothing of its own.
#[derive(Debug)]
pub struct Socket {
    stream: TcpStream,
    deadline: Instant,
}

impl Socket {
    /// Connects within `limit`, which must not be zero.
    pub fn connect(address: SocketAddr, limit: Duration, deadline: Instant) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, limit)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, deadline })
    }

    /// Sets when the following reads and writes give up.
    pub fn set_deadline(&mut self, deadline: Instant) {
        self.deadline = deadline;
    }

    /// Lets `look` use the stream without ever waiting: what would wait fails with `WouldBlock` instead.
    pub fn without_waiting<T>(&mut self, look: impl FnOnce(&mut &TcpStream) -> T) -> io::Result<T> {
        self.stream.set_nonblocking(true)?;
        let seen = look(&mut &self.stream);
        self.stream.set_nonblocking(false)?;
        Ok(seen)
    }

    /// Runs `operation` with the time left, again whenever a signal interrupts it.
    fn in_time<T>(
        &self,
        set_timeout: impl Fn(&TcpStream, Option<Duration>) -> io::Result<()>,
        mut operation: impl FnMut(&TcpStream) -> io::Result<T>,
    ) -> io::Result<T> {
        loop {
            let left = self.deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            set_timeout(&self.stream, Some(left))?;
            match operation(&self.stream) {
                // Either a signal, or the system's coarser clock: the check above tells whether the time is over.
                Err(e) if matches!(e.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => {}
                done => return done,
            }
        }
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.in_time(TcpStream::set_read_timeout, |mut stream| stream.read(buffer))
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.in_time(TcpStream::set_write_timeout, |mut stream| stream.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
