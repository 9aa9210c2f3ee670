//! Picking by partition key.

use super::boundary::{borrow, borrow_mut, bytes, quick};
use super::handle::alb;
use super::nodes::fill_node;
use super::types::{alb_node, alb_plan, alb_status};
use crate::affinity::{KeyType, key_hash, token};
use crate::error::Status;
use crate::routing::Plan;

/** @name Picking by partition key
 *
 *  Chooses the node for a partition key: the same one in every process and in the official clients that sort nodes alike (option
 *  affinity.order), as long as all know the same nodes and none is set aside. Nodes set aside are passed over, so only their keys move. With a rack as
 *  scope these are the nodes of its datacenter if the option affinity is set (option affinity.scope).
 *
 *  @param lb        the handle
 *  @param key_type  ALB_KEY_S, ALB_KEY_N or ALB_KEY_B
 *  @param key       the key's value
 *  @param key_len   its length in bytes
 *  @param out       [out, nullable] receives the node
 *  @return     node id >= 0, or ALB_ERR_INVALID_ARGUMENT, ALB_ERR_NO_NODES, ALB_ERR_PANIC
 *  Blocking:   as alb_next_node().   Threads: any number at once; no lock, no allocation.   Fork: safe in the child.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_node_for_key(lb: *mut alb, key_type: i32, key: *const u8, key_len: usize, out: *mut alb_node) -> i32 {
    quick(|| {
        // SAFETY: the header asks for a live handle and `key_len` readable bytes.
        let (lb, hash) = unsafe { (borrow(lb, "lb").map_err(|error| error.status)?, hash(key_type, key, key_len)?) };
        let id = lb.balancer.node_for_key(hash).ok_or(Status::NoNodes)?;
        // SAFETY: as in alb_next_node().
        unsafe { fill_node(lb, id, true, out) }?;
        Ok(id as i32)
    })
}

/** Begins a plan for a partition key: its first step is the node of alb_node_for_key(), and the order of all others is the key's too.
 *
 *  @param lb        the handle
 *  @param key_type  ALB_KEY_S, ALB_KEY_N or ALB_KEY_B
 *  @param key       the key's value
 *  @param key_len   its length in bytes
 *  @param plan      [out] the caller's storage, whatever it held
 *  @return     ALB_OK, ALB_ERR_INVALID_ARGUMENT, ALB_ERR_PANIC
 *  Blocking:   never.   Threads: any number at once, one for one plan.   Fork: safe in the child.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_plan_for_key(
    lb: *mut alb,
    key_type: i32,
    key: *const u8,
    key_len: usize,
    plan: *mut alb_plan,
) -> alb_status {
    quick(|| {
        // SAFETY: the header asks for a live handle, `key_len` readable bytes and writable storage; any bytes are a valid Plan.
        unsafe {
            borrow(lb, "lb").map_err(|error| error.status)?;
            let hash = hash(key_type, key, key_len)?;
            *borrow_mut(plan.cast::<Plan>(), "plan").map_err(|error| error.status)? = Plan::for_key(hash);
        }
        Ok(0)
    })
}

/** The ScyllaDB token of a partition key: where its partition lies on the ring. Nothing is normalised: the numbers 1 and 1.0 are two keys.
 *
 *  @param key_type  ALB_KEY_S, ALB_KEY_N or ALB_KEY_B
 *  @param key       the key's value
 *  @param key_len   its length in bytes
 *  @param token     [out] receives the token
 *  @return     ALB_OK, ALB_ERR_INVALID_ARGUMENT (also for a text that is no number), ALB_ERR_PANIC
 *  Blocking:   never.   Threads: any number at once.   Fork: safe in the child.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_token_for_key(key_type: i32, key: *const u8, key_len: usize, token: *mut i64) -> alb_status {
    quick(|| {
        // SAFETY: the header asks for `key_len` readable bytes and a writable number.
        let (value, out) = unsafe {
            (bytes(key, key_len, "key").map_err(|error| error.status)?, borrow_mut(token, "token").map_err(|error| error.status)?)
        };
        let kind = KeyType::from_code(key_type).ok_or(Status::InvalidArgument)?;
        *out = self::token(kind, value).ok_or(Status::InvalidArgument)?;
        Ok(0)
    })
}

/// # Safety
/// Unless it is NULL, `key` points to `key_len` readable bytes.
unsafe fn hash(key_type: i32, key: *const u8, key_len: usize) -> Result<i64, Status> {
    let kind = KeyType::from_code(key_type).ok_or(Status::InvalidArgument)?;
    // SAFETY: the same promise as ours.
    let value = unsafe { bytes(key, key_len, "key") }.map_err(|error| error.status)?;
    Ok(key_hash(kind, value))
}
