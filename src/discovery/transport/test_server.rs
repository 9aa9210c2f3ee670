//! A scripted HTTP server on the loopback interface, plain or TLS, that remembers what it saw.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustls::{HandshakeKind, ServerConfig, ServerConnection, StreamOwned};

/// How long a test waits for something to be seen.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a server saw since its start.
#[derive(Default, Debug)]
pub struct Seen {
    pub accepted: usize,
    pub closed: usize,
    pub heads: Vec<String>,
    pub handshakes: Vec<HandshakeKind>,
    pub close_notifies: usize,
    /// Bytes that a raw server could write before its client left.
    pub written: usize,
    /// Threads of this process while a request was being answered.
    pub threads: usize,
}

/// A request, counted from 0 on its connection, and connections counted from 0.
pub struct Asked {
    pub connection: usize,
    pub request: usize,
}

/// What happens to the connection after an answer.
pub enum Then {
    Keep,
    Close,
    /// Nothing more comes, until the client leaves.
    Hang,
}

#[derive(Default)]
pub struct Shared {
    seen: Mutex<Seen>,
    changed: Condvar,
}

impl Shared {
    pub fn note(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.seen.lock().unwrap());
        self.changed.notify_all();
    }
}

/// The server; it stops when dropped.
pub struct TestServer {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    stopping: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl TestServer {
    /// Plain HTTP.
    pub fn http(answer: impl Fn(&Asked, &mut dyn Write) -> io::Result<Then> + Send + Sync + 'static) -> Self {
        Self::raw(move |stream, connection, shared| {
            let _ = converse(stream, connection, shared, &answer, |_| None);
        })
    }

    /// HTTP over TLS.
    pub fn https(
        config: Arc<ServerConfig>,
        answer: impl Fn(&Asked, &mut dyn Write) -> io::Result<Then> + Send + Sync + 'static,
    ) -> Self {
        Self::raw(move |stream, connection, shared| {
            let tls = ServerConnection::new(Arc::clone(&config)).unwrap();
            let stream = StreamOwned::new(tls, stream);
            if let Ok(true) = converse(stream, connection, shared, &answer, |stream| stream.conn.handshake_kind()) {
                shared.note(|seen| seen.close_notifies += 1);
            }
        })
    }

    /// Whatever `serve` does with each connection.
    pub fn raw(serve: impl Fn(TcpStream, usize, &Shared) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let stopping = Arc::new(AtomicBool::new(false));
        let serve = Arc::new(serve);
        let accepting = thread::spawn({
            let (shared, stopping) = (Arc::clone(&shared), Arc::clone(&stopping));
            move || {
                for (connection, stream) in listener.incoming().enumerate() {
                    if stopping.load(Ordering::SeqCst) {
                        break;
                    }
                    shared.note(|seen| seen.accepted += 1);
                    let (serve, shared) = (Arc::clone(&serve), Arc::clone(&shared));
                    thread::spawn(move || {
                        serve(stream.unwrap(), connection, &shared);
                        shared.note(|seen| seen.closed += 1);
                    });
                }
            }
        });
        Self { address, shared, stopping, accepting: Some(accepting) }
    }

    /// Looks at what was seen so far.
    pub fn seen<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&self.shared.seen.lock().unwrap())
    }

    /// Waits until `enough` was seen.
    pub fn wait_until(&self, enough: impl Fn(&Seen) -> bool) {
        let seen = self.shared.seen.lock().unwrap();
        let (seen, waited) = self.shared.changed.wait_timeout_while(seen, PATIENCE, |seen| !enough(seen)).unwrap();
        assert!(!waited.timed_out(), "not seen in time; seen: {seen:?}");
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

/// Answers requests until the connection ends; true when the client's end said goodbye, rather than vanish.
fn converse<S: Read + Write>(
    mut stream: S,
    connection: usize,
    shared: &Shared,
    answer: &impl Fn(&Asked, &mut dyn Write) -> io::Result<Then>,
    handshake: impl Fn(&S) -> Option<HandshakeKind>,
) -> io::Result<bool> {
    let mut request = 0;
    loop {
        let Some(head) = read_head(&mut stream)? else { return Ok(true) };
        shared.note(|seen| {
            if request == 0 {
                seen.handshakes.extend(handshake(&stream));
            }
            seen.heads.push(head);
            seen.threads = thread_count();
        });
        let then = answer(&Asked { connection, request }, &mut stream)?;
        stream.flush()?;
        match then {
            Then::Keep => request += 1,
            Then::Close => return Ok(false),
            Then::Hang => return until_gone(&mut stream).map(|()| true),
        }
    }
}

/// Reads one request head; `None` at the end of the stream.
pub fn read_head(stream: &mut impl Read) -> io::Result<Option<String>> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte)? == 0 {
            return Ok(None);
        }
        head.push(byte[0]);
    }
    String::from_utf8(head).map(Some).map_err(|e| io::Error::new(ErrorKind::InvalidData, e))
}

/// Swallows whatever comes until the other side closes.
pub fn until_gone(stream: &mut impl Read) -> io::Result<()> {
    let mut swallowed = [0; 4096];
    while stream.read(&mut swallowed)? > 0 {}
    Ok(())
}

/// How many threads this process has.
pub fn thread_count() -> usize {
    std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}

/// An answer with a body of known length.
pub fn answer(status: u16, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} Some Reason\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// A script that gives the same answer to every request and keeps the connection.
pub fn always(status: u16, body: &'static str) -> impl Fn(&Asked, &mut dyn Write) -> io::Result<Then> {
    move |_, out| {
        out.write_all(&answer(status, body))?;
        Ok(Then::Keep)
    }
}

/// Writes one byte every few milliseconds until the other side leaves, or for longer than any test lasts.
pub fn drip(bytes: impl Iterator<Item = u8>, out: &mut dyn Write) -> io::Result<()> {
    let end = Instant::now() + PATIENCE;
    for byte in bytes.take_while(|_| Instant::now() < end) {
        out.write_all(&[byte])?;
        out.flush()?;
        thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}
