//! `altcluster`: a local cluster of processes that answer like ScyllaDB Alternator nodes.
//!
//! One supervisor (`supervisor`) starts itself again as N nodes (`node`); `protocol` and `report` are what they say to each
//! other, `faults` is what can be made to go wrong. See README.md for how to use it and for its limits.

mod cli;
mod faults;
mod node;
mod protocol;
mod report;
mod supervisor;

use clap::Parser;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    raise_descriptor_limit();
    let result = match cli.command {
        Some(cli::Command::Node) => node::run(),
        None => supervisor::run(cli.options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("altcluster: {message}");
            ExitCode::FAILURE
        }
    }
}

/// A thousand connections are soon reached by a test of connection handling.
fn raise_descriptor_limit() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // Where it is refused, the limit is what it was.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}
