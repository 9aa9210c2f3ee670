//! What the answer to DescribeTable says: the partition key, or why there is none and whether asking again soon is of any use.

use serde_json::Value;

/// Longer answers are refused.
const LONGEST: usize = 1 << 20;

/// No key was learned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Whether asking again soon is of no use.
    pub permanent: bool,
    /// Why.
    pub reason: String,
}

impl Refusal {
    /// From an error's code, as servers and SDKs name it, and the HTTP status; 0 and an empty code where there was no answer.
    pub fn of_error(status: u16, code: &str) -> Refusal {
        let code = code.rsplit('#').next().unwrap_or_default();
        let passing =
            ["Throttl", "RequestLimitExceeded", "ProvisionedThroughputExceeded", "LimitExceeded", "InternalServer", "Unavailable"];
        let lasting =
            ["ResourceNotFound", "AccessDenied", "Validation", "UnrecognizedClient", "InvalidSignature", "MissingAuthentication"];
        let named = |codes: &[&str]| codes.iter().any(|known| code.starts_with(known));
        let permanent = named(&lasting) || (!named(&passing) && (400..500).contains(&status) && status != 408 && status != 429);
        let reason = match (status, code) {
            (0, "") => "there was no answer".into(),
            (0, code) => clean(code),
            (status, "") => format!("status {status}"),
            (status, code) => format!("status {status}, {}", clean(code)),
        };
        Refusal { permanent, reason }
    }

    fn lasting(reason: &str) -> Refusal {
        Refusal { permanent: true, reason: reason.into() }
    }
}

/// The name of the partition key's attribute in an answer to DescribeTable.
pub fn read_description(status: u16, body: &[u8]) -> Result<String, Refusal> {
    let too_long = body.len() > LONGEST;
    let answer: Value = if too_long { Value::Null } else { serde_json::from_slice(body).unwrap_or_default() };
    if status != 200 {
        return Err(Refusal::of_error(status, answer["__type"].as_str().unwrap_or_default()));
    }
    if too_long {
        return Err(Refusal::lasting("the answer has more than 1 MiB"));
    }
    let schema = answer["Table"]["KeySchema"].as_array();
    let hash_keys = schema.into_iter().flatten().filter(|entry| entry["KeyType"] == "HASH");
    let name = hash_keys.filter_map(|entry| entry["AttributeName"].as_str()).next();
    match name {
        Some(name) if crate::config::check_attribute_name(name).is_ok() => Ok(name.into()),
        Some(_) => Err(Refusal::lasting("the key attribute's name is empty or too long")),
        None => Err(Refusal::lasting("the answer names no partition key")),
    }
}

/// An error's code as it can stand in a message.
fn clean(code: &str) -> String {
    crate::error::shorten(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_partition_key_is_found() {
        let body = r#"{"Table":{"TableName":"t","KeySchema":[{"AttributeName":"c","KeyType":"RANGE"},
                      {"AttributeName":"p","KeyType":"HASH"}],"TableStatus":"ACTIVE"}}"#;
        assert_eq!(read_description(200, body.as_bytes()), Ok("p".into()));
    }

    #[test]
    fn useless_answers_cool_and_passing_trouble_does_not() {
        let long_name = format!(r#"{{"Table":{{"KeySchema":[{{"AttributeName":"{}","KeyType":"HASH"}}]}}}}"#, "x".repeat(256));
        for (status, body, permanent) in [
            (200, "", true),
            (200, "null", true),
            (200, r#"{"Table":{"KeySchema":"x"}}"#, true),
            (200, r#"{"Table":{"KeySchema":[{"AttributeName":1,"KeyType":"HASH"}]}}"#, true),
            (200, r#"{"Table":{"KeySchema":[{"AttributeName":"","KeyType":"HASH"}]}}"#, true),
            (200, long_name.as_str(), true),
            (400, r#"{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"}"#, true),
            (400, r#"{"__type":"AccessDeniedException"}"#, true),
            (403, "forbidden", true),
            (404, "", true),
            (400, r#"{"__type":"com.amazonaws.dynamodb.v20120810#RequestLimitExceeded"}"#, false),
            (400, r#"{"__type":"ThrottlingException"}"#, false),
            (429, "", false),
            (408, "", false),
            (500, r#"{"__type":"InternalServerError"}"#, false),
            (503, "", false),
        ] {
            let refusal = read_description(status, body.as_bytes()).unwrap_err();
            assert_eq!(refusal.permanent, permanent, "{status} {body}: {refusal:?}");
        }
        assert!(read_description(200, &vec![b' '; LONGEST + 1]).unwrap_err().reason.contains("1 MiB"));
        assert!(read_description(200, "[".repeat(100_000).as_bytes()).is_err());
        assert_eq!(Refusal::of_error(0, ""), Refusal { permanent: false, reason: "there was no answer".into() });
        assert!(Refusal::of_error(0, "ResourceNotFoundException").permanent);
    }
}
