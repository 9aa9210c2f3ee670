//! Figures, made from what a run left behind.
//!
//! Throughput is of calls that succeeded, by their end; latency is of all calls; attempts count by the moment at which the plan was
//! asked for a node, so that what was known at that moment is what counts.

use std::ops::Range;
use std::time::Duration;

use crate::log::{Attempt, Call, Outage};
use crate::outcome::Outcome;
use crate::run::Record;
use crate::scenario::Trial;
use crate::worker::ATTEMPT_LIMIT;

/// Width of the bins of throughput over time.
pub const BIN: Duration = Duration::from_millis(250);
/// After the first time-outs have ended, a client knows; what it has to do then may take it that long.
const GRACE: Duration = Duration::from_millis(250);

#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Calls per second before the event, during it, and at the end.
    pub before: f64,
    pub during: f64,
    pub after: f64,
    /// The reference's calls per second during the event and at the end, as parts of those before.
    pub reference_during: f64,
    pub reference_after: f64,
    /// The worst bin in the same part of the event, in calls per second.
    pub worst: f64,
    pub failed_calls: usize,
    pub failed_attempts: usize,
    /// Attempts at bad nodes before and after the end of their trial.
    pub trial_attempts: usize,
    pub late_attempts: usize,
    pub bad_share: f64,
    pub amplification: f64,
    pub latency_before: Latency,
    /// Of all calls that the event met.
    pub latency: Latency,
    /// How long after the event the first bad node has half its fair share of attempts again.
    pub back_after: Option<Duration>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Latency {
    pub p50: Duration,
    pub p99: Duration,
    pub p999: Duration,
}

impl Figures {
    /// Calls per second during the event, as a part of those before and of what the machine allowed.
    pub fn kept(&self) -> f64 {
        self.during / self.before / self.reference_during
    }

    /// The same at the end.
    pub fn regained(&self) -> f64 {
        self.after / self.before / self.reference_after
    }

    /// Whether the reference went on as before, give or take five percent, so that the machine gave the clients the same all the time.
    pub fn is_steady(&self) -> bool {
        [self.reference_during, self.reference_after].iter().all(|part| (0.95..=1.05).contains(part))
    }
}

/// All figures of a run on that many nodes.
pub fn figures(record: &Record, nodes: usize, trial: Trial) -> Figures {
    let Record { calls, reference, outages, phases, .. } = record;
    let event = &phases.event;
    let settled = event.start + ATTEMPT_LIMIT + GRACE..event.end;
    let end = (phases.after.start + phases.after.end) / 2..phases.after.end;
    let attempts = || calls.iter().flat_map(|call| &call.attempts);
    let (trial_attempts, late_attempts) = at_bad_nodes(calls, outages, trial);
    Figures {
        before: rate(calls, &phases.before),
        during: rate(calls, &settled),
        after: rate(calls, &end),
        reference_during: rate(reference, &settled) / rate(reference, &phases.before),
        reference_after: rate(reference, &end) / rate(reference, &phases.before),
        worst: bins(calls, &settled).into_iter().fold(f64::INFINITY, f64::min),
        failed_calls: calls.iter().filter(|call| !call.succeeded()).count(),
        failed_attempts: attempts().filter(|attempt| !attempt.outcome.is_success()).count(),
        trial_attempts,
        late_attempts,
        bad_share: part(attempts().filter(|attempt| settled.contains(&attempt.asked_at)), |attempt| {
            outages.iter().any(|outage| outage.concerns(attempt))
        }),
        amplification: amplification(calls, outages),
        latency_before: latency(calls, |call| phases.before.contains(&call.begun) && call.ended < event.start),
        latency: latency(calls, |call| call.begun < event.end && call.ended >= event.start),
        back_after: outages.iter().map(|outage| outage.node).next().and_then(|node| {
            let healed = outages.iter().rfind(|outage| outage.node == node)?.during.end;
            back_after(calls, node, 0.5 / nodes as f64, healed..phases.after.end)
        }),
    }
}

/// Successful calls per second, bin by bin.
pub fn bins(calls: &[Call], within: &Range<Duration>) -> Vec<f64> {
    let whole = ((within.end.saturating_sub(within.start)).as_secs_f64() / BIN.as_secs_f64()) as usize;
    let mut counts = vec![0; whole];
    for call in calls.iter().filter(|call| call.succeeded() && call.ended >= within.start) {
        let bin = ((call.ended - within.start).as_secs_f64() / BIN.as_secs_f64()) as usize;
        if let Some(count) = counts.get_mut(bin) {
            *count += 1;
        }
    }
    counts.into_iter().map(|count| f64::from(count) / BIN.as_secs_f64()).collect()
}

impl Outage {
    fn concerns(&self, attempt: &Attempt) -> bool {
        self.node == attempt.node && self.during.contains(&attempt.asked_at)
    }
}

fn rate(calls: &[Call], within: &Range<Duration>) -> f64 {
    let count = calls.iter().filter(|call| call.succeeded() && within.contains(&call.ended)).count();
    count as f64 / within.end.saturating_sub(within.start).as_secs_f64()
}

fn part<'a>(attempts: impl Iterator<Item = &'a Attempt>, counts: impl Fn(&Attempt) -> bool) -> f64 {
    let (mut all, mut counted) = (0, 0);
    for attempt in attempts {
        all += 1;
        counted += usize::from(counts(attempt));
    }
    counted as f64 / f64::max(f64::from(all), 1.0)
}

fn amplification(calls: &[Call], outages: &[Outage]) -> f64 {
    let begun = calls.iter().filter(|call| outages.iter().any(|outage| outage.during.contains(&call.begun)));
    let (mut all, mut attempts) = (0, 0);
    for call in begun {
        all += 1;
        attempts += call.attempts.len();
    }
    attempts as f64 / f64::max(f64::from(all), 1.0)
}

/// Attempts at bad nodes, before and after the end of each client's trial of each: the report of the failure that told it.
fn at_bad_nodes(calls: &[Call], outages: &[Outage], trial: Trial) -> (usize, usize) {
    let clients = calls.iter().map(|call| call.client + 1).max().unwrap_or(0);
    let (mut early, mut late) = (0, 0);
    for outage in outages {
        for client in 0..clients {
            let there = || {
                let of_client = calls.iter().filter(|call| call.client == client);
                of_client.flat_map(|call| &call.attempts).filter(|attempt| outage.concerns(attempt))
            };
            let told = |attempt: &&Attempt| match trial {
                Trial::Plain => matches!(attempt.outcome, Outcome::Refused | Outcome::Timeout),
                Trial::Failures(_) => !attempt.outcome.is_success(),
            };
            let mut telling: Vec<_> = there().filter(told).map(|attempt| attempt.reported_at).collect();
            telling.sort_unstable();
            let needed = match trial {
                Trial::Plain => 1,
                Trial::Failures(count) => count,
            };
            let known_at = telling.get(needed - 1).copied().unwrap_or(Duration::MAX);
            let after = there().filter(|attempt| attempt.asked_at > known_at).count();
            early += there().count() - after;
            late += after;
        }
    }
    (early, late)
}

fn latency(calls: &[Call], counts: impl Fn(&&Call) -> bool) -> Latency {
    let mut sorted: Vec<_> = calls.iter().filter(counts).map(Call::latency).collect();
    sorted.sort_unstable();
    let at = |part: f64| {
        let place = (sorted.len() as f64 * part).ceil() as usize;
        sorted.get(place.saturating_sub(1)).copied().unwrap_or_default()
    };
    Latency { p50: at(0.5), p99: at(0.99), p999: at(0.999) }
}

/// When a window of two bins first shows that share of all attempts at the node.
fn back_after(calls: &[Call], node: usize, share: f64, within: Range<Duration>) -> Option<Duration> {
    let mut moments: Vec<_> = calls
        .iter()
        .flat_map(|call| &call.attempts)
        .filter(|attempt| within.contains(&attempt.asked_at))
        .map(|attempt| (attempt.asked_at - within.start, attempt.node == node))
        .collect();
    moments.sort_unstable();
    let steps = ((within.end.saturating_sub(within.start)).as_secs_f64() / BIN.as_secs_f64()) as u32;
    (0..steps.saturating_sub(1)).map(|step| BIN * step).find(|start| {
        let first = moments.partition_point(|(at, _)| at < start);
        let last = moments.partition_point(|(at, _)| *at < *start + 2 * BIN);
        let window = &moments[first..last];
        let there = window.iter().filter(|(_, there)| *there).count();
        there > 0 && there as f64 >= share * window.len() as f64
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Outcome::{Refused, Reset, Success, Timeout};

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn attempt(node: usize, asked: u64, reported: u64, outcome: Outcome) -> Attempt {
        Attempt { node, asked_at: ms(asked), reported_at: ms(reported), outcome }
    }

    fn call(client: usize, attempts: &[Attempt]) -> Call {
        let (begun, ended) = (attempts[0].asked_at, attempts[attempts.len() - 1].reported_at);
        Call { client, key: 0, begun, ended, attempts: attempts.to_vec() }
    }

    #[test]
    fn an_attempt_is_late_when_its_client_had_reported_the_failure_before_it_asked() {
        let outages = [Outage { node: 0, during: ms(1000)..ms(5000) }];
        let calls = [
            call(0, &[attempt(0, 900, 1900, Timeout), attempt(1, 1900, 1920, Success)]), // asked before the event
            call(0, &[attempt(0, 1100, 2100, Timeout), attempt(1, 2100, 2120, Success)]), // the trial
            call(0, &[attempt(0, 1200, 2200, Timeout)]),                                 // nothing was known yet
            call(0, &[attempt(0, 2101, 3101, Timeout)]),                                 // late
            call(1, &[attempt(0, 2500, 3500, Timeout)]),                                 // another client, its trial
            call(0, &[attempt(0, 5001, 5020, Success)]),                                 // well again
        ];
        assert_eq!(at_bad_nodes(&calls, &outages, Trial::Plain), (3, 1));
        assert_eq!(at_bad_nodes(&calls, &outages, Trial::Failures(2)), (4, 0), "two failures are the trial");
    }

    #[test]
    fn a_reset_alone_does_not_end_a_plain_trial() {
        let outages = [Outage { node: 0, during: ms(0)..ms(5000) }];
        let calls = [
            call(0, &[attempt(0, 0, 100, Reset)]),
            call(0, &[attempt(0, 200, 201, Refused)]),
            call(0, &[attempt(0, 300, 301, Refused)]),
        ];
        assert_eq!(at_bad_nodes(&calls, &outages, Trial::Plain), (2, 1));
        assert_eq!(at_bad_nodes(&calls, &outages, Trial::Failures(1)), (1, 2));
    }

    #[test]
    fn throughput_is_of_calls_that_succeeded_by_their_end() {
        let calls = [
            call(0, &[attempt(0, 0, 1000, Success)]),
            call(0, &[attempt(0, 900, 1300, Success)]),
            call(0, &[attempt(0, 1000, 1400, Timeout)]),
            call(0, &[attempt(0, 1000, 2000, Success)]),
        ];
        assert_eq!(rate(&calls, &(ms(1000)..ms(2000))), 2.0);
        assert_eq!(bins(&calls, &(ms(1000)..ms(2000))), [4.0, 4.0, 0.0, 0.0]);
    }

    #[test]
    fn a_percentile_is_a_latency_that_was_measured() {
        let calls: Vec<_> = (1..=1000).map(|ms| call(0, &[attempt(0, 0, ms, Success)])).collect();
        assert_eq!(latency(&calls, |_| true), Latency { p50: ms(500), p99: ms(990), p999: ms(999) });
        assert_eq!(latency(&calls, |_| false), Latency::default(), "of no call");
    }

    #[test]
    fn a_node_is_back_when_it_has_its_share_of_the_attempts_again() {
        let calls: Vec<_> = (0..400u64)
            .map(|i| {
                let at = 1000 + i * 10;
                let turn = if at < 3000 { 100 } else { 3 };
                call(0, &[attempt(usize::from(i % turn != 0), at, at, Success)])
            })
            .collect();
        let back = back_after(&calls, 0, 0.5 / 3.0, ms(1000)..ms(5000)).expect("it comes back");
        assert!(back > ms(1500) && back <= ms(2000), "{back:?}");
        assert_eq!(back_after(&calls, 2, 0.5 / 3.0, ms(1000)..ms(5000)), None);
        assert_eq!(back_after(&[], 0, 0.5 / 3.0, ms(1000)..ms(5000)), None, "half of nothing is no share");
    }

    #[test]
    fn attempts_are_told_per_call_begun_in_an_outage() {
        let calls = [call(0, &[attempt(0, 0, 5, Timeout), attempt(1, 5, 9, Success)]), call(0, &[attempt(1, 0, 5, Success)])];
        let outage = |from, to| [Outage { node: 0, during: ms(from)..ms(to) }];
        assert_eq!(amplification(&calls, &outage(0, 1)), 1.5);
        assert_eq!(amplification(&calls, &outage(1, 2)), 0.0, "no call was begun then");
    }
}
