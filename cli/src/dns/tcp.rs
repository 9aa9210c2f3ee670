//! Queries by TCP: few clients at once, none for long, and no network has all the places.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use alb_dns::{LONGEST_QUERY, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

use super::Server;
use super::limits::{Ruling, network};
use crate::failure::Failure;

/// For so long a client may be silent, and so long a query or an answer may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// So many queries a connection.
const MOST_QUERIES: usize = 1000;
/// When the process has no descriptor left: until some are free.
const PAUSE: Duration = Duration::from_millis(50);

/// The places for clients.
#[derive(Clone)]
pub struct Places {
    most: usize,
    most_of_one: usize,
    taken: Rc<RefCell<HashMap<u128, usize>>>,
}

/// A client's place, until it is dropped.
struct Place {
    places: Places,
    network: u128,
}

impl Places {
    pub fn new(most: usize) -> Places {
        Places { most, most_of_one: most / 4, taken: Rc::default() }
    }

    fn take(&self, client: IpAddr) -> Option<Place> {
        let network = network(client);
        let mut taken = self.taken.borrow_mut();
        let all: usize = taken.values().sum();
        let own = taken.entry(network).or_default();
        let free = all < self.most && *own < self.most_of_one;
        *own += usize::from(free);
        if *own == 0 {
            taken.remove(&network);
        }
        free.then(|| Place { places: self.clone(), network })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.borrow_mut();
        if let Some(own) = taken.get_mut(&self.network) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.network);
            }
        }
    }
}

/// Answers for ever.
pub async fn serve(server: Rc<Server>, listener: TcpListener, places: Places) -> Failure {
    loop {
        match listener.accept().await {
            Ok((stream, client)) => {
                // Whoever gets no place is hung up on, and may come again.
                if let Some(place) = places.take(client.ip()) {
                    tokio::task::spawn_local(attend(Rc::clone(&server), stream, client, place));
                }
            }
            // A client that has gone already, or no descriptor left.
            Err(_) => sleep(PAUSE).await,
        }
    }
}

async fn attend(server: Rc<Server>, mut stream: TcpStream, client: SocketAddr, place: Place) {
    // How a connection ends concerns nobody but the client.
    let _ = converse(&server, &mut stream, client).await;
    drop(place);
}

async fn converse(server: &Server, stream: &mut TcpStream, client: SocketAddr) -> io::Result<()> {
    let mut query = vec![0; LONGEST_QUERY];
    let mut framed = Vec::new();
    for _ in 0..MOST_QUERIES {
        let length = usize::from(timeout(PATIENCE, stream.read_u16()).await??);
        let Some(query) = query.get_mut(..length) else { return Ok(()) };
        timeout(PATIENCE, stream.read_exact(query)).await??;
        if server.rule_tcp(client) != Ruling::Answer {
            return Ok(());
        }
        framed.clear();
        server.answer(query, Transport::Tcp, |answer| {
            // No answer is longer than its length can say.
            framed.extend_from_slice(&(answer.len() as u16).to_be_bytes());
            framed.extend_from_slice(answer);
        });
        if framed.is_empty() {
            return Ok(());
        }
        timeout(PATIENCE, stream.write_all(&framed)).await??;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_network_has_more_than_a_quarter_of_the_places() {
        let places = Places::new(8);
        let ip = |text: &str| text.parse::<IpAddr>().expect("an address");
        let first = places.take(ip("10.0.0.1")).expect("free");
        let _second = places.take(ip("10.0.0.2")).expect("free");
        assert!(places.take(ip("10.0.0.3")).is_none(), "a quarter of 8");
        let others: Vec<_> = (1..=6).map(|net| places.take(ip(&format!("10.0.{net}.1"))).expect("free")).collect();
        assert!(places.take(ip("10.9.9.9")).is_none(), "all are taken");
        drop(first);
        assert!(places.take(ip("10.9.9.9")).is_some());
        drop(others);
        assert_eq!(places.taken.borrow().len(), 1);
    }
}
