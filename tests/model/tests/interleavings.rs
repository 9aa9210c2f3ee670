//! What threads can see of a publication, who gets a claim or a token, and what is counted, in every order.

use loom::model::Builder;
use loom::sync::Arc;
use loom::thread;

use alternator_lb_model::clock::Nanos;
use alternator_lb_model::due::Due;
use alternator_lb_model::health::Health;
use alternator_lb_model::health::budget::Budget;
use alternator_lb_model::health::lanes::Lanes;
use alternator_lb_model::health::tick::Tick;
use alternator_lb_model::topology::{Listing, Topology};

fn listing(mark: u32) -> Listing {
    Listing { tier: mark as usize, all: vec![mark], ..Listing::default() }
}

fn explore(test: impl Fn() + Sync + Send + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(test);
}

#[test]
fn a_reader_never_sees_a_mixture_of_two_publications() {
    explore(|| {
        let topology = Arc::new(Topology::new());
        topology.publish(&listing(1));
        let writer = {
            let topology = Arc::clone(&topology);
            thread::spawn(move || (2..=3).for_each(|mark| topology.publish(&listing(mark))))
        };
        // What is read is one publication, whole, and none older than one that was complete before.
        let seen = topology.listing();
        assert!((1..=3).contains(&seen.tier));
        assert_eq!(seen, listing(seen.tier as u32));
        writer.join().unwrap();
        assert_eq!(topology.listing(), listing(3));
    });
}

#[test]
fn of_those_who_find_work_due_one_gets_it() {
    explore(|| {
        let due = Arc::new(Due::at(10));
        let claimers: Vec<_> = (0..2)
            .map(|_| {
                let due = Arc::clone(&due);
                thread::spawn(move || u32::from(due.claim(10, 20)))
            })
            .collect();
        let here = u32::from(due.claim(10, 20));
        let claims = here + claimers.into_iter().map(|claimer| claimer.join().unwrap()).sum::<u32>();
        assert_eq!(claims, 1);
        assert!(!due.claim(19, 30) && due.claim(20, 30), "and nobody else before the claim ends");
    });
}

/// Lanes are emptied each 2^14 ticks.
const LANE: u32 = 1 << 14;

#[test]
fn attempts_that_begin_and_end_while_a_lane_is_emptied_are_all_counted() {
    explore(|| {
        let lanes = Arc::new(Lanes::default());
        // One that is never reported, and that the border to the fifth lane makes forgotten.
        lanes.begin(Tick(LANE - 1), 1);
        let border = 4 * LANE;
        let others: Vec<_> = [border - 1, border]
            .map(|now| {
                let lanes = Arc::clone(&lanes);
                thread::spawn(move || {
                    lanes.begin(Tick(now), 1);
                    lanes.end(Tick(now), Tick(now));
                })
            })
            .into();
        lanes.begin(Tick(border), 1);
        others.into_iter().for_each(|other| other.join().unwrap());
        assert_eq!(lanes.count(Tick(border)), 1, "the one that is under way");
        lanes.end(Tick(border), Tick(border + 1));
        assert_eq!(lanes.count(Tick(border + 1)), 0);
    });
}

#[test]
fn of_the_last_token_one_request_gets_it() {
    explore(|| {
        let budget = Arc::new(Budget::new(0, 0, 1, Nanos(0)));
        let takers: Vec<_> = (0..2)
            .map(|_| {
                let budget = Arc::clone(&budget);
                thread::spawn(move || u32::from(budget.take(0, Nanos(0))))
            })
            .collect();
        let here = u32::from(budget.take(0, Nanos(0)));
        assert_eq!(here + takers.into_iter().map(|taker| taker.join().unwrap()).sum::<u32>(), 1);
    });
}

#[test]
fn no_order_of_reports_sets_more_than_half_of_the_nodes_aside() {
    explore(|| {
        let health = Arc::new(Health::new(4));
        let listed = [0, 1, 2, 3];
        let aside = move |health: &Health| listed.iter().filter(|node| health.is_aside(**node)).count();
        assert!(health.refused(0, &listed, Nanos(1)));
        let other = {
            let health = Arc::clone(&health);
            thread::spawn(move || (u32::from(health.refused(1, &listed, Nanos(2))), aside(&health)))
        };
        let here = (u32::from(health.refused(2, &listed, Nanos(2))), aside(&health));
        let there = other.join().unwrap();
        assert_eq!(here.0 + there.0, 1, "there is room for one more");
        assert!(here.1 <= 2 && there.1 <= 2 && aside(&health) == 2);
    });
}
