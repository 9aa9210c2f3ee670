//! Plots as SVG: a panel a scenario.

use std::error::Error;
use std::path::{Path, PathBuf};

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::model::Metrics;
use crate::scenario::{Scenario, TROUBLE_BEGINS, TROUBLE_ENDS};
use crate::suite::{Row, Section};

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Outcome = Result<(), Box<dyn Error>>;

const PANEL: (u32, u32) = (640, 400);
const COLUMNS: usize = 2;
const FONT: &str = "sans-serif";
/// The latencies that a plot shows, in ms.
const LATENCIES: std::ops::Range<f64> = 1.0..3000.0;
/// How long after the trouble the share of the bad node is followed, in seconds.
const AFTERWARDS: f64 = 20.0;

/// A policy's colour, the same in every plot of a section.
fn colour(position: usize) -> RGBColor {
    const COLOURS: [RGBColor; 10] = [
        RGBColor(127, 127, 127),
        RGBColor(188, 143, 60),
        RGBColor(214, 39, 40),
        RGBColor(148, 103, 189),
        RGBColor(23, 160, 190),
        RGBColor(227, 119, 194),
        RGBColor(44, 140, 44),
        RGBColor(31, 90, 180),
        RGBColor(0, 0, 0),
        RGBColor(255, 127, 14),
    ];
    COLOURS[position % COLOURS.len()]
}

/// Writes a section's plots into a directory and tells their names.
pub fn write(section: &Section, results: &[(Scenario, Vec<Row>)], directory: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let percentiles = directory.join(format!("{}-percentiles.svg", section.name));
    pages(&percentiles, section, results, percentiles_panel)?;
    let mut written = vec![percentiles];
    let with_a_bad_node: Vec<(Scenario, Vec<Row>)> =
        results.iter().filter(|(scenario, _)| scenario.has_a_bad_node()).cloned().collect();
    if !with_a_bad_node.is_empty() {
        let shares = directory.join(format!("{}-bad-node.svg", section.name));
        pages(&shares, section, &with_a_bad_node, share_panel)?;
        written.push(shares);
    }
    Ok(written)
}

fn pages(
    path: &Path,
    section: &Section,
    results: &[(Scenario, Vec<Row>)],
    panel: impl Fn(&Area<'_>, &Scenario, &[Row]) -> Outcome,
) -> Outcome {
    let columns = results.len().min(COLUMNS);
    let rows = results.len().div_ceil(columns);
    let size = (PANEL.0 * columns as u32, PANEL.1 * rows as u32 + 40);
    let root = SVGBackend::new(path, size).into_drawing_area();
    root.fill(&WHITE)?;
    let root = root.titled(&section.title, (FONT, 20))?;
    for (area, (scenario, rows)) in root.split_evenly((rows, columns)).iter().zip(results) {
        panel(area, scenario, rows)?;
    }
    root.present()?;
    Ok(())
}

/// Three percentiles of each policy, on a logarithmic scale.
fn percentiles_panel(area: &Area<'_>, scenario: &Scenario, rows: &[Row]) -> Outcome {
    let names: Vec<&str> = rows.iter().map(|row| row.policy.name).collect();
    // Names stand at whole numbers, the first on top.
    let name_at = |y: f64| {
        let position = -y.round();
        let whole = (y + position).abs() < 0.01 && position >= 0.0;
        names.get(position as usize).filter(|_| whole).map_or(String::new(), |name| (*name).to_owned())
    };
    let mut chart = ChartBuilder::on(area)
        .caption(format!("{}: latency, p50 - p99 - p99.9", scenario.name), (FONT, 16))
        .margin(10)
        .x_label_area_size(35)
        .y_label_area_size(110)
        .build_cartesian_2d(LATENCIES.log_scale(), 0.5 - rows.len() as f64..0.5)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .y_labels(2 * rows.len() + 1)
        .y_label_formatter(&|y| name_at(*y))
        .x_label_formatter(&|ms| format!("{ms}"))
        .x_desc("ms")
        .draw()?;
    for (position, row) in rows.iter().enumerate() {
        let (y, style) = (-(position as f64), colour(position));
        let points = [row.metrics.p50, row.metrics.p99, row.metrics.p999].map(|ms| (ms.clamp(LATENCIES.start, LATENCIES.end), y));
        chart.draw_series(LineSeries::new(points, style.stroke_width(2)))?;
        chart.draw_series(points.map(|point| Circle::new(point, 4, style.filled())))?;
    }
    Ok(())
}

/// The share of attempts that go to the bad node, over time.
fn share_panel(area: &Area<'_>, scenario: &Scenario, rows: &[Row]) -> Outcome {
    let fair = 100.0 / scenario.nodes as f64;
    let end = scenario.duration.min(TROUBLE_ENDS + AFTERWARDS);
    let mut chart = ChartBuilder::on(area)
        .caption(format!("{}: % of the attempts at the bad node", scenario.name), (FONT, 16))
        .margin(10)
        .x_label_area_size(35)
        .y_label_area_size(50)
        .build_cartesian_2d(0.0..end, 0.0..fair * 1.8)?;
    chart.configure_mesh().light_line_style(TRANSPARENT).x_desc("seconds").y_desc("%").draw()?;
    let trouble = Rectangle::new([(TROUBLE_BEGINS, 0.0), (TROUBLE_ENDS, fair * 1.8)], RED.mix(0.06).filled());
    chart.draw_series(std::iter::once(trouble))?;
    for (position, row) in rows.iter().enumerate() {
        let style = colour(position).stroke_width(if row.policy.is_ours() { 3 } else { 1 });
        let slots = row.metrics.timeline.iter().enumerate();
        let share = slots
            .filter(|(_, (all, _))| *all > 0)
            .map(|(slot, (all, bad))| (Metrics::slot_middle(slot), 100.0 * f64::from(*bad) / f64::from(*all)));
        chart
            .draw_series(LineSeries::new(share.filter(|(at, _)| *at < end), style))?
            .label(row.policy.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 15, y)], style));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE.mix(0.8))
        .label_font((FONT, 11))
        .draw()?;
    Ok(())
}
