//! The table of options: name, default, what is accepted, what it means, how it is set.

use std::path::PathBuf;
use std::time::Duration;

use super::{
    AffinityMode, AffinityOrder, AffinityRule, AffinityScope, Coding, Config, Placement, RefreshMode, Source, Verify, health_table,
};
use crate::node::{Address, Scheme, parse_port};
use crate::scope::ScopeChain;

/// One option.
pub struct ConfigOption {
    /// Its name; [`NAME`] in it stands for a name that the user gives.
    pub key: &'static str,
    /// The default as text; empty when there is none.
    pub default: &'static str,
    /// The values that fit, as the error message names them.
    pub accepts: &'static str,
    /// What it does.
    pub meaning: &'static str,
    /// Whether a value must not be repeated in messages.
    pub secret: bool,
    setter: Setter,
}

/// Checks a value and puts it in place; the error is the reason alone.
enum Setter {
    Plain(fn(&mut Config, &str) -> Result<(), String>),
    /// The same for a row that stands for many options: the name comes first.
    Named(fn(&mut Config, &str, &str) -> Result<(), String>),
}

/// Stands in a key for a name that the user gives.
const NAME: &str = "<name>";

impl ConfigOption {
    /// Whether that is this option's name, or one of its names.
    pub fn takes(&self, key: &str) -> bool {
        self.key == key || self.name_in(key).is_some()
    }

    /// Checks a value and puts it in place; the error is the reason alone.
    pub fn set(&self, config: &mut Config, key: &str, value: &str) -> Result<(), String> {
        match self.setter {
            Setter::Plain(set) => set(config, value),
            Setter::Named(set) => set(config, self.name_in(key).unwrap_or_default(), value),
        }
    }

    fn name_in<'k>(&self, key: &'k str) -> Option<&'k str> {
        let (before, after) = self.key.split_once(NAME)?;
        key.strip_prefix(before)?.strip_suffix(after)
    }
}

/// At most this many seeds.
const MOST_SEEDS: usize = 256;

pub(super) const fn option(
    key: &'static str,
    default: &'static str,
    accepts: &'static str,
    meaning: &'static str,
    set: fn(&mut Config, &str) -> Result<(), String>,
) -> ConfigOption {
    ConfigOption { key, default, accepts, meaning, secret: false, setter: Setter::Plain(set) }
}

/// Every option there is, in the order of the manual.
pub fn options() -> impl Iterator<Item = &'static ConfigOption> {
    OPTIONS.iter().chain(health_table::OPTIONS)
}

static OPTIONS: &[ConfigOption] = &[
    option(
        "seeds",
        "",
        "1 to 256 of host, host:port, a bare IPv6 address, [v6] or [v6]:port, separated by commas",
        "Where to begin: nodes of the cluster, or names that stand for some. Required. A name is looked up again when it is needed, and \
         each of its addresses is asked. Requests go to seeds only until a list of nodes is known, or always with `discovery` `static`.",
        |config, value| {
            parse_seeds(value, 1)?;
            value.clone_into(&mut config.seeds);
            Ok(())
        },
    ),
    option("scheme", "http", "http or https", "How nodes are spoken to.", |config, value| {
        config.scheme = match value {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return Err("it is neither".into()),
        };
        Ok(())
    }),
    option(
        "port",
        "8000",
        "a number from 1 to 65535",
        "The port of discovered nodes, and of seeds that are given without one.",
        |config, value| {
            config.port = parse_port(value)?;
            Ok(())
        },
    ),
    option(
        "scope",
        "cluster",
        "cluster, dc:NAME or rack:DC/RACK, or up to 8 of them chained with '>', such as rack:dc1/r1>dc:dc1>cluster",
        "Which nodes may serve. A scope without nodes falls back to the next of the chain, and back again when it has some. `cluster` \
         unites the datacenters that can be reached from the seeds. In names, `/`, `>` and `%` are written `%2F`, `%3E` and `%25`.",
        |config, value| {
            config.scope = ScopeChain::parse(value)?;
            Ok(())
        },
    ),
    option(
        "discovery",
        "localnodes",
        "localnodes or static",
        "`localnodes` asks the cluster which nodes are alive; `static` takes the seeds as the list, for addresses that the cluster \
         does not know (translation, tunnels).",
        |config, value| {
            config.source = match value {
                "localnodes" => Source::Localnodes,
                "static" => Source::Static,
                _ => return Err("it is neither".into()),
            };
            Ok(())
        },
    ),
    option(
        "discovery.connect_timeout_ms",
        "1000",
        "milliseconds from 10 to 60000",
        "Longest wait for one TCP connection of discovery.",
        |config, value| milliseconds(value, 10, 60_000, &mut config.connect_timeout),
    ),
    option(
        "discovery.timeout_ms",
        "2000",
        "milliseconds from 10 to 60000",
        "Longest wait for one whole answer of discovery: connection, TLS and body. The look-up of a name comes on top of it, bounded \
         by the system's resolver alone.",
        |config, value| milliseconds(value, 10, 60_000, &mut config.timeout),
    ),
    option(
        "discovery.stall_ms",
        "250",
        "milliseconds from 10 to 60000, at most discovery.timeout_ms",
        "After this long without an answer the next node is asked; those that stalled get `discovery.timeout_ms` once all others were \
         asked, and come last in the next rounds. So a hung node delays a round by this much, once.",
        |config, value| milliseconds(value, 10, 60_000, &mut config.stall),
    ),
    option(
        "refresh.mode",
        "inline",
        "inline, manual or thread",
        "Who does the work of discovery. `inline`: the call that picks a node and finds a step due, after it has chosen; no thread. \
         `manual`: only `alb_refresh` and `alb_discovery_*`; no thread. `thread`: one thread of the library.",
        |config, value| {
            config.refresh_mode = match value {
                "inline" => RefreshMode::Inline,
                "manual" => RefreshMode::Manual,
                "thread" => RefreshMode::Thread,
                _ => return Err("it is none of them".into()),
            };
            Ok(())
        },
    ),
    option(
        "refresh.active_ms",
        "1000",
        "milliseconds from 100 to 3600000, at most refresh.idle_ms",
        "Period of the refresh while requests flow, +-10 %. Failed rounds double it, up to eightfold.",
        |config, value| milliseconds(value, 100, 3_600_000, &mut config.active),
    ),
    option(
        "refresh.idle_ms",
        "60000",
        "milliseconds from 100 to 86400000",
        "Period of the refresh while no requests flow, +-10 %. The first request afterwards makes a refresh due at once.",
        |config, value| milliseconds(value, 100, 86_400_000, &mut config.idle),
    ),
    option(
        "refresh.inline_budget_ms",
        "250",
        "milliseconds from 1 to 60000",
        "Longest time that one pick in `inline` mode spends on discovery, after it has chosen its node; all others return at once. \
         Raise it where a TLS handshake takes longer than this.",
        |config, value| milliseconds(value, 1, 60_000, &mut config.inline_budget),
    ),
    option(
        "affinity",
        "none",
        "none, rmw or any_write",
        "Which requests `alb_plan_for_request` and `alb_plan_for_write` send to the node of their partition key, so that one coordinator \
         serves a partition. `rmw`: writes for which the server reads first (conditions, most updates). `any_write`: every PutItem, \
         UpdateItem and DeleteItem, and BatchWriteItem by the votes of its items; for tables whose write isolation is `always`.",
        |config, value| {
            config.affinity.mode = match value {
                "none" => AffinityMode::None,
                "rmw" => AffinityMode::ReadModifyWrite,
                "any_write" => AffinityMode::AnyWrite,
                _ => return Err("it is none of them".into()),
            };
            Ok(())
        },
    ),
    option(
        "affinity.rule",
        "official",
        "official or server",
        "With `affinity` `rmw`: what counts as a write for which the server reads first. `official`: what the official clients take for \
         one, among others each UpdateExpression. `server`: what the server does; a SET to constants is then no such write.",
        |config, value| {
            config.affinity.rule = match value {
                "official" => AffinityRule::Official,
                "server" => AffinityRule::Server,
                _ => return Err("it is neither".into()),
            };
            Ok(())
        },
    ),
    option(
        "affinity.scope",
        "datacenter",
        "datacenter or routing",
        "Among which nodes a key chooses when the scope is a rack and `affinity` is not `none`. `datacenter`: those of the rack's \
         datacenter, whose list is then fetched as well, so that clients in all racks meet on one node; other requests stay in the rack. \
         `routing`: those of the rack.",
        |config, value| {
            config.affinity.scope = match value {
                "datacenter" => AffinityScope::Datacenter,
                "routing" => AffinityScope::Routing,
                _ => return Err("it is neither".into()),
            };
            Ok(())
        },
    ),
    option(
        "affinity.placement",
        "official",
        "official or rendezvous",
        "How a key chooses. `official`: as the official clients, bit for bit; a node that leaves or joins the list moves nearly all keys. \
         `rendezvous`: the node with the highest weight for the key; one of n nodes moves 1/n of the keys. For fleets that use this \
         library alone. A node that is set aside moves 1/n of the keys with either.",
        |config, value| {
            config.affinity.placement = match value {
                "official" => Placement::Official,
                "rendezvous" => Placement::Rendezvous,
                _ => return Err("it is neither".into()),
            };
            Ok(())
        },
    ),
    option(
        "affinity.order",
        "url",
        "url, url_no_default_port or host",
        "By which text the nodes are sorted before a key chooses among them (`alb_node_for_key`, `alb_plan_for_key`). All clients that \
         share tables should sort alike. `url`: as the official clients for Go, Java and C++, whatever the port. \
         `url_no_default_port`: as those for Rust and C# when the port is 80 or 443. `host`: as the one for Python.",
        |config, value| {
            config.affinity.order = match value {
                "url" => AffinityOrder::Url,
                "url_no_default_port" => AffinityOrder::UrlNoDefaultPort,
                "host" => AffinityOrder::Host,
                _ => return Err("it is none of them".into()),
            };
            Ok(())
        },
    ),
    ConfigOption {
        key: "table.<name>.key",
        default: "",
        accepts: "the name of the partition key's attribute, 1 to 255 bytes; in the option's name a table's, at most 1024 tables",
        meaning: "The partition key of a table, such as `table.users.key` with `id`. Tables not told here are put on the list of \
                  `alb_table_key_next_wanted` when a request needs their key, and routed without it until it is known.",
        secret: false,
        setter: Setter::Named(|config, table, key| config.affinity.set_table_key(table, key)),
    },
    option(
        "compression",
        "none",
        "none, gzip or deflate",
        "How `alb_compress` compresses bodies of requests. Servers inflate them from ScyllaDB 2026.1 on; older ones refuse them. `deflate` \
         is the zlib format.",
        |config, value| {
            config.wire.compression = match value {
                "none" => None,
                name => Some(Coding::parse(name).ok_or("it is none of them")?),
            };
            Ok(())
        },
    ),
    option(
        "compression.min_bytes",
        "1024",
        "a number of bytes from 0 to 16777216; 0 compresses bodies of any length",
        "Shorter bodies are sent as they are. So is what does not get shorter, and what has more than 16 MiB, which servers refuse.",
        |config, value| {
            config.wire.min_bytes = number(value, 0, 1 << 24)? as usize;
            Ok(())
        },
    ),
    option(
        "compression.level",
        "6",
        "a number from 0 to 9",
        "How much time is spent to send less: 1 is the fastest. 0 stores alone, so that nothing gets shorter and all is sent as it is.",
        |config, value| {
            config.wire.level = number(value, 0, 9)? as u32;
            Ok(())
        },
    ),
    option(
        "response_compression",
        "none",
        "none, or gzip and deflate separated by commas, the preferred one first",
        "What answers may be compressed with: the header Accept-Encoding that `alb_wire_text` gives. Servers compress answers from ScyllaDB \
         2026.1 on, of 4096 bytes and more unless they are configured otherwise; older ones ignore it.",
        |config, value| config.wire.set_response_compression(value),
    ),
    option(
        "headers.optimize",
        "off",
        "on or off",
        "Whether requests go without the headers that servers do not read. `alb_wire_text` tells those to keep; the caller removes the \
         others before it signs, or those that are not among the SignedHeaders afterwards.",
        |config, value| {
            config.wire.optimize_headers = match value {
                "on" => true,
                "off" => false,
                _ => return Err("it is neither".into()),
            };
            Ok(())
        },
    ),
    option(
        "headers.keep",
        "",
        "up to 64 names of headers separated by commas, or nothing",
        "With `headers.optimize`: headers that are sent as well, such as those that a proxy on the way reads.",
        |config, value| config.wire.set_keep_headers(value),
    ),
    option(
        "user_agent",
        concat!("alternator-lb/", env!("CARGO_PKG_VERSION")),
        "up to 256 printable ASCII characters, or nothing",
        "What discovery calls itself in its requests; empty sends no User-Agent.",
        |config, value| {
            if value.len() > 256 || !value.bytes().all(|b| (b' '..=b'~').contains(&b)) {
                return Err("it is too long or has other characters".into());
            }
            value.clone_into(&mut config.user_agent);
            Ok(())
        },
    ),
    option(
        "tls.ca_file",
        "",
        "the path of a PEM file, or nothing for the platform's roots",
        "Certificates that are trusted instead of the platform's. Read by `alb_new`.",
        |config, value| path(value, &mut config.tls.ca_file),
    ),
    ConfigOption {
        secret: true,
        ..option(
            "tls.ca_pem",
            "",
            "certificates in PEM, or nothing",
            "The same as text, together with `tls.ca_file` or alone.",
            |config, value| {
                if !value.is_empty() && !value.contains("-----BEGIN CERTIFICATE-----") {
                    return Err("it holds no certificate".into());
                }
                config.tls.ca_pem = (!value.is_empty()).then(|| value.to_owned());
                Ok(())
            },
        )
    },
    option(
        "tls.cert_file",
        "",
        "the path of a PEM file, or nothing",
        "The client's certificate with its chain, for servers that ask for one. Needs `tls.key_file`. Read by `alb_new`.",
        |config, value| path(value, &mut config.tls.cert_file),
    ),
    option(
        "tls.key_file",
        "",
        "the path of a PEM file, or nothing",
        "The client's private key. Needs `tls.cert_file`. Read by `alb_new`.",
        |config, value| path(value, &mut config.tls.key_file),
    ),
    option(
        "tls.verify",
        "full",
        "full, no_hostname or none",
        "What is checked of a server: `full`, all; `no_hostname`, all but that the certificate is for this address; `none`, nothing: \
         anybody on the way can read and change what is sent.",
        |config, value| {
            config.tls.verify = match value {
                "full" => Verify::Full,
                "no_hostname" => Verify::NoHostname,
                "none" => Verify::None,
                _ => return Err("it is none of them".into()),
            };
            Ok(())
        },
    ),
    option(
        "tls.session_cache",
        "256",
        "a number from 0 to 65536; 0 keeps none",
        "How many TLS sessions are kept for a short handshake.",
        |config, value| {
            config.tls.session_cache = number(value, 0, 65_536)? as usize;
            Ok(())
        },
    ),
    option(
        "tls.keylog_file",
        "",
        "a path, or nothing",
        "Debugging only: where the keys of TLS sessions are appended, in the format that Wireshark reads. Who has the file can read \
         what was sent.",
        |config, value| path(value, &mut config.tls.keylog_file),
    ),
];

/// Reads the value of `seeds`.
pub fn parse_seeds(value: &str, port: u16) -> Result<Vec<Address>, String> {
    let mut seeds = Vec::new();
    for part in value.split(',') {
        let seed = Address::parse(part.trim(), port)?;
        if seeds.len() == MOST_SEEDS {
            return Err(format!("more than {MOST_SEEDS} seeds"));
        }
        if !seeds.contains(&seed) {
            seeds.push(seed);
        }
    }
    Ok(seeds)
}

pub(super) fn number(value: &str, least: u64, most: u64) -> Result<u64, String> {
    match value.parse::<u64>() {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        Ok(_) => Err("it is out of range".into()),
        Err(_) => Err("it is not a whole number".into()),
    }
}

pub(super) fn milliseconds(value: &str, least: u64, most: u64, place: &mut Duration) -> Result<(), String> {
    *place = Duration::from_millis(number(value, least, most)?);
    Ok(())
}

pub(super) fn on_or_off(value: &str, place: &mut bool) -> Result<(), String> {
    *place = match value {
        "on" => true,
        "off" => false,
        _ => return Err("it is neither".into()),
    };
    Ok(())
}

fn path(value: &str, place: &mut Option<PathBuf>) -> Result<(), String> {
    if value.len() > 4096 {
        return Err("a path has at most 4096 bytes".into());
    }
    *place = (!value.is_empty()).then(|| PathBuf::from(value));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_accepted_by_its_own_option() {
        for option in options().filter(|option| !option.default.is_empty()) {
            assert_eq!(option.set(&mut Config::default(), option.key, option.default), Ok(()), "{}", option.key);
        }
    }

    #[test]
    fn names_are_unique() {
        for (position, option) in options().enumerate() {
            assert!(options().take(position).all(|other| other.key != option.key), "{}", option.key);
        }
    }

    #[test]
    fn a_table_in_the_options_name_may_have_dots() {
        let mut config = Config::default();
        config.set("table.users.key", "id").unwrap();
        config.set("table.my.table.key", "pk").unwrap();
        config.set("table.users.key", "name").unwrap();
        let told = [("users", "name"), ("my.table", "pk")].map(|(table, key)| (table.to_owned(), key.to_owned()));
        assert_eq!(config.affinity.table_keys, told);
        for (key, value) in [("table..key", "id"), ("table.a b.key", "id"), ("table.users.key", ""), ("table.<name>.key", "x")] {
            let refusal = config.set(key, value).unwrap_err().message;
            assert!(refusal.contains(key) && refusal.contains("1 to 255"), "{refusal}");
        }
        assert!(config.set("table.key", "id").unwrap_err().message.contains("no option 'table.key'"));
    }

    #[test]
    fn too_many_seeds_are_refused() {
        let seeds: Vec<String> = (0..257).map(|i| format!("host{i}")).collect();
        assert!(parse_seeds(&seeds.join(","), 1).unwrap_err().contains("256"));
        assert_eq!(parse_seeds(&seeds[..256].join(","), 1).unwrap().len(), 256);
        assert_eq!(parse_seeds("a,a:1,A", 1).unwrap().len(), 1);
    }
}
