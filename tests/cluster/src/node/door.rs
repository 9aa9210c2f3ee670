//! The node's listening socket: open, refusing, or swallowing SYNs; and the life of each connection behind it.

use super::injection::Door;
use super::tls::Faces;
use super::wire::{Connection, Wire};
use super::{Node, front};
use crate::faults::Kind;
use crate::report::Record;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use socket2::{Domain, SockRef, Socket, Type};
use std::io;
use std::net::{SocketAddr, TcpStream as BlockingStream};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

const BACKLOG: i32 = 1024;

/// An Alternator node takes some 16 KB of headers and as much of request line.
const HEAD_LIMIT: usize = 32 * 1024;

/// How long the sockets of a cluster that has just died may be in the way.
const BIND_PATIENCE: Duration = Duration::from_secs(3);

/// Serves until the process ends. Tells the supervisor when it listens, and each time it acts by a new situation.
pub async fn keep(node: Arc<Node>, faces: Option<Arc<Faces>>) -> io::Result<()> {
    let mut revisions = node.revision.subscribe();
    let mut connections = JoinSet::new();
    let mut listener = Some(bind_patiently(node.socket_address()).await?);
    let mut plug: Option<Plug> = None;
    let mut ignored_peer = None;
    node.tell(&Record::Listening);
    loop {
        let revision = *revisions.borrow_and_update();
        let door = node.injection.door();
        if door == Door::Refuse {
            listener = None;
            connections.shutdown().await;
        } else if listener.is_none() {
            listener = Some(bind(node.socket_address())?);
        }
        match (&listener, door) {
            (Some(listener), Door::Blackhole) if plug.is_none() => plug = Some(Plug::insert(listener)?),
            (Some(listener), Door::Open) => {
                if let Some(plug) = plug.take() {
                    ignored_peer = plug.remove(listener)?;
                }
            }
            (None, _) => plug = None,
            _ => {}
        }
        node.tell(&Record::Applied { revision });

        // Until the situation changes, all there is to do is to let connections in and see them off.
        loop {
            let accept = async {
                match &listener {
                    Some(listener) if door == Door::Open => listener.accept().await,
                    _ => std::future::pending().await,
                }
            };
            tokio::select! {
                accepted = accept => match accepted {
                    Ok((_, peer)) if ignored_peer == Some(peer) => ignored_peer = None,
                    Ok((stream, _)) => {
                        connections.spawn(serve(stream, node.clone(), faces.clone()));
                    }
                    // Out of descriptors, say: the backlog holds the client until there are some.
                    Err(_) => sleep(Duration::from_millis(10)).await,
                },
                _ = revisions.changed() => break,
                Some(_) = connections.join_next() => {}
            }
        }
    }
}

async fn bind_patiently(address: SocketAddr) -> io::Result<TcpListener> {
    let deadline = Instant::now() + BIND_PATIENCE;
    loop {
        match bind(address) {
            Err(e) if e.kind() == io::ErrorKind::AddrInUse && Instant::now() < deadline => {
                sleep(Duration::from_millis(20)).await;
            }
            result => return result,
        }
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let explain = |e: io::Error| io::Error::new(e.kind(), format!("cannot listen on {address}: {e}"));
    let open = || {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        socket.set_nonblocking(true)?;
        TcpListener::from_std(socket.into())
    };
    open().map_err(explain)
}

/// Makes SYNs to a listening socket be dropped: a backlog of nothing, and one connection of our own that fills it.
struct Plug {
    filler: Option<BlockingStream>,
}

impl Plug {
    fn insert(listener: &TcpListener) -> io::Result<Self> {
        SockRef::from(listener).listen(0)?;
        // When clients have filled the queue already this finds no room, which is as good.
        let filler = BlockingStream::connect_timeout(&listener.local_addr()?, Duration::from_millis(50)).ok();
        Ok(Plug { filler })
    }

    /// Returns the address of the filler, which is no client and is still to be accepted.
    fn remove(self, listener: &TcpListener) -> io::Result<Option<SocketAddr>> {
        SockRef::from(listener).listen(BACKLOG)?;
        Ok(self.filler.and_then(|filler| filler.local_addr().ok()))
    }
}

/// Counts the connection for as long as it lives.
struct Counted(Arc<Node>);

impl Counted {
    fn new(node: Arc<Node>) -> Self {
        node.tell(&Record::ConnectionOpened);
        Counted(node)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.tell(&Record::ConnectionClosed);
    }
}

async fn serve(stream: TcpStream, node: Arc<Node>, faces: Option<Arc<Faces>>) {
    let _counted = Counted::new(node.clone());
    let fault = node.injection.for_connection();
    if let Some((id, _)) = fault {
        node.tell(&Record::FaultFired { id });
    }
    if let Some((id, Kind::HalfOpen | Kind::TlsStall)) = fault {
        node.fault_removed(id).await;
        return;
    }
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let connection = Arc::new(Connection::default());
    let wire = Wire::new(stream, connection.clone());
    match faces {
        None => serve_http(TokioIo::new(wire), node, connection).await,
        Some(faces) => {
            let Ok(tls) = faces.acceptor(fault.map(|(_, kind)| kind)).accept(wire).await else {
                return;
            };
            let (_, session) = tls.get_ref();
            connection.set_client_certificate(session.peer_certificates().is_some());
            let resumed = session.handshake_kind() == Some(tokio_rustls::rustls::HandshakeKind::Resumed);
            node.tell(&Record::TlsEstablished { resumed });
            serve_http(TokioIo::new(tls), node, connection).await;
        }
    }
}

async fn serve_http(io: impl hyper::rt::Read + hyper::rt::Write + Unpin, node: Arc<Node>, connection: Arc<Connection>) {
    let service = service_fn(|request| front::answer(node.clone(), connection.clone(), request));
    // An error here is the client's hanging up or a fault's doing; neither is anything to tell.
    let _ = http1::Builder::new()
        .header_read_timeout(None)
        .title_case_headers(true)
        .max_buf_size(HEAD_LIMIT)
        .serve_connection(io, service)
        .await;
}
