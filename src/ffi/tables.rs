//! Which attribute is the partition key of a table.

use std::ffi::c_char;

use super::boundary::{borrow, bytes, guarded, quick, room, text, write_text};
use super::handle::alb;
use super::types::{alb_error, alb_status};
use crate::affinity::Refusal;
use crate::error::Status;

/// Enough for each table's name and its NUL.
const NAME_ROOM: usize = 256;

/** @name Partition keys of tables
 *
 *  Names a table whose partition key a request needed and which is not known: the caller makes a DescribeTable for it, off the path of
 *  its requests, and brings the answer by alb_table_key_feed(), alb_table_key_set() or alb_table_key_failed(). A table is given to one
 *  caller at a time; who does not answer within 30 s gives it up. Failed ones come again, after 0.1 s doubling to 30 s with +-20 %, or after
 *  5 minutes where asking sooner is of no use, when a request needs them. What is known comes again after an hour, or at once when a
 *  request does not have the attribute.
 *
 *  @param lb        the handle
 *  @param table     [out] receives the table's name, NUL-terminated
 *  @param capacity  the room there, at least 256 bytes
 *  @return     length of the name, 0 if no table is wanted now, or ALB_ERR_INVALID_ARGUMENT, ALB_ERR_PANIC
 *  Blocking:   never on I/O; when a table is wanted, waits for a lock held for microseconds.   Threads: any number at once.
 *  Fork: safe in the child.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_table_key_next_wanted(lb: *mut alb, table: *mut c_char, capacity: usize) -> i32 {
    quick(|| {
        // SAFETY: the header asks for a live handle and as much writable room as `capacity` says.
        let (lb, room) = unsafe {
            let lb = borrow(lb, "lb").map_err(|error| error.status)?;
            (lb, room(table, capacity, "table").map_err(|error| error.status)?)
        };
        if room.len() < NAME_ROOM {
            return Err(Status::InvalidArgument);
        }
        Ok(lb.balancer.next_wanted_table().map_or(0, |name| write_text(room, name) as i32))
    })
}

/** The name of a table's partition key attribute, as far as it is known.
 *
 *  @param lb         the handle
 *  @param table      the table's name or ARN
 *  @param table_len  its length in bytes, or ALB_NUL
 *  @param key        [out] receives the name, NUL-terminated; cut if it does not fit
 *  @param capacity   the room there, in bytes; 256 are always enough
 *  @return     length of the whole name, 0 if it is not known, or ALB_ERR_INVALID_ARGUMENT, ALB_ERR_PANIC
 *  Blocking:   never.   Threads: any number at once; no lock, no allocation.   Fork: safe in the child.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_table_key(
    lb: *const alb,
    table: *const c_char,
    table_len: usize,
    key: *mut c_char,
    capacity: usize,
) -> i32 {
    quick(|| {
        // SAFETY: as in alb_table_key_next_wanted(), and for a readable text of that length.
        let (lb, table, room) = unsafe {
            let lb = borrow(lb, "lb").map_err(|error| error.status)?;
            let table = text(table, table_len, "table").map_err(|error| error.status)?;
            (lb, table, room(key, capacity, "key").map_err(|error| error.status)?)
        };
        Ok(lb.balancer.table_key(table).map_or(0, |name| write_text(room, name) as i32))
    })
}

/** Tells the partition key of a table, as DescribeTable says it (KeyType HASH). One set by option stays.
 *
 *  @param lb         the handle
 *  @param table      the table's name or ARN
 *  @param table_len  its length in bytes, or ALB_NUL
 *  @param key        the name of the attribute
 *  @param key_len    its length in bytes, or ALB_NUL
 *  @param err        [out, nullable] receives the reason of a failure
 *  @return     ALB_OK, ALB_ERR_INVALID_ARGUMENT, ALB_ERR_BAD_VALUE (a name that no table or attribute has, or 4096 tables are known),
 *              ALB_ERR_PANIC
 *  Blocking:   never on I/O; waits for locks held for microseconds.   Threads: any number at once.   Fork: safe in the child.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_table_key_set(
    lb: *mut alb,
    table: *const c_char,
    table_len: usize,
    key: *const c_char,
    key_len: usize,
    err: *mut alb_error,
) -> alb_status {
    // SAFETY: the header asks for a live handle, readable texts of these lengths and, unless it is NULL, a whole alb_error.
    unsafe {
        guarded(err, || {
            let lb = borrow(lb, "lb")?;
            lb.balancer.set_table_key(text(table, table_len, "table")?, text(key, key_len, "key")?)
        })
    }
}

/** Brings the answer to a DescribeTable as it came: learns the key, or takes in why there is none.
 *
 *  @param lb           the handle
 *  @param table        the table asked for
 *  @param table_len    its length in bytes, or ALB_NUL
 *  @param http_status  the status of the answer
 *  @param body         its body, decompressed; more than 1 MiB is refused
 *  @param body_len     the body's length in bytes
 *  @param err          [out, nullable] receives the reason of a failure
 *  @return     ALB_OK if the key was learned, or ALB_ERR_INVALID_ARGUMENT, ALB_ERR_BAD_RESPONSE, ALB_ERR_BAD_VALUE (as in
 *              alb_table_key_set()), ALB_ERR_PANIC
 *  Blocking:   as alb_table_key_set().   Threads: any number at once.   Fork: safe in the child.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_table_key_feed(
    lb: *mut alb,
    table: *const c_char,
    table_len: usize,
    http_status: i32,
    body: *const u8,
    body_len: usize,
    err: *mut alb_error,
) -> alb_status {
    // SAFETY: as in alb_table_key_set(), and for `body_len` readable bytes.
    unsafe {
        guarded(err, || {
            let lb = borrow(lb, "lb")?;
            let (table, body) = (text(table, table_len, "table")?, bytes(body, body_len, "body")?);
            lb.balancer.feed_table_description(table, u16::try_from(http_status).unwrap_or(0), body)
        })
    }
}

/** Says that a DescribeTable failed, for callers that hold an exception and not the answer.
 *
 *  @param lb           the handle
 *  @param table        the table asked for
 *  @param table_len    its length in bytes, or ALB_NUL
 *  @param http_status  the status of the answer, or 0 if none came
 *  @param code         [nullable] the error's code, such as ResourceNotFoundException
 *  @param code_len     its length in bytes, or ALB_NUL
 *  @return     ALB_OK, ALB_ERR_INVALID_ARGUMENT, ALB_ERR_PANIC
 *  Blocking:   as alb_table_key_set().   Threads: any number at once.   Fork: safe in the child.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_table_key_failed(
    lb: *mut alb,
    table: *const c_char,
    table_len: usize,
    http_status: i32,
    code: *const c_char,
    code_len: usize,
) -> alb_status {
    quick(|| {
        // SAFETY: the header asks for a live handle and readable texts of these lengths.
        let (lb, table, code) = unsafe {
            let lb = borrow(lb, "lb").map_err(|error| error.status)?;
            let table = text(table, table_len, "table").map_err(|error| error.status)?;
            let code = if code.is_null() { "" } else { text(code, code_len, "code").map_err(|error| error.status)? };
            (lb, table, code)
        };
        let refusal = Refusal::of_error(u16::try_from(http_status).unwrap_or(0), code);
        lb.balancer.table_key_failed(table, &refusal);
        Ok(0)
    })
}
