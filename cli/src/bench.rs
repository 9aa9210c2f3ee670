//! `alb bench`: a bounded load on a table that is made for it and removed, through the library as a client would use it.
//!
//! The table goes whatever happens in between: an error, a signal, a cluster in trouble.

mod load;
mod plot;
mod record;
mod report;
mod table;

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use alternator_lb::Balancer;
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::{JoinSet, LocalSet};

use crate::args::{Common, seconds};
use crate::drive::Driver;
use crate::dynamodb::DynamoDb;
use crate::failure::{Code, Failure};
use crate::http::Http;
use load::Load;
use record::Record;
use table::BenchTable;

/// The options of `alb bench`. All that costs the cluster something is bounded.
#[derive(Args)]
pub struct BenchArgs {
    #[command(flatten)]
    pub common: Common,

    /// How the table's name begins: a name that nothing of value has. There is no default
    #[arg(long, value_parser = table::prefix)]
    pub table_prefix: String,

    /// How long the load goes on, in seconds, at most an hour
    #[arg(long, default_value = "10", value_parser = seconds)]
    pub seconds: Duration,

    /// The most calls under way at once
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub concurrency: u16,

    /// The most calls a second
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub rate: u32,

    /// How many of a hundred calls are GetItem; the others are PutItem
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u8).range(..=100))]
    pub reads: u8,

    /// How many different keys there are
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub keys: u32,

    /// How many bytes an item has beside its key
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(..=65_536))]
    pub item_bytes: u32,

    /// Where the plot goes
    #[arg(long, value_name = "FILE", default_value = "alb-bench.svg")]
    pub svg: PathBuf,
}

/// More than an hour is no benchmark.
const LONGEST: Duration = Duration::from_secs(3600);

pub async fn run(args: &BenchArgs) -> Result<(), Failure> {
    if args.seconds > LONGEST {
        return Err(Failure::new(Code::Usage, format!("--seconds: at most {} are accepted", LONGEST.as_secs())));
    }
    let config = args.common.config(&[])?;
    let balancer = Arc::new(args.common.balancer(&[])?);
    let http = Http::new(&balancer, config.connect_timeout);
    let dynamodb = DynamoDb::from_environment(http.clone())?;
    let table = BenchTable::new(Arc::clone(&balancer), dynamodb.clone(), &args.table_prefix, args.common.timeout);

    let ran = match table.create().await {
        Ok(()) => under_load(args, &balancer, &dynamodb, http, table.name()).await,
        Err(failure) => Err(failure),
    };
    let removed = table.remove().await;
    let (record, interrupted) = ran?;
    removed?;
    plot::draw(&args.svg, &record).map_err(|error| Failure::new(Code::System, format!("{}: {error}", args.svg.display())))?;
    report::tell(args, table.name(), &record)?;
    if interrupted {
        return Err(Failure::new(Code::Interrupted, "interrupted; the figures are those until then, and the table is removed"));
    }
    match record.failed_calls() {
        0 => Ok(()),
        failed => Err(Failure::new(Code::Trouble, format!("{failed} calls failed, of {}", record.calls()))),
    }
}

/// Runs the load to its end or to a signal, discovery beside it.
async fn under_load(
    args: &BenchArgs,
    balancer: &Arc<Balancer>,
    dynamodb: &DynamoDb,
    http: Http,
    table: &str,
) -> Result<(Record, bool), Failure> {
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| Failure::system("signals", &error))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| Failure::system("signals", &error))?;
    let mut driver = Driver::new(Arc::clone(balancer), http, None);
    let load = Rc::new(Load::new(args, table, Arc::clone(balancer), dynamodb.clone()));
    let record = Rc::new(RefCell::new(Record::new(args.seconds)));
    let local = LocalSet::new();
    let mut workers = JoinSet::new();
    for _ in 0..args.concurrency {
        workers.spawn_local_on(Rc::clone(&load).work(Rc::clone(&record)), &local);
    }
    let interrupted = local
        .run_until(async {
            loop {
                tokio::select! {
                    done = workers.join_next() => if done.is_none() { return false },
                    _ = driver.news() => {}
                    _ = terminate.recv() => return true,
                    _ = interrupt.recv() => return true,
                }
            }
        })
        .await;
    let mut record = record.borrow().clone();
    record.end(load.elapsed());
    Ok((record, interrupted))
}
