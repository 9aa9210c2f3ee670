//! The tables under virtual time.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn at(seconds: u64) -> Nanos {
    Nanos(1).after(SECOND * seconds as u32)
}

fn rng() -> Rng {
    Rng::new(9)
}

#[test]
fn a_table_is_wanted_at_its_first_sight_and_given_out_once() {
    let tables = TableKeys::default();
    assert_eq!(tables.next_wanted(at(0)), None);
    assert_eq!(tables.look_up("t", at(0)).0, None);
    assert_eq!(tables.next_wanted(at(0)), Some("t"));
    assert_eq!(tables.look_up("t", at(1)).0, None);
    assert_eq!(tables.next_wanted(at(1)), None, "somebody is at it");
    assert!(tables.learned("t", "id", at(2)));
    assert_eq!(tables.look_up("t", at(2)).0, Some("id"));
    assert_eq!(tables.next_wanted(at(1000)), None);
}

#[test]
fn who_never_answers_gives_the_table_up() {
    let tables = TableKeys::default();
    tables.look_up("t", at(0));
    assert_eq!(tables.next_wanted(at(0)), Some("t"));
    assert_eq!(tables.next_wanted(at(29)), None);
    assert_eq!(tables.next_wanted(at(30)), Some("t"));
}

#[test]
fn the_one_that_waits_longest_comes_first() {
    let tables = TableKeys::default();
    for (second, table) in ["c", "a", "b"].into_iter().enumerate() {
        tables.look_up(table, at(second as u64));
    }
    let order: Vec<_> = (0..4).map(|_| tables.next_wanted(at(5))).collect();
    assert_eq!(order, [Some("c"), Some("a"), Some("b"), None]);
}

#[test]
fn passing_failures_pause_from_a_tenth_to_thirty_seconds() {
    let tables = TableKeys::default();
    let mut now = at(0);
    for wanted_ms in [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000] {
        tables.look_up("t", now);
        assert_eq!(tables.next_wanted(now), Some("t"));
        let pause = tables.failed("t", false, now, &mut rng()).unwrap();
        let wanted = Duration::from_millis(wanted_ms);
        assert!(pause >= wanted.mul_f64(0.8) && pause <= wanted.mul_f64(1.2), "{pause:?} is not {wanted:?}");
        assert_eq!(tables.next_wanted(now.after(pause * 2)), None, "nobody wants it any more");
        tables.look_up("t", now);
        assert_eq!(tables.next_wanted(now.after(pause - Duration::from_millis(1))), None);
        now = now.after(pause);
    }
    assert_eq!(tables.next_wanted(now), Some("t"));
    tables.learned("t", "id", now);
    assert_eq!(tables.failed("t", false, now, &mut rng()).map(|pause| pause < SECOND), Some(true), "it starts over");
}

#[test]
fn lasting_failures_cool_for_five_minutes() {
    let tables = TableKeys::default();
    tables.look_up("t", at(0));
    assert_eq!(tables.next_wanted(at(0)), Some("t"));
    assert_eq!(tables.failed("t", true, at(0), &mut rng()), Some(SECOND * 300));
    tables.look_up("t", at(10));
    assert_eq!(tables.next_wanted(at(299)), None);
    assert_eq!(tables.next_wanted(at(300)), Some("t"));
    assert_eq!(tables.failed("unknown", true, at(0), &mut rng()), None);
}

#[test]
fn what_was_learned_expires_and_is_used_meanwhile() {
    let tables = TableKeys::default();
    tables.learned("t", "id", at(0));
    assert_eq!(tables.look_up("t", at(3600)).0, Some("id"));
    assert_eq!(tables.next_wanted(at(3600)), None);
    assert_eq!(tables.look_up("t", at(3601)).0, Some("id"));
    assert_eq!(tables.next_wanted(at(3601)), Some("t"));
    tables.failed("t", true, at(3601), &mut rng());
    assert_eq!(tables.look_up("t", at(3602)).0, Some("id"), "a failure forgets nothing");
}

#[test]
fn a_request_without_the_attribute_makes_it_learned_anew_at_once() {
    let tables = TableKeys::default();
    tables.learned("t", "old", at(0));
    let (_, number) = tables.look_up("t", at(5));
    tables.miss(number.unwrap(), at(5));
    assert_eq!(tables.next_wanted(at(5)), Some("t"));
    tables.learned("t", "new", at(5));
    assert_eq!(tables.look_up("t", at(5)).0, Some("new"));
    tables.miss(number.unwrap(), at(7));
    assert_eq!(tables.next_wanted(at(7)), Some("t"), "it changed, so the next doubt is as good as the first");
}

#[test]
fn requests_that_always_lack_the_attribute_do_not_ask_for_ever() {
    let tables = TableKeys::default();
    tables.learned("t", "id", at(0));
    let number = tables.look_up("t", at(0)).1.unwrap();
    let mut asked = 0;
    for second in 0..1000 {
        tables.miss(number, at(second));
        if tables.next_wanted(at(second)).is_some() {
            asked += 1;
            tables.learned("t", "id", at(second));
        }
    }
    assert!((8..=12).contains(&asked), "{asked}");
}

#[test]
fn what_is_preset_stays() {
    let tables = TableKeys::default();
    assert!(tables.preset("t", "id"));
    let (key, number) = tables.look_up("t", at(100_000));
    tables.miss(number.unwrap(), at(100_000));
    assert_eq!((key, tables.next_wanted(at(200_000))), (Some("id"), None));
    assert!(tables.learned("t", "other", at(200_000)));
    assert_eq!(tables.key_of("t"), Some("id"));
    assert_eq!(tables.states(at(0)).next(), Some(("t", Some("id"), TableState::Preset)));
}

#[test]
fn the_number_of_tables_is_bounded() {
    let tables = TableKeys::default();
    let added = (0..5000).filter(|i| tables.learned(&format!("table{i}"), "id", at(0))).count();
    assert!((MOST_TABLES - 100..=MOST_TABLES).contains(&added), "{added}");
    assert_eq!(tables.look_up("table0", at(0)).0, Some("id"));
    assert_eq!(tables.look_up("one more", at(0)).0, None);
    assert_eq!(tables.look_up(&"x".repeat(256), at(0)).0, None);
}

#[test]
fn threads_share_one_flight() {
    let tables = TableKeys::default();
    let given = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for table in 0..200 {
                    tables.look_up(&format!("t{table}"), at(0));
                    while tables.next_wanted(at(1)).is_some() {
                        given.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    // A look-up that met another one in the act has added nothing: the next request does.
    for table in 0..200 {
        tables.look_up(&format!("t{table}"), at(0));
    }
    while tables.next_wanted(at(1)).is_some() {
        given.fetch_add(1, Ordering::Relaxed);
    }
    assert_eq!(given.into_inner(), 200);
}
