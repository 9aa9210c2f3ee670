//! What threads can see of a publication, and who gets a claim, in every order.

use loom::model::Builder;
use loom::sync::Arc;
use loom::thread;

use alternator_lb_model::due::Due;
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
