//! `alb bench`: a bounded load on a table that is made for it and removed, through the library as a client would use it.
//!
//! The table goes whatever happens in between: an error, a signal, a cluster in trouble. Where that may have failed, it is named.

mod load;
mod plot;
mod record;
mod report;
mod table;

use std::cell::RefCell;
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use alternator_lb::{Balancer, NodeId};
use clap::Args;
use tokio::task::{JoinSet, LocalSet};

use crate::args::{Common, seconds, whole};
use crate::cluster::NODE_PATIENCE;
use crate::drive::Driver;
use crate::dynamodb::DynamoDb;
use crate::failure::{Code, Failure};
use crate::http::Http;
use crate::look::{Look, look_at};
use crate::signals::Signals;
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
    #[arg(long, default_value = "10", allow_negative_numbers = true, value_parser = seconds)]
    pub seconds: Duration,

    /// The most calls under way at once
    #[arg(long, default_value_t = 16, allow_negative_numbers = true, value_parser = whole::<u16>(1, 1024))]
    pub concurrency: u16,

    /// The most calls a second
    #[arg(long, default_value_t = 1000, allow_negative_numbers = true, value_parser = whole::<u32>(1, 100_000))]
    pub rate: u32,

    /// How many of a hundred calls are GetItem; the others are PutItem
    #[arg(long, default_value_t = 50, allow_negative_numbers = true, value_parser = whole::<u8>(0, 100))]
    pub reads: u8,

    /// How many different keys there are
    #[arg(long, default_value_t = 1000, allow_negative_numbers = true, value_parser = whole::<u32>(1, 1_000_000))]
    pub keys: u32,

    /// How many bytes an item has beside its key
    #[arg(long, default_value_t = 256, allow_negative_numbers = true, value_parser = whole::<u32>(0, 65_536))]
    pub item_bytes: u32,

    /// Where the plot goes
    #[arg(long, value_name = "FILE", default_value = "alb-bench.svg")]
    pub svg: PathBuf,
}

/// More than an hour is no benchmark.
const LONGEST: Duration = Duration::from_secs(3600);

pub async fn run(args: &BenchArgs) -> Result<(), Failure> {
    if args.seconds > LONGEST {
        return Err(Failure::new(
            Code::Usage,
            format!("--seconds {}: accepted: 0.05 to {}", args.seconds.as_secs_f64(), LONGEST.as_secs()),
        ));
    }
    let config = args.common.config(&[])?;
    writable(&args.svg)?;
    let balancer = Arc::new(args.common.balancer(&[])?);
    let http = Http::new(&balancer, config.connect_timeout);
    let dynamodb = DynamoDb::from_environment(http.clone())?;
    let mut signals = Signals::listen()?;
    let answering = answering(&balancer, &http, args.common.timeout).await;
    let table = BenchTable::new(Arc::clone(&balancer), dynamodb.clone(), &args.table_prefix, args.common.timeout);
    let made = tokio::select! {
        biased;
        () = signals.any() => Err(Failure::new(Code::Interrupted, "interrupted before there was a load")),
        made = table.create(&answering) => made,
    };
    let ran = match made {
        Ok(()) => under_load(args, &balancer, &dynamodb, http, table.name(), &mut signals).await,
        Err(failure) => Err(failure),
    };
    let removed = remove(&table, &mut signals, ran.is_err()).await;
    let told = match ran {
        Ok((record, interrupted)) => tell(args, table.name(), &record, interrupted),
        Err(failure) => Err(failure),
    };
    both(told, removed)
}

/// The figures first, whatever became of the plot.
fn tell(args: &BenchArgs, table: &str, record: &Record, interrupted: bool) -> Result<(), Failure> {
    let drawn = plot::draw(&args.svg, record);
    report::tell(args, table, record, drawn.is_ok())?;
    drawn.map_err(|error| Failure::new(Code::System, format!("{}: {error}", args.svg.display())))?;
    if interrupted {
        return Err(Failure::new(Code::Interrupted, "interrupted; the figures are those until then"));
    }
    match record.failed_calls() {
        0 => Ok(()),
        failed => Err(Failure::new(Code::Trouble, format!("{failed} calls failed, of {}", record.calls()))),
    }
}

/// Removes the table. The first signal finds it at that already; a second one is somebody who does not want to wait.
async fn remove(table: &BenchTable, signals: &mut Signals, mut interrupted: bool) -> Result<(), Failure> {
    let left = format!("table {} may be left behind: interrupted while it was removed", table.name());
    let mut removing = pin!(table.remove());
    loop {
        tokio::select! {
            removed = &mut removing => return removed,
            () = signals.any() => {
                if interrupted {
                    return Err(Failure::new(Code::Interrupted, left));
                }
                interrupted = true;
            }
        }
    }
}

/// The first failure's code, and what both say.
fn both(first: Result<(), Failure>, second: Result<(), Failure>) -> Result<(), Failure> {
    match (first, second) {
        (Err(first), Err(second)) => Err(Failure::new(first.code, format!("{first}; {second}"))),
        (first, second) => first.and(second),
    }
}

/// The nodes that answer now, the fastest first.
async fn answering(balancer: &Balancer, http: &Http, patience: Duration) -> Vec<NodeId> {
    let mut looks = look_at(balancer, http, balancer.nodes(), NODE_PATIENCE.min(patience)).await;
    looks.retain(Look::is_well);
    looks.sort_by_key(|look| look.latency);
    looks.iter().map(|look| look.node).collect()
}

/// Finds out before the load whether the plot can be written.
fn writable(svg: &Path) -> Result<(), Failure> {
    let is_new = !svg.exists();
    OpenOptions::new().append(true).create(true).open(svg).map_err(|error| Failure::system(svg.display(), &error))?;
    if is_new {
        fs::remove_file(svg).map_err(|error| Failure::system(svg.display(), &error))?;
    }
    Ok(())
}

/// Runs the load to its end or to a signal, discovery beside it.
async fn under_load(
    args: &BenchArgs,
    balancer: &Arc<Balancer>,
    dynamodb: &DynamoDb,
    http: Http,
    table: &str,
    signals: &mut Signals,
) -> Result<(Record, bool), Failure> {
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
                    () = signals.any() => return true,
                }
            }
        })
        .await;
    let mut record = record.borrow().clone();
    record.end(load.elapsed());
    Ok((record, interrupted))
}
