//! The table of scenarios: what is done to which node when, and what must hold all the same.
//!
//! Moments are parts of the event: 0 is its beginning, 1 its end, so `--seconds` stretches a timeline as it is. What is expected
//! everywhere, that no acknowledged write is lost, is not listed.

use std::time::Duration;

use Act::{Continue, Fault, Heal, Kill, Restart, ShutDown, Slow, Stop};
use Expect::{Amplification, BadShare, FailedCalls, Keeps, LateAttempts, Regains};
use Who::{All, EachInTurn, Half, One};

pub struct Scenario {
    pub name: &'static str,
    pub what: &'static str,
    /// Sizes of the cluster.
    pub sizes: &'static [usize],
    pub timeline: &'static [Step],
    /// What tells a client that a node is bad.
    pub trial: Trial,
    pub expected: &'static [Expect],
    /// Whether it is worth seeing what a client without health feels.
    pub compared: bool,
    /// Whether it is part of a shortened run.
    pub quick: bool,
}

pub struct Step {
    at: f64,
    who: Who,
    act: Act,
}

#[derive(Clone, Copy)]
enum Who {
    One,
    /// As many as may be set aside: the smaller half.
    Half,
    All,
    /// One after the other, each for an equal part of the event; the step's moment is a part of that part.
    EachInTurn,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Act {
    /// SIGKILL.
    Kill,
    /// SIGSTOP.
    Stop,
    /// SIGCONT.
    Continue,
    /// A clean end, of which the other nodes tell at once.
    ShutDown,
    /// A killed or shut down node is started again.
    Restart,
    /// Requests take so many times as long.
    Slow(u32),
    /// A fault of altcluster, in JSON.
    Fault(&'static str),
    /// No fault any more.
    Heal,
}

impl Act {
    /// Whether a node is bad from here on, or not any more.
    pub fn is_bad(self) -> bool {
        !matches!(self, Continue | Restart | Heal)
    }
}

/// The attempts that a client needs to learn that a node is bad, and at which nobody else can spare it the failure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Trial {
    /// Until the first refused connection or time-out. (A connection that a dying node resets says nothing for sure.)
    Plain,
    /// Until so many failures of any kind.
    Failures(usize),
}

/// What must hold in a scenario.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Expect {
    /// Calls per second during the event, once the first time-outs are over, as a part of those before, by the reference: at least.
    Keeps(f64),
    /// The same at the end of the run.
    Regains(f64),
    /// Calls that failed for the application: at most.
    FailedCalls(usize),
    /// Attempts at a bad node after its trial: at most.
    LateAttempts(usize),
    /// Part of the attempts during the event, once the first time-outs are over, that went to a bad node: at most.
    BadShare(f64),
    /// Attempts per call while nodes are bad: at most.
    Amplification(f64),
}

impl Expect {
    /// Whether a machine that is busy with other things can spoil it.
    pub fn is_of_throughput(&self) -> bool {
        matches!(self, Keeps(_) | Regains(_))
    }
}

const fn step(at: f64, who: Who, act: Act) -> Step {
    Step { at, who, act }
}

/// What most scenarios have in common.
const PLAIN: Scenario = Scenario {
    name: "",
    what: "",
    sizes: &[3, 9],
    timeline: &[],
    trial: Trial::Plain,
    expected: &[],
    compared: false,
    quick: false,
};

pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "sigkill",
        what: "a node is killed, and started again at the end",
        timeline: &[step(0.0, One, Kill), step(1.0, One, Restart)],
        expected: &[Keeps(0.9), Regains(0.9), FailedCalls(0), LateAttempts(0)],
        compared: true,
        quick: true,
        ..PLAIN
    },
    Scenario {
        name: "sigstop",
        what: "a node hangs: connections are accepted by the kernel, nothing is answered",
        timeline: &[step(0.0, One, Stop), step(1.0, One, Continue)],
        expected: &[Keeps(0.9), Regains(0.9), FailedCalls(0), LateAttempts(0)],
        compared: true,
        quick: true,
        ..PLAIN
    },
    Scenario {
        name: "partition",
        what: "a node can not be reached: packets are swallowed",
        timeline: &[step(0.0, One, Fault(r#"{"kind":"blackhole"}"#)), step(1.0, One, Heal)],
        expected: &[Keeps(0.9), Regains(0.9), FailedCalls(0), LateAttempts(0)],
        ..PLAIN
    },
    Scenario {
        name: "slow",
        what: "a node takes ten times as long",
        timeline: &[step(0.0, One, Slow(10)), step(1.0, One, Heal)],
        expected: &[Keeps(0.9), Regains(0.9), FailedCalls(0), BadShare(0.02)],
        compared: true,
        quick: true,
        ..PLAIN
    },
    // Where requests fail and probes do not, a node comes back and is tried again, less and less often.
    Scenario {
        name: "resets",
        what: "a node resets every connection that brings it a request",
        timeline: &[step(0.0, One, Fault(r#"{"kind":"reset"}"#)), step(1.0, One, Heal)],
        trial: Trial::Failures(3),
        expected: &[Keeps(0.9), Regains(0.9), FailedCalls(0), BadShare(0.02)],
        ..PLAIN
    },
    Scenario {
        name: "errors",
        what: "a node answers every request with status 500",
        timeline: &[step(0.0, One, Fault(r#"{"kind":"error"}"#)), step(1.0, One, Heal)],
        trial: Trial::Failures(3),
        expected: &[Keeps(0.9), Regains(0.9), FailedCalls(0), BadShare(0.02)],
        ..PLAIN
    },
    Scenario {
        name: "lost_answers",
        what: "a node does half of its writes and closes the connection instead of answering",
        timeline: &[step(0.0, One, Fault(r#"{"kind":"close_after_write","probability":0.5}"#)), step(1.0, One, Heal)],
        expected: &[Keeps(0.8), Regains(0.9), FailedCalls(0)],
        quick: true,
        ..PLAIN
    },
    Scenario {
        name: "flapping",
        what: "a node hangs and goes on, twice",
        timeline: &[step(0.0, One, Stop), step(0.25, One, Continue), step(0.5, One, Stop), step(0.75, One, Continue)],
        expected: &[Keeps(0.8), Regains(0.9), FailedCalls(0)],
        ..PLAIN
    },
    Scenario {
        name: "crash_loop",
        what: "a node is killed and started again, twice",
        timeline: &[step(0.0, One, Kill), step(0.25, One, Restart), step(0.5, One, Kill), step(0.75, One, Restart)],
        expected: &[Keeps(0.9), Regains(0.9), FailedCalls(0)],
        ..PLAIN
    },
    Scenario {
        name: "rolling_restart",
        what: "each node is shut down in turn, and started again half-way through its turn",
        timeline: &[step(0.0, EachInTurn, ShutDown), step(0.5, EachInTurn, Restart)],
        expected: &[Keeps(0.9), Regains(0.9), FailedCalls(0)],
        ..PLAIN
    },
    Scenario {
        name: "half_killed",
        what: "as many nodes are killed as may be set aside",
        sizes: &[9],
        timeline: &[step(0.0, Half, Kill), step(1.0, Half, Restart)],
        // A call has as many attempts as there are dead nodes, so the first of a client may meet them all.
        expected: &[Keeps(0.9), Regains(0.9), FailedCalls(2), LateAttempts(0)],
        ..PLAIN
    },
    Scenario {
        name: "half_hung",
        what: "as many nodes hang as may be set aside",
        sizes: &[9],
        timeline: &[step(0.0, Half, Stop), step(1.0, Half, Continue)],
        expected: &[Keeps(0.9), Regains(0.9), FailedCalls(0), LateAttempts(0)],
        ..PLAIN
    },
    Scenario {
        name: "all_killed",
        what: "every node is killed for three quarters of the event: nothing can succeed, retries must not multiply",
        timeline: &[step(0.0, All, Kill), step(0.75, All, Restart)],
        expected: &[Regains(0.9), Amplification(1.4)],
        quick: true,
        ..PLAIN
    },
];

impl Scenario {
    /// The timeline for that many nodes and an event of that length, in order of time.
    pub fn moments(&self, nodes: usize, event: Duration) -> Vec<(Duration, usize, Act)> {
        let mut moments: Vec<_> = self
            .timeline
            .iter()
            .flat_map(|step| {
                let affected = match step.who {
                    One => 1,
                    Half => nodes / 2,
                    All | EachInTurn => nodes,
                };
                (0..affected).map(move |node| {
                    let at = match step.who {
                        EachInTurn => (node as f64 + step.at) / nodes as f64,
                        One | Half | All => step.at,
                    };
                    (event.mul_f64(at), node, step.act)
                })
            })
            .collect();
        moments.sort_by_key(|(at, _, _)| *at);
        moments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: Duration = Duration::from_secs(9);

    #[test]
    fn every_timeline_leaves_every_node_well() {
        for scenario in SCENARIOS {
            for &nodes in scenario.sizes {
                let moments = scenario.moments(nodes, EVENT);
                assert!(moments.iter().any(|(_, _, act)| act.is_bad()), "{}", scenario.name);
                for node in 0..nodes {
                    let last = moments.iter().rfind(|(_, affected, _)| *affected == node);
                    assert!(last.is_none_or(|(_, _, act)| !act.is_bad()), "{}: node {node}", scenario.name);
                }
            }
        }
    }

    #[test]
    fn never_more_than_half_are_bad_where_calls_must_not_fail() {
        for scenario in SCENARIOS.iter().filter(|s| s.expected.iter().any(|expect| matches!(expect, FailedCalls(_)))) {
            for &nodes in scenario.sizes {
                let mut bad = vec![false; nodes];
                for (_, node, act) in scenario.moments(nodes, EVENT) {
                    bad[node] = act.is_bad();
                    assert!(bad.iter().filter(|bad| **bad).count() <= nodes / 2, "{}", scenario.name);
                }
            }
        }
    }

    #[test]
    fn in_a_rolling_restart_one_node_is_down_at_a_time() {
        let rolling = SCENARIOS.iter().find(|scenario| scenario.name == "rolling_restart").expect("it is in the table");
        let seconds = |s| Duration::from_millis(s);
        assert_eq!(
            rolling.moments(3, EVENT),
            [
                (seconds(0), 0, ShutDown),
                (seconds(1500), 0, Restart),
                (seconds(3000), 1, ShutDown),
                (seconds(4500), 1, Restart),
                (seconds(6000), 2, ShutDown),
                (seconds(7500), 2, Restart),
            ]
        );
    }
}
