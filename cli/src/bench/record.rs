//! What came of the load: latencies by node, by operation and by second.

use std::collections::BTreeMap;
use std::time::Duration;

use alternator_lb::Outcome;
use hdrhistogram::Histogram;

/// The shortest time of a bin of the plot, and the most bins.
const SHORTEST_BIN: Duration = Duration::from_millis(500);
const MOST_BINS: u32 = 240;
/// Longer latencies are not told apart.
const LONGEST: Duration = Duration::from_secs(120);
/// The digits of a latency that are kept.
const DIGITS: u8 = 3;

/// An operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Get,
    Put,
}

impl Kind {
    pub fn operation(self) -> &'static str {
        match self {
            Kind::Get => "GetItem",
            Kind::Put => "PutItem",
        }
    }
}

/// One request to one node.
pub struct Attempt<'a> {
    pub url: &'a str,
    pub outcome: Outcome,
    pub latency: Duration,
}

/// One call with all its attempts.
pub struct Call {
    pub kind: Kind,
    pub is_good: bool,
    /// When it ended, since the start.
    pub at: Duration,
    pub latency: Duration,
}

/// Latencies of what went well, and how often it did not.
#[derive(Clone, Debug)]
pub struct Figures {
    latencies: Histogram<u64>,
    pub failed: u64,
}

impl Default for Figures {
    fn default() -> Figures {
        #[allow(clippy::expect_used, reason = "it takes 0 to 5 digits")]
        let latencies = Histogram::new(DIGITS).expect("a number of digits that is accepted");
        Figures { latencies, failed: 0 }
    }
}

impl Figures {
    fn add(&mut self, is_good: bool, latency: Duration) {
        if is_good {
            // It grows with the values, and no value is out of its reach.
            let _ = self.latencies.record(latency.min(LONGEST).as_micros() as u64);
        } else {
            self.failed += 1;
        }
    }

    pub fn good(&self) -> u64 {
        self.latencies.len()
    }

    /// The latency that so many percent do not exceed; zero without any.
    pub fn percentile(&self, percent: f64) -> Duration {
        Duration::from_micros(self.latencies.value_at_percentile(percent))
    }
}

/// All figures.
#[derive(Clone, Debug)]
pub struct Record {
    pub nodes: BTreeMap<String, Figures>,
    pub operations: BTreeMap<Kind, Figures>,
    pub all: Figures,
    pub attempts: u64,
    /// The length of a bin, and the calls that ended in each.
    pub bin: Duration,
    pub bins: Vec<Figures>,
    pub lasted: Duration,
}

impl Record {
    pub fn new(length: Duration) -> Record {
        let bin = SHORTEST_BIN.max(length / MOST_BINS);
        Record {
            nodes: BTreeMap::new(),
            operations: BTreeMap::new(),
            all: Figures::default(),
            attempts: 0,
            bin,
            bins: vec![Figures::default(); bins_in(length, bin)],
            lasted: length,
        }
    }

    pub fn attempt(&mut self, attempt: &Attempt<'_>) {
        self.attempts += 1;
        let is_good = attempt.outcome == Outcome::Success;
        if !self.nodes.contains_key(attempt.url) {
            self.nodes.insert(attempt.url.to_owned(), Figures::default());
        }
        if let Some(node) = self.nodes.get_mut(attempt.url) {
            node.add(is_good, attempt.latency);
        }
    }

    pub fn call(&mut self, call: &Call) {
        self.operations.entry(call.kind).or_default().add(call.is_good, call.latency);
        self.all.add(call.is_good, call.latency);
        let bin = (call.at.as_nanos() / self.bin.as_nanos()) as usize;
        if let Some(bin) = self.bins.get_mut(bin) {
            bin.add(call.is_good, call.latency);
        }
    }

    /// The load ended after that time, perhaps before it was to.
    pub fn end(&mut self, lasted: Duration) {
        self.lasted = lasted;
        self.bins.truncate(bins_in(lasted, self.bin));
    }

    pub fn calls(&self) -> u64 {
        self.all.good() + self.all.failed
    }

    pub fn failed_calls(&self) -> u64 {
        self.all.failed
    }

    /// Attempts beyond the first of each call.
    pub fn retries(&self) -> u64 {
        self.attempts.saturating_sub(self.calls())
    }

    pub fn rate(&self) -> f64 {
        self.calls() as f64 / self.lasted.as_secs_f64().max(f64::EPSILON)
    }
}

fn bins_in(length: Duration, bin: Duration) -> usize {
    length.as_nanos().div_ceil(bin.as_nanos()) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_and_attempts_are_counted_apart() {
        let mut record = Record::new(Duration::from_secs(2));
        assert_eq!((record.bins.len(), Record::new(Duration::from_secs(3600)).bins.len()), (4, 240));
        let ms = Duration::from_millis;
        record.attempt(&Attempt { url: "a", outcome: Outcome::Refused, latency: ms(1) });
        record.attempt(&Attempt { url: "b", outcome: Outcome::Success, latency: ms(4) });
        record.call(&Call { kind: Kind::Put, is_good: true, at: ms(600), latency: ms(5) });
        record.call(&Call { kind: Kind::Get, is_good: false, at: ms(9_000), latency: ms(5) });
        record.end(ms(1_100));
        assert_eq!((record.calls(), record.failed_calls(), record.retries(), record.bins.len()), (2, 1, 0, 3));
        assert_eq!((record.nodes["a"].failed, record.nodes["b"].good()), (1, 1));
        assert_eq!(record.bins[1].good(), 1);
        let p99 = record.operations[&Kind::Put].percentile(99.0);
        assert!(p99 >= ms(5) && p99 < ms(6), "{p99:?}");
    }
}
