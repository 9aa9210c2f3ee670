//! A scenario's throughput over time as an SVG file: a line for each kind of client, the time of the outages shaded.

use std::path::Path;
use std::time::Duration;

use plotters::prelude::*;

use crate::log::{Outage, Phases};
use crate::measure::BIN;

/// One line of a plot.
pub struct Line {
    pub label: &'static str,
    /// Calls per second from the beginning of `phases.before` on, bin by bin.
    pub bins: Vec<f64>,
    pub phases: Phases,
    pub outages: Vec<Outage>,
}

const SIZE: (u32, u32) = (1000, 420);
const COLOURS: [RGBColor; 4] = [RGBColor(0, 98, 177), RGBColor(214, 96, 0), RGBColor(0, 128, 80), RGBColor(120, 60, 160)];
const SHADE: RGBColor = RGBColor(200, 30, 30);

/// Draws the lines, time counted from the beginning of the event. The outages are those of the first line.
pub fn draw(path: &Path, title: &str, lines: &[Line]) -> Result<(), String> {
    let Some(first) = lines.first() else { return Ok(()) };
    attempt(path, title, first, lines).map_err(|error| format!("{}: {error}", path.display()))
}

fn attempt(path: &Path, title: &str, first: &Line, lines: &[Line]) -> Result<(), Box<dyn std::error::Error>> {
    let event = first.phases.event.start;
    let since = |moment: Duration| moment.as_secs_f64() - event.as_secs_f64();
    let (start, end) = (since(first.phases.before.start), since(first.phases.after.end));
    let highest = lines.iter().flat_map(|line| &line.bins).fold(1.0, |highest: f64, rate| highest.max(*rate)) * 1.15;

    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(title, ("sans-serif", 20))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(60)
        .build_cartesian_2d(start..end, 0.0..highest)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .x_desc("seconds since the beginning of the event")
        .y_desc("successful calls per second")
        .draw()?;
    chart.draw_series(first.outages.iter().map(|outage| {
        let (from, to) = (since(outage.during.start), since(outage.during.end));
        // Nodes that are bad at the same time make the shade darker.
        Rectangle::new([(from, 0.0), (to, highest)], SHADE.mix(0.08).filled())
    }))?;
    for (line, colour) in lines.iter().zip(COLOURS.iter().cycle()) {
        let offset = since(first.phases.before.start) + BIN.as_secs_f64() / 2.0;
        let points = line.bins.iter().enumerate().map(|(bin, rate)| (offset + bin as f64 * BIN.as_secs_f64(), *rate));
        chart
            .draw_series(LineSeries::new(points, colour.stroke_width(2)))?
            .label(line.label)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
    }
    chart.configure_series_labels().position(SeriesLabelPosition::LowerRight).background_style(WHITE).border_style(BLACK).draw()?;
    area.present()?;
    Ok(())
}
