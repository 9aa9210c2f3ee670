//! Whether a write was lost: counters per key, to which every call adds one.
//!
//! Each acknowledged call must be in the final value, and nothing may be there that nobody asked for. An attempt that ended without
//! an answer may or may not have been carried out, so for each key `acks <= final <= acks + ambiguous` must hold.

use std::time::Duration;

use serde_json::{Value, json};

use crate::http::Http;
use crate::log::Call;

pub const KEYS: usize = 64;
const TABLE: &str = "chaos";
const PATIENCE: Duration = Duration::from_secs(5);

/// What the calls add up to, and what is wrong with the final values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    pub acknowledged: u64,
    pub ambiguous: u64,
    /// Acknowledged, and not in the final values.
    pub lost: u64,
    /// In the final values, and never asked for.
    pub phantom: u64,
}

impl Balance {
    /// Whether all is there that must be, and nothing else.
    pub fn is_right(&self) -> bool {
        self.lost == 0 && self.phantom == 0
    }
}

/// The body of the UpdateItem that adds one to a key's counter.
pub fn add_one(key: usize) -> String {
    json!({
        "TableName": TABLE,
        "Key": {"id": {"S": name(key)}},
        "UpdateExpression": "ADD hits :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    })
    .to_string()
}

/// Makes the table of counters, through the node at that URL.
pub fn create(url: &str) -> Result<(), String> {
    let table = json!({
        "TableName": TABLE,
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    });
    ask(&Http::new(PATIENCE), url, "CreateTable", &table).map(drop)
}

/// Reads all counters, through the node at that URL.
pub fn read(url: &str) -> Result<Vec<u64>, String> {
    let http = Http::new(PATIENCE);
    let counter = |key| {
        let wanted = json!({"TableName": TABLE, "Key": {"id": {"S": name(key)}}, "ConsistentRead": true});
        let answer = ask(&http, url, "GetItem", &wanted)?;
        match &answer["Item"]["hits"]["N"] {
            Value::Null => Ok(0),
            value => value.as_str().and_then(|text| text.parse().ok()).ok_or(format!("{} holds {value}", name(key))),
        }
    };
    (0..KEYS).map(counter).collect()
}

/// Compares what the calls were told with what the counters say.
pub fn check(calls: &[Call], finals: &[u64]) -> Balance {
    let mut of_key = vec![(0, 0); finals.len()];
    for call in calls {
        let (acknowledged, ambiguous) = &mut of_key[call.key];
        *acknowledged += u64::from(call.succeeded());
        *ambiguous += call.attempts.iter().filter(|attempt| attempt.outcome.is_ambiguous()).count() as u64;
    }
    let mut balance = Balance::default();
    for ((acknowledged, ambiguous), found) in of_key.into_iter().zip(finals) {
        balance.acknowledged += acknowledged;
        balance.ambiguous += ambiguous;
        balance.lost += acknowledged.saturating_sub(*found);
        balance.phantom += found.saturating_sub(acknowledged + ambiguous);
    }
    balance
}

fn name(key: usize) -> String {
    format!("counter-{key}")
}

fn ask(http: &Http, url: &str, operation: &str, body: &Value) -> Result<Value, String> {
    let (status, answer) =
        http.call(url, operation, &body.to_string()).map_err(|error| format!("{operation} at {url}: {error}"))?;
    if status != 200 {
        return Err(format!("{operation} at {url}: status {status}: {answer}"));
    }
    serde_json::from_str(&answer).map_err(|error| format!("{operation} at {url}: {error}: {answer}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::Attempt;
    use crate::outcome::Outcome::{self, Refused, Reset, Success, Timeout};

    fn call(key: usize, outcomes: &[Outcome]) -> Call {
        let attempts = outcomes
            .iter()
            .map(|&outcome| Attempt { node: 0, asked_at: Duration::ZERO, reported_at: Duration::ZERO, outcome })
            .collect();
        Call { client: 0, key, begun: Duration::ZERO, ended: Duration::ZERO, attempts }
    }

    #[test]
    fn an_acknowledged_write_that_is_not_there_is_lost_even_if_another_key_has_one_too_many() {
        let calls = [call(0, &[Success]), call(0, &[Success]), call(1, &[Success])];
        assert_eq!(check(&calls, &[2, 1]), Balance { acknowledged: 3, ..Balance::default() });
        let balance = check(&calls, &[1, 2]);
        assert_eq!((balance.lost, balance.phantom), (1, 1));
    }

    #[test]
    fn an_attempt_without_an_answer_may_have_been_done_or_not() {
        let calls = [call(0, &[Timeout, Reset, Success]), call(0, &[Timeout])];
        for found in 1..=4 {
            let balance = check(&calls, &[found]);
            assert_eq!((balance.acknowledged, balance.ambiguous, balance.lost, balance.phantom), (1, 3, 0, 0), "{found}");
        }
        assert_eq!(check(&calls, &[0]).lost, 1);
        assert_eq!(check(&calls, &[5]).phantom, 1);
    }

    #[test]
    fn a_refused_write_must_not_be_there() {
        assert_eq!(check(&[call(0, &[Refused])], &[1]).phantom, 1);
    }
}
