//! Picking nodes, and saying how it went.

use super::boundary::{borrow, borrow_mut, quick};
use super::handle::alb;
use super::nodes::fill_node;
use super::types::{alb_node, alb_plan, alb_status};
use crate::error::Status;
use crate::health::Outcome;
use crate::routing::{Plan, PlanError};

/** @name Picking nodes
 *
 *  Chooses the node for the next request: the first step of a plan.
 *
 *  @param lb   the handle
 *  @param out  [out, nullable] receives the node
 *  @return     node id >= 0, or ALB_ERR_INVALID_ARGUMENT, ALB_ERR_NO_NODES, ALB_ERR_PANIC
 *  Blocking:   never in `manual` and `thread` mode. In `inline` mode one caller per refresh period, after it has chosen its node, waits
 *              for one request of discovery, up to refresh.inline_budget_ms, and for the system's look-up of a seed that is a name.
 *  Threads:    any number at once; no lock, no allocation, no syscall but for that one caller.   Fork: safe in the child.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_next_node(lb: *mut alb, out: *mut alb_node) -> i32 {
    quick(|| {
        // SAFETY: the header asks for a live handle.
        let lb = unsafe { borrow(lb, "lb") }.map_err(|error| error.status)?;
        let id = lb.balancer.next_node().ok_or(Status::NoNodes)?;
        // SAFETY: the header asks for NULL or a struct of as many writable bytes as its first member says.
        unsafe { fill_node(lb, id, true, out) }?;
        Ok(id as i32)
    })
}

/** Begins a plan: the order in which one request tries nodes.
 *
 *  @param lb    the handle
 *  @param plan  [out] the caller's storage, whatever it held
 *  @return     ALB_OK, ALB_ERR_INVALID_ARGUMENT, ALB_ERR_PANIC
 *  Blocking:   never.   Threads: any number at once, one for one plan.   Fork: safe in the child.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_plan_start(lb: *mut alb, plan: *mut alb_plan) -> alb_status {
    quick(|| {
        // SAFETY: the header asks for a live handle and writable storage; any bytes are a valid Plan, which fits (`boundary`).
        unsafe {
            borrow(lb, "lb").map_err(|error| error.status)?;
            *borrow_mut(plan.cast::<Plan>(), "plan").map_err(|error| error.status)? = Plan::start();
        }
        Ok(0)
    })
}

/** Begins a plan whose first step was a node that alb_next_node() gave: for callers that need a plan only once a retry comes.
 *
 *  @param lb       the handle
 *  @param node_id  the node that was tried
 *  @param plan     [out] the caller's storage, whatever it held
 *  @return     ALB_OK, ALB_ERR_INVALID_ARGUMENT, ALB_ERR_UNKNOWN_NODE, ALB_ERR_PANIC
 *  Blocking:   never.   Threads: any number at once, one for one plan.   Fork: safe in the child.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_plan_after(lb: *mut alb, node_id: i32, plan: *mut alb_plan) -> alb_status {
    quick(|| {
        // SAFETY: as in alb_plan_start().
        let (lb, plan) = unsafe {
            let lb = borrow(lb, "lb").map_err(|error| error.status)?;
            (lb, borrow_mut(plan.cast::<Plan>(), "plan").map_err(|error| error.status)?)
        };
        let node = u32::try_from(node_id).ok().filter(|id| lb.balancer.node(*id).is_some()).ok_or(Status::UnknownNode)?;
        *plan = Plan::after(node);
        Ok(0)
    })
}

/** Takes the plan's next step. No node comes twice until all of the list were tried; then the plan starts over, so it has no end.
 *
 *  Call it for each attempt, the first and each retry. The list may change meanwhile.
 *
 *  @param lb    the handle that the plan was started with
 *  @param plan  a plan begun with one of the other alb_plan_ functions
 *  @param out   [out, nullable] receives the node
 *  @return     node id >= 0, or ALB_ERR_INVALID_ARGUMENT (also for a plan that was not begun), ALB_ERR_NO_NODES, ALB_ERR_PANIC
 *  Blocking:   as alb_next_node().   Threads: any number at once, one for one plan.   Fork: safe in the child.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_plan_next(lb: *mut alb, plan: *mut alb_plan, out: *mut alb_node) -> i32 {
    quick(|| {
        // SAFETY: as in alb_plan_start().
        let (lb, plan) = unsafe {
            let lb = borrow(lb, "lb").map_err(|error| error.status)?;
            (lb, borrow_mut(plan.cast::<Plan>(), "plan").map_err(|error| error.status)?)
        };
        let id = lb.balancer.plan_next(plan).map_err(|error| match error {
            PlanError::NotStarted => Status::InvalidArgument,
            PlanError::NoNodes => Status::NoNodes,
        })?;
        // SAFETY: as in alb_next_node().
        unsafe { fill_node(lb, id, true, out) }?;
        Ok(id as i32)
    })
}

/** Says how an attempt ended. Report every attempt, also those that were given up: health and statistics live on it.
 *
 *  @param lb          the handle
 *  @param node_id     the node that was tried
 *  @param outcome     one of ALB_OUTCOME_
 *  @param latency_us  from the start of the attempt to its end, in microseconds
 *  @return     ALB_OK, ALB_ERR_INVALID_ARGUMENT, ALB_ERR_UNKNOWN_NODE, ALB_ERR_PANIC
 *  Blocking:   never on I/O; a failure that may change the list waits for a lock held for microseconds, with thousands of nodes for milliseconds.
 *  Threads:    any number at once.   Fork: safe in the child.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_report(lb: *mut alb, node_id: i32, outcome: i32, latency_us: u64) -> alb_status {
    quick(|| {
        // SAFETY: the header asks for a live handle.
        let lb = unsafe { borrow(lb, "lb") }.map_err(|error| error.status)?;
        let outcome = Outcome::from_code(outcome).ok_or(Status::InvalidArgument)?;
        let node = u32::try_from(node_id).map_err(|_| Status::UnknownNode)?;
        lb.balancer.report(node, outcome, latency_us).map_err(|error| error.status)?;
        Ok(0)
    })
}
