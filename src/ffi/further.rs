//! Further attempts of a request: retries and hedges.

use std::time::Duration;

use super::boundary::{borrow, quick_long};
use super::handle::alb;
use super::types::alb_plan;
use crate::error::Status;
use crate::health::Outcome;
use crate::routing::Plan;

/** @name Retries and hedges
 *
 *  Asks whether a request may be tried again now that its last attempt has ended, and after which wait. Whether it is safe to make it
 *  twice only the caller knows. If it may, wait, take the plan's next step and send it there.
 *
 *  No wait when the node alone failed and another one is left. A random part of a growing back-off when the node asked for less, or when
 *  all were tried. Nothing is granted when there were too many retries of late (options retry.*): so a cluster that fails as a whole
 *  gets a fifth more requests at most, not three times as many.
 *
 *  @param lb       the handle
 *  @param plan     the plan of the request, with a step taken
 *  @param outcome  one of ALB_OUTCOME_, but ALB_OUTCOME_SUCCESS. Whether it is worth a retry is the caller's to know: _CALLER_FAULT and
 *                  _CANCELLED seldom are
 *  @return     the wait in microseconds, or ALB_ERR_INVALID_ARGUMENT, ALB_ERR_BUDGET_SPENT, ALB_ERR_PANIC
 *  Blocking:   never.   Threads: any number at once, one for one plan.   Fork: safe in the child.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_retry_delay_us(lb: *mut alb, plan: *const alb_plan, outcome: i32) -> i64 {
    quick_long(|| {
        // SAFETY: the header asks for a live handle and a plan; any bytes are a valid Plan, which fits (`boundary`).
        let (lb, plan) = unsafe {
            let lb = borrow(lb, "lb").map_err(|error| error.status)?;
            (lb, borrow(plan.cast::<Plan>(), "plan").map_err(|error| error.status)?)
        };
        let outcome = Outcome::from_code(outcome).ok_or(Status::InvalidArgument)?;
        lb.balancer.retry_delay(plan, outcome).map(micros)
    })
}

/** Asks whether a request whose first attempt is under way may be sent to a second node as well, and when: the answer that comes first
 *  counts. For requests that may be made twice only. Off unless option `hedge` is `on`.
 *
 *  Ask when the first attempt starts, with 0 elapsed. When the wait is over and no answer is there, ask again with the time that has
 *  elapsed: at 0 take the plan's next step and send it there too. Report both attempts; the one that is given up as ALB_OUTCOME_CANCELLED.
 *
 *  @param lb          the handle
 *  @param plan        the plan of the request, with one step taken
 *  @param elapsed_us  since the first attempt started, in microseconds
 *  @return     the wait from now on in microseconds, 0 for now; or ALB_ERR_INVALID_ARGUMENT, ALB_ERR_NOT_OFFERED (switched off, too
 *              little known, no other node, already hedged, or the cluster is under strain), ALB_ERR_BUDGET_SPENT, ALB_ERR_PANIC
 *  Blocking:   never.   Threads: any number at once, one for one plan.   Fork: safe in the child.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_hedge_delay_us(lb: *mut alb, plan: *const alb_plan, elapsed_us: u64) -> i64 {
    quick_long(|| {
        // SAFETY: as in alb_retry_delay_us().
        let (lb, plan) = unsafe {
            let lb = borrow(lb, "lb").map_err(|error| error.status)?;
            (lb, borrow(plan.cast::<Plan>(), "plan").map_err(|error| error.status)?)
        };
        lb.balancer.hedge_delay(plan, Duration::from_micros(elapsed_us)).map(micros)
    })
}

fn micros(wait: Duration) -> i64 {
    i64::try_from(wait.as_micros()).unwrap_or(i64::MAX)
}
