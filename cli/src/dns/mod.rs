//! `alb dns`: a name that stands for the live nodes, for programs that can take nothing but a name.
//!
//! One thread does it all: answering by UDP and TCP, asking the cluster for its nodes, looking how they fare. Messages are
//! alb_dns'.

mod limits;
mod log;
mod privileges;
mod sockets;
mod tcp;
mod udp;

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use alb_dns::{Answerer, Nodes, Transport, Zone};
use alternator_lb::{Balancer, Config};
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::{JoinSet, LocalSet};

use crate::args::{Common, seconds};
use crate::cluster::{NODE_PATIENCE, list_is_known};
use crate::drive::{Driver, Looking, News};
use crate::failure::{Code, Failure};
use crate::http::Http;
use limits::{Rate, Ruling};
use log::Log;

/// The options of `alb dns`.
#[derive(Args)]
pub struct DnsArgs {
    #[command(flatten)]
    pub common: Common,

    /// The name that stands for the cluster
    #[arg(long, env = "ALB_DNS_NAME")]
    pub name: String,

    /// Where to answer, by UDP and TCP; may be given several times
    #[arg(long, value_name = "ADDRESS[:PORT]", value_parser = listen_address, default_value = "127.0.0.1:53")]
    pub listen: Vec<SocketAddr>,

    /// How many nodes are in an answer, drawn anew each time: all or a number
    #[arg(long, default_value = "all", value_parser = answers)]
    pub answers: Answers,

    /// How long answers may be kept, in seconds
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(..=86_400))]
    pub ttl: u32,

    /// The name of this DNS server, for the records NS and SOA
    #[arg(long, value_name = "NAME")]
    pub server_name: Option<String>,

    /// Who to become when started as root
    #[arg(long, default_value = "nobody")]
    pub user: String,

    /// The most TCP clients at once; one network has at most a quarter of them
    #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u16).range(4..))]
    pub tcp_clients: u16,

    /// The most queries a second of one network (IPv4 /24, IPv6 /56); 0 for no limit
    #[arg(long, default_value_t = 2000)]
    pub rate: u32,

    /// How often each node is looked at, in seconds
    #[arg(long, default_value = "1", value_name = "SECONDS", value_parser = seconds)]
    pub look_each: Duration,
}

/// How many nodes an answer has: all without a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answers(Option<usize>);

fn answers(text: &str) -> Result<Answers, String> {
    match text.parse::<usize>() {
        Ok(count) if count > 0 => Ok(Answers(Some(count))),
        _ if text == "all" => Ok(Answers(None)),
        _ => Err("accepted: all, or a number from 1".into()),
    }
}

fn listen_address(text: &str) -> Result<SocketAddr, String> {
    let bare = text.trim_matches(['[', ']']);
    let address = text.parse().or_else(|_| bare.parse().map(|ip| SocketAddr::new(ip, 53)));
    address.map_err(|_| "accepted: an address, or address:port, such as 10.0.0.53 or [::1]:5353".into())
}

/// What all parts of the server share; they take turns on one thread.
struct Server {
    zone: RefCell<Zone>,
    answerer: RefCell<Answerer>,
    /// By UDP and by TCP, to which those who ask too much by UDP are sent.
    rates: [RefCell<Rate>; 2],
    started: Instant,
}

impl Server {
    /// Hands the answer to a packet to `send`, if there is one.
    fn answer(&self, packet: &[u8], transport: Transport, send: impl FnOnce(&[u8])) {
        if let Some(answer) = self.answerer.borrow_mut().answer(packet, transport, &self.zone.borrow()) {
            send(answer);
        }
    }

    fn rule_udp(&self, client: SocketAddr) -> Ruling {
        self.rates[0].borrow_mut().rule(client.ip(), self.started.elapsed())
    }

    fn rule_tcp(&self, client: SocketAddr) -> Ruling {
        self.rates[1].borrow_mut().rule(client.ip(), self.started.elapsed())
    }
}

pub async fn run(args: &DnsArgs) -> Result<(), Failure> {
    let common = &args.common;
    // Whoever asks a name server does not tell the library, so its idle period is the active one.
    let config = common.config(&[("refresh.idle_ms", "1000")])?;
    let zone = Zone::new(&args.name, args.server_name.as_deref(), args.ttl, args.answers.0);
    let zone = zone.map_err(|error| Failure::new(Code::Usage, format!("option --name: {error}")))?;
    let balancer = Arc::new(Balancer::new(config.clone())?);
    let http = Http::new(&balancer, config.connect_timeout);
    let log = Log::new(common.json);
    let sockets = args.listen.iter().map(|address| sockets::bind(*address)).collect::<Result<Vec<_>, _>>()?;
    let user = privileges::drop_to(&args.user)?;
    for (_, tcp) in &sockets {
        let address = tcp.local_addr().map_err(|error| Failure::system("the listening socket", &error))?;
        log.listening(&args.name, address, user.as_deref())?;
    }
    // Without systemd there is nobody to tell.
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);

    let server = Rc::new(Server {
        zone: RefCell::new(zone),
        answerer: RefCell::default(),
        rates: [(); 2].map(|()| RefCell::new(Rate::new(args.rate))),
        started: Instant::now(),
    });
    let places = tcp::Places::new(usize::from(args.tcp_clients));
    let local = LocalSet::new();
    let mut parts = JoinSet::new();
    for (udp, tcp) in sockets {
        parts.spawn_local_on(udp::serve(Rc::clone(&server), udp), &local);
        parts.spawn_local_on(tcp::serve(Rc::clone(&server), tcp, places.clone()), &local);
    }
    let looking = Looking { each: args.look_each, patience: NODE_PATIENCE.min(common.timeout) };
    let driver = Driver::new(Arc::clone(&balancer), http, Some(looking));
    parts.spawn_local_on(follow(Rc::clone(&server), balancer, config, driver, log), &local);
    let stopped = local.run_until(async {
        let mut terminate = signal(SignalKind::terminate()).map_err(|error| Failure::system("signals", &error))?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| Failure::system("signals", &error))?;
        tokio::select! {
            _ = terminate.recv() => Ok(()),
            _ = interrupt.recv() => Ok(()),
            ended = parts.join_next() => Err(part_ended(ended)),
        }
    });
    stopped.await
}

/// No part ends by itself but for a reason.
fn part_ended(ended: Option<Result<Failure, tokio::task::JoinError>>) -> Failure {
    match ended {
        Some(Ok(failure)) => failure,
        Some(Err(error)) => Failure::new(Code::System, format!("a part of the server ended: {error}")),
        None => Failure::new(Code::System, "there was nothing to serve"),
    }
}

/// Follows the cluster, and keeps the zone up to date.
async fn follow(server: Rc<Server>, balancer: Arc<Balancer>, config: Config, mut driver: Driver, mut log: Log) -> Failure {
    loop {
        if list_is_known(&balancer, &config) {
            server.zone.borrow_mut().set_nodes(Some(live_nodes(&balancer)));
        }
        if let Err(failure) = log.events(&balancer) {
            return failure;
        }
        match driver.news().await {
            News::Discovery | News::Looks(_) => {}
        }
    }
}

/// The nodes to answer with. Those that are names themselves cannot be in an answer.
fn live_nodes(balancer: &Balancer) -> Nodes {
    let live = balancer.nodes_in_use().into_iter().filter_map(|node| balancer.node(node));
    Nodes::new(live.filter_map(|node| Some(SocketAddr::new(node.address.host.ip()?, node.address.port))))
}
