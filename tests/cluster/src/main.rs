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
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
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
