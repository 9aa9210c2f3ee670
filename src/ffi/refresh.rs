//! Discovery by the library's own HTTP client.

use std::time::Duration;

use super::boundary::{borrow, guarded, guarded_number};
use super::handle::alb;
use super::types::{alb_error, alb_status};

/** @name Discovery
 *
 *  Asks the cluster for its nodes now, on this thread, and probes the nodes set aside whose time has come. Joins a round that is
 *  under way on another thread. A failure leaves the last good list in place.
 *
 *  @param lb          the handle
 *  @param timeout_ms  the longest wait, in milliseconds
 *  @param err         [out, nullable] the last reason, the node or seed that gave it, the HTTP status or system's error number that it met;
 *                     ALB_ERR_TIMEOUT names no node
 *  @return     ALB_OK, ALB_ERR_INVALID_ARGUMENT, ALB_ERR_TIMEOUT, ALB_ERR_UNREACHABLE (also when nothing usable was answered),
 *              ALB_ERR_SCOPE_UNKNOWN, ALB_ERR_PANIC
 *  Blocking:   up to timeout_ms, and the system's look-up of a seed that is a name.
 *  Threads:    any number at once.   Fork: safe in the child.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_refresh(lb: *mut alb, timeout_ms: u32, err: *mut alb_error) -> alb_status {
    // SAFETY: the header asks for a live handle and a whole or no alb_error.
    unsafe { guarded(err, || borrow(lb, "lb")?.balancer.refresh(Duration::from_millis(timeout_ms.into()))) }
}

/** Makes a round of discovery due at once, and leaves it to whoever makes its steps: the caller of alb_discovery_next(), the next pick
 *  in `inline` mode, or the thread. No effect on a round that is under way, or with a static list.
 *
 *  @param lb  the handle
 *  @return     ALB_OK, ALB_ERR_INVALID_ARGUMENT, ALB_ERR_PANIC
 *  Blocking:   as alb_refresh_due_ms().   Threads: any number at once.   Fork: safe in the child.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_refresh_soon(lb: *mut alb) -> alb_status {
    // SAFETY: the header asks for a live handle; there is no alb_error.
    unsafe {
        guarded(std::ptr::null_mut(), || {
            borrow(lb, "lb")?.balancer.refresh_soon();
            Ok(())
        })
    }
}

/** Tells when discovery has work to do next: for callers in `manual` mode that have a timer of their own.
 *
 *  @param lb  the handle
 *  @return     milliseconds from now, rounded up; 0 = now; UINT32_MAX = never, or a NULL handle
 *  Blocking:   never on I/O; waits for a lock held for microseconds, with thousands of nodes for milliseconds.   Threads: any number at once.
 *  Fork:       safe in the child.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_refresh_due_ms(lb: *const alb) -> u32 {
    let due = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        // SAFETY: the header asks for a live handle.
        unsafe { borrow(lb, "lb") }.ok().and_then(|lb| lb.balancer.refresh_due())
    }));
    match due {
        Ok(Some(due)) => u32::try_from(due.as_nanos().div_ceil(1_000_000)).unwrap_or(u32::MAX - 1),
        Ok(None) | Err(_) => u32::MAX,
    }
}

/** Checks that the cluster knows every datacenter and rack of the option `scope`.
 *
 *  @param lb          the handle
 *  @param timeout_ms  the longest wait, in milliseconds
 *  @param err         [out, nullable] which one is not known, or why it could not be asked
 *  @return     ALB_OK, ALB_ERR_SCOPE_UNKNOWN, ALB_ERR_UNSUPPORTED, ALB_ERR_INVALID_ARGUMENT, ALB_ERR_TIMEOUT, ALB_ERR_UNREACHABLE,
 *              ALB_ERR_TLS, ALB_ERR_BAD_RESPONSE, ALB_ERR_PANIC
 *  Blocking:   up to timeout_ms, and the system's look-up of a seed that is a name.
 *  Threads:    any number at once.   Fork: safe in the child.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_check_scope(lb: *mut alb, timeout_ms: u32, err: *mut alb_error) -> alb_status {
    // SAFETY: the header asks for a live handle and a whole or no alb_error.
    unsafe { guarded(err, || borrow(lb, "lb")?.balancer.check_scope(Duration::from_millis(timeout_ms.into()))) }
}

/** Asks whether the servers can be asked by datacenter and rack (ScyllaDB 2025.1 and later can).
 *
 *  @param lb          the handle
 *  @param timeout_ms  the longest wait, in milliseconds
 *  @param err         [out, nullable] why it could not be asked
 *  @return     1 if they can, 0 if not, or a negative status as alb_check_scope()
 *  Blocking:   as alb_check_scope().   Threads: any number at once.   Fork: safe in the child.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_scope_supported(lb: *mut alb, timeout_ms: u32, err: *mut alb_error) -> i32 {
    // SAFETY: the header asks for a live handle and a whole or no alb_error.
    unsafe {
        guarded_number(err, || {
            let supported = borrow(lb, "lb")?.balancer.scope_supported(Duration::from_millis(timeout_ms.into()))?;
            Ok(i32::from(supported))
        })
    }
}
