//! The figures of a scenario as a table, in Markdown.

use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, Table};

use crate::model::Metrics;
use crate::suite::Row;

/// A column: its heading, and what stands in it.
struct Column {
    heading: &'static str,
    cell: fn(&Metrics) -> Option<String>,
}

/// What the columns mean.
pub const LEGEND: &str = "\
p50, p99, p99.9: latency of requests over the whole run, in ms. err: requests that failed for good. att.err: failed attempts per
request. att/r: attempts per request. max/m: attempts at the busiest node over the mean. q imb: longest queue over the mean queue,
over time. bad: share of attempts sent to the bad node during the trouble. rec: seconds until it has half its fair share again.
xrk: attempts that crossed racks. fail/cl: failed attempts a client. felt: seconds from the beginning of the trouble to the last
attempt that failed. during: attempts for each request during the trouble. strayed, displaced: requests for keys of healthy nodes,
and of the bad one, that went elsewhere during the trouble. Policies whose name begins with alb are the library itself, the others
are models.";

const COLUMNS: &[Column] = &[
    Column { heading: "p50 ms", cell: |m| Some(format!("{:.2}", m.p50)) },
    Column { heading: "p99 ms", cell: |m| Some(format!("{:.1}", m.p99)) },
    Column { heading: "p99.9 ms", cell: |m| Some(format!("{:.1}", m.p999)) },
    Column { heading: "err %", cell: |m| Some(format!("{:.3}", m.err * 100.0)) },
    Column { heading: "att.err %", cell: |m| Some(format!("{:.3}", m.atterr * 100.0)) },
    Column { heading: "att/r", cell: |m| Some(format!("{:.3}", m.att)) },
    Column { heading: "max/m", cell: |m| Some(format!("{:.2}", m.maxmean)) },
    Column { heading: "q imb", cell: |m| Some(format!("{:.2}", m.imb)) },
    Column { heading: "bad %", cell: |m| Some(format!("{:.2}", m.bad * 100.0)) },
    Column { heading: "rec s", cell: |m| m.rec.map(|rec| format!("{rec:.1}")) },
    Column { heading: "xrk %", cell: |m| Some(format!("{:.0}", m.cross * 100.0)) },
    Column { heading: "fail/cl", cell: |m| Some(format!("{:.2}", m.failed_per_client)) },
    Column { heading: "felt s", cell: |m| m.felt.map(|felt| format!("{felt:.1}")) },
    Column { heading: "during", cell: |m| Some(format!("{:.2}", m.amplified)) },
    Column { heading: "strayed %", cell: |m| m.keys.map(|keys| format!("{:.2}", keys.strayed * 100.0)) },
    Column { heading: "displaced %", cell: |m| m.keys.map(|keys| format!("{:.2}", keys.displaced * 100.0)) },
];

/// The rows as a table; a column in which nothing would stand is left out.
pub fn table(rows: &[Row]) -> Table {
    let columns: Vec<&Column> =
        COLUMNS.iter().filter(|column| rows.iter().any(|row| (column.cell)(&row.metrics).is_some())).collect();
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN);
    table.set_header(std::iter::once("policy").chain(columns.iter().map(|column| column.heading)));
    for row in rows {
        let cell = |column: &&Column| (column.cell)(&row.metrics).unwrap_or_else(|| "-".into());
        table.add_row(std::iter::once(row.policy.name.to_owned()).chain(columns.iter().map(cell)));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Kind;

    #[test]
    fn empty_columns_are_left_out() {
        let row = |rec| Row { policy: Kind::named("rr").unwrap(), metrics: Metrics { rec, ..Metrics::default() } };
        let text = table(&[row(None), row(Some(2.5))]).to_string();
        assert!(text.contains("rec s") && text.contains("2.5") && !text.contains("strayed"), "{text}");
        assert!(!table(&[row(None)]).to_string().contains("rec s"));
    }
}
