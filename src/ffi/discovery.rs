//! Discovery for callers that do the I/O themselves.

use std::ffi::c_char;

use super::boundary::{borrow, borrow_mut, bytes, guarded, guarded_number, room, write_text};
use super::handle::alb;
use super::types::{ALB_URL_CAPACITY, alb_error, alb_status};
use crate::error::{Error, Status};
use crate::health::Outcome;

/** @name Discovery by the caller's own I/O
 *
 *  For event loops, in `manual` mode: when alb_refresh_due_ms() says 0, ask here what to fetch, GET it without credentials and without
 *  following redirects, and bring what came with alb_discovery_feed() or alb_discovery_fail(); repeat while there is something.
 *  Several requests may be open: a further one is offered when the last one has stalled.
 *
 *  @param lb          the handle
 *  @param token       [out] names the request
 *  @param url         [out] receives the URL
 *  @param capacity    its room in bytes, at least ALB_URL_CAPACITY
 *  @param timeout_ms  [out] the longest wait for the whole answer, in milliseconds
 *  @param err         [out, nullable] what is wrong
 *  @return     the length of the URL; 0 if there is nothing to fetch now; or ALB_ERR_INVALID_ARGUMENT, ALB_ERR_PANIC
 *  Blocking:   never on I/O; waits for a lock held for microseconds, with thousands of nodes for milliseconds.   Threads: any number at once.
 *  Fork:       safe in the child, where the parent's tokens are stale.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_discovery_next(
    lb: *mut alb,
    token: *mut u64,
    url: *mut c_char,
    capacity: usize,
    timeout_ms: *mut u32,
    err: *mut alb_error,
) -> i32 {
    // SAFETY: the header asks for a live handle, writable places, `capacity` writable bytes and a whole or no alb_error.
    unsafe {
        guarded_number(err, || {
            let lb = borrow(lb, "lb")?;
            let token = borrow_mut(token, "token")?;
            let timeout_ms = borrow_mut(timeout_ms, "timeout_ms")?;
            if capacity < ALB_URL_CAPACITY {
                let message = format!("the argument capacity is {capacity}, less than ALB_URL_CAPACITY ({ALB_URL_CAPACITY})");
                return Err(Error::new(Status::InvalidArgument, message));
            }
            let url = room(url, capacity, "url")?;
            let Some(fetch) = lb.balancer.discovery_next() else {
                write_text(url, "");
                return Ok(0);
            };
            *token = fetch.token;
            *timeout_ms = u32::try_from(fetch.timeout.as_millis()).unwrap_or(u32::MAX);
            Ok(write_text(url, &fetch.url) as i32)
        })
    }
}

/** Brings the answer to a request of alb_discovery_next(), whatever its status.
 *
 *  @param lb           the handle
 *  @param token        the request
 *  @param http_status  the status of the answer, 100 to 599
 *  @param body         its body, decoded; may be NULL if body_len is 0
 *  @param body_len     its length in bytes; of more than 1 MiB bring the first 1 MiB and a byte
 *  @param err          [out, nullable] what is wrong with the call; a useless answer is no error here but an event
 *  @return     ALB_OK, ALB_ERR_INVALID_ARGUMENT, ALB_ERR_STALE_TOKEN, ALB_ERR_PANIC
 *  Blocking:   never on I/O; waits for a lock held for microseconds, with thousands of nodes for milliseconds.   Threads: any number at once.
 *  Fork:       safe in the child, where the parent's tokens are stale.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_discovery_feed(
    lb: *mut alb,
    token: u64,
    http_status: i32,
    body: *const u8,
    body_len: usize,
    err: *mut alb_error,
) -> alb_status {
    // SAFETY: the header asks for a live handle, `body_len` readable bytes and a whole or no alb_error.
    unsafe {
        guarded(err, || {
            let lb = borrow(lb, "lb")?;
            let body = if body_len == 0 { &[] } else { bytes(body, body_len, "body")? };
            match u16::try_from(http_status) {
                Ok(status @ 100..=599) => lb.balancer.discovery_feed(token, status, body),
                _ => {
                    let message = format!("the argument http_status is {http_status}, not from 100 to 599");
                    Err(Error::new(Status::InvalidArgument, message))
                }
            }
        })
    }
}

/** Says that a request of alb_discovery_next() got no answer.
 *
 *  @param lb       the handle
 *  @param token    the request
 *  @param outcome  ALB_OUTCOME_REFUSED, _RESET, _TIMEOUT, _TLS_FAILURE or _CANCELLED
 *  @param err      [out, nullable] what is wrong with the call
 *  @return     ALB_OK, ALB_ERR_INVALID_ARGUMENT, ALB_ERR_STALE_TOKEN, ALB_ERR_PANIC
 *  Blocking:   never on I/O; waits for a lock held for microseconds, with thousands of nodes for milliseconds.   Threads: any number at once.
 *  Fork:       safe in the child, where the parent's tokens are stale.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_discovery_fail(lb: *mut alb, token: u64, outcome: i32, err: *mut alb_error) -> alb_status {
    // SAFETY: the header asks for a live handle and a whole or no alb_error.
    unsafe {
        guarded(err, || {
            let lb = borrow(lb, "lb")?;
            let outcome = Outcome::from_code(outcome).ok_or_else(|| {
                Error::new(Status::InvalidArgument, format!("the argument outcome is {outcome}, not one of ALB_OUTCOME_"))
            })?;
            lb.balancer.discovery_fail(token, outcome)
        })
    }
}
