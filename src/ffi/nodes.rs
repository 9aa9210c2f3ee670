//! The list of nodes, for those who look.

use super::boundary::{borrow, quick, room};
use super::handle::alb;
use super::types::{ALB_NODE_LISTED, ALB_NODE_SEED, ALB_NODE_SET_ASIDE, alb_node, alb_status};
use crate::error::Status;
use crate::node::NodeId;

/** @name The list of nodes
 *
 *  Tells the ids of the nodes of the scope, those set aside included, in the order of their URLs. With a rack as scope further nodes of
 *  its datacenter may get requests (options rack and affinity.scope). Every node that a handle has seen has an id: they count up from 0
 *  to the first for which alb_node_get() says ALB_ERR_UNKNOWN_NODE.
 *
 *  @param lb        the handle
 *  @param ids       [out] room for ids; may be NULL if capacity is 0
 *  @param capacity  how many fit
 *  @return     how many there are, which may be more than fit; 0 also for a NULL handle, or ids that are NULL or misaligned
 *  Blocking:   never.   Threads: any number at once.   Fork: safe in the child.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_nodes(lb: *const alb, ids: *mut i32, capacity: usize) -> usize {
    let count = quick(|| {
        // SAFETY: the header asks for a live handle and room for `capacity` ids.
        let (lb, ids) = unsafe {
            let lb = borrow(lb, "lb").map_err(|error| error.status)?;
            (lb, room(ids, capacity, "ids").map_err(|error| error.status)?)
        };
        Ok(lb.balancer.copy_nodes(ids) as i32)
    });
    usize::try_from(count).unwrap_or(0)
}

/** Describes a node by its id, also one that has left the list.
 *
 *  @param lb       the handle
 *  @param node_id  an id that this handle gave
 *  @param out      [out] receives the node
 *  @return     ALB_OK, ALB_ERR_INVALID_ARGUMENT, ALB_ERR_UNKNOWN_NODE, ALB_ERR_PANIC
 *  Blocking:   never.   Threads: any number at once.   Fork: safe in the child.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_node_get(lb: *const alb, node_id: i32, out: *mut alb_node) -> alb_status {
    quick(|| {
        // SAFETY: the header asks for a live handle.
        let lb = unsafe { borrow(lb, "lb") }.map_err(|error| error.status)?;
        if out.is_null() {
            return Err(Status::InvalidArgument);
        }
        let id = u32::try_from(node_id).map_err(|_| Status::UnknownNode)?;
        let listed = lb.balancer.is_listed(id);
        // SAFETY: as in alb_next_node().
        unsafe { fill_node(lb, id, listed, out) }?;
        Ok(0)
    })
}

/** A word that changes whenever the list, or what is set aside, does, and when refreshes begin to fail. Reading it atomically is cheaper than any call.
 *
 *  @param lb  the handle
 *  @return     a pointer that is valid until the handle is freed; NULL for NULL
 *  Blocking:   never.   Threads: any number at once.   Fork: safe in the child, where it goes on by itself.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_generation(lb: *const alb) -> *const u64 {
    // SAFETY: the header asks for a live handle.
    match unsafe { borrow(lb, "lb") } {
        Ok(lb) => lb.balancer.generation().as_ptr().cast_const(),
        Err(_) => std::ptr::null(),
    }
}

/// Describes a node, if a struct to do so in was given.
///
/// # Safety
/// `out` is NULL or points to a struct of as many writable bytes as its first member says.
#[inline]
pub(super) unsafe fn fill_node(lb: &alb, id: NodeId, listed: bool, out: *mut alb_node) -> Result<(), Status> {
    if out.is_null() {
        return Ok(());
    }
    // SAFETY: every version of the struct begins with its size.
    if !out.is_aligned() || (unsafe { (*out).struct_size } as usize) < size_of::<alb_node>() {
        return Err(Status::InvalidArgument);
    }
    let node = lb.balancer.node(id).ok_or(Status::UnknownNode)?;
    // SAFETY: aligned, and large enough for every member that is known here.
    let out = unsafe { &mut *out };
    let flag = |bit: u32, on: bool| if on { bit } else { 0 };
    out.id = id as i32;
    out.flags = flag(ALB_NODE_LISTED, listed)
        | flag(ALB_NODE_SEED, node.is_seed())
        | flag(ALB_NODE_SET_ASIDE, lb.balancer.is_set_aside(id));
    out.port = node.address.port;
    out.reserved = 0;
    let (url, host) = (node.url.as_c_str(), node.host.as_c_str());
    (out.url, out.url_len) = (url.as_ptr(), url.count_bytes());
    (out.host, out.host_len) = (host.as_ptr(), host.count_bytes());
    Ok(())
}
