//! Does the server know datacenters and racks as parameters, and does the cluster have those of the scope?

use std::time::Duration;

use alternator_lb::scope::Scope;
use alternator_lb::{Balancer, Config, Status};

use super::Finding;

pub const SUPPORT: &str = "scope support";
pub const KNOWN: &str = "scope";
/// What to do about an unknown datacenter or rack.
pub const NAMES_FIX: &str = "Names are those that `nodetool status` prints, case included; in --scope, '/', '>' and '%' within a name \
                             are written %2F, %3E and %25.";

pub fn ask(balancer: &Balancer, config: &Config, patience: Duration) -> [Finding; 2] {
    let names_places = config.scope.scopes().iter().any(|scope| *scope != Scope::Cluster);
    let support = match balancer.scope_supported(patience) {
        Ok(true) => Finding::good(SUPPORT, "The servers can be asked for the nodes of a datacenter or rack."),
        Ok(false) => {
            let sentence =
                "The servers cannot be asked for the nodes of a datacenter or rack: that takes ScyllaDB 2025.1 or later.";
            let fix = "Leave the scope at cluster, and give seeds of the wanted datacenter, until the servers are newer.";
            if names_places { Finding::bad(SUPPORT, sentence, fix) } else { Finding::doubtful(SUPPORT, sentence, fix) }
        }
        Err(error) => {
            Finding::bad(SUPPORT, format!("The servers could not be asked: {error}."), "Try again when the nodes answer.")
        }
    };
    [support, known(balancer, names_places, patience)]
}

fn known(balancer: &Balancer, names_places: bool, patience: Duration) -> Finding {
    if !names_places {
        return Finding::good(KNOWN, "The scope is the whole cluster.");
    }
    match balancer.check_scope(patience) {
        Ok(()) => Finding::good(KNOWN, "The cluster knows every datacenter and rack of the scope."),
        Err(error) if error.status == Status::Unsupported => Finding::skipped(KNOWN, "The servers cannot tell."),
        Err(error) => Finding::bad(KNOWN, format!("{error}."), NAMES_FIX),
    }
}
