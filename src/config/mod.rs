//! Options: set as text by name, checked one by one, then together.
//!
//! [`table`] is the only list of them: it sets, checks, documents.

mod affinity;
mod health;
mod health_table;
pub mod markdown;
pub mod table;
mod tls;
mod wire;

use std::time::Duration;

pub use affinity::{AffinityMode, AffinityOptions, AffinityOrder, AffinityRule, AffinityScope, Placement};
pub(crate) use affinity::{check_attribute_name, check_table_name};
pub use health::{AdaptiveOptions, HealthOptions, HedgeOptions, Policy, RackMode, RetryOptions};
pub(crate) use tls::INLINE_PEM;
pub use tls::{TlsOptions, Verify};
pub use wire::{Coding, WireOptions};

use crate::error::{Error, Status, shorten};
use crate::node::{Address, Scheme};
use crate::scope::ScopeChain;

/// Where the list of nodes comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// Asked from the cluster.
    #[default]
    Localnodes,
    /// The seeds are the list.
    Static,
}

/// Who does the work of discovery.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RefreshMode {
    /// The call that finds a step due, after it has chosen its node.
    #[default]
    Inline,
    /// Nobody but `alb_refresh` and the sans-I/O calls.
    Manual,
    /// One thread of the library.
    Thread,
}

/// All options, checked. Built by [`Config::set`].
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Where to begin, as given: ports are filled in by [`Config::seeds`].
    pub(crate) seeds: String,
    /// How nodes are spoken to.
    pub scheme: Scheme,
    /// The port of discovered nodes and of seeds without one.
    pub port: u16,
    /// Which nodes may serve.
    pub scope: ScopeChain,
    /// Where the list of nodes comes from.
    pub source: Source,
    /// Longest wait for one TCP connection of discovery.
    pub connect_timeout: Duration,
    /// Longest wait for one whole answer of discovery.
    pub timeout: Duration,
    /// After this long without an answer the next node is asked first.
    pub stall: Duration,
    /// Who does the work of discovery.
    pub refresh_mode: RefreshMode,
    /// Period while requests flow.
    pub active: Duration,
    /// Period while none do.
    pub idle: Duration,
    /// Longest time that one pick in `inline` mode spends on discovery.
    pub inline_budget: Duration,
    /// How a node is chosen.
    pub policy: Policy,
    /// Which requests go by their key, and where.
    pub affinity: AffinityOptions,
    /// How much the rack of a scope matters.
    pub rack: RackMode,
    /// What a node costs.
    pub adaptive: AdaptiveOptions,
    /// When a node is set aside.
    pub health: HealthOptions,
    /// How many further attempts a failing cluster is given.
    pub retry: RetryOptions,
    /// Second attempts before the first one has failed.
    pub hedge: HedgeOptions,
    /// What discovery calls itself; empty sends nothing.
    pub user_agent: String,
    /// How bodies are compressed and which headers are sent.
    pub wire: WireOptions,
    /// TLS of discovery.
    pub tls: TlsOptions,
}

impl Default for Config {
    /// Every option at the default that its row states.
    fn default() -> Self {
        let mut config = Config {
            seeds: String::new(),
            scheme: Scheme::default(),
            port: 0,
            scope: ScopeChain::default(),
            source: Source::default(),
            connect_timeout: Duration::ZERO,
            timeout: Duration::ZERO,
            stall: Duration::ZERO,
            refresh_mode: RefreshMode::default(),
            active: Duration::ZERO,
            idle: Duration::ZERO,
            inline_budget: Duration::ZERO,
            policy: Policy::default(),
            affinity: AffinityOptions::default(),
            rack: RackMode::default(),
            adaptive: AdaptiveOptions::default(),
            health: HealthOptions::default(),
            retry: RetryOptions::default(),
            hedge: HedgeOptions::default(),
            user_agent: String::new(),
            wire: WireOptions::default(),
            tls: TlsOptions::default(),
        };
        for option in table::options().filter(|option| !option.default.is_empty()) {
            let set = option.set(&mut config, option.key, option.default);
            debug_assert_eq!(set, Ok(()), "default of {}", option.key);
        }
        config
    }
}

impl Config {
    /// Sets one option. The error names the option, the value and what is accepted; after an error the option is as before.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), Error> {
        let Some(option) = table::options().find(|option| option.takes(key)) else {
            return Err(unknown(key));
        };
        option.set(self, key, value).map_err(|reason| {
            let shown = if option.secret { "(not shown)".into() } else { shorten(value) };
            Error::new(
                Status::BadValue,
                format!("option {} cannot be '{shown}': {reason}; accepted: {}", shorten(key), option.accepts),
            )
        })
    }

    /// Whether the datacenter's nodes are to be known as well when the scope is a rack.
    pub fn wants_datacenter(&self) -> bool {
        self.affinity.wants_datacenter() || self.rack != RackMode::Strict
    }

    /// The seeds with their ports.
    pub fn seeds(&self) -> Vec<Address> {
        table::parse_seeds(&self.seeds, self.port).unwrap_or_default()
    }

    /// Checks what no single option can know.
    pub fn check(&self) -> Result<(), Error> {
        if self.seeds().is_empty() {
            return Err(Error::new(
                Status::BadValue,
                "option seeds is not set: give at least one host or host:port of the cluster",
            ));
        }
        let pairs: [(&str, Duration, &str, Duration); 4] = [
            ("refresh.active_ms", self.active, "refresh.idle_ms", self.idle),
            ("health.eject_base_ms", self.health.eject_base, "health.eject_max_ms", self.health.eject_max),
            ("retry.backoff_base_ms", self.retry.backoff_base, "retry.backoff_max_ms", self.retry.backoff_max),
            ("discovery.stall_ms", self.stall, "discovery.timeout_ms", self.timeout),
        ];
        for (small, low, large, high) in pairs {
            if low > high {
                return Err(Error::new(
                    Status::BadValue,
                    format!("option {small} is {}, more than option {large} with {}", low.as_millis(), high.as_millis()),
                ));
            }
        }
        match (&self.tls.cert_file, &self.tls.key_file) {
            (Some(_), None) => Err(Error::new(Status::BadValue, "option tls.cert_file needs option tls.key_file as well")),
            (None, Some(_)) => Err(Error::new(Status::BadValue, "option tls.key_file needs option tls.cert_file as well")),
            _ => Ok(()),
        }
    }
}

/// Names the nearest option where one is near, so that a slip of the finger explains itself.
fn unknown(key: &str) -> Error {
    let nearest = table::options().map(|option| (edits(key, option.key), option.key)).min();
    let hint = match nearest {
        Some((distance, name)) if distance <= 3 => format!("did you mean {name}?"),
        _ => "docs/CONFIGURATION.md lists all".into(),
    };
    Error::new(Status::UnknownOption, format!("there is no option '{}': {hint}", shorten(key)))
}

/// Levenshtein's distance, bounded work: keys are short, and a long one is no slip of the finger.
fn edits(from: &str, to: &str) -> usize {
    if from.len() > 64 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in to.chars().enumerate() {
            let substituted = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[row.len() - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_those_of_the_table() {
        let config = Config::default();
        assert_eq!(config.port, 8000);
        assert_eq!(config.active, Duration::from_secs(1));
        assert_eq!(config.idle, Duration::from_secs(60));
        assert_eq!(config.refresh_mode, RefreshMode::Inline);
        assert!(config.health.on);
        assert_eq!(config.adaptive.candidates, 4);
    }

    #[test]
    fn errors_name_option_value_and_what_is_accepted() {
        for (key, value, parts) in [
            ("port", "0", ["port", "'0'", "1 to 65535"]),
            ("port", "65536", ["port", "'65536'", "1 to 65535"]),
            ("scheme", "ftp", ["scheme", "'ftp'", "http or https"]),
            ("policy", "best", ["policy", "'best'", "random"]),
            ("refresh.active_ms", "9", ["refresh.active_ms", "'9'", "100"]),
            ("refresh.active_ms", "1s", ["refresh.active_ms", "'1s'", "milliseconds"]),
            ("seeds", "a,,b", ["seeds", "'a,,b'", "host:port"]),
            ("seeds", " ", ["seeds", "' '", "host:port"]),
            ("health", "yes", ["health", "'yes'", "on or off"]),
            ("scope", "rack:x", ["scope", "rack:DC/RACK", "cluster"]),
        ] {
            let error = Config::default().set(key, value).unwrap_err();
            assert_eq!(error.status, Status::BadValue);
            for part in parts {
                assert!(error.message.contains(part), "{key}={value}: {}", error.message);
            }
        }
    }

    #[test]
    fn an_unknown_option_is_an_error_of_its_own() {
        let error = Config::default().set("prot", "1").unwrap_err();
        assert_eq!((error.status, error.message.contains("did you mean port?")), (Status::UnknownOption, true));
        let error = Config::default().set(&"x".repeat(1 << 20), "1").unwrap_err();
        assert!(error.message.len() < 300 && error.message.contains("CONFIGURATION.md"), "{}", error.message);
    }

    #[test]
    fn pasted_pem_is_not_shown() {
        let error = Config::default().set("tls.ca_pem", "hunter2").unwrap_err();
        assert!(!error.message.contains("hunter2") && error.message.contains("tls.ca_pem"), "{}", error.message);
    }

    #[test]
    fn options_that_contradict_each_other_are_refused() {
        let mut config = Config::default();
        assert!(config.check().unwrap_err().message.contains("seeds"));
        config.set("seeds", "a").unwrap();
        config.check().unwrap();
        config.set("refresh.idle_ms", "500").unwrap();
        assert!(config.check().unwrap_err().message.contains("refresh.active_ms is 1000"));
        let mut config = Config::default();
        config.set("seeds", "a").unwrap();
        config.set("tls.cert_file", "/c").unwrap();
        assert!(config.check().unwrap_err().message.contains("tls.key_file"));
    }

    #[test]
    fn seeds_take_the_port_whenever_it_is_set() {
        let mut config = Config::default();
        config.set("seeds", "a, b:1,[::1]").unwrap();
        config.set("port", "9").unwrap();
        let seeds: Vec<String> = config.seeds().iter().map(ToString::to_string).collect();
        assert_eq!(seeds, ["a:9", "b:1", "[::1]:9"]);
    }
}
