//! Compressed bodies, and headers worth sending.

use std::ffi::c_char;

use super::boundary::{borrow, bytes_up_to, guarded_number, quick, room_up_to, text};
use super::handle::alb;
use super::types::{ALB_WIRE_ACCEPT_ENCODING, ALB_WIRE_CONTENT_ENCODING, ALB_WIRE_KEPT_HEADERS, alb_error};
use crate::wire::decompress;

/// Lengths come back as an int32_t.
const LONGEST: usize = i32::MAX as usize;

/** @name Bodies and headers on the wire
 *
 *  Tells what the options say of headers: the same for the life of the handle, so ask once; empty where requests are left alone.
 *
 *  ALB_WIRE_CONTENT_ENCODING: `gzip` or `deflate`, to be set where alb_compress() made something; empty if it never does.
 *  ALB_WIRE_ACCEPT_ENCODING:  such as `gzip, deflate`, to be set unless the request has one; answers then come compressed.
 *  ALB_WIRE_KEPT_HEADERS:     such as `host,x-amz-target,...`, to be compared without regard to case. All others are removed before
 *                             the request is signed; afterwards, a header that the signature's SignedHeaders name has to stay.
 *
 *  @param lb    the handle
 *  @param what  an ALB_WIRE_ number
 *  @return     the text, borrowed until the handle is freed; NULL for a NULL handle and for other numbers
 *  Blocking:   never.   Threads: any number at once.   Fork: safe in the child.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_wire_text(lb: *const alb, what: i32) -> *const c_char {
    // SAFETY: the header asks for a live handle.
    let Ok(lb) = (unsafe { borrow(lb, "lb") }) else {
        return std::ptr::null();
    };
    let wire = lb.balancer.wire();
    match what {
        ALB_WIRE_CONTENT_ENCODING => wire.content_encoding().as_ptr(),
        ALB_WIRE_ACCEPT_ENCODING => wire.accept_encoding().as_ptr(),
        ALB_WIRE_KEPT_HEADERS => wire.kept_headers().as_ptr(),
        _ => std::ptr::null(),
    }
}

/** Compresses the body of a request by the options compression, compression.min_bytes and compression.level: once a request,
 *  before it is signed, and not where it has a Content-Encoding already. The result needs that header and a new Content-Length.
 *
 *  @param lb        the handle
 *  @param body      the body; may be NULL if body_len is 0
 *  @param body_len  its length in bytes
 *  @param out       [out] receives the compressed body; must not overlap the body
 *  @param capacity  its room in bytes: body_len is always enough; less asks for a body that is shorter yet
 *  @return     the length of the compressed body, less than body_len and capacity; 0 if the body is to be sent as it is, by the
 *              options or because it does not get that short; or ALB_ERR_INVALID_ARGUMENT, ALB_ERR_PANIC
 *  Blocking:   CPU time alone: at level 6 about 16 us for 1 KB and 14 ms for 1 MB, a fifth of the latter at level 1, three times
 *              as much at level 9. Takes 400 KB from malloc until it returns.   Threads: any number at once.
 *  Fork:       safe in the child.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_compress(lb: *const alb, body: *const u8, body_len: usize, out: *mut u8, capacity: usize) -> i32 {
    quick(|| {
        // SAFETY: the header asks for a live handle, `body_len` readable bytes and `capacity` writable ones elsewhere.
        let (lb, body, room) = unsafe {
            let lb = borrow(lb, "lb").map_err(|error| error.status)?;
            let body = if body_len == 0 { Ok(&[][..]) } else { bytes_up_to(LONGEST, body, body_len, "body") };
            let room = room_up_to(LONGEST, out, capacity, "out").map_err(|error| error.status)?;
            (lb, body.map_err(|error| error.status)?, room)
        };
        Ok(lb.balancer.wire().compress(body, room).map_or(0, |length| length as i32))
    })
}

/** Decompresses the body of an answer, for programs without a decoder: gives all of it, its checksums verified, or an error.
 *
 *  @param content_encoding      the value of the header: gzip, x-gzip, deflate (the zlib format; raw deflate is refused), identity,
 *                               or up to four of them separated by commas, which are undone from the last on. Case and parameters
 *                               do not matter; empty and identity copy.
 *  @param content_encoding_len  its length in bytes, or ALB_NUL
 *  @param body                  the body; may be NULL if body_len is 0
 *  @param body_len              its length in bytes
 *  @param out                   [out] receives what comes out; may be NULL if capacity is 0; must not overlap the body
 *  @param capacity              its room in bytes
 *  @param limit                 the most bytes that may come out: small bodies can inflate to huge ones
 *  @param err                   [out, nullable] what is wrong
 *  @return     the length of what comes out; if that is more than capacity, out holds only the beginning, and a second call with as
 *              much room gives all; or ALB_ERR_INVALID_ARGUMENT, ALB_ERR_BAD_RESPONSE (cut off, corrupt or in another format),
 *              ALB_ERR_UNSUPPORTED (another coding), ALB_ERR_TOO_LARGE (more than the limit), ALB_ERR_PANIC
 *  Blocking:   CPU time alone: 1 to 3 ms for 1 MB that comes out, and never more than limit and body_len together allow. Takes
 *              60 KB for each coding from malloc until it returns.   Threads: any number at once.
 *  Fork:       safe in the child.   Since: 0.1
 */
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alb_decompress(
    content_encoding: *const c_char,
    content_encoding_len: usize,
    body: *const u8,
    body_len: usize,
    out: *mut u8,
    capacity: usize,
    limit: usize,
    err: *mut alb_error,
) -> i32 {
    // SAFETY: the header asks for a readable text, `body_len` readable and `capacity` writable bytes and a whole or no alb_error.
    unsafe {
        guarded_number(err, || {
            let content_encoding = text(content_encoding, content_encoding_len, "content_encoding")?;
            let body = if body_len == 0 { &[] } else { bytes_up_to(LONGEST, body, body_len, "body")? };
            let room = room_up_to(LONGEST, out, capacity, "out")?;
            decompress(content_encoding, body, room, limit.min(LONGEST)).map(|length| length as i32)
        })
    }
}
