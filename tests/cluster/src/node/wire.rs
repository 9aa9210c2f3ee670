//! A TCP stream that can be told to end by RST instead of FIN, and what the node knows of its connection.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

#[derive(Default)]
pub struct Connection {
    reset: AtomicBool,
    client_certificate: AtomicBool,
}

impl Connection {
    /// The connection, once dropped, ends by RST.
    pub fn end_by_reset(&self) {
        self.reset.store(true, Relaxed);
    }

    pub fn has_client_certificate(&self) -> bool {
        self.client_certificate.load(Relaxed)
    }

    pub fn set_client_certificate(&self, present: bool) {
        self.client_certificate.store(present, Relaxed);
    }
}

pub struct Wire {
    stream: TcpStream,
    connection: Arc<Connection>,
}

impl Wire {
    pub fn new(stream: TcpStream, connection: Arc<Connection>) -> Self {
        Wire { stream, connection }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.connection.reset.load(Relaxed) {
            // Without it the peer sees a FIN, a fault like any other.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context, buf: &mut ReadBuf) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context, bufs: &[io::IoSlice]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
