//! Events and statistics, by pull.

use std::ffi::c_char;

use super::boundary::{borrow, borrow_mut, quick, room, write_text};
use super::handle::alb;
use crate::error::Status;

/** @name Events and statistics
 *
 *  Reads the next thing that happened: refreshes, fall-backs, nodes that came, went, or were set aside, each with its reason. The
 *  handle keeps the last 256 events; each reader has a cursor. docs/STATISTICS.md describes them.
 *
 *  @param lb        the handle
 *  @param cursor    [in, out] 0 at first; moves on with each event that is written
 *  @param json      [out] receives one JSON object, NUL-terminated
 *  @param capacity  its room in bytes
 *  @return     the length of the object; 0 if there is no further event; a length >= capacity says that the object did not fit and
 *              waits for a larger buffer; or ALB_ERR_INVALID_ARGUMENT, ALB_ERR_PANIC
 *  Blocking:   never on I/O; waits for a lock held for microseconds, with thousands of nodes for milliseconds.   Threads: any number at once, one for one cursor.
 *  Fork:       safe in the child, whose events begin anew.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_next_event(lb: *mut alb, cursor: *mut u64, json: *mut c_char, capacity: usize) -> i32 {
    quick(|| {
        // SAFETY: the header asks for a live handle, a writable cursor and `capacity` writable bytes.
        let (lb, cursor, json) = unsafe {
            let lb = borrow(lb, "lb").map_err(|error| error.status)?;
            let cursor = borrow_mut(cursor, "cursor").map_err(|error| error.status)?;
            (lb, cursor, room(json, capacity, "json").map_err(|error| error.status)?)
        };
        let Some(event) = lb.balancer.event_after(*cursor) else {
            write_text(json, "");
            return Ok(0);
        };
        let text = event.json().to_string();
        if text.len() < json.len() {
            *cursor = event.sequence;
        }
        number(write_text(json, &text))
    })
}

/** Writes the statistics: scope, refresh, and each node's standing and outcomes. docs/STATISTICS.md describes the members.
 *
 *  @param lb        the handle
 *  @param json      [out] receives one JSON object, NUL-terminated, cut if it does not fit; may be NULL if capacity is 0
 *  @param capacity  its room in bytes
 *  @return     the length of the whole object, or ALB_ERR_INVALID_ARGUMENT, ALB_ERR_PANIC
 *  Blocking:   never on I/O; waits for a lock held for microseconds, with thousands of nodes for milliseconds.   Threads: any number at once.
 *  Fork:       safe in the child.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_statistics(lb: *const alb, json: *mut c_char, capacity: usize) -> i32 {
    quick(|| {
        // SAFETY: the header asks for a live handle and `capacity` writable bytes.
        let (lb, json) = unsafe {
            let lb = borrow(lb, "lb").map_err(|error| error.status)?;
            (lb, room(json, capacity, "json").map_err(|error| error.status)?)
        };
        number(write_text(json, &lb.balancer.statistics().to_string()))
    })
}

fn number(length: usize) -> Result<i32, Status> {
    i32::try_from(length).map_err(|_| Status::InvalidArgument)
}
