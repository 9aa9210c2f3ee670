//! What is granted to a request's further attempts, over a static list under a clock of the tests'.

use super::*;
use crate::clock::Clock;
use crate::node::NodeId;

fn balancer(nodes: u32, options: &[(&str, &str)]) -> (Balancer, Clock) {
    let seeds: Vec<String> = (1..=nodes).map(|i| format!("10.0.0.{i}")).collect();
    let mut config = Config::default();
    let fixed = [("seeds", seeds.join(",")), ("discovery", "static".into()), ("refresh.mode", "manual".into())];
    for (key, value) in &fixed {
        config.set(key, value).unwrap();
    }
    for (key, value) in options {
        config.set(key, value).unwrap();
    }
    let clock = Clock::starting_at(Nanos(1 << 50));
    (Balancer::with_clock(config, clock.clone()).unwrap(), clock)
}

fn tried(balancer: &Balancer, steps: u32) -> Plan {
    let mut plan = Plan::start();
    (0..steps).for_each(|_| drop(balancer.plan_next(&mut plan)));
    plan
}

/// All nodes answer for a while.
fn warm_up(balancer: &Balancer, clock: &Clock, millis: u64) {
    for node in (0..3).cycle().take(300) {
        clock.advance(Duration::from_millis(2));
        balancer.report(node, Outcome::Success, millis * 1000).unwrap();
    }
}

#[test]
fn a_failure_of_one_node_is_retried_at_another_at_once() {
    let (balancer, _) = balancer(3, &[]);
    for outcome in [Outcome::Refused, Outcome::Reset, Outcome::Timeout, Outcome::TlsFailure, Outcome::ServerError] {
        assert_eq!(balancer.retry_delay(&tried(&balancer, 1), outcome), Ok(Duration::ZERO), "{outcome:?}");
    }
    let keyed = Plan::for_key(7);
    let mut keyed = keyed;
    balancer.plan_next(&mut keyed).unwrap();
    assert_eq!(balancer.retry_delay(&keyed, Outcome::Refused), Ok(Duration::ZERO));
}

#[test]
fn when_all_were_tried_or_less_is_asked_for_a_random_part_of_a_growing_while_is_waited() {
    for (steps, outcome, longest) in [
        (3, Outcome::Refused, 25),
        (6, Outcome::Refused, 50),
        (9, Outcome::ServerError, 100),
        (1, Outcome::Throttled, 25),
        (3, Outcome::Throttled, 100),
        (60, Outcome::Throttled, 1000),
    ] {
        let (balancer, _) = balancer(3, &[("retry.burst", "1000")]);
        let plan = tried(&balancer, steps);
        let waits: Vec<Duration> = (0..300).map(|_| balancer.retry_delay(&plan, outcome).unwrap()).collect();
        let (least, most) = (waits.iter().min().unwrap(), waits.iter().max().unwrap());
        assert!(*most <= Duration::from_millis(longest) && *most > Duration::from_millis(longest * 9 / 10), "{steps} {outcome:?}");
        assert!(*least < Duration::from_millis(longest / 10), "{steps} {outcome:?}: {least:?}");
    }
}

#[test]
fn nodes_set_aside_are_not_worth_a_hasty_retry() {
    let (balancer, _) = balancer(2, &[]);
    let mut plan = Plan::start();
    let first = balancer.plan_next(&mut plan).unwrap();
    balancer.report(1 - first, Outcome::Refused, 10).unwrap();
    assert!(balancer.is_set_aside(1 - first));
    let waits = (0..5).map(|_| balancer.retry_delay(&plan, Outcome::ServerError).unwrap());
    assert!(waits.max() > Some(Duration::ZERO));
}

#[test]
fn an_outage_of_the_whole_cluster_is_not_multiplied() {
    let (balancer, clock) = balancer(9, &[]);
    let (mut requests, mut attempts) = (0u32, 0u32);
    for _ in 0..5000 {
        clock.advance(Duration::from_millis(1));
        let mut plan = Plan::start();
        requests += 1;
        loop {
            let node = balancer.plan_next(&mut plan).unwrap();
            attempts += 1;
            balancer.report(node, Outcome::Timeout, 1000).unwrap();
            if balancer.retry_delay(&plan, Outcome::Timeout).is_err() {
                break;
            }
        }
    }
    let granted = attempts - requests;
    assert!(granted <= 10 + requests / 5 + 5 * 5, "{attempts} attempts of {requests} requests");
    assert!(granted >= requests / 5, "{attempts} attempts of {requests} requests");
    assert_eq!(balancer.retry_delay(&tried(&balancer, 1), Outcome::Timeout), Err(Status::BudgetSpent));
}

#[test]
fn nothing_is_granted_for_what_was_not_begun_or_has_succeeded() {
    let (balancer, _) = balancer(3, &[("hedge", "on")]);
    assert_eq!(balancer.retry_delay(&Plan::start(), Outcome::Refused), Err(Status::InvalidArgument));
    assert_eq!(balancer.retry_delay(&tried(&balancer, 1), Outcome::Success), Err(Status::InvalidArgument));
    assert_eq!(balancer.hedge_delay(&Plan::start(), Duration::ZERO), Err(Status::InvalidArgument));
}

#[test]
fn a_hedge_is_offered_after_what_most_requests_take_and_only_where_asked_for() {
    for (option, offered) in [("off", false), ("on", true)] {
        let (balancer, clock) = balancer(3, &[("hedge", option)]);
        let plan = tried(&balancer, 1);
        assert_eq!(balancer.hedge_delay(&plan, Duration::ZERO), Err(Status::NotOffered), "nothing is known yet");
        warm_up(&balancer, &clock, 4);
        assert_eq!(balancer.hedge_delay(&plan, Duration::ZERO).is_ok(), offered);
    }
}

#[test]
fn a_hedge_is_taken_when_its_wait_is_over() {
    let (balancer, clock) = balancer(3, &[("hedge", "on")]);
    warm_up(&balancer, &clock, 4);
    let plan = tried(&balancer, 1);
    let wait = balancer.hedge_delay(&plan, Duration::ZERO).unwrap();
    assert!(wait > Duration::from_millis(2) && wait < Duration::from_millis(9), "{wait:?}");
    let rest = balancer.hedge_delay(&plan, Duration::from_millis(1)).unwrap();
    assert_eq!(rest + Duration::from_millis(1), wait);
    let granted = (0..10).take_while(|_| balancer.hedge_delay(&plan, wait) == Ok(Duration::ZERO)).count();
    assert_eq!(granted, 3, "the burst");
    assert_eq!(balancer.hedge_delay(&plan, Duration::ZERO), Err(Status::BudgetSpent));
    (0..20).for_each(|_| drop(balancer.next_node()));
    assert_eq!(balancer.hedge_delay(&plan, wait), Ok(Duration::ZERO), "and one for twenty requests");
}

#[test]
fn a_request_is_hedged_once_and_only_with_another_node_to_go_to() {
    let (balancer, clock) = balancer(3, &[("hedge", "on")]);
    warm_up(&balancer, &clock, 4);
    assert!(balancer.hedge_delay(&tried(&balancer, 1), Duration::ZERO).is_ok());
    assert_eq!(balancer.hedge_delay(&tried(&balancer, 2), Duration::ZERO), Err(Status::NotOffered));
    let (alone, clock) = self::balancer(1, &[("hedge", "on")]);
    for _ in 0..300 {
        clock.advance(Duration::from_millis(2));
        alone.report(0, Outcome::Success, 4000).unwrap();
    }
    assert_eq!(alone.hedge_delay(&tried(&alone, 1), Duration::ZERO), Err(Status::NotOffered));
}

#[test]
fn no_hedge_is_offered_when_half_of_the_nodes_are_set_aside_or_all_are_busy() {
    let (balancer, clock) = balancer(4, &[("hedge", "on")]);
    warm_up(&balancer, &clock, 4);
    let plan = tried(&balancer, 1);
    assert!(balancer.hedge_delay(&plan, Duration::ZERO).is_ok());
    let aside: Vec<NodeId> = (0..4).filter(|node| !plan.was_tried(*node)).take(2).collect();
    aside.iter().for_each(|node| balancer.report(*node, Outcome::Refused, 10).unwrap());
    assert_eq!(balancer.hedge_delay(&plan, Duration::ZERO), Err(Status::NotOffered));

    let (balancer, clock) = self::balancer(4, &[("hedge", "on")]);
    (0..10).for_each(|_| warm_up(&balancer, &clock, 4));
    warm_up(&balancer, &clock, 40);
    assert_eq!(balancer.hedge_delay(&tried(&balancer, 1), Duration::ZERO), Err(Status::NotOffered));
}
