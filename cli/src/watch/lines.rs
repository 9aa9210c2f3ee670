//! Lines, for pipes and logs: each event as it comes, and a summary of each look.

use std::time::SystemTime;

use alternator_lb::{Balancer, Config};

use super::WatchArgs;
use super::reached;
use super::view::View;
use crate::drive::{Driver, News};
use crate::events::{self, Events};
use crate::failure::Failure;
use crate::output;
use crate::signals::Signals;

pub async fn follow(balancer: &Balancer, config: &Config, mut driver: Driver, args: &WatchArgs) -> Result<(), Failure> {
    let as_json = args.common.json;
    let mut known = Events::default();
    let mut left = args.count;
    let mut signals = Signals::listen()?;
    let mut answers = false;
    while left != Some(0) {
        let news = tokio::select! {
            news = driver.news() => news,
            () = signals.any() => return Ok(()),
        };
        for event in known.new_ones(balancer) {
            output::line(&if as_json { event.json().to_string() } else { events::text(&event) })?;
        }
        if let News::Looks(looks) = news {
            let view = View::of(balancer, config, &looks);
            answers = view.answers();
            let now = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |elapsed| elapsed.as_millis() as u64);
            output::line(&if as_json {
                view.json(now).to_string()
            } else {
                format!("{} {}", events::moment(now), view.summary())
            })?;
            left = left.map(|left| left - 1);
        }
    }
    reached(answers)
}
