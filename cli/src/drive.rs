//! Discovery and health on an event loop: the library says what to fetch and when, this fetches it. And every node in use is looked
//! at now and then, since nobody else reports how requests to it went; those set aside are probed by the library's own requests.

use std::sync::Arc;
use std::time::Duration;

use alternator_lb::balancer::Fetch;
use alternator_lb::{Balancer, NodeId};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::http::{Http, NoAnswer};
use crate::look::{Look, look_at};

/// A report can bring the next round forward, which is noticed that soon.
const NOTICED_WITHIN: Duration = Duration::from_millis(100);

/// Drives one handle.
pub struct Driver {
    balancer: Arc<Balancer>,
    http: Http,
    looking: Option<Looking>,
    fetches: JoinSet<()>,
    looks: JoinSet<Vec<Look>>,
    next_look: Instant,
}

/// How the nodes are looked at.
#[derive(Clone, Copy)]
pub struct Looking {
    /// The pause between two looks.
    pub each: Duration,
    /// The longest wait for an answer.
    pub patience: Duration,
}

/// Something to react to.
pub enum News {
    /// A request of discovery has ended.
    Discovery,
    /// Every node in use was looked at.
    Looks(Vec<Look>),
}

impl Driver {
    /// Drives discovery; looks at the nodes unless the program's own requests tell how they fare.
    pub fn new(balancer: Arc<Balancer>, http: Http, looking: Option<Looking>) -> Driver {
        let (fetches, looks) = (JoinSet::new(), JoinSet::new());
        Driver { balancer, http, looking, fetches, looks, next_look: Instant::now() }
    }

    /// Goes on until something has happened. May be given up at any time and called again.
    pub async fn news(&mut self) -> News {
        loop {
            while let Some(fetch) = self.balancer.discovery_next() {
                self.fetches.spawn(perform(Arc::clone(&self.balancer), self.http.clone(), fetch));
            }
            let due = self.balancer.refresh_due().unwrap_or(NOTICED_WITHIN);
            tokio::select! {
                Some(_) = self.fetches.join_next() => return News::Discovery,
                Some(done) = self.looks.join_next() => {
                    self.next_look = Instant::now() + self.looking.map_or(NOTICED_WITHIN, |looking| looking.each);
                    if let Ok(looks) = done {
                        return News::Looks(looks);
                    }
                }
                () = sleep_until(self.next_look), if self.looking.is_some() && self.looks.is_empty() => self.look(),
                () = sleep(due.clamp(Duration::from_millis(1), NOTICED_WITHIN)) => {}
            }
        }
    }

    fn look(&mut self) {
        let Some(Looking { patience, .. }) = self.looking else { return };
        let (balancer, http) = (Arc::clone(&self.balancer), self.http.clone());
        let mut nodes: Vec<NodeId> = balancer.nodes().into_iter().chain(balancer.nodes_in_use()).collect();
        nodes.retain(|node| !balancer.is_set_aside(*node));
        nodes.sort_unstable();
        nodes.dedup();
        self.looks.spawn(async move { look_at(&balancer, &http, nodes, patience).await });
    }
}

async fn perform(balancer: Arc<Balancer>, http: Http, fetch: Fetch) {
    // A token that has become stale meanwhile, since the answer came late, is no trouble: the library has gone on without it.
    let _ = match http.get(&fetch.url, fetch.timeout).await {
        Ok(answer) => balancer.discovery_feed(fetch.token, answer.status, &answer.body),
        Err(NoAnswer { outcome, .. }) => balancer.discovery_fail(fetch.token, outcome),
    };
}
