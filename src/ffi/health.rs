//! How the nodes fare, for those who look.

use super::boundary::{borrow, quick};
use super::handle::alb;
use super::types::{ALB_HEALTH_IN_USE, ALB_HEALTH_SET_ASIDE, ALB_HEALTH_WARMING_UP, alb_health, alb_status};
use crate::error::Status;

/** @name Health
 *
 *  Tells how a node fares. Cheap enough to ask for every node each second: nothing is locked and nothing allocated.
 *
 *  @param lb       the handle
 *  @param node_id  an id that this handle gave
 *  @param out      [out] receives the node's health
 *  @return     ALB_OK, ALB_ERR_INVALID_ARGUMENT, ALB_ERR_UNKNOWN_NODE, ALB_ERR_PANIC
 *  Blocking:   never.   Threads: any number at once.   Fork: safe in the child.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_health_get(lb: *const alb, node_id: i32, out: *mut alb_health) -> alb_status {
    quick(|| {
        // SAFETY: the header asks for a live handle.
        let lb = unsafe { borrow(lb, "lb") }.map_err(|error| error.status)?;
        // SAFETY: every version of the struct begins with its size.
        if out.is_null() || !out.is_aligned() || (unsafe { (*out).struct_size } as usize) < size_of::<alb_health>() {
            return Err(Status::InvalidArgument);
        }
        let node = u32::try_from(node_id).map_err(|_| Status::UnknownNode)?;
        let view = lb.balancer.health_of(node).ok_or(Status::UnknownNode)?;
        let standing = view.standing;
        // SAFETY: aligned, and large enough for every member that is known here.
        let out = unsafe { &mut *out };
        out.node_id = node_id;
        out.state = match standing.probe_at {
            Some(_) => ALB_HEALTH_SET_ASIDE,
            None if standing.warming_up => ALB_HEALTH_WARMING_UP,
            None => ALB_HEALTH_IN_USE,
        };
        out.cause = standing.cause as i32;
        out.in_flight = standing.in_flight;
        out.strikes = standing.strikes;
        out.failures_in_a_row = standing.failures_in_a_row;
        out.failure_permille = (standing.failure_rate * 1000.0).round() as u32;
        out.estimate_us = standing.estimate_us.unwrap_or(0);
        out.mean_us = view.mean_us;
        out.probe_in_ms = view.probe_in.map_or(0, |wait| wait.as_millis() as u64);
        Ok(0)
    })
}
