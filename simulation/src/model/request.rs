//! A request on its way through its attempts.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use alternator_lb::Plan;

/// What policies see of a request.
pub struct Walk {
    /// The nodes it was sent to, in order.
    pub tried: Vec<usize>,
    /// The hash of its partition key.
    pub key: Option<i64>,
    /// Storage for the library's query plan.
    pub plan: Plan,
}

impl Walk {
    /// A request that was not sent yet.
    pub fn new(key: Option<i64>) -> Walk {
        let plan = key.map_or_else(Plan::start, Plan::for_key);
        Walk { tried: Vec::with_capacity(super::MOST_ATTEMPTS), key, plan }
    }
}

/// A request.
pub struct Request {
    /// When it arrived.
    pub arrived: f64,
    /// At which client.
    pub client: usize,
    /// Its part of the work.
    pub work: f64,
    /// Which of the keys it has.
    pub key: Option<usize>,
    /// Where it has been.
    pub walk: RefCell<Walk>,
    /// Attempts that have not ended.
    pub under_way: Cell<u32>,
    /// Whether one of its attempts is a hedge.
    pub hedged: Cell<bool>,
    /// Whether it has ended.
    pub over: Cell<bool>,
}

impl Request {
    /// A request that arrives, and was not sent yet.
    pub fn arrives(arrived: f64, client: usize, work: f64, key: Option<usize>, walk: Walk) -> Request {
        let (under_way, hedged, over) = (Cell::new(0), Cell::new(false), Cell::new(false));
        Request { arrived, client, work, key, walk: RefCell::new(walk), under_way, hedged, over }
    }

    /// Whether it may have another attempt, as far as their number goes. A hedge does not count.
    pub fn has_attempts_left(&self) -> bool {
        self.walk.borrow().tried.len() < super::MOST_ATTEMPTS + usize::from(self.hedged.get())
    }
}

/// One attempt of a request at a node.
pub struct Attempt {
    /// Of which request.
    pub request: Rc<Request>,
    /// At which node.
    pub node: usize,
    /// When it was sent.
    pub sent: f64,
    /// Whether the client is through with it.
    pub over: Cell<bool>,
}
