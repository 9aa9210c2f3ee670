//! Can the seeds be reached, is TLS right, is there a list of nodes, and does every node of it answer?

use std::time::Duration;

use alternator_lb::config::Verify;
use alternator_lb::node::Scheme;
use alternator_lb::{Balancer, Config, Outcome, Status};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::Finding;
use super::scope::NAMES_FIX;
use crate::cluster::NODE_PATIENCE;
use crate::http::{Http, NoAnswer};
use crate::look::look_at;

pub const SEEDS: &str = "seeds";
pub const TLS: &str = "tls";
pub const LIST: &str = "list";
pub const NODES: &str = "nodes";

/// Connects to each address of each seed.
pub async fn seeds(config: &Config) -> Finding {
    let (mut reached, mut failed) = (0, Vec::new());
    for seed in config.seeds() {
        let host = seed.host.to_string();
        let bare = host.trim_matches(['[', ']']).to_owned();
        match lookup_host((bare, seed.port)).await {
            Err(error) => failed.push(format!("{seed}: the name could not be looked up: {error}")),
            Ok(addresses) => {
                for address in addresses {
                    match timeout(NODE_PATIENCE, TcpStream::connect(address)).await {
                        Ok(Ok(_)) => reached += 1,
                        Ok(Err(error)) => failed.push(format!("{address}: {error}")),
                        Err(_) => failed.push(format!("{address}: no connection within {} ms", NODE_PATIENCE.as_millis())),
                    }
                }
            }
        }
    }
    let told = failed.join("; ");
    let fix = "Check the addresses and the port (--port), that the nodes run with Alternator switched on, and that no firewall is \
               between.";
    match (reached, failed.len()) {
        (0, _) => Finding::bad(SEEDS, format!("None of the seeds can be reached: {told}."), fix),
        (_, 0) => Finding::good(SEEDS, format!("Each of the {reached} addresses of the seeds can be reached.")),
        _ => Finding::doubtful(
            SEEDS,
            format!("Some seeds cannot be reached: {told}."),
            format!("One is enough, as long as it lives. {fix}"),
        ),
    }
}

/// Talks to the first seed that says something, encrypted or not.
pub async fn tls(config: &Config, http: &Http) -> Finding {
    let mut last = None;
    for seed in config.seeds() {
        match http.get(&format!("{}://{seed}/", config.scheme.as_str()), NODE_PATIENCE).await {
            Ok(_) => return spoken(config),
            Err(no_answer) => last = Some((seed.to_string(), no_answer)),
        }
    }
    match last {
        Some((seed, NoAnswer { outcome: Outcome::TlsFailure, reason, .. })) => {
            Finding::bad(TLS, format!("The TLS handshake with {seed} failed: {reason}."), tls_fix(&reason))
        }
        Some((seed, NoAnswer { outcome: Outcome::Reset, reason, .. })) if config.scheme == Scheme::Http => {
            Finding::bad(TLS, format!("{seed} does not speak plain HTTP: {reason}."), "If the port is one for TLS, add --https.")
        }
        _ => Finding::skipped(TLS, "No seed answers."),
    }
}

fn spoken(config: &Config) -> Finding {
    match (config.scheme, config.tls.verify) {
        (Scheme::Http, _) => Finding::good(TLS, "Plain HTTP is spoken: whoever is on the way can read and change requests."),
        (Scheme::Https, Verify::Full) => Finding::good(TLS, "TLS is spoken, and the certificate is good for the seed's address."),
        (Scheme::Https, verify) => {
            let unchecked = if verify == Verify::NoHostname { "whom the certificate is for" } else { "the certificate" };
            let sentence = format!("TLS is spoken, but {unchecked} is not checked (option tls.verify).");
            Finding::doubtful(TLS, sentence, "Give the cluster's CA with --ca, and leave tls.verify at full.")
        }
    }
}

fn tls_fix(reason: &str) -> &'static str {
    let about = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    if about(&["UnknownIssuer", "unknown issuer"]) {
        "The certificate is of a CA that is not trusted here: give that CA's certificate with --ca FILE."
    } else if about(&["NotValidForName", "not valid for name"]) {
        "The certificate names other addresses: it needs each node's address as a subject alternative name. Until then --set \
         tls.verify=no_hostname."
    } else if about(&["Expired", "expired"]) {
        "The certificate has run out: renew it, or set this machine's clock."
    } else if about(&["NotValidYet", "not valid yet"]) {
        "The certificate is not good yet: set this machine's clock, or the one of the CA."
    } else if about(&["CertificateRequired", "certificate required"]) {
        "The servers want a client's certificate: --set tls.cert_file=FILE --set tls.key_file=FILE."
    } else if about(&["InvalidContentType", "corrupt message"]) {
        "The port does not seem to speak TLS: leave --https out, or give the port that does with --port."
    } else {
        "Check that the port speaks TLS (--port), and the options tls.* in docs/CONFIGURATION.md."
    }
}

/// Asks for the list as any client does.
pub fn list(balancer: &Balancer, patience: Duration) -> Finding {
    match balancer.refresh(patience) {
        Ok(()) => Finding::good(LIST, format!("The cluster lists {} nodes in the scope.", balancer.nodes().len())),
        Err(error) if error.status == Status::ScopeUnknown => {
            Finding::bad(LIST, format!("A datacenter's or rack's name is wrong: {error}."), NAMES_FIX)
        }
        Err(error) => Finding::bad(
            LIST,
            format!("There is no list of nodes: {error}."),
            "Check that the port is Alternator's (--port), and that nothing between answers in the nodes' place.",
        ),
    }
}

/// Asks every node, and tells the URLs of those that answer.
pub async fn nodes(balancer: &Balancer, http: &Http, patience: Duration) -> (Finding, Vec<String>) {
    let looks = look_at(balancer, http, balancer.nodes(), patience.min(NODE_PATIENCE)).await;
    let url = |node| balancer.node(node).map(|node| node.url.as_str().to_owned()).unwrap_or_default();
    let well: Vec<String> = looks.iter().filter(|look| look.is_well()).map(|look| url(look.node)).collect();
    let ill: Vec<String> =
        looks.iter().filter(|look| !look.is_well()).map(|look| format!("{}: {}", url(look.node), look.reason)).collect();
    let finding = if ill.is_empty() {
        Finding::good(NODES, format!("All {} nodes answer.", looks.len()))
    } else {
        let sentence = format!("{} of {} nodes do not answer as they should: {}.", ill.len(), looks.len(), ill.join("; "));
        let fix = "Clients set such nodes aside. A node that died stays listed for some 20 seconds; one that lives has to be \
                   reachable from here at the address that it tells the others (broadcast_rpc_address).";
        Finding::bad(NODES, sentence, fix)
    };
    (finding, well)
}
