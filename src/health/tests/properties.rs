use super::*;
use crate::rng::Rng;
use proptest::prelude::*;

/// Something that happens to a node at some moment, any moment.
#[derive(Clone, Debug)]
enum Event {
    Begin,
    Report(Outcome, u64),
    Probe(bool),
    Joined,
}

fn events() -> impl Strategy<Value = Vec<(NodeId, Event, u64)>> {
    let outcome = (0..Outcome::ALL.len()).prop_map(|index| Outcome::ALL[index].0);
    let latency = prop_oneof![0u64..10_000_000, Just(u64::MAX), Just(0)];
    let event = prop_oneof![
        Just(Event::Begin),
        (outcome, latency).prop_map(|(outcome, latency)| Event::Report(outcome, latency)),
        any::<bool>().prop_map(Event::Probe),
        Just(Event::Joined),
    ];
    // Moments within a minute, within days, and anywhere: the clock jumps and goes back.
    let moment = prop_oneof![0u64..60_000_000_000, 0u64..200_000_000_000_000, any::<u64>()];
    proptest::collection::vec((0u32..12, event, moment), 0..300)
}

proptest! {
    #[test]
    fn the_ceiling_holds_under_any_reports_under_any_clock(nodes in 1usize..12, events in events()) {
        let mut bench = Bench::new(nodes);
        for (node, event, at) in events {
            bench.now = Nanos(at);
            match event {
                Event::Begin => bench.health.begin(node, bench.now),
                Event::Report(outcome, latency) => match bench.health.report(node, outcome, latency, bench.now).flatten() {
                    Some(Sign::Suspect(cause)) => { bench.eject(node, cause); }
                    Some(Sign::Well) => { bench.health.probe_ok(node, bench.now); }
                    Some(Sign::StillIll) => { bench.health.probe_failed(node, bench.now, &mut bench.rng); }
                    None => {}
                },
                Event::Probe(true) => { bench.health.probe_ok(node, bench.now); }
                Event::Probe(false) => { bench.health.probe_failed(node, bench.now, &mut bench.rng); }
                Event::Joined => bench.health.probe_now(node, bench.now),
            }
            prop_assert!(bench.aside() * 2 <= nodes, "{} of {}", bench.aside(), nodes);
            prop_assert_eq!(bench.health.usable(&bench.listed).len(), nodes - bench.aside());
            for node in &bench.listed {
                let price = bench.price(*node);
                prop_assert!(price > 0.0 && price.is_finite(), "{} costs {}", node, price);
            }
        }
    }

    #[test]
    fn a_pool_whose_clock_jumped_is_well_a_minute_later(nodes in 2usize..6, events in events(), jump in any::<u64>()) {
        let mut bench = Bench::new(nodes);
        for (node, event, at) in events {
            bench.now = Nanos(at);
            match event {
                Event::Report(outcome, latency) if (node as usize) < nodes => {
                    if let Some(Sign::Suspect(cause)) = bench.health.report(node, outcome, latency, bench.now).unwrap() {
                        bench.eject(node, cause);
                    }
                }
                _ => bench.health.begin(node, bench.now),
            }
        }
        bench.now = Nanos(jump % (1 << 62));
        for _ in 0..90 {
            bench.pass(1000);
            for node in 0..nodes as NodeId {
                if bench.health.aside_until(node).is_some_and(|due| bench.health.is_due(due, bench.now)) {
                    bench.health.probe_ok(node, bench.now);
                }
                bench.attempt_and_heed(node, Outcome::Success, 2);
            }
        }
        prop_assert_eq!(bench.aside(), 0);
        let prices: Vec<f32> = bench.listed.iter().map(|node| bench.price(*node)).collect();
        let (low, high) = prices.iter().fold((f32::MAX, 0f32), |(low, high), price| (low.min(*price), high.max(*price)));
        prop_assert!(high < 3.0 * low, "all alike again: {:?}", prices);
    }
}

#[test]
fn threads_that_report_and_eject_at_once_keep_the_ceiling() {
    use std::sync::Mutex;
    let bench = Bench::new(9);
    let lock = Mutex::new(());
    let rounds = if cfg!(miri) { 20 } else { 20_000 };
    std::thread::scope(|scope| {
        for thread in 0..4u64 {
            let (health, listed, lock) = (&bench.health, &bench.listed, &lock);
            scope.spawn(move || {
                let mut rng = Rng::new(thread);
                let mut now = Nanos(1 << 50);
                for _ in 0..rounds {
                    now = now.after(Duration::from_micros(u64::from(rng.below(3000))));
                    let node = rng.below(9);
                    health.begin(node, now);
                    let outcome = Outcome::ALL[rng.below(9) as usize].0;
                    let sign = health.report(node, outcome, u64::from(rng.below(2_000_000)), now).unwrap();
                    let _held = lock.lock().unwrap();
                    match sign {
                        Some(Sign::Suspect(cause)) => drop(health.eject(node, cause, &[listed], now, &mut rng)),
                        Some(Sign::Well) => drop(health.probe_ok(node, now)),
                        Some(Sign::StillIll) => drop(health.probe_failed(node, now, &mut rng)),
                        None => {}
                    }
                    assert!(listed.iter().filter(|id| health.is_aside(**id)).count() <= 4);
                }
            });
        }
    });
}
