//! `alb watch`: the nodes as they come, go, slow down and are set aside. On a terminal a table that is drawn anew, elsewhere a line
//! for each change, and one now and then.

mod lines;
mod screen;
mod view;

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::time::Duration;

use alternator_lb::Balancer;
use clap::Args;

use crate::args::{Common, seconds, whole};
use crate::cluster::NODE_PATIENCE;
use crate::drive::{Driver, Looking};
use crate::failure::{Code, Failure};
use crate::http::Http;

/// The options of `alb watch`.
#[derive(Args)]
pub struct WatchArgs {
    #[command(flatten)]
    pub common: Common,

    /// Time between two looks at the nodes, in seconds
    #[arg(long, default_value = "1", value_name = "SECONDS", allow_negative_numbers = true, value_parser = seconds)]
    pub interval: Duration,

    /// End after so many looks
    #[arg(long, allow_negative_numbers = true, value_parser = whole::<u64>(1, 1_000_000_000))]
    pub count: Option<u64>,

    /// Print lines, also on a terminal
    #[arg(long)]
    pub lines: bool,
}

pub async fn run(args: &WatchArgs) -> Result<(), Failure> {
    let common = &args.common;
    let config = common.config(&[("refresh.idle_ms", "1000")])?;
    let balancer = Arc::new(Balancer::new(config.clone())?);
    let http = Http::new(&balancer, config.connect_timeout);
    let looking = Looking { each: args.interval, patience: NODE_PATIENCE.min(common.timeout) };
    let driver = Driver::new(Arc::clone(&balancer), http, Some(looking));
    if args.lines || common.json || !io::stdout().is_terminal() {
        lines::follow(&balancer, &config, driver, args).await
    } else {
        screen::follow(&balancer, &config, driver, args).await
    }
}

/// What the last of so many looks as were wanted has come to.
fn reached(answers: bool) -> Result<(), Failure> {
    if answers { Ok(()) } else { Err(Failure::new(Code::Unreachable, "the cluster cannot be reached: no node has answered")) }
}
