//! How many queries a second `alb dns` answers, and how fast: `make bench-dns`.
//!
//! The server is a process of one thread, so that it has one core at most; this program asks it from another one. First at a steady
//! rate, for latencies that mean something, then as fast as answers come. One line for each, and one that
//! tells whether the goal was met: figures of a machine that has other things to do are no reason to fail.

#[path = "../tests/it/support.rs"]
#[allow(dead_code, reason = "shared with the tests, of which this needs a part")]
mod support;

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use support::{Cluster, Dns, eventually, query};

/// What is promised.
const RATE: u64 = 20_000;
const P99: Duration = Duration::from_millis(5);
const LENGTH: Duration = Duration::from_secs(5);
/// Queries under way at once when as many as possible are made.
const WINDOW: u64 = 64;
/// Then no answer to them is waited for any more.
const LOST_AFTER: Duration = Duration::from_millis(100);

struct Figures {
    rate: f64,
    answered: f64,
    latencies: Histogram<u64>,
    cpu: f64,
}

fn main() {
    let cluster = Cluster::start(&["--nodes", "3", "--engine", "canned"]);
    let dns = Dns::start(&cluster.address(0), &["--rate", "0"]);
    eventually("all nodes are there", || dns.addresses().len() == 3);
    let steady = measure(&dns, Some(RATE + RATE / 10));
    tell("steady", &steady);
    let fastest = measure(&dns, None);
    tell("as fast as it goes", &fastest);
    let p99 = Duration::from_micros(steady.latencies.value_at_quantile(0.99));
    let kept = steady.rate >= RATE as f64 && p99 < P99;
    println!("{RATE} queries a second with p99 below {P99:?}: {}", if kept { "kept" } else { "not kept, now and on this machine" });
}

fn tell(what: &str, figures: &Figures) {
    let us = |quantile| figures.latencies.value_at_quantile(quantile);
    println!(
        "{what}: {:.0} answers/s, {:.2} % answered, p50 {} us, p99 {} us, p99.9 {} us, {:.0} % of a core",
        figures.rate,
        100.0 * figures.answered,
        us(0.5),
        us(0.99),
        us(0.999),
        100.0 * figures.cpu
    );
}

/// One thread asks and one takes the answers. `rate` is a steady one; without it there are always as many queries under way.
fn measure(dns: &Dns, rate: Option<u64>) -> Figures {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket.connect(dns.address as SocketAddr).expect("connected");
    socket.set_read_timeout(Some(Duration::from_millis(200))).expect("a timeout");
    let (start, cpu_before) = (Instant::now(), cpu(dns));
    let sent_at: Vec<AtomicU64> = (0..=u16::MAX).map(|_| AtomicU64::new(0)).collect();
    let (asked, answered) = (AtomicU64::new(0), AtomicU64::new(0));
    let mut latencies = Histogram::new(3).expect("a histogram");
    std::thread::scope(|scope| {
        scope.spawn(|| ask(&socket, start, rate, &sent_at, &asked, &answered));
        let mut answer = [0; 1500];
        while start.elapsed() < LENGTH + Duration::from_millis(200) {
            let Ok(length) = socket.recv(&mut answer) else { continue };
            assert!(length > 12 && answer[3] & 0x0f == 0, "an answer with nodes");
            let id = u16::from_be_bytes([answer[0], answer[1]]);
            let taken = start.elapsed().as_nanos() as u64 - sent_at[usize::from(id)].load(Ordering::Acquire);
            let _ = latencies.record(taken / 1000);
            answered.fetch_add(1, Ordering::Release);
        }
    });
    let (asked, answered) = (asked.into_inner(), answered.into_inner());
    let rate = answered as f64 / LENGTH.as_secs_f64();
    Figures { rate, answered: answered as f64 / asked as f64, latencies, cpu: (cpu(dns) - cpu_before) / LENGTH.as_secs_f64() }
}

fn ask(socket: &UdpSocket, start: Instant, rate: Option<u64>, sent_at: &[AtomicU64], asked: &AtomicU64, answered: &AtomicU64) {
    let mut packet = query();
    let (mut count, mut lost) = (0_u64, 0_u64);
    let mut last_sent = start;
    while start.elapsed() < LENGTH {
        let allowed = match rate {
            Some(rate) => (start.elapsed().as_secs_f64() * rate as f64) as u64,
            None => answered.load(Ordering::Acquire) + lost + WINDOW,
        };
        if count >= allowed {
            if last_sent.elapsed() > LOST_AFTER {
                lost = count.saturating_sub(answered.load(Ordering::Acquire));
            }
            std::thread::sleep(Duration::from_micros(200));
            continue;
        }
        let id = count as u16;
        packet[..2].copy_from_slice(&id.to_be_bytes());
        sent_at[usize::from(id)].store(start.elapsed().as_nanos() as u64, Ordering::Release);
        if socket.send(&packet).is_ok() {
            count += 1;
            last_sent = Instant::now();
            asked.store(count, Ordering::Release);
        }
    }
}

/// The seconds of processor time that the server has had.
fn cpu(dns: &Dns) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", dns.child.id())).expect("the process");
    let fields: Vec<&str> = stat.rsplit(") ").next().expect("fields").split(' ').collect();
    let ticks: f64 = fields[11..13].iter().map(|field| field.parse::<f64>().expect("a number")).sum();
    ticks / 100.0 // a tick is a hundredth of a second on every Linux there is
}
