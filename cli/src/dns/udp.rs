//! Queries by UDP.

use std::io;
use std::rc::Rc;

use alb_dns::{LONGEST_QUERY, Transport};
use tokio::net::UdpSocket;

use super::Server;
use super::limits::Ruling;
use crate::failure::Failure;

/// So many queries are answered before others get a turn.
const BURST: usize = 64;

/// Answers until the socket fails.
pub async fn serve(server: Rc<Server>, socket: UdpSocket) -> Failure {
    let mut packet = [0; LONGEST_QUERY];
    loop {
        if let Err(error) = socket.readable().await {
            return Failure::system("the UDP socket", &error);
        }
        for _ in 0..BURST {
            let (length, client) = match socket.try_recv_from(&mut packet) {
                Ok(received) => received,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // What comes back of an answer that nobody took, among others: it concerns one client.
                Err(_) => continue,
            };
            let transport = match server.rule_udp(client) {
                Ruling::Answer => Transport::Udp,
                Ruling::AskByTcp => Transport::UdpOverLimit,
                Ruling::Drop => continue,
            };
            // A full buffer drops the answer, as the network may: the client asks again.
            server.answer(&packet[..length], transport, |answer| drop(socket.try_send_to(answer, client)));
        }
        tokio::task::yield_now().await;
    }
}
