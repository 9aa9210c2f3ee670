//! One HTTP/1.1 connection, plain or TLS, as ureq drives it.
//!
//! It knows what ureq cannot tell apart: whether it served an answer before (then a loss before the next answer's first byte only
//! means that the server closed an idle connection), and what ended it - time, TLS, the peer. Nothing is sent when it is dropped, not
//! even a TLS close_notify: a forked child holds a copy of this state and must not speak in the parent's session.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use rustls::ClientConnection;
use ureq::unversioned::transport::{Buffers, LazyBuffers, NextTimeout, Transport};

use super::failure::{Failure, FetchError, FetchErrorKind};
use super::socket::Socket;

/// What every HTTP answer that can be read here starts with.
const HTTP_START: &[u8] = b"HTTP/1.";

/// The TLS record type of an alert: what a TLS server says to a plain request.
const TLS_ALERT: u8 = 21;

/// How many pieces of TLS traffic between two answers (session tickets, key updates) are read before the server is given up.
const MOST_IDLE_READS: usize = 16;

/// A connection to one target.
pub struct Connection {
    socket: Socket,
    tls: Option<Box<ClientConnection>>,
    buffers: LazyBuffers,
    /// An earlier exchange on this connection brought an answer.
    reused: bool,
    /// The answer to the current exchange has begun to arrive.
    answering: bool,
}

impl Connection {
    /// A connection over `socket`, with the handshake done where there is TLS.
    pub fn new(socket: Socket, tls: Option<ClientConnection>, buffers: LazyBuffers) -> Self {
        Self { socket, tls: tls.map(Box::new), buffers, reused: false, answering: false }
    }

    /// Makes the TLS handshake over `socket`.
    pub fn shake_hands(socket: &mut Socket, tls: &mut ClientConnection) -> Result<(), FetchError> {
        while tls.is_handshaking() {
            if let Err(error) = tls.complete_io(socket) {
                return Err(match cause(&error) {
                    Cause::Time => FetchError::new(FetchErrorKind::Timeout, "the TLS handshake was not finished in time"),
                    _ => lost(socket, Some(tls), &error, "the connection was lost in the TLS handshake"),
                });
            }
        }
        Ok(())
    }

    fn write_all(&mut self, amount: usize) -> io::Result<()> {
        let output = &self.buffers.output()[..amount];
        match &mut self.tls {
            None => self.socket.write_all(output),
            Some(tls) => {
                let mut stream = rustls::Stream::new(tls.as_mut(), &mut self.socket);
                stream.write_all(output)?;
                stream.flush()
            }
        }
    }

    fn read(&mut self) -> io::Result<usize> {
        let room = self.buffers.input_append_buf();
        match &mut self.tls {
            None => self.socket.read(room),
            Some(tls) => rustls::Stream::new(tls.as_mut(), &mut self.socket).read(room),
        }
    }

    fn failure(&mut self, error: &io::Error) -> Failure {
        let silent = !self.answering;
        let error = match cause(error) {
            Cause::Time if silent => FetchError::new(FetchErrorKind::Timeout, "connected, but no answer in time"),
            Cause::Time => FetchError::new(FetchErrorKind::Timeout, "the answer was not complete in time"),
            _ if silent => lost(&mut self.socket, self.tls.as_deref_mut(), error, "the connection was lost before an answer"),
            _ => lost(&mut self.socket, self.tls.as_deref_mut(), error, "the connection was lost in the middle of the answer"),
        };
        Failure { stale: self.reused && silent && error.kind == FetchErrorKind::Reset, error }
    }
}

impl Transport for Connection {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        if self.answering {
            self.reused = true;
            self.answering = false;
        }
        self.socket.set_deadline(deadline(timeout));
        self.write_all(amount).map_err(|error| self.failure(&error).into())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        // Without room a read cannot tell progress from the end; ureq refuses an answer that makes none.
        if self.buffers.input_append_buf().is_empty() {
            return Ok(false);
        }
        self.socket.set_deadline(deadline(timeout));
        let amount = self.read().map_err(|error| self.failure(&error))?;
        if amount == 0 && !self.answering {
            return Err(self.failure(&ErrorKind::UnexpectedEof.into()).into());
        }
        self.buffers.input_appended(amount);
        if amount > 0 && !self.answering {
            self.answering = true;
            must_be_http(self.buffers.input())?;
        }
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        let tls = self.tls.as_deref_mut();
        let quiet = self.socket.without_waiting(|stream| match tls {
            None => matches!(stream.peek(&mut [0]), Err(e) if e.kind() == ErrorKind::WouldBlock),
            Some(tls) => is_quiet(tls, stream),
        });
        quiet.unwrap_or(false)
    }

    fn is_tls(&self) -> bool {
        self.tls.is_some()
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("socket", &self.socket).field("tls", &self.tls.is_some()).finish()
    }
}

pub fn deadline(timeout: NextTimeout) -> Instant {
    // Every exchange has a limit of its own, so this one is never far away.
    let now = Instant::now();
    now.checked_add(*timeout.after).unwrap_or(now)
}

/// Whether nothing but TLS housekeeping came since the last answer, and the server did not close.
fn is_quiet(tls: &mut ClientConnection, stream: &mut &TcpStream) -> bool {
    for _ in 0..MOST_IDLE_READS {
        match tls.process_new_packets() {
            Ok(state) if state.plaintext_bytes_to_read() == 0 && !state.peer_has_closed() => {}
            _ => return false,
        }
        match tls.read_tls(stream) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return e.kind() == ErrorKind::WouldBlock,
        }
    }
    false
}

fn must_be_http(input: &[u8]) -> Result<(), FetchError> {
    let length = input.len().min(HTTP_START.len());
    if input[..length] == HTTP_START[..length] {
        return Ok(());
    }
    let message = match input.first() {
        Some(&TLS_ALERT) => "what answered is not HTTP but TLS: is scheme=https missing?",
        _ => "what answered does not speak HTTP",
    };
    Err(FetchError::new(FetchErrorKind::Reset, message))
}

enum Cause<'a> {
    Time,
    Tls(&'a rustls::Error),
    Peer,
}

fn cause(error: &io::Error) -> Cause<'_> {
    if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return Cause::Tls(tls);
    }
    // The system's own ETIMEDOUT means that the peer's host went away, which is a loss.
    match error.kind() == ErrorKind::TimedOut && error.raw_os_error().is_none() {
        true => Cause::Time,
        false => Cause::Peer,
    }
}

/// Why the connection ended. A server that refuses a client says so in an alert and closes; where the close made a write fail first,
/// the alert is still waiting to be read.
fn lost(socket: &mut Socket, tls: Option<&mut ClientConnection>, error: &io::Error, what: &str) -> FetchError {
    if let Cause::Tls(error) = cause(error) {
        return FetchError::from_tls(error);
    }
    if let Some(tls) = tls
        && let Ok(Some(alert)) = socket.without_waiting(|stream| waiting_alert(tls, stream))
    {
        return FetchError::from_tls(&alert);
    }
    match error.kind() {
        ErrorKind::UnexpectedEof => FetchError::new(FetchErrorKind::Reset, format!("{what}: closed by the server")),
        _ => FetchError::from_io(FetchErrorKind::Reset, what, error),
    }
}

fn waiting_alert(tls: &mut ClientConnection, stream: &mut &TcpStream) -> Option<rustls::Error> {
    for _ in 0..MOST_IDLE_READS {
        if let Err(error) = tls.process_new_packets() {
            return Some(error);
        }
        match tls.read_tls(stream) {
            Ok(0) | Err(_) => return None,
            Ok(_) => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::sync::Arc;
    use std::thread;
    use std::time::Duration;

    use rustls::pki_types::ServerName;
    use rustls::{ALL_VERSIONS, ServerConnection, StreamOwned};

    use super::super::super::tls::TlsClient;
    use super::super::super::tls::test_pki::Authority;
    use super::*;
    use crate::config::{TlsOptions, Verify};

    const PATIENCE: Duration = Duration::from_secs(10);

    fn sockets() -> (Socket, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = Socket::connect(listener.local_addr().unwrap(), PATIENCE, Instant::now() + PATIENCE).unwrap();
        (client, listener.accept().unwrap().0)
    }

    fn plain() -> (Connection, TcpStream) {
        let (client, server) = sockets();
        (Connection::new(client, None, LazyBuffers::new(1024, 1024)), server)
    }

    fn tls() -> (Connection, StreamOwned<ServerConnection, TcpStream>) {
        let (mut client, server) = sockets();
        let config = Authority::new("CA").issue(&["n1"]).server(ALL_VERSIONS);
        let serving = thread::spawn(move || {
            let mut server = StreamOwned::new(ServerConnection::new(config).unwrap(), server);
            server.conn.complete_io(&mut server.sock).unwrap();
            server
        });
        let options = TlsOptions { verify: Verify::None, ..TlsOptions::default() };
        let config = TlsClient::new(&options).unwrap().config();
        let mut tls = ClientConnection::new(Arc::clone(&config), ServerName::try_from("n1").unwrap()).unwrap();
        Connection::shake_hands(&mut client, &mut tls).unwrap();
        (Connection::new(client, Some(tls), LazyBuffers::new(1024, 1024)), serving.join().unwrap())
    }

    /// Asks until the answer is yes; what one side sends takes a moment to reach the other.
    fn soon(mut happened: impl FnMut() -> bool) -> bool {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if happened() {
                return true;
            }
            thread::yield_now();
        }
        false
    }

    fn has_input(connection: &mut Connection) -> bool {
        connection.socket.without_waiting(|stream| stream.peek(&mut [0]).is_ok()).unwrap()
    }

    #[test]
    fn a_plain_connection_is_open_until_something_comes_unasked() {
        let (mut connection, mut server) = plain();
        assert!(connection.is_open());
        server.write_all(b"H").unwrap();
        assert!(soon(|| !connection.is_open()));
    }

    #[test]
    fn a_plain_connection_is_open_until_the_server_closes() {
        let (mut connection, server) = plain();
        assert!(connection.is_open());
        drop(server);
        assert!(soon(|| !connection.is_open()));
    }

    #[test]
    fn a_tls_connection_stays_open_when_session_tickets_come() {
        let (mut connection, mut server) = tls();
        server.flush().unwrap();
        assert!(soon(|| has_input(&mut connection)));
        assert!(connection.is_open());
        assert!(!has_input(&mut connection), "the tickets were taken in");
    }

    #[test]
    fn a_tls_connection_is_open_until_something_comes_unasked() {
        let (mut connection, mut server) = tls();
        assert!(connection.is_open());
        server.write_all(b"H").unwrap();
        assert!(soon(|| !connection.is_open()));
    }

    #[test]
    fn a_tls_connection_is_open_until_the_server_closes() {
        for goodbye in [true, false] {
            let (mut connection, mut server) = tls();
            assert!(connection.is_open());
            if goodbye {
                server.conn.send_close_notify();
                server.flush().unwrap();
                assert!(soon(|| !connection.is_open()));
            }
            drop(server);
            assert!(soon(|| !connection.is_open()));
        }
    }

    #[test]
    fn an_alert_explains_a_failed_write() {
        let (mut connection, mut server) = tls();
        connection.socket.write_all(b"this is no TLS record").unwrap();
        while server.conn.process_new_packets().is_ok() {
            server.conn.read_tls(&mut server.sock).unwrap();
        }
        while server.conn.wants_write() {
            server.conn.write_tls(&mut server.sock).unwrap();
        }
        drop(server);
        assert!(soon(|| has_input(&mut connection)));
        let failure = connection.failure(&ErrorKind::BrokenPipe.into());
        assert_eq!(failure.error.kind, FetchErrorKind::Tls, "{failure}");
    }

    #[test]
    fn only_our_own_deadline_is_a_timeout() {
        let (mut connection, _server) = plain();
        let mut kind = |error: io::Error| connection.failure(&error).error.kind;
        assert_eq!(kind(ErrorKind::TimedOut.into()), FetchErrorKind::Timeout);
        #[cfg(target_os = "linux")]
        assert_eq!(kind(io::Error::from_raw_os_error(110)), FetchErrorKind::Reset);
    }
}
