//! What is measured in a run, and the mean of several.

use serde::{Deserialize, Serialize};

use crate::scenario::{BAD_NODE, Scenario, TROUBLE_BEGINS, TROUBLE_ENDS, WARM};

/// Half a second of a run: attempts, and how many of them went to the bad node.
pub type Second = (u32, u32);
/// Slots of the timeline in a second.
const SLOTS: f64 = 2.0;
/// A slot with fewer attempts says nothing of shares.
const TELLING: u32 = 100;

/// The figures of a run. Names and meaning of the first group are the reference's.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Metrics {
    /// Requests measured.
    pub n: f64,
    /// Median latency of requests, in ms; those that failed for good included.
    pub p50: f64,
    /// The 99th percentile.
    pub p99: f64,
    /// The 99.9th percentile.
    pub p999: f64,
    /// The mean.
    pub mean: f64,
    /// Share of requests that failed for good.
    pub err: f64,
    /// Failed attempts per request.
    pub atterr: f64,
    /// Attempts per request.
    pub att: f64,
    /// Attempts at the busiest node over the mean.
    pub maxmean: f64,
    /// Mean over time of the longest queue over the mean queue.
    pub imb: f64,
    /// Share of attempts that went to the bad node during the trouble.
    pub bad: f64,
    /// Seconds from the end of the trouble until the bad node has half its fair share.
    pub rec: Option<f64>,
    /// Share of attempts that crossed racks.
    pub cross: f64,

    /// Failed attempts a client.
    pub failed_per_client: f64,
    /// Attempts for each request during the trouble.
    pub amplified: f64,
    /// Seconds from the beginning of the trouble to the last attempt that was sent and failed.
    pub felt: Option<f64>,
    /// Where keys went.
    pub keys: Option<KeyMoves>,
    /// The run by half seconds.
    #[serde(skip)]
    pub timeline: Vec<Second>,
}

/// Where the first attempts of requests with a key went during the trouble.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct KeyMoves {
    /// Of requests for keys of healthy nodes, the share that went elsewhere.
    pub strayed: f64,
    /// Of requests for keys of the bad node, the share that went elsewhere.
    pub displaced: f64,
}

impl Metrics {
    /// The mean of several runs; of figures that some lack, the mean of the others.
    pub fn mean_of(runs: &[Metrics]) -> Metrics {
        let mean = |value: fn(&Metrics) -> f64| runs.iter().map(value).sum::<f64>() / runs.len() as f64;
        let known = |value: fn(&Metrics) -> Option<f64>| {
            let values: Vec<f64> = runs.iter().filter_map(value).collect();
            (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
        };
        let strayed = known(|run| run.keys.map(|keys| keys.strayed));
        let displaced = known(|run| run.keys.map(|keys| keys.displaced));
        let longest = runs.iter().map(|run| run.timeline.len()).max().unwrap_or(0);
        let slot = |index: usize| {
            let slots = runs.iter().filter_map(|run| run.timeline.get(index));
            slots.fold((0, 0), |sum, slot| (sum.0 + slot.0, sum.1 + slot.1))
        };
        Metrics {
            n: mean(|run| run.n),
            p50: mean(|run| run.p50),
            p99: mean(|run| run.p99),
            p999: mean(|run| run.p999),
            mean: mean(|run| run.mean),
            err: mean(|run| run.err),
            atterr: mean(|run| run.atterr),
            att: mean(|run| run.att),
            maxmean: mean(|run| run.maxmean),
            imb: mean(|run| run.imb),
            bad: mean(|run| run.bad),
            rec: known(|run| run.rec),
            cross: mean(|run| run.cross),
            failed_per_client: mean(|run| run.failed_per_client),
            amplified: mean(|run| run.amplified),
            felt: known(|run| run.felt),
            keys: strayed.zip(displaced).map(|(strayed, displaced)| KeyMoves { strayed, displaced }),
            timeline: (0..longest).map(slot).collect(),
        }
    }

    /// The time of a slot's middle.
    pub fn slot_middle(index: usize) -> f64 {
        (index as f64 + 0.5) / SLOTS
    }
}

/// Counts while a run goes on.
pub struct Counters {
    latencies: Vec<f64>,
    failed_requests: u64,
    attempts: u64,
    failed_attempts: u64,
    crossing: u64,
    by_node: Vec<u64>,
    during: u64,
    during_bad: u64,
    requests_during: u64,
    last_failure: Option<f64>,
    imbalances: Vec<f64>,
    timeline: Vec<Second>,
    homes: Vec<Option<usize>>,
    keys_elsewhere: [(u64, u64); 2],
}

fn in_trouble(at: f64) -> bool {
    (TROUBLE_BEGINS..TROUBLE_ENDS).contains(&at)
}

impl Counters {
    /// Nothing counted yet.
    pub fn new(scenario: &Scenario) -> Counters {
        Counters {
            latencies: Vec::new(),
            failed_requests: 0,
            attempts: 0,
            failed_attempts: 0,
            crossing: 0,
            by_node: vec![0; scenario.nodes],
            during: 0,
            during_bad: 0,
            requests_during: 0,
            last_failure: None,
            imbalances: Vec::new(),
            timeline: Vec::new(),
            homes: vec![None; scenario.keys],
            keys_elsewhere: [(0, 0); 2],
        }
    }

    /// A request arrives.
    pub fn arrived(&mut self, at: f64) {
        self.requests_during += u64::from(in_trouble(at));
    }

    /// An attempt is sent.
    pub fn sent(&mut self, at: f64, node: usize, crosses: bool) {
        let bad = node == BAD_NODE;
        if at >= WARM {
            self.attempts += 1;
            self.crossing += u64::from(crosses);
            self.by_node[node] += 1;
        }
        if in_trouble(at) {
            self.during += 1;
            self.during_bad += u64::from(bad);
        }
        let slot = (at * SLOTS) as usize;
        if self.timeline.len() <= slot {
            self.timeline.resize(slot + 1, (0, 0));
        }
        self.timeline[slot].0 += 1;
        self.timeline[slot].1 += u32::from(bad);
    }

    /// The first attempt for a key is sent.
    pub fn first_of_key(&mut self, at: f64, key: usize, node: usize) {
        if (WARM..TROUBLE_BEGINS).contains(&at) {
            self.homes[key] = Some(node);
        }
        if let Some(home) = self.homes[key].filter(|_| in_trouble(at)) {
            let (all, elsewhere) = &mut self.keys_elsewhere[usize::from(home == BAD_NODE)];
            *all += 1;
            *elsewhere += u64::from(node != home);
        }
    }

    /// An attempt of a request that arrived then was sent and has failed.
    pub fn attempt_failed(&mut self, arrived: f64, sent: f64) {
        self.failed_attempts += u64::from(arrived >= WARM);
        if in_trouble(sent) {
            self.last_failure = Some(self.last_failure.map_or(sent, |last| last.max(sent)));
        }
    }

    /// A request has ended.
    pub fn request_over(&mut self, arrived: f64, now: f64, well: bool) {
        if arrived >= WARM {
            self.latencies.push(now - arrived);
            self.failed_requests += u64::from(!well);
        }
    }

    /// The queues are looked at.
    pub fn queues(&mut self, outstanding: impl Iterator<Item = usize>) {
        let (mut count, mut sum, mut most) = (0, 0, 0);
        for length in outstanding {
            (count, sum, most) = (count + 1, sum + length, most.max(length));
        }
        if sum > 0 {
            self.imbalances.push(most as f64 / (sum as f64 / f64::from(count)));
        }
    }

    /// The figures.
    pub fn metrics(mut self, scenario: &Scenario) -> Metrics {
        self.latencies.sort_unstable_by(f64::total_cmp);
        let latencies = &self.latencies;
        let n = latencies.len().max(1) as f64;
        let percentile = |share: f64| latencies.get((share * n) as usize).or(latencies.last()).map_or(0.0, |latency| latency * 1e3);
        let share = |part: u64, of: u64| if of == 0 { 0.0 } else { part as f64 / of as f64 };
        let all: u64 = self.by_node.iter().sum();
        let busiest = self.by_node.iter().copied().max().unwrap_or(0);
        let keys = (scenario.keys > 0).then(|| {
            let [strayed, displaced] = self.keys_elsewhere.map(|(all, elsewhere)| share(elsewhere, all));
            KeyMoves { strayed, displaced }
        });
        Metrics {
            n,
            p50: percentile(0.5),
            p99: percentile(0.99),
            p999: percentile(0.999),
            mean: latencies.iter().sum::<f64>() / n * 1e3,
            err: self.failed_requests as f64 / n,
            atterr: self.failed_attempts as f64 / n,
            att: self.attempts as f64 / n,
            maxmean: busiest as f64 / (all as f64 / scenario.nodes as f64),
            imb: self.imbalances.iter().sum::<f64>() / self.imbalances.len() as f64,
            bad: share(self.during_bad, self.during),
            rec: scenario.has_a_bad_node().then(|| self.recovery(scenario.nodes)).flatten(),
            cross: share(self.crossing, self.attempts),
            failed_per_client: self.failed_attempts as f64 / scenario.clients as f64,
            amplified: share(self.during, self.requests_during),
            felt: self.last_failure.map(|last| last - TROUBLE_BEGINS),
            keys,
            timeline: self.timeline,
        }
    }

    fn recovery(&self, nodes: usize) -> Option<f64> {
        let end = (TROUBLE_ENDS * SLOTS) as usize;
        let after = self.timeline.get(end..)?;
        let half_fair = 0.5 / nodes as f64;
        let back = after.iter().position(|(all, bad)| *all > TELLING && f64::from(*bad) / f64::from(*all) >= half_fair)?;
        Some((back + 1) as f64 / SLOTS)
    }
}
