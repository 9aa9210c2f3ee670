//! The figures of a benchmark as a table, or as JSON.

use comfy_table::{CellAlignment, Table};
use serde_json::{Value, json};

use super::BenchArgs;
use super::record::{Figures, Record};
use crate::failure::Failure;
use crate::output;

/// Tells the figures; the plot is named if there is one.
pub fn tell(args: &BenchArgs, name: &str, record: &Record, is_drawn: bool) -> Result<(), Failure> {
    if args.common.json {
        return output::json(&as_json(args, name, record, is_drawn));
    }
    let plot = if is_drawn { format!("; the plot is {}", args.svg.display()) } else { String::new() };
    output::line(&as_table(record).to_string())?;
    output::line(&format!(
        "{} calls in {:.1} s, {:.0} a second, {} failed, {} retries{plot}",
        record.calls(),
        record.lasted.as_secs_f64(),
        record.rate(),
        record.failed_calls(),
        record.retries(),
    ))
}

fn as_table(record: &Record) -> Table {
    let mut table = output::table(&["", "good", "failed", "p50", "p99", "p99.9", "max"]);
    for (node, figures) in &record.nodes {
        table.add_row(row(node, figures));
    }
    for (kind, figures) in &record.operations {
        table.add_row(row(kind.operation(), figures));
    }
    table.add_row(row("all calls", &record.all));
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn row(name: &str, figures: &Figures) -> Vec<String> {
    let mut cells = vec![name.to_owned(), figures.good().to_string(), figures.failed.to_string()];
    cells.extend([50.0, 99.0, 99.9, 100.0].map(|percent| output::millis(figures.percentile(percent))));
    cells
}

fn as_json(args: &BenchArgs, name: &str, record: &Record, is_drawn: bool) -> Value {
    let figures = |figures: &Figures| {
        let us = |percent| figures.percentile(percent).as_micros() as u64;
        json!({ "good": figures.good(), "failed": figures.failed,
                "p50_us": us(50.0), "p99_us": us(99.0), "p99_9_us": us(99.9), "max_us": us(100.0) })
    };
    let nodes: serde_json::Map<String, Value> = record.nodes.iter().map(|(url, node)| (url.clone(), figures(node))).collect();
    let operations: serde_json::Map<String, Value> =
        record.operations.iter().map(|(kind, operation)| (kind.operation().to_owned(), figures(operation))).collect();
    json!({
        "table": name,
        "seconds": record.lasted.as_secs_f64(),
        "calls": record.calls(),
        "failed_calls": record.failed_calls(),
        "retries": record.retries(),
        "calls_per_second": record.rate(),
        "all": figures(&record.all),
        "nodes": nodes,
        "operations": operations,
        "svg": is_drawn.then(|| args.svg.display().to_string()),
    })
}
