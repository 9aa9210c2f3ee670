//! What the fuzz targets check, each input against a model that is as plain as it can be.

pub mod bodies;
pub mod dns_query;
pub mod go_rand;
pub mod key_plan;
pub mod request_reader;
mod request_writer;

#[path = "../../src/affinity/go_rand_words.rs"]
mod go_rand_words;
#[path = "../../src/request/tests/grammar.rs"]
mod grammar;
#[path = "../../src/request/tests/model.rs"]
mod model;

use alternator_lb::request;
