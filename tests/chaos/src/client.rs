//! A client of the cluster: one handle of the C ABI, used as a C program uses it, by any number of threads.
//!
//! The only file with `unsafe`.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char};
use std::ptr::null_mut;
use std::time::Duration;

use alternator_lb::ffi::config::{alb_config, alb_config_free, alb_config_new, alb_config_set};
use alternator_lb::ffi::further::alb_retry_delay_us;
use alternator_lb::ffi::handle::{alb, alb_free, alb_new};
use alternator_lb::ffi::pick::{alb_plan_next, alb_report};
use alternator_lb::ffi::refresh::alb_refresh;
use alternator_lb::ffi::requests::alb_plan_for_request;
use alternator_lb::ffi::types::{ALB_ABI_VERSION, ALB_ERR_BUDGET_SPENT, ALB_OK, alb_error, alb_node, alb_plan};

use crate::outcome::Outcome;

/// An `alb *` with the only reference to it.
pub struct Client(*mut alb);

// SAFETY: the header allows every function from any number of threads at once; the reference is given back once, by `Drop`.
unsafe impl Send for Client {}
// SAFETY: as above.
unsafe impl Sync for Client {}

/// A node that a plan has chosen.
pub struct Node<'a> {
    pub id: i32,
    pub url: &'a str,
}

/// The plan of one request.
pub struct Plan<'a> {
    client: &'a Client,
    storage: alb_plan,
}

impl Client {
    pub fn new(options: &[(String, String)]) -> Result<Client, String> {
        let mut lb = null_mut();
        let mut error = no_error();
        // SAFETY: a configuration belongs to this call and is freed once; pointers and lengths belong together.
        let status = unsafe {
            let config = alb_config_new();
            let mut status = ALB_OK;
            for (key, value) in options {
                if status == ALB_OK {
                    status = set(config, key, value, &mut error);
                }
            }
            if status == ALB_OK {
                status = alb_new(ALB_ABI_VERSION, config, &raw mut lb, &raw mut error);
            }
            alb_config_free(config);
            status
        };
        if status == ALB_OK { Ok(Client(lb)) } else { Err(message(&error)) }
    }

    /// Learns the cluster's nodes now.
    pub fn refresh(&self, limit: Duration) -> Result<(), String> {
        let mut error = no_error();
        // SAFETY: the handle is live, the error is whole.
        let status = unsafe { alb_refresh(self.0, limit.as_millis() as u32, &raw mut error) };
        if status == ALB_OK { Ok(()) } else { Err(message(&error)) }
    }

    /// Begins the plan of a request.
    pub fn plan(&self, operation: &str, body: &str) -> Result<Plan<'_>, String> {
        let mut plan = Plan { client: self, storage: alb_plan { opaque: [0; 64] } };
        let storage = &raw mut plan.storage;
        let (name, text) = (operation.as_ptr().cast(), body.as_ptr());
        // SAFETY: the handle is live, the storage is ours, pointers and lengths belong together.
        let status = unsafe { alb_plan_for_request(self.0, name, operation.len(), text, body.len(), storage) };
        if status == ALB_OK { Ok(plan) } else { Err(format!("alb_plan_for_request: {status}")) }
    }

    pub fn report(&self, node: i32, outcome: Outcome, latency: Duration) -> Result<(), String> {
        // SAFETY: the handle is live.
        let status = unsafe { alb_report(self.0, node, outcome.code(), latency.as_micros() as u64) };
        if status == ALB_OK { Ok(()) } else { Err(format!("alb_report: {status}")) }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // SAFETY: the one reference, given back once; plans and nodes borrow the client and are gone.
        unsafe { alb_free(self.0) };
    }
}

impl<'a> Plan<'a> {
    /// The node of the next attempt.
    pub fn next(&mut self) -> Result<Node<'a>, String> {
        // SAFETY: all-zero bytes are a valid alb_node.
        let mut node: alb_node = unsafe { std::mem::zeroed() };
        node.struct_size = size_of_val(&node) as u32;
        // SAFETY: the handle is live, the storage is that of a plan begun with it, the node is whole.
        let id = unsafe { alb_plan_next(self.client.0, &raw mut self.storage, &raw mut node) };
        if id < 0 {
            return Err(format!("alb_plan_next: {id}"));
        }
        // SAFETY: a node's strings live until the handle is freed, which 'a does not outlive.
        let url = unsafe { CStr::from_ptr(node.url) };
        Ok(Node { id, url: url.to_str().map_err(|error| format!("the URL of node {id}: {error}"))? })
    }

    /// After which wait the request may be tried again now that its last attempt ended so; `None` if the budget is spent.
    pub fn retry_after(&self, outcome: Outcome) -> Result<Option<Duration>, String> {
        // SAFETY: the handle is live, the storage is that of a plan begun with it.
        let wait_us = unsafe { alb_retry_delay_us(self.client.0, &raw const self.storage, outcome.code()) };
        match u64::try_from(wait_us) {
            Ok(wait_us) => Ok(Some(Duration::from_micros(wait_us))),
            Err(_) if wait_us == i64::from(ALB_ERR_BUDGET_SPENT) => Ok(None),
            Err(_) => Err(format!("alb_retry_delay_us: {wait_us}")),
        }
    }
}

/// Sets an option.
///
/// # Safety
///
/// The configuration is live.
unsafe fn set(config: *mut alb_config, key: &str, value: &str, error: &mut alb_error) -> i32 {
    let (name, text): (*const c_char, *const c_char) = (key.as_ptr().cast(), value.as_ptr().cast());
    // SAFETY: the caller's word; pointers and lengths belong together.
    unsafe { alb_config_set(config, name, key.len(), text, value.len(), &raw mut *error) }
}

fn no_error() -> alb_error {
    // SAFETY: all-zero bytes are a valid alb_error.
    let mut error: alb_error = unsafe { std::mem::zeroed() };
    error.struct_size = size_of_val(&error) as u32;
    error
}

fn message(error: &alb_error) -> String {
    // SAFETY: the library writes NUL-terminated text, and before it did the bytes were NUL.
    unsafe { CStr::from_ptr(error.message.as_ptr()) }.to_string_lossy().into_owned()
}
