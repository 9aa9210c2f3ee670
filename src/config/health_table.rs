//! The rows of the table of options that say how a node is chosen and when it is set aside.

use super::table::{ConfigOption, milliseconds, number, on_or_off, option};
use super::{Policy, RackMode};

/// Those options, in the order of the manual.
pub static OPTIONS: &[ConfigOption] = &[
    option(
        "policy",
        "adaptive",
        "adaptive, random or round_robin",
        "How a node is chosen. `adaptive`: a few are drawn at random, and the one with the lowest price is taken, which is the latency to \
         be expected, times the attempts in flight and one; it lives on reports, and is `random` for callers that make none. `random`: \
         evenly. `round_robin`: in turn, each thread from a place of its own. Nodes that are set aside come last with each of them.",
        |config, value| {
            config.policy = match value {
                "adaptive" => Policy::Adaptive,
                "random" => Policy::Random,
                "round_robin" => Policy::RoundRobin,
                _ => return Err("it is none of them".into()),
            };
            Ok(())
        },
    ),
    option(
        "adaptive.candidates",
        "4",
        "a number from 1 to 8",
        "How many random nodes are compared. With more, each choice is better and clients are more alike in theirs.",
        |config, value| whole(value, 1, 8, &mut config.adaptive.candidates),
    ),
    option(
        "adaptive.tau_ms",
        "1000",
        "milliseconds from 10 to 600000",
        "The time constant of a node's average latency.",
        |config, value| milliseconds(value, 10, 600_000, &mut config.adaptive.tau),
    ),
    option(
        "adaptive.weight_max_percent",
        "25",
        "a number from 1 to 100",
        "The most that a single latency counts in the average, however long ago the last one was.",
        |config, value| whole(value, 1, 100, &mut config.adaptive.weight_percent),
    ),
    option(
        "adaptive.forget_ms",
        "2000",
        "milliseconds from 10 to 600000",
        "The time constant in which a node's average relaxes to the mean of all nodes when there are no new latencies of it.",
        |config, value| milliseconds(value, 10, 600_000, &mut config.adaptive.forget),
    ),
    option(
        "adaptive.clip",
        "10",
        "a number from 2 to 1000",
        "A latency counts as this many times the mean of all nodes at most, so that a node is soon forgiven.",
        |config, value| whole(value, 2, 1000, &mut config.adaptive.clip),
    ),
    option(
        "adaptive.penalty_percent",
        "200",
        "a number from 100 to 10000",
        "A failed attempt counts as a latency of at least this many percent of the one expected: failing fast is not being fast.",
        |config, value| whole(value, 100, 10_000, &mut config.adaptive.penalty_percent),
    ),
    option(
        "adaptive.stall_factor",
        "4",
        "a number from 1 to 1000",
        "A node with attempts in flight, of which nothing was heard for this many times the mean latency of all nodes, has stalled: the \
         silence counts as its latency.",
        |config, value| whole(value, 1, 1000, &mut config.adaptive.stall_factor),
    ),
    option("adaptive.stall_min_ms", "10", "milliseconds from 1 to 60000", "A shorter silence is no stall.", |config, value| {
        milliseconds(value, 1, 60_000, &mut config.adaptive.stall_least)
    }),
    option(
        "adaptive.slow_start_ms",
        "3000",
        "milliseconds from 0 to 600000",
        "How long a node that was set aside takes to its full share of requests.",
        |config, value| milliseconds(value, 0, 600_000, &mut config.adaptive.slow_start),
    ),
    option(
        "adaptive.slow_start_min_percent",
        "10",
        "a number from 1 to 100",
        "The share that it begins with: its price is divided by it.",
        |config, value| whole(value, 1, 100, &mut config.adaptive.slow_start_percent),
    ),
    option(
        "rack",
        "prefer",
        "prefer, strict or off",
        "What the rack of a scope `rack:DC/RACK` means. `prefer`: its nodes are chosen unless another one of the datacenter is that much \
         faster (`rack.beyond_percent`), and the whole datacenter's when more than half of them are set aside. `strict`: no others, ever; \
         a rack with most of the clients is then the bottleneck of them all. `off`: the datacenter's nodes are all alike. Of no effect with \
         another scope, or with `discovery` `static`.",
        |config, value| {
            config.rack = match value {
                "prefer" => RackMode::Prefer,
                "strict" => RackMode::Strict,
                "off" => RackMode::Off,
                _ => return Err("it is none of them".into()),
            };
            Ok(())
        },
    ),
    option(
        "rack.beyond_percent",
        "150",
        "a number from 100 to 10000",
        "The price of a node beyond the preferred rack, in percent of what it would be within. For `policy` `adaptive`.",
        |config, value| whole(value, 100, 10_000, &mut config.adaptive.beyond_percent),
    ),
    option(
        "health",
        "on",
        "on or off",
        "Whether failing nodes are set aside until a probe finds them well: those to which no connection can be made and those that hang \
         at once, those that answer with errors when they stand out from the others. Never more than half of the nodes.",
        |config, value| on_or_off(value, &mut config.health.on),
    ),
    option(
        "health.share",
        "process",
        "process or handle",
        "Who shares what is learned of the nodes. `process`: all handles of the process that have the same `seeds`, `scheme` and `port` and \
         the same options `tls.*`, `adaptive.*` and `health.*`. `handle`: nobody. A forked child goes on with what it had.",
        |config, value| {
            config.health.shared = match value {
                "process" => true,
                "handle" => false,
                _ => return Err("it is neither".into()),
            };
            Ok(())
        },
    ),
    option(
        "health.eject_base_ms",
        "500",
        "milliseconds from 10 to 600000, at most health.eject_max_ms",
        "How long a node is set aside the first time, +-25 %; doubles when it is set aside again, and when a probe or trial fails.",
        |config, value| milliseconds(value, 10, 600_000, &mut config.health.eject_base),
    ),
    option(
        "health.eject_max_ms",
        "30000",
        "milliseconds from 10 to 3600000",
        "The longest time that a node is set aside before it is probed, or tried, again, +-25 %.",
        |config, value| milliseconds(value, 10, 3_600_000, &mut config.health.eject_max),
    ),
    option(
        "health.probe_ms",
        "2000",
        "milliseconds from 10 to 3600000",
        "How soon a probe that did not reach a node is repeated, where doubling would take longer: after this time, or an eighth of the time \
         that the node has been away when that is more, +-25 %; `health.eject_max_ms` or more for never before its time.",
        |config, value| milliseconds(value, 10, 3_600_000, &mut config.health.probe),
    ),
    option(
        "health.forgive_ms",
        "60000",
        "milliseconds from 0 to 86400000",
        "A node that was in use for this long starts over at `health.eject_base_ms` when it is set aside again.",
        |config, value| milliseconds(value, 0, 86_400_000, &mut config.health.forgiven_after),
    ),
    option(
        "health.failures_in_a_row",
        "3",
        "a number from 0 to 1000; 0 for never",
        "After so many failed attempts in a row (server errors, resets, time-outs) a node is set aside, if most of the others answer and \
         their rate of failures makes such a row unlikely.",
        |config, value| whole(value, 0, 1000, &mut config.health.failures_in_a_row),
    ),
    option(
        "health.failure_percent",
        "50",
        "a number from 1 to 100; 100 for never",
        "A node of which more than this share of attempts failed of late is set aside, if that is more than twice the others' share and \
         ten percent.",
        |config, value| whole(value, 1, 100, &mut config.health.failure_percent),
    ),
    option(
        "health.failure_window_ms",
        "10000",
        "milliseconds from 100 to 3600000",
        "The time constant in which the share of failures is counted.",
        |config, value| milliseconds(value, 100, 3_600_000, &mut config.health.failure_window),
    ),
    option(
        "health.failure_min_requests",
        "20",
        "a number from 1 to 1000000",
        "With fewer attempts in that time the share says nothing.",
        |config, value| whole(value, 1, 1_000_000, &mut config.health.failure_attempts),
    ),
    option(
        "retry.percent",
        "20",
        "a number from 0 to 1000",
        "How many retries `alb_retry_delay_us` grants, in percent of the requests that began: an outage of the whole cluster is not \
         multiplied.",
        |config, value| whole(value, 0, 1000, &mut config.retry.percent),
    ),
    option(
        "retry.per_second",
        "5",
        "a number from 0 to 1000000",
        "How many retries a second it grants in any case, for programs with few requests.",
        |config, value| whole(value, 0, 1_000_000, &mut config.retry.per_second),
    ),
    option(
        "retry.burst",
        "10",
        "a number from 1 to 1000000",
        "How many retries are saved up at most while none are needed.",
        |config, value| whole(value, 1, 1_000_000, &mut config.retry.burst),
    ),
    option(
        "retry.backoff_base_ms",
        "25",
        "milliseconds from 1 to 60000, at most retry.backoff_max_ms",
        "The longest wait before a retry when waiting helps: the node asked for less, or all nodes were tried. A random part of it is \
         waited; it doubles each time. A failure of one node is retried at another one at once.",
        |config, value| milliseconds(value, 1, 60_000, &mut config.retry.backoff_base),
    ),
    option("retry.backoff_max_ms", "1000", "milliseconds from 1 to 600000", "The longest wait of all.", |config, value| {
        milliseconds(value, 1, 600_000, &mut config.retry.backoff_max)
    }),
    option(
        "hedge",
        "off",
        "on or off",
        "Whether `alb_hedge_delay_us` offers second attempts for requests that take long. For requests that may be made twice: reads, and \
         writes that can be repeated. It shortens the longest latencies of a cluster that has load to spare, and costs all others some.",
        |config, value| on_or_off(value, &mut config.hedge.on),
    ),
    option(
        "hedge.percentile",
        "95",
        "a number from 50 to 99",
        "A request is hedged when it takes longer than this many percent of all.",
        |config, value| whole(value, 50, 99, &mut config.hedge.percentile),
    ),
    option(
        "hedge.percent",
        "5",
        "a number from 1 to 5",
        "How many hedges are offered, in percent of the requests that began.",
        |config, value| whole(value, 1, 5, &mut config.hedge.percent),
    ),
    option(
        "hedge.burst",
        "3",
        "a number from 1 to 10",
        "How many hedges are saved up at most. More of them at once can push a busy cluster over the edge.",
        |config, value| whole(value, 1, 10, &mut config.hedge.burst),
    ),
];

fn whole(value: &str, least: u32, most: u32, place: &mut u32) -> Result<(), String> {
    *place = number(value, least.into(), most.into())? as u32;
    Ok(())
}
