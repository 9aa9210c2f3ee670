//! Client-side load balancing for ScyllaDB Alternator: which nodes are alive, which one serves the next request, and which one the
//! retry. The C ABI over it is `include/alternator_lb.h`; every binding goes through that.
//!
//! ```
//! use alternator_lb::{Balancer, Config};
//!
//! let mut config = Config::default();
//! config.set("seeds", "10.0.0.1, 10.0.0.2")?;
//! config.set("discovery", "static")?;
//! let balancer = Balancer::new(config)?;
//! let node = balancer.next_node().and_then(|id| balancer.node(id)).map(|node| node.url.as_str());
//! assert!(matches!(node, Some("http://10.0.0.1:8000" | "http://10.0.0.2:8000")));
//! # Ok::<(), alternator_lb::Error>(())
//! ```
//!
//! The modules stand in floors; each uses only those below it: `error`, `clock`, `rng`, `fork`, `append`, `rows` — `node`, `config`, `scope`,
//! `request` — `topology`, `health` — `affinity`, `routing`, `discovery`, `observe`, `wire` — `balancer` — `ffi`.

#![deny(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod affinity;
mod append;
mod atomics;
pub mod balancer;
pub mod clock;
pub mod config;
mod discovery;
pub mod error;
pub mod ffi;
mod fork;
pub mod health;
pub mod node;
pub mod observe;
pub mod request;
mod rng;
mod routing;
mod rows;
pub mod scope;
mod topology;
pub mod wire;

pub use balancer::Balancer;
pub use config::Config;
pub use error::{Error, Status};
pub use health::Outcome;
pub use node::NodeId;
pub use rng::seed_thread;
pub use routing::{Plan, PlanError};
