//! The library itself, through its public API: a handle under virtual time, a query plan for each request, a report of each
//! attempt, and discovery driven as an event loop drives it.

use std::time::Duration;

use alternator_lb::{Balancer, Config, Error, NodeId, Outcome};

use super::alarm::Alarm;
use super::world::{PORT, Time, host_of, node_at, node_of_url, rack_of_url};
use super::{Answer, Client, Fetch, Policy, World};
use crate::model::Walk;

/// How many of the listed nodes are seeds.
const SEEDS: usize = 3;
/// An event loop asks again after this long at the latest, in seconds.
const LOOK_EVERY: f64 = 1.0;
/// Nor does it spin.
const LOOK_PAUSE: f64 = 0.001;

/// One client's handle.
pub struct Product {
    balancer: Balancer,
    time: Time,
    alarm: Alarm,
    racks: usize,
    /// The library's number of each node, as far as it has given one.
    ids: Vec<Option<NodeId>>,
    /// The first call that the library refused.
    refused: Option<Error>,
}

impl Product {
    /// A client's handle with these options, which has had its first round of discovery before the start.
    pub fn boxed(client: &Client, world: &World, options: &[(&str, &str)]) -> Result<Box<dyn Policy>, Error> {
        let mut config = Config::default();
        let seeds: Vec<String> = world.listed.iter().take(SEEDS).map(|node| host_of(*node).to_string()).collect();
        let common = [("seeds", seeds.join(",")), ("port", PORT.to_string()), ("refresh.mode", "manual".into())];
        for (key, value) in common.iter().map(|(key, value)| (*key, value.as_str())).chain(options.iter().copied()) {
            config.set(key, value)?;
        }
        world.time.set(client.phase - LOOK_EVERY);
        let product = Product {
            balancer: Balancer::with_clock(config, world.time.clock())?,
            time: world.time.clone(),
            alarm: Alarm::new(),
            racks: client.racks,
            ids: vec![None; client.nodes],
            refused: None,
        };
        while let Some(fetch) = product.balancer.discovery_next() {
            let body = product.localnodes(&world.listed, rack_of_url(&fetch.url));
            product.balancer.discovery_feed(fetch.token, 200, &body)?;
        }
        Ok(Box::new(product))
    }

    fn node(&mut self, id: NodeId) -> Option<usize> {
        let node = node_at(&self.balancer.node(id)?.address)?;
        *self.ids.get_mut(node)? = Some(id);
        Some(node)
    }

    /// The body of `/localnodes`.
    fn localnodes(&self, listed: &[usize], rack: Option<usize>) -> Vec<u8> {
        let wanted = listed.iter().filter(|node| rack.is_none_or(|rack| *node % self.racks == rack));
        let hosts: Vec<String> = wanted.map(|node| format!("\"{}\"", host_of(*node))).collect();
        format!("[{}]", hosts.join(",")).into_bytes()
    }

    fn note(&mut self, result: Result<(), Error>) {
        if let Err(error) = result {
            self.refused.get_or_insert(error);
        }
    }
}

impl Policy for Product {
    fn pick(&mut self, now: f64, walk: &mut Walk) -> Option<usize> {
        self.time.set(now);
        let id = self.balancer.plan_next(&mut walk.plan).ok()?;
        self.node(id)
    }

    fn done(&mut self, now: f64, node: usize, latency: f64, outcome: Outcome) {
        self.time.set(now);
        if let Some(id) = self.ids[node] {
            let taken = self.balancer.report(id, outcome, (latency * 1e6) as u64);
            self.note(taken);
        }
    }

    /// The library says itself how long to wait, whatever the SDK would do.
    fn retry_after(&mut self, now: f64, walk: &Walk, outcome: Outcome, _usual: f64) -> Option<f64> {
        self.time.set(now);
        self.balancer.retry_delay(&walk.plan, outcome).ok().map(|wait| wait.as_secs_f64())
    }

    fn hedge_after(&mut self, now: f64, walk: &Walk, elapsed: f64) -> Option<f64> {
        self.time.set(now);
        let elapsed = Duration::from_nanos((elapsed * 1e9).round() as u64);
        self.balancer.hedge_delay(&walk.plan, elapsed).ok().map(|wait| wait.as_secs_f64())
    }

    fn wake_at(&mut self, now: f64) -> Option<f64> {
        self.time.set(now);
        let pause = self.balancer.refresh_due().map_or(LOOK_EVERY, |due| due.as_secs_f64().clamp(LOOK_PAUSE, LOOK_EVERY));
        self.alarm.set(now + pause)
    }

    fn fetches(&mut self, now: f64) -> Vec<Fetch> {
        if !self.alarm.rings(now) {
            return Vec::new();
        }
        self.time.set(now);
        std::iter::from_fn(|| self.balancer.discovery_next())
            .filter_map(|fetch| {
                let (node, rack) = (node_of_url(&fetch.url)?, rack_of_url(&fetch.url));
                Some(Fetch { node, timeout: fetch.timeout.as_secs_f64(), token: fetch.token, rack })
            })
            .collect()
    }

    fn fetched(&mut self, now: f64, fetch: &Fetch, answer: &Answer) {
        self.time.set(now);
        let taken = match answer {
            Answer::Nodes(listed) => {
                let body = self.localnodes(listed, fetch.rack);
                self.balancer.discovery_feed(fetch.token, 200, &body)
            }
            Answer::Refused => self.balancer.discovery_fail(fetch.token, Outcome::Refused),
            Answer::Silence => self.balancer.discovery_fail(fetch.token, Outcome::Timeout),
        };
        self.note(taken);
    }

    fn refused(&self) -> Option<&Error> {
        self.refused.as_ref()
    }
}
