//! The command line: also what the manual page and the completions of shells are made of.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Command as Definition, CommandFactory, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;

use crate::bench::BenchArgs;
use crate::dns::DnsArgs;
use crate::route::RouteArgs;
use crate::watch::WatchArgs;

/// Shows what a client of a ScyllaDB Alternator cluster sees and does, and serves a DNS name for its live nodes.
#[derive(Parser)]
#[command(
    name = "alb",
    version,
    propagate_version = true,
    after_help = "Exit status: 0 all is well; 1 trouble was found; 2 wrong \
    arguments; 3 the cluster cannot be reached; 4 it does not know the datacenter or rack; 5 the system refused (port, permission, \
    file); 6 the cluster refused a request; 130 interrupted."
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// List the cluster's nodes: where they are, how they fare, how fast they answer
    Nodes(Common),
    /// Check what a client needs of the cluster, and tell how to mend what is wrong
    Check(Common),
    /// Tell which node serves a key, and why
    Route(RouteArgs),
    /// Watch nodes, latencies, and who is set aside
    Watch(WatchArgs),
    /// Put a bounded load on a table that is made for it and removed
    Bench(BenchArgs),
    /// Serve a DNS name that stands for the live nodes
    Dns(DnsArgs),
    /// Print completions for a shell
    Completions { shell: Shell },
    /// Write the manual pages into a directory
    Man { directory: PathBuf },
}

impl Cli {
    /// The command line of this process, or what is to be said instead. A variable that is empty counts as unset.
    pub fn read() -> Result<Cli, clap::Error> {
        let matches = without_empty_variables(Cli::command()).try_get_matches()?;
        Cli::from_arg_matches(&matches)
    }
}

fn without_empty_variables(command: Definition) -> Definition {
    let is_empty = |name: &std::ffi::OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
    let command = command.mut_args(|arg| if arg.get_env().is_some_and(is_empty) { arg.env(None::<&str>) } else { arg });
    command.mut_subcommands(without_empty_variables)
}

/// The cluster, and how to tell of it.
#[derive(Args, Clone)]
pub struct Common {
    /// Nodes to begin with, or names that stand for some: host, host:port, [v6] or [v6]:port
    #[arg(value_name = "SEED", required = true, env = "ALB_SEEDS", value_delimiter = ',')]
    pub seeds: Vec<String>,

    /// Which nodes may serve: cluster, dc:NAME, rack:DC/RACK, or several of them from the wanted to the acceptable, joined by '>'
    #[arg(long, env = "ALB_SCOPE")]
    pub scope: Option<String>,

    /// The port of the nodes
    #[arg(long, env = "ALB_PORT", allow_negative_numbers = true, value_parser = whole::<u16>(1, 65_535))]
    pub port: Option<u16>,

    /// Speak TLS to the nodes
    #[arg(long)]
    pub https: bool,

    /// The CA certificates to trust, as a PEM file, instead of the platform's
    #[arg(long, value_name = "FILE", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub ca: Option<String>,

    /// Any other option of the library, as docs/CONFIGURATION.md lists them
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value)]
    pub options: Vec<(String, String)>,

    /// The longest wait for the cluster, in seconds
    #[arg(long, default_value = "5", value_name = "SECONDS", allow_negative_numbers = true, value_parser = seconds)]
    pub timeout: Duration,

    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("accepted: KEY=VALUE, such as refresh.active_ms=500")?;
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}

/// Reads a whole number from `least` to `most`.
pub fn whole<N: TryFrom<u64>>(least: u64, most: u64) -> impl Fn(&str) -> Result<N, String> + Clone + Send + Sync + 'static {
    move |text| {
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        number.and_then(|number| N::try_from(number).ok()).ok_or_else(|| format!("accepted: a whole number from {least} to {most}"))
    }
}

/// Reads a time in seconds, fractions allowed.
pub fn seconds(text: &str) -> Result<Duration, String> {
    let wrong = "accepted: a number of seconds from 0.05 to 86400";
    let seconds: f64 = text.parse().map_err(|_| wrong)?;
    if (0.05..=86_400.0).contains(&seconds) { Ok(Duration::from_secs_f64(seconds)) } else { Err(wrong.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn times_are_bounded() {
        assert_eq!(seconds("0.05"), Ok(Duration::from_millis(50)));
        for wrong in ["", "0", "-1", "nan", "inf", "1e9", "1s"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_option_of_the_library_is_a_key_and_a_value() {
        assert_eq!(key_value("a.b = c=d"), Ok(("a.b".into(), "c=d".into())));
        assert!(key_value("a.b").is_err());
    }
}
