//! Do the clocks agree, and does a signed request get through?

use std::time::{Duration, SystemTime};

use serde_json::json;

use super::Finding;
use crate::dynamodb::{DynamoDb, Reply};
use crate::http::Http;

pub const CLOCK: &str = "clock";
pub const SIGNATURE: &str = "signature";

/// Servers refuse signatures that are older or newer.
const REFUSED_BEYOND: Duration = Duration::from_secs(15 * 60);
/// Clocks that are set by NTP differ by less.
const DOUBTFUL_BEYOND: Duration = Duration::from_secs(60);

/// Compares this machine's clock with each node's.
pub async fn clock(http: &Http, nodes: &[String], patience: Duration) -> Finding {
    let mut worst: Option<(Duration, &String)> = None;
    for node in nodes {
        let Ok(answer) = http.get(&format!("{node}/"), patience).await else { continue };
        let date = answer.headers.get("date").and_then(|date| date.to_str().ok());
        let Some(theirs) = date.and_then(|date| httpdate::parse_http_date(date).ok()) else { continue };
        let apart = apart(theirs, SystemTime::now());
        if worst.is_none_or(|(most, _)| apart >= most) {
            worst = Some((apart, node));
        }
    }
    judge(worst)
}

/// How far two clocks are apart, of which one tells whole seconds.
fn apart(theirs: SystemTime, ours: SystemTime) -> Duration {
    match ours.duration_since(theirs) {
        Ok(behind) => behind.saturating_sub(Duration::from_secs(1)),
        Err(ahead) => ahead.duration(),
    }
}

fn judge(worst: Option<(Duration, &String)>) -> Finding {
    let Some((apart, node)) = worst else {
        return Finding::skipped(CLOCK, "No node tells its time (header Date).");
    };
    let seconds = apart.as_secs();
    let fix = "Set the clocks, best by NTP on all machines.";
    if apart > REFUSED_BEYOND {
        Finding::bad(CLOCK, format!("The clock of {node} is {seconds} s from this machine's: signatures will be refused."), fix)
    } else if apart > DOUBTFUL_BEYOND {
        Finding::doubtful(CLOCK, format!("The clock of {node} is {seconds} s from this machine's; 900 s are allowed."), fix)
    } else {
        Finding::good(CLOCK, format!("The nodes' clocks are within {} s of this machine's.", seconds + 1))
    }
}

/// Lists a table or none: signed, or unsigned without credentials.
pub async fn signature(dynamodb: &DynamoDb, nodes: &[String], patience: Duration) -> Finding {
    let Some(node) = nodes.first() else { return Finding::skipped(SIGNATURE, "No node answers.") };
    let body = json!({ "Limit": 1 });
    let reply = match dynamodb.call(node, "ListTables", &body, patience).await {
        Ok(reply) => reply,
        Err(no_answer) => {
            let sentence = format!("{node} answers, but not to a request: {}.", no_answer.reason);
            return Finding::bad(SIGNATURE, sentence, "Look into that node's log.");
        }
    };
    // A signature that cannot be right tells whether they are looked at.
    let looked_at = match dynamodb.with_wrong_secret().call(node, "ListTables", &body, patience).await {
        Ok(wrong) => !wrong.is_good(),
        Err(_) => true,
    };
    explain(&reply, dynamodb.is_signing(), looked_at)
}

fn explain(reply: &Reply, signed: bool, looked_at: bool) -> Finding {
    let refused = || reply.complaint();
    match (reply.error(), signed) {
        _ if reply.is_good() && signed && looked_at => {
            Finding::good(SIGNATURE, "A signed request is accepted, one with a wrong secret is not.")
        }
        _ if reply.is_good() && signed => Finding::doubtful(
            SIGNATURE,
            "A signed request is accepted, and so is one with a wrong secret: the servers check no signatures.",
            "If only some may use the cluster, set alternator_enforce_authorization in scylla.yaml.",
        ),
        _ if reply.is_good() => Finding::doubtful(
            SIGNATURE,
            "An unsigned request is accepted: whoever reaches the nodes can use the cluster.",
            "If only some may, set alternator_enforce_authorization in scylla.yaml.",
        ),
        ("MissingAuthenticationTokenException", false) => Finding::bad(
            SIGNATURE,
            format!("The servers want signed requests: {}.", refused()),
            "Set AWS_ACCESS_KEY_ID to the role's name and AWS_SECRET_ACCESS_KEY to its salted_hash in system.roles.",
        ),
        ("UnrecognizedClientException", _) => Finding::bad(
            SIGNATURE,
            format!("The key or its secret is wrong: {}.", refused()),
            "The key is the name of a role that may log in, the secret its salted_hash in system.roles. A changed one takes a minute \
             to be known.",
        ),
        ("InvalidSignatureException", _) => Finding::bad(
            SIGNATURE,
            format!("The signature is refused: {}.", refused()),
            "Most often a clock is wrong, here or there, or a proxy between changes the request.",
        ),
        ("AccessDeniedException", _) => {
            Finding::good(SIGNATURE, format!("The signature is accepted; the role may not list tables ({}).", refused()))
        }
        _ => Finding::bad(
            SIGNATURE,
            format!("A request is refused: {}.", refused()),
            "Look up the error, or look into the node's log.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    fn reply(status: u16, kind: &str) -> Reply {
        Reply { status, body: json!({ "__type": format!("prefix#{kind}"), "message": "m" }), latency: Duration::ZERO }
    }

    #[test]
    fn each_refusal_is_explained_in_its_own_way() {
        assert_eq!(explain(&reply(200, ""), true, true).verdict, Verdict::Good);
        assert_eq!(explain(&reply(200, ""), true, false).verdict, Verdict::Doubtful);
        assert_eq!(explain(&reply(200, ""), false, false).verdict, Verdict::Doubtful);
        for (kind, part) in [
            ("MissingAuthenticationTokenException", "AWS_ACCESS_KEY_ID"),
            ("UnrecognizedClientException", "salted_hash"),
            ("InvalidSignatureException", "clock"),
            ("ValidationException", "log"),
        ] {
            let finding = explain(&reply(400, kind), kind != "MissingAuthenticationTokenException", true);
            assert_eq!(finding.verdict, Verdict::Bad, "{kind}");
            assert!(finding.fix.contains(part), "{kind}: {}", finding.fix);
        }
        assert_eq!(explain(&reply(400, "AccessDeniedException"), true, true).verdict, Verdict::Good);
    }

    #[test]
    fn clocks_are_judged_by_what_servers_accept() {
        let node = "n".to_owned();
        let verdict = |seconds| judge(Some((Duration::from_secs(seconds), &node))).verdict;
        assert_eq!((verdict(0), verdict(60), verdict(61), verdict(900), verdict(901)), {
            (Verdict::Good, Verdict::Good, Verdict::Doubtful, Verdict::Doubtful, Verdict::Bad)
        });
        assert_eq!(judge(None).verdict, Verdict::Skipped);
    }

    #[test]
    fn whole_seconds_are_no_difference() {
        let at = |millis| SystemTime::UNIX_EPOCH + Duration::from_millis(millis);
        assert_eq!(apart(at(5_000), at(5_999)), Duration::ZERO);
        assert_eq!(apart(at(5_000), at(70_500)), Duration::from_millis(64_500));
        assert_eq!(apart(at(70_000), at(5_000)), Duration::from_secs(65));
    }
}
