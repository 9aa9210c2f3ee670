//! Handles: made, shared, freed.

use std::sync::Arc;

use super::boundary::{borrow, borrow_mut, guarded};
use super::config::alb_config;
use super::types::{ALB_ABI_VERSION, alb_error, alb_status};
use crate::balancer::Balancer;
use crate::error::{Error, Status};

/** A load balancer for one cluster: counted references, any number of threads. */
pub struct alb {
    pub(super) balancer: Balancer,
}

/** @name Handles
 *
 *  Makes a load balancer. Its list is the seeds until discovery, or alb_refresh(), has found the nodes.
 *
 *  @param abi_version  ALB_ABI_VERSION
 *  @param config       the options; copied, and still the caller's to free
 *  @param out          [out] receives the handle, to be freed with alb_free(); NULL after an error
 *  @param err          [out, nullable] what is wrong
 *  @return     ALB_OK, ALB_ERR_INVALID_ARGUMENT, ALB_ERR_ABI_MISMATCH, ALB_ERR_BAD_VALUE, ALB_ERR_IO, ALB_ERR_PANIC
 *  Blocking:   no network; reads the files that the options tls.* name.   Threads: any number at once; starts one thread with
 *              `refresh.mode` `thread`, none otherwise.   Fork: safe in the child.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_new(
    abi_version: u32,
    config: *const alb_config,
    out: *mut *mut alb,
    err: *mut alb_error,
) -> alb_status {
    // SAFETY: the header asks for a live configuration, a writable pointer and a whole or no alb_error; checked as far as can be.
    unsafe {
        guarded(err, || {
            let out = borrow_mut(out, "out")?;
            *out = std::ptr::null_mut();
            if abi_version != ALB_ABI_VERSION {
                let message = format!(
                    "the program was compiled for version {abi_version} of the ABI, this library {} offers version {ALB_ABI_VERSION}: \
                     install the library that belongs to the header",
                    env!("CARGO_PKG_VERSION")
                );
                return Err(Error::new(Status::AbiMismatch, message));
            }
            let balancer = Balancer::new(borrow(config, "config")?.config.clone())?;
            *out = Arc::into_raw(Arc::new(alb { balancer })).cast_mut();
            Ok(())
        })
    }
}

/** Takes another reference to a handle, to be given back with alb_free().
 *
 *  @param lb  a live handle
 *  @return     the same handle; NULL for NULL
 *  Blocking:   never.   Threads: any number at once.   Fork: safe in the child.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_retain(lb: *mut alb) -> *mut alb {
    if !lb.is_null() {
        // SAFETY: the header asks for a live handle of alb_new(), so the Arc behind it is alive.
        unsafe { Arc::increment_strong_count(lb) };
    }
    lb
}

/** Gives back a reference; the last one frees the handle, every string of its nodes, and ends its thread.
 *
 *  @param lb  a live handle, or NULL; not used afterwards with the last reference
 *  Blocking:   never; with `refresh.mode` `thread` the last one waits for a request of discovery, up to discovery.timeout_ms.
 *  Threads:    any number at once, but no call may still use the handle when the last reference goes.   Fork: safe in the child,
 *              where each handle has references of its own.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_free(lb: *mut alb) {
    if !lb.is_null() {
        // SAFETY: the header asks for a reference from alb_new() or alb_retain() that was not given back yet.
        let reference = unsafe { Arc::from_raw(lb) };
        // Not through `guarded`: a panic of the destructor must not cross into C either.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(reference)));
    }
}
