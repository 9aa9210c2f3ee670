//! What it costs to find a request's node: reading table, facts and partition key from the body, and the first draw of the key's
//! plan.
//!
//!   cargo bench --bench request [-- ROUNDS]
//!
//! The fastest of ROUNDS (default 100) of two milliseconds is printed, since noise only ever adds. Each row stands beside what it
//! can't be faster than, or beside the way it replaces. Allocations are counted over 1000 calls.

use std::hint::black_box;
use std::time::{Duration, Instant};

use alternator_lb::affinity::first_accepted;
use alternator_lb::request::{Object, Operation, Request, read, read_batch};

#[path = "../fuzz/src/go_rand.rs"]
mod go_rand;
#[path = "../src/affinity/go_rand_words.rs"]
mod go_rand_words;

/// As long as a partition key can be.
const LONGEST_KEY: usize = 2048;

fn main() {
    let rounds = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(100);
    let bench = Bench { rounds };

    println!("{:<40}{:>7}{:>11}{:>11}{:>9}", "reading table, facts and key", "bytes", "time", "speed", "mallocs");
    for size in [1_000, 100_000] {
        for (shape, attributes) in [("mixed attributes", mixed_attributes(size)), ("one long text", long_text(size))] {
            for (place, item) in [("first", format!("{KEY},{attributes}")), ("last", format!("{attributes},{KEY}"))] {
                let body = format!(r#"{{"TableName":"visits","Item":{{{item}}},"ReturnValues":"NONE"}}"#);
                bench.read(&format!("PutItem, {shape}, key {place}"), &body, |body| key(read(Operation::PutItem, body).ok()));
            }
        }
    }
    let update = format!(
        r##"{{"TableName":"visits","Key":{{{KEY}}},"UpdateExpression":"SET #h = if_not_exists(#h, :zero) + :one, #t = :now",
        "ExpressionAttributeNames":{{"#h":"hits","#t":"time"}},
        "ExpressionAttributeValues":{{":zero":{{"N":"0"}},":one":{{"N":"1"}}}}}}"##
    );
    bench.read("UpdateItem", &update, |body| key(read(Operation::UpdateItem, body).ok()));
    let entry = format!(r#"{{"PutRequest":{{"Item":{{{},{KEY}}}}}}}"#, mixed_attributes(400));
    let batch = format!(r#"{{"RequestItems":{{"visits":[{}]}}}}"#, vec![entry; 25].join(","));
    bench.read("BatchWriteItem of 25, keys last", &batch, |body| {
        let mut bytes = 0;
        read_batch(body, |_, item| bytes += key_of(item)).ok()?;
        Some(bytes)
    });
    let long = format!(r#"{{"Item":"{}"}}"#, "x".repeat(100_000));
    bench.read("(each byte compared with one)", &long, |body| (!body.contains(&0)).then_some(0));
    bench.read("(empty call)", "", |_| Some(0));

    println!("\nfirst draw of Go's math/rand among 50");
    let mut seed = 0_i64;
    bench.draw("all 607 words seeded, then one draw", || {
        seed += 1;
        go_rand::GoRand::new(black_box(seed)).below(50) as u32
    });
    bench.draw("the two words that it takes", || {
        seed += 1;
        first_accepted(black_box(seed), 50, |_| true).unwrap_or_default()
    });
}

struct Bench {
    rounds: u32,
}

impl Bench {
    fn read(&self, what: &str, body: &str, mut find: impl FnMut(&[u8]) -> Option<usize>) {
        assert!(find(body.as_bytes()).is_some(), "{what}: nothing found");
        let (time, mallocs) = self.fastest(|| _ = black_box(find(black_box(body.as_bytes()))));
        let speed = body.len() as f64 / time;
        println!("  {what:<38}{:>7}{time:>8.0} ns{speed:>6.1} GB/s{mallocs:>9}", body.len());
    }

    fn draw(&self, what: &str, mut draw: impl FnMut() -> u32) {
        let (time, mallocs) = self.fastest(|| _ = black_box(draw()));
        println!("  {what:<38}{time:>15.1} ns{mallocs:>20}");
    }

    /// Nanoseconds per call in the fastest round, and the allocations of 1000 calls.
    fn fastest(&self, mut call: impl FnMut()) -> (f64, u64) {
        let mut round = |calls: u32| {
            let start = Instant::now();
            (0..calls).for_each(|_| call());
            start.elapsed()
        };
        let mut calls = 1;
        while round(calls) < Duration::from_millis(2) {
            calls *= 2;
        }
        let fastest = (0..self.rounds).map(|_| round(calls)).min().unwrap_or_default();
        let mallocs = allocation_counter::measure(|| _ = round(1000)).count_total;
        (fastest.as_nanos() as f64 / f64::from(calls), mallocs)
    }
}

const KEY: &str = r#""page":{"S":"/users/00000000042"}"#;

/// The length of the key of a request, in one piece.
fn key(request: Option<Request<'_>>) -> Option<usize> {
    let request = request?;
    black_box((request.table, request.facts));
    request.key_source.map(key_of)
}

fn key_of(item: Object<'_>) -> usize {
    let mut buffer = [0; LONGEST_KEY];
    let value = item.attribute("page").and_then(Result::ok);
    value.and_then(|value| value.contiguous(&mut buffer).ok()?.map(<[u8]>::len)).unwrap_or_default()
}

/// Attributes of many types, as the items of an application have them.
fn mixed_attributes(size: usize) -> String {
    let mut attributes = String::new();
    for number in 0.. {
        attributes += &match number % 5 {
            0 => format!(r#""attribute{number}":{{"S":"a string of some length {number}"}}"#),
            1 => format!(r#""attribute{number}":{{"N":"{}"}}"#, number * 7919),
            2 => format!(r#""attribute{number}":{{"BOOL":true}}"#),
            3 => format!(r#""attribute{number}":{{"L":[{{"S":"first"}},{{"N":"{number}"}}]}}"#),
            _ => format!(r#""attribute{number}":{{"M":{{"name":{{"S":"x{number}"}},"n":{{"N":"{number}"}}}}}}"#),
        };
        if attributes.len() > size {
            break;
        }
        attributes.push(',');
    }
    attributes
}

/// One attribute that holds a document of its own, quotes escaped.
fn long_text(size: usize) -> String {
    let line = r#"{\"title\": \"some words in it\", \"number\": 12}\n"#;
    format!(r#""document":{{"S":"{}"}}"#, line.repeat(size / line.len()))
}
