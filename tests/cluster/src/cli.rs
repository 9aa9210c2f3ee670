//! The command line.

use crate::protocol::{Auth, EngineAddress};
use clap::{Args, Parser, Subcommand};
use std::str::FromStr;

/// A local cluster of processes that answer like ScyllaDB Alternator nodes, for tests.
///
/// Prints one JSON line once all nodes answer, with their addresses and that of the control API, and ends when its stdin (a
/// pipe or socket) is closed, when its parent ends, or on SIGTERM or SIGINT. It is a test double, not ScyllaDB.
#[derive(Parser)]
#[command(name = "altcluster", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub options: Options,
}

#[derive(Subcommand)]
pub enum Command {
    /// One node; started by the supervisor only.
    #[command(hide = true)]
    Node,
}

#[derive(Args, Clone)]
pub struct Options {
    /// How many nodes to start with; node i listens on 127.x.y.(11+i).
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=200))]
    pub nodes: u16,

    /// The /24 to live in, as 127.x.y, or "auto" for one that no other cluster has.
    #[arg(long, default_value = "auto")]
    pub subnet: SubnetChoice,

    /// The port all nodes listen on.
    #[arg(long, default_value_t = 8000, value_parser = clap::value_parser!(u16).range(1..))]
    pub port: u16,

    /// Serve HTTPS, with certificates made at start.
    #[arg(long)]
    pub https: bool,

    /// Ask clients for a certificate and refuse those without (implies --https).
    #[arg(long)]
    pub mtls: bool,

    /// Give out TLS session tickets (Alternator does not by default).
    #[arg(long)]
    pub tls_tickets: bool,

    /// Datacenter and rack of the nodes, given out in turn, as DC/RACK,DC/RACK,...
    #[arg(long, default_value = "dc1/r1,dc1/r2,dc1/r3", value_delimiter = ',')]
    pub topology: Vec<Place>,

    /// How long a dead node stays in the others' /localnodes.
    #[arg(long, value_name = "MS", default_value_t = 10_000)]
    pub gossip_delay_ms: u64,

    /// Ignore the dc and rack parameters of /localnodes, as servers before 2025.1 do.
    #[arg(long)]
    pub old_server: bool,

    /// Whether requests must be signed.
    #[arg(long, value_enum, default_value_t = Auth::Off)]
    pub auth: Auth,

    /// The only access key that is known.
    #[arg(long, default_value = "alternator")]
    pub access_key: String,

    /// The secret key that belongs to it.
    #[arg(long, default_value = "secret")]
    pub secret_key: String,

    /// What stores the data: "dynoxide" (in memory, in the supervisor), "canned" (valid answers without a store, for
    /// benchmarks), or http://host:port of a server that speaks DynamoDB JSON.
    #[arg(long, default_value = "dynoxide")]
    pub engine: EngineChoice,

    /// Do not end when the parent process ends or stdin is closed.
    #[arg(long)]
    pub no_parent_check: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubnetChoice {
    Auto,
    Given(u8, u8),
}

impl FromStr for SubnetChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "auto" {
            return Ok(SubnetChoice::Auto);
        }
        let parts: Vec<_> = text.split('.').map(str::parse::<u8>).collect();
        match parts[..] {
            [Ok(127), Ok(x), Ok(y)] => Ok(SubnetChoice::Given(x, y)),
            _ => Err("accepted is \"auto\" or 127.x.y".into()),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub datacenter: String,
    pub rack: String,
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('/') {
            Some((datacenter, rack)) if !datacenter.is_empty() && !rack.is_empty() => {
                Ok(Place { datacenter: datacenter.into(), rack: rack.into() })
            }
            _ => Err(format!("'{text}' is not DC/RACK")),
        }
    }
}

#[derive(Clone, Debug)]
pub enum EngineChoice {
    Dynoxide,
    Other(EngineAddress),
}

impl FromStr for EngineChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "dynoxide" => Ok(EngineChoice::Dynoxide),
            "canned" => Ok(EngineChoice::Other(EngineAddress::Canned)),
            url => match url.strip_prefix("http://").map(|rest| rest.trim_end_matches('/')) {
                Some(host_port) if !host_port.is_empty() && !host_port.contains('/') => {
                    Ok(EngineChoice::Other(EngineAddress::Http(host_port.into())))
                }
                _ => Err("accepted is \"dynoxide\", \"canned\" or http://host:port".into()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_wrong_value_is_refused() {
        for arguments in [
            &["--subnet", "10.0.0"][..],
            &["--subnet", "127.1"],
            &["--topology", "dc1"],
            &["--engine", "https://x:1"],
            &["--engine", "http://"],
            &["--auth", "warn"],
            &["--nodes", "0"],
        ] {
            let line = ["altcluster"].iter().chain(arguments);
            assert!(Cli::try_parse_from(line).is_err(), "{arguments:?}");
        }
    }

    #[test]
    fn places_are_given_in_a_list() {
        let cli = Cli::try_parse_from(["altcluster", "--topology", "a/b,c/d"]).unwrap_or_else(|e| e.exit());
        assert_eq!(cli.options.topology.len(), 2);
        assert_eq!(cli.options.topology[1], Place { datacenter: "c".into(), rack: "d".into() });
    }
}
