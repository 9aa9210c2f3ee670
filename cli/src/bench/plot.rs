//! Throughput and latency over time, as an SVG file.

use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;

use super::record::{Figures, Record};

const SIZE: (u32, u32) = (1000, 640);
const FONT: &str = "sans-serif";
const THROUGHPUT: RGBColor = RGBColor(0, 98, 177);
const FAILED: RGBColor = RGBColor(200, 30, 30);
const P50: RGBColor = RGBColor(0, 128, 80);
const P99: RGBColor = RGBColor(214, 96, 0);

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), Box<dyn std::error::Error>>;

/// Draws two panels, one above the other.
pub fn draw(path: &Path, record: &Record) -> Result<(), String> {
    attempt(path, record).map_err(|error| error.to_string())
}

fn attempt(path: &Path, record: &Record) -> Drawn {
    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let (upper, lower) = area.split_vertically(SIZE.1 / 2);
    let per_second = 1.0 / record.bin.as_secs_f64();
    let millis = |percent: f64| move |bin: &Figures| bin.percentile(percent).as_secs_f64() * 1000.0;
    panel(
        &upper,
        "calls per second",
        record,
        &[
            ("good", THROUGHPUT, &|bin: &Figures| bin.good() as f64 * per_second),
            ("failed", FAILED, &|bin: &Figures| bin.failed as f64 * per_second),
        ],
    )?;
    panel(&lower, "latency in ms", record, &[("p50", P50, &millis(50.0)), ("p99", P99, &millis(99.0))])?;
    area.present()?;
    Ok(())
}

/// A line: its name, its colour, and its value in a bin.
type Line<'l> = (&'l str, RGBColor, &'l dyn Fn(&Figures) -> f64);

fn panel(area: &Area<'_>, what: &str, record: &Record, lines: &[Line<'_>]) -> Drawn {
    let end = (record.bins.len().max(1) as f64) * record.bin.as_secs_f64();
    let values = lines.iter().flat_map(|(_, _, value)| record.bins.iter().map(value));
    let highest = values.fold(1.0_f64, f64::max) * 1.15;
    let mut chart =
        ChartBuilder::on(area).margin(12).x_label_area_size(36).y_label_area_size(64).build_cartesian_2d(0.0..end, 0.0..highest)?;
    chart.configure_mesh().light_line_style(TRANSPARENT).x_desc("seconds").y_desc(what).label_style((FONT, 13)).draw()?;
    for (name, colour, value) in lines {
        let points =
            record.bins.iter().enumerate().map(|(bin, figures)| ((bin as f64 + 0.5) * record.bin.as_secs_f64(), value(figures)));
        let colour = *colour;
        chart
            .draw_series(LineSeries::new(points, colour.stroke_width(2)))?
            .label(*name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
    }
    chart.configure_series_labels().background_style(WHITE).border_style(BLACK).draw()?;
    Ok(())
}
