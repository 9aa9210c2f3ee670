//! What happens in a run, as data: the cluster, the clients, the load, the trouble and the clients' way of trying again.
//!
//! Times are seconds from the start. Trouble lasts from [`TROUBLE_BEGINS`] to [`TROUBLE_ENDS`]; requests count from [`WARM`] on.

/// Trouble begins.
pub const TROUBLE_BEGINS: f64 = 10.0;
/// Trouble ends.
pub const TROUBLE_ENDS: f64 = 20.0;
/// What arrives earlier is not measured.
pub const WARM: f64 = 2.0;
/// The node that trouble comes to, where it comes to one.
pub const BAD_NODE: usize = 0;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Trouble {
    /// Nothing.
    None,
    /// The bad node takes ten times as long.
    Slow,
    /// The bad node dies: open requests are reset, later ones refused. It returns with cold caches.
    Die,
    /// The bad node takes requests and never answers them.
    Hang,
    /// The bad node leaves the list, serves for three more seconds, and is gone. It returns to the list, with cold caches.
    Leave,
    /// The bad node is not there until the trouble ends, and then joins as a new one, with cold caches.
    Join,
    /// Every node dies.
    Outage,
    /// Every node takes twice as long, which is more than the cluster can do.
    Overload,
}

/// How often and when a client tries again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Retries {
    /// At once.
    AtOnce,
    /// After a random part of a pause that begins with 50 ms and doubles, as the SDKs do.
    BackOff,
}

/// Where clients stand, and how far nodes are from them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Places {
    /// As many in each rack; 0.3 ms there and back in the rack, 0.8 ms across.
    Even,
    /// 60, 25 and 15 % of the clients in the three racks; 0.2 ms in the rack, 1.5 ms across.
    Skewed,
}

/// One run's circumstances.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name on the command line and in the table.
    pub name: &'static str,
    /// What goes wrong.
    pub trouble: Trouble,
    /// Nodes of the cluster; node `i` stands in rack `i % racks`.
    pub nodes: usize,
    /// Racks.
    pub racks: usize,
    /// Clients, each with a balancer of its own.
    pub clients: usize,
    /// Share of the cluster's capacity that requests take.
    pub load: f64,
    /// When the last request arrives.
    pub duration: f64,
    /// Where clients stand.
    pub places: Places,
    /// How they try again.
    pub retries: Retries,
    /// From how many partition keys requests take theirs; 0 for requests without one.
    pub keys: usize,
}

/// Nine nodes in three racks, fifty clients, 65 % load, a minute: the reference's circumstances.
const REFERENCE: Scenario = Scenario {
    name: "equal",
    trouble: Trouble::None,
    nodes: 9,
    racks: 3,
    clients: 50,
    load: 0.65,
    duration: 60.0,
    places: Places::Even,
    retries: Retries::AtOnce,
    keys: 0,
};

/// Half a minute is enough where the recovery is short.
const SHORT: f64 = 30.0;

/// Every scenario there is.
pub static SCENARIOS: &[Scenario] = &[
    REFERENCE,
    Scenario { name: "slow", trouble: Trouble::Slow, ..REFERENCE },
    Scenario { name: "die", trouble: Trouble::Die, ..REFERENCE },
    Scenario { name: "hang", trouble: Trouble::Hang, ..REFERENCE },
    Scenario { name: "local", places: Places::Skewed, ..REFERENCE },
    Scenario { name: "local_hang", places: Places::Skewed, trouble: Trouble::Hang, duration: SHORT, ..REFERENCE },
    Scenario { name: "leave", trouble: Trouble::Leave, duration: SHORT, ..REFERENCE },
    Scenario { name: "join", trouble: Trouble::Join, duration: SHORT, ..REFERENCE },
    Scenario { name: "die_3", trouble: Trouble::Die, nodes: 3, clients: 12, load: 0.5, duration: SHORT, ..REFERENCE },
    Scenario { name: "hang_3", trouble: Trouble::Hang, nodes: 3, clients: 12, load: 0.5, duration: SHORT, ..REFERENCE },
    Scenario { name: "die_2", trouble: Trouble::Die, nodes: 2, racks: 1, clients: 12, load: 0.4, duration: SHORT, ..REFERENCE },
    Scenario { name: "hang_2", trouble: Trouble::Hang, nodes: 2, racks: 1, clients: 12, load: 0.4, duration: SHORT, ..REFERENCE },
    Scenario { name: "outage", trouble: Trouble::Outage, retries: Retries::BackOff, duration: SHORT, ..REFERENCE },
    Scenario { name: "overload", trouble: Trouble::Overload, retries: Retries::BackOff, duration: SHORT, ..REFERENCE },
    Scenario { name: "hang_backoff", trouble: Trouble::Hang, retries: Retries::BackOff, duration: SHORT, ..REFERENCE },
    Scenario { name: "keys_die", trouble: Trouble::Die, keys: 5000, duration: SHORT, ..REFERENCE },
    Scenario { name: "keys_slow", trouble: Trouble::Slow, keys: 5000, duration: SHORT, ..REFERENCE },
    Scenario { name: "keys_hang", trouble: Trouble::Hang, keys: 5000, duration: SHORT, ..REFERENCE },
];

impl Scenario {
    /// The scenario of that name.
    pub fn named(name: &str) -> Option<Scenario> {
        SCENARIOS.iter().find(|scenario| scenario.name == name).cloned()
    }

    /// The rack of a node.
    pub fn rack_of_node(&self, node: usize) -> usize {
        node % self.racks
    }

    /// The rack of a client.
    pub fn rack_of_client(&self, client: usize) -> usize {
        let place = (client as f64 + 0.5) / self.clients as f64;
        match self.places {
            Places::Even => client % self.racks,
            Places::Skewed if place < 0.60 => 0,
            Places::Skewed if place < 0.85 => 1,
            Places::Skewed => 2,
        }
    }

    /// How long a packet takes one way.
    pub fn one_way(&self, client: usize, node: usize) -> f64 {
        let (near, far) = match self.places {
            Places::Even => (0.0003, 0.0008),
            Places::Skewed => (0.0002, 0.0015),
        };
        (if self.rack_of_node(node) == self.rack_of_client(client) { near } else { far }) / 2.0
    }

    /// Whether the bad node ends its trouble, so that its return can be measured.
    pub fn has_a_bad_node(&self) -> bool {
        !matches!(self.trouble, Trouble::None | Trouble::Outage | Trouble::Overload)
    }
}
