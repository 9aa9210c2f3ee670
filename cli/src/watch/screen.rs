//! The terminal: a table of the nodes and the last events, drawn anew with each look. `q`, Esc, Ctrl-C or a signal ends it, and the terminal
//! is as it was before.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use alternator_lb::{Balancer, Config};
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use ratatui::layout::{Constraint, Layout};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::{Block, Paragraph, Row, Table};
use ratatui::{DefaultTerminal, Frame};
use tokio::time::sleep;

use super::WatchArgs;
use super::reached;
use super::view::View;
use crate::drive::{Driver, News};
use crate::events::{self, Events};
use crate::failure::Failure;
use crate::look::Look;
use crate::output::millis;
use crate::signals::Signals;

/// Less does not hold a line that is worth reading.
const NARROWEST: u16 = 60;
const LOWEST: u16 = 8;
/// Keys are looked for that often.
const KEYS_EACH: Duration = Duration::from_millis(50);
const EVENTS_KEPT: usize = 50;

/// What is drawn.
struct Picture {
    view: View,
    events: VecDeque<String>,
}

pub async fn follow(balancer: &Balancer, config: &Config, driver: Driver, args: &WatchArgs) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let mut terminal = ratatui::try_init().map_err(|error| Failure::system("the terminal", &error))?;
    let done = show(balancer, config, driver, args, &mut signals, &mut terminal).await;
    ratatui::restore();
    reached(done.map_err(|error| Failure::system("the terminal", &error))?)
}

/// Tells whether anybody answered, where it was not ended before.
async fn show(
    balancer: &Balancer,
    config: &Config,
    mut driver: Driver,
    args: &WatchArgs,
    signals: &mut Signals,
    terminal: &mut DefaultTerminal,
) -> io::Result<bool> {
    let mut known = Events::default();
    let mut looks: Vec<Look> = Vec::new();
    let mut picture = Picture { view: View::of(balancer, config, &looks), events: VecDeque::new() };
    let mut left = args.count;
    while left != Some(0) {
        terminal.draw(|frame| draw(frame, &picture))?;
        tokio::select! {
            news = driver.news() => {
                if let News::Looks(new) = news {
                    looks = new;
                    left = left.map(|left| left - 1);
                }
                picture.events.extend(known.new_ones(balancer).iter().map(events::text));
                while picture.events.len() > EVENTS_KEPT {
                    picture.events.pop_front();
                }
                picture.view = View::of(balancer, config, &looks);
            }
            () = sleep(KEYS_EACH) => {}
            () = signals.any() => return Ok(true),
        }
        if is_over()? {
            return Ok(true);
        }
    }
    Ok(picture.view.answers())
}

/// Whether somebody has pressed a key that ends it.
fn is_over() -> io::Result<bool> {
    while event::poll(Duration::ZERO)? {
        if let Event::Key(key) = event::read()?
            && key.kind == KeyEventKind::Press
        {
            let interrupt = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
            if interrupt || matches!(key.code, KeyCode::Char('q') | KeyCode::Esc) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn draw(frame: &mut Frame, picture: &Picture) {
    let area = frame.area();
    if area.width < NARROWEST || area.height < LOWEST {
        let text = format!("The terminal is too small: {} x {}, it takes {NARROWEST} x {LOWEST}. q ends.", area.width, area.height);
        frame.render_widget(Paragraph::new(text).wrap(ratatui::widgets::Wrap { trim: true }), area);
        return;
    }
    let rows = picture.view.rows.len() as u16;
    let [head, nodes, events] =
        Layout::vertical([Constraint::Length(1), Constraint::Max(rows + 3), Constraint::Min(3)]).areas(area);
    frame.render_widget(Paragraph::new(Line::styled(picture.view.summary(), Style::new().add_modifier(Modifier::BOLD))), head);
    let lines = picture.view.rows.iter().map(|row| {
        let shown = |duration: Option<Duration>| duration.map_or("-".to_owned(), millis);
        let colour = match (row.is_well, row.in_trouble || row.probe_in.is_some()) {
            (true, _) => Color::Green,
            (false, true) => Color::Red,
            (false, false) => Color::Reset,
        };
        let probe = shown(row.probe_in);
        Row::new([row.url.clone(), row.state.clone(), shown(row.latency), shown(row.expected), probe])
            .style(Style::new().fg(colour))
    });
    let widths = [Constraint::Min(22), Constraint::Min(16), Constraint::Length(9), Constraint::Length(9), Constraint::Length(9)];
    let header =
        Row::new(["node", "state", "latency", "expected", "probe in"]).style(Style::new().add_modifier(Modifier::UNDERLINED));
    frame.render_widget(Table::new(lines, widths).header(header).block(Block::bordered().title("nodes")), nodes);
    let room = usize::from(events.height.saturating_sub(2));
    let last: Vec<Line> = picture.events.iter().rev().take(room).rev().map(|text| Line::from(text.as_str())).collect();
    frame.render_widget(Paragraph::new(last).block(Block::bordered().title("events - q ends")), events);
}

#[cfg(test)]
mod tests {
    use super::super::view;
    use super::*;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    fn drawn(width: u16, height: u16) -> String {
        let row = view::Row {
            url: "http://10.0.0.1:8000".into(),
            state: "set aside: refused".into(),
            is_well: false,
            in_trouble: false,
            latency: None,
            expected: Some(Duration::from_micros(1500)),
            probe_in: Some(Duration::from_millis(480)),
        };
        let view = View { scope: "dc:dc1".into(), wanted: "dc:dc1".into(), known: true, rows: vec![row] };
        let picture = Picture { view, events: VecDeque::from(["something happened".to_owned()]) };
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
        terminal.draw(|frame| draw(frame, &picture)).expect("drawn");
        terminal.backend().to_string()
    }

    #[test]
    fn nodes_and_events_are_drawn() {
        let text = drawn(100, 20);
        for part in ["1 nodes of dc:dc1", "http://10.0.0.1:8000", "set aside: refused", "1.50 ms", "480 ms", "something happened"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn a_terminal_that_is_too_small_is_told_so() {
        for (width, height) in [(59, 20), (100, 7), (12, 8), (1, 1)] {
            let text = drawn(width, height);
            assert!(!text.contains("10.0.0.1"), "{width} x {height}: {text}");
            assert!(width < 40 || text.contains("too small"), "{width} x {height}: {text}");
        }
    }
}
