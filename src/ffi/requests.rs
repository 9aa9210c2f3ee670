//! Plans for requests: from the body as it goes on the wire, or from parameters.

use std::ffi::c_char;

use super::boundary::{LONGEST_TEXT, borrow, borrow_mut, bytes, quick, text};
use super::handle::alb;
use super::types::*;
use crate::affinity::KeyType;
use crate::balancer::Write;
use crate::error::Status;
use crate::request::{Facts, Operation, ReturnValues, update_expression_reads};
use crate::routing::Plan;

/** @name Plans for requests
 *
 *  Begins a plan for a DynamoDB request: for the partition key where the options affinity and affinity.rule send such a request to the
 *  node of its key, an ordinary one otherwise. A BatchWriteItem goes to the nodes of its items' keys, those of most items first.
 *
 *  Routing never fails a request: what can't be read, or names a table whose key is not known, gets an ordinary plan and is counted in
 *  alb_statistics(). Tables get known by the options table.NAME.key and by alb_table_key_next_wanted().
 *
 *  @param lb             the handle
 *  @param operation      the operation's name, such as PutItem, or the value of the header X-Amz-Target
 *  @param operation_len  its length in bytes, or ALB_NUL
 *  @param body           [nullable if body_len is 0] the JSON text that is sent, before it is compressed
 *  @param body_len       its length in bytes; beyond 16 MiB, which servers refuse, it is not read
 *  @param plan           [out] the caller's storage, whatever it held
 *  @return     ALB_OK, ALB_ERR_INVALID_ARGUMENT, ALB_ERR_PANIC
 *  Blocking:   never; time is linear in the body, about 1 us for 1 KB.   Threads: any number at once, one for one plan; no allocation but
 *              at a table's first sight.   Fork: safe in the child.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_plan_for_request(
    lb: *mut alb,
    operation: *const c_char,
    operation_len: usize,
    body: *const u8,
    body_len: usize,
    plan: *mut alb_plan,
) -> alb_status {
    quick(|| {
        // SAFETY: the header asks for a live handle, readable texts of these lengths and writable storage; any bytes are a valid Plan.
        let (lb, operation, body, plan) = unsafe {
            let lb = borrow(lb, "lb").map_err(|error| error.status)?;
            let operation = text(operation, operation_len, "operation").map_err(|error| error.status)?;
            let body = match body_len {
                1..=LONGEST_TEXT => bytes(body, body_len, "body").map_err(|error| error.status)?,
                _ => &[],
            };
            (lb, operation, body, borrow_mut(plan.cast::<Plan>(), "plan").map_err(|error| error.status)?)
        };
        *plan = lb.balancer.plan_for_request(Operation::parse(operation), body);
        Ok(0)
    })
}

/** The same for a write of one item (PutItem, UpdateItem, DeleteItem) by its parameters, for callers that do not hold its text.
 *
 *  @param lb                     the handle
 *  @param operation              the operation's name; others than these three get an ordinary plan
 *  @param operation_len          its length in bytes, or ALB_NUL
 *  @param table                  the table's name or ARN
 *  @param table_len              its length in bytes, or ALB_NUL
 *  @param key_type               ALB_KEY_S, ALB_KEY_N or ALB_KEY_B of the attribute that alb_table_key() names; ALB_KEY_ABSENT if the item
 *                                has no such attribute, or if that name is not known
 *  @param key                    [nullable with ALB_KEY_ABSENT] the key's value
 *  @param key_len                its length in bytes
 *  @param facts                  ALB_WRITE_ bits
 *  @param update_expression      [nullable] the UpdateExpression
 *  @param update_expression_len  its length in bytes, or ALB_NUL
 *  @param plan                   [out] the caller's storage, whatever it held
 *  @return     ALB_OK, ALB_ERR_INVALID_ARGUMENT (also for other bits), ALB_ERR_PANIC
 *  Blocking:   never.   Threads: as alb_plan_for_request().   Fork: safe in the child.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_plan_for_write(
    lb: *mut alb,
    operation: *const c_char,
    operation_len: usize,
    table: *const c_char,
    table_len: usize,
    key_type: i32,
    key: *const u8,
    key_len: usize,
    facts: u32,
    update_expression: *const c_char,
    update_expression_len: usize,
    plan: *mut alb_plan,
) -> alb_status {
    quick(|| {
        // SAFETY: as in alb_plan_for_request().
        let (lb, write, plan) = unsafe {
            let lb = borrow(lb, "lb").map_err(|error| error.status)?;
            let operation = text(operation, operation_len, "operation").map_err(|error| error.status)?;
            let table = text(table, table_len, "table").map_err(|error| error.status)?;
            let update_expression = match update_expression.is_null() {
                true => "",
                false => text(update_expression, update_expression_len, "update_expression").map_err(|error| error.status)?,
            };
            let facts = facts_of(facts, update_expression)?;
            let write = Write { operation: Operation::parse(operation), table, key: typed_key(key_type, key, key_len)?, facts };
            (lb, write, borrow_mut(plan.cast::<Plan>(), "plan").map_err(|error| error.status)?)
        };
        *plan = lb.balancer.plan_for_write(&write);
        Ok(0)
    })
}

/** Adds the vote of one item of a BatchWriteItem to a plan, for callers that do not hold the request's text. The plan then tries the
 *  nodes of most items first. With another value of the option affinity than any_write nothing changes.
 *
 *  @param lb         the handle
 *  @param plan       a plan begun with alb_plan_start() and not used yet; votes for more than 56 nodes are not told apart
 *  @param table      the table's name or ARN
 *  @param table_len  its length in bytes, or ALB_NUL
 *  @param key_type   as in alb_plan_for_write()
 *  @param key        [nullable with ALB_KEY_ABSENT] the key's value
 *  @param key_len    its length in bytes
 *  @return     ALB_OK, ALB_ERR_INVALID_ARGUMENT (also for a plan that was used or is that of a key), ALB_ERR_PANIC
 *  Blocking:   never.   Threads: as alb_plan_for_request().   Fork: safe in the child.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_plan_vote(
    lb: *mut alb,
    plan: *mut alb_plan,
    table: *const c_char,
    table_len: usize,
    key_type: i32,
    key: *const u8,
    key_len: usize,
) -> alb_status {
    quick(|| {
        // SAFETY: as in alb_plan_for_request().
        let (lb, plan, table, key) = unsafe {
            let lb = borrow(lb, "lb").map_err(|error| error.status)?;
            let plan = borrow_mut(plan.cast::<Plan>(), "plan").map_err(|error| error.status)?;
            let table = text(table, table_len, "table").map_err(|error| error.status)?;
            (lb, plan, table, typed_key(key_type, key, key_len)?)
        };
        if lb.balancer.vote(plan, table, key) { Ok(0) } else { Err(Status::InvalidArgument) }
    })
}

/// # Safety
/// Unless it is NULL, `key` points to `key_len` readable bytes.
unsafe fn typed_key<'a>(key_type: i32, key: *const u8, key_len: usize) -> Result<Option<(KeyType, &'a [u8])>, Status> {
    if key_type == ALB_KEY_ABSENT {
        return Ok(None);
    }
    let kind = KeyType::from_code(key_type).ok_or(Status::InvalidArgument)?;
    // SAFETY: the same promise as ours.
    let value = unsafe { bytes(key, key_len, "key") }.map_err(|error| error.status)?;
    Ok(Some((kind, value)))
}

fn facts_of(bits: u32, update_expression: &str) -> Result<Facts, Status> {
    let known = ALB_WRITE_CONDITION_EXPRESSION
        | ALB_WRITE_EXPECTED
        | ALB_WRITE_EXPECTED_MEMBERS
        | ALB_WRITE_RETURN_ALL_OLD
        | ALB_WRITE_RETURN_UPDATED_OLD
        | ALB_WRITE_RETURN_ALL_NEW
        | ALB_WRITE_ATTRIBUTE_UPDATES_ADD
        | ALB_WRITE_ATTRIBUTE_UPDATES_DELETE_VALUE;
    if bits & !known != 0 {
        return Err(Status::InvalidArgument);
    }
    let has = |bit: u32| bits & bit != 0;
    let return_values = match () {
        () if has(ALB_WRITE_RETURN_ALL_OLD) => ReturnValues::AllOld,
        () if has(ALB_WRITE_RETURN_UPDATED_OLD) => ReturnValues::UpdatedOld,
        () if has(ALB_WRITE_RETURN_ALL_NEW) => ReturnValues::AllNew,
        () => ReturnValues::None,
    };
    Ok(Facts {
        condition_expression: has(ALB_WRITE_CONDITION_EXPRESSION),
        expected_present: has(ALB_WRITE_EXPECTED | ALB_WRITE_EXPECTED_MEMBERS),
        expected_non_empty: has(ALB_WRITE_EXPECTED_MEMBERS),
        return_values,
        update_expression: !update_expression.is_empty(),
        update_expression_reads: !update_expression.is_empty() && update_expression_reads(update_expression),
        attribute_updates_add: has(ALB_WRITE_ATTRIBUTE_UPDATES_ADD),
        attribute_updates_delete_with_value: has(ALB_WRITE_ATTRIBUTE_UPDATES_DELETE_VALUE),
    })
}
