//! The C ABI. `extern "C"` only: each function checks its pointers, catches panics and calls the balancer; nothing is decided here.
//!
//! The modules stand in the order of the header that cbindgen makes of them. Pointers become references in [`boundary`] alone.
#![allow(unsafe_code, non_camel_case_types)]
// What each function asks of its caller stands in the header, for the callers there are.
#![allow(clippy::missing_safety_doc)]

mod boundary;
pub mod types;

pub mod version;

pub mod config;

pub mod handle;

pub mod pick;

pub mod further;

pub mod keys;

pub mod requests;

pub mod tables;

pub mod nodes;

pub mod health;

pub mod refresh;

pub mod discovery;

pub mod wire;

pub mod observe;
