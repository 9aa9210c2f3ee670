//! `alb check`: what a client needs of the cluster, one question after the other, each with a plain sentence and what to do about
//! it.

mod access;
mod reach;
mod scope;

use alternator_lb::Balancer;
use serde_json::{Value, json};

use crate::args::Common;
use crate::cluster::NODE_PATIENCE;
use crate::dynamodb::DynamoDb;
use crate::failure::{Code, Failure};
use crate::http::Http;
use crate::output;

/// How a question was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Good,
    /// It works, but may not be what is wanted.
    Doubtful,
    Bad,
    /// It could not be asked.
    Skipped,
}

impl Verdict {
    fn name(self) -> &'static str {
        match self {
            Verdict::Good => "good",
            Verdict::Doubtful => "doubtful",
            Verdict::Bad => "bad",
            Verdict::Skipped => "skipped",
        }
    }
}

/// One question and its answer.
#[derive(Clone, Debug)]
pub struct Finding {
    pub question: &'static str,
    pub verdict: Verdict,
    pub sentence: String,
    /// What to do; empty where nothing is to be done.
    pub fix: String,
}

impl Finding {
    fn new(question: &'static str, verdict: Verdict, sentence: impl Into<String>, fix: impl Into<String>) -> Finding {
        Finding { question, verdict, sentence: sentence.into(), fix: fix.into() }
    }

    pub fn good(question: &'static str, sentence: impl Into<String>) -> Finding {
        Finding::new(question, Verdict::Good, sentence, "")
    }

    pub fn doubtful(question: &'static str, sentence: impl Into<String>, fix: impl Into<String>) -> Finding {
        Finding::new(question, Verdict::Doubtful, sentence, fix)
    }

    pub fn bad(question: &'static str, sentence: impl Into<String>, fix: impl Into<String>) -> Finding {
        Finding::new(question, Verdict::Bad, sentence, fix)
    }

    pub fn skipped(question: &'static str, sentence: impl Into<String>) -> Finding {
        Finding::new(question, Verdict::Skipped, sentence, "")
    }

    fn json(&self) -> Value {
        json!({ "question": self.question, "verdict": self.verdict.name(), "sentence": self.sentence, "fix": self.fix })
    }
}

pub async fn run(common: &Common) -> Result<(), Failure> {
    let config = common.config(&[])?;
    let balancer = Balancer::new(config.clone())?;
    let http = Http::new(&balancer, NODE_PATIENCE);
    let dynamodb = DynamoDb::from_environment(http.clone())?;

    let mut findings = vec![reach::seeds(&config).await];
    findings.push(reach::tls(&config, &http).await);
    findings.push(reach::list(&balancer, common.timeout));
    if findings.iter().any(|finding| finding.verdict == Verdict::Bad && finding.question == reach::LIST) {
        for question in [reach::NODES, scope::SUPPORT, scope::KNOWN, access::CLOCK, access::SIGNATURE] {
            findings.push(Finding::skipped(question, "The cluster has told no nodes that could be asked."));
        }
    } else {
        let (finding, well) = reach::nodes(&balancer, &http, common.timeout).await;
        findings.push(finding);
        findings.extend(scope::ask(&balancer, &config, common.timeout));
        findings.push(access::clock(&http, &well, common.timeout).await);
        findings.push(access::signature(&dynamodb, &well, common.timeout).await);
    }
    tell(&findings, common.json)?;
    if findings.iter().any(|finding| finding.verdict == Verdict::Bad) { Err(Failure::new(Code::Trouble, "")) } else { Ok(()) }
}

fn tell(findings: &[Finding], as_json: bool) -> Result<(), Failure> {
    if as_json {
        let all: Vec<Value> = findings.iter().map(Finding::json).collect();
        let good = findings.iter().all(|finding| finding.verdict != Verdict::Bad);
        return output::json(&json!({ "good": good, "findings": all }));
    }
    for finding in findings {
        output::line(&format!("{:>8}  {}: {}", finding.verdict.name(), finding.question, finding.sentence))?;
        if !finding.fix.is_empty() {
            output::line(&format!("{:>8}  → {}", "", finding.fix))?;
        }
    }
    Ok(())
}
