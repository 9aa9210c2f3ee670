//! alb: what a client of an Alternator cluster sees and does, for people and scripts. It uses the library's Rust API as any program
//! can.
//!
//! A module a command ([`nodes`], [`check`], [`route`], [`watch`], [`bench`], [`dns`]); [`args`] is the command line, [`failure`]
//! the exit codes, [`http`], [`look`] and [`drive`] what talks to the nodes.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod args;
mod bench;
mod check;
mod cluster;
mod dns;
mod drive;
mod dynamodb;
mod events;
mod failure;
mod http;
mod look;
mod manual;
mod nodes;
mod output;
mod route;
mod shown;
mod signals;
mod watch;

use std::io::{self, Write};
use std::process::ExitCode;

use args::{Cli, Command};
use failure::{Code, Failure};

fn main() -> ExitCode {
    let cli = match Cli::read() {
        Ok(cli) => cli,
        Err(told) => return say(&told),
    };
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // A command that only sets its exit code has said all on standard output; and if standard error is closed, nobody reads
            // it.
            if !failure.message.is_empty() {
                let _ = writeln!(io::stderr(), "alb: {failure}");
            }
            failure.code.into()
        }
    }
}

/// Help and version go to standard output, complaints, which repeat what was given, to standard error.
fn say(told: &clap::Error) -> ExitCode {
    if !told.use_stderr() {
        told.exit();
    }
    let _ = write!(io::stderr(), "{}", shown::lines(&told.render().to_string()));
    Code::Usage.into()
}

fn run(command: Command) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::system("the event loop", &error))?;
    let done = match command {
        Command::Nodes(common) => runtime.block_on(nodes::run(&common)),
        Command::Check(common) => runtime.block_on(check::run(&common)),
        Command::Route(args) => runtime.block_on(route::run(&args)),
        Command::Watch(args) => runtime.block_on(watch::run(&args)),
        Command::Bench(args) => runtime.block_on(bench::run(&args)),
        Command::Dns(args) => runtime.block_on(dns::run(&args)),
        Command::Completions { shell } => manual::completions(shell),
        Command::Man { directory } => manual::pages(&directory),
    };
    // A look-up of a name that still waits for the system would hold up the end.
    runtime.shutdown_background();
    done
}
