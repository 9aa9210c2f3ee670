//! Where C becomes Rust and back: pointers, texts, panics.

use std::ffi::{CStr, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::types::{alb_error, alb_plan, alb_status};
use crate::error::{Error, Status};
use crate::routing::Plan;

/// Longer texts are a mistake, such as a negative length.
pub const LONGEST_TEXT: usize = 1 << 24;

const _: () = assert!(size_of::<Plan>() <= size_of::<alb_plan>() && align_of::<Plan>() <= align_of::<alb_plan>());
const _: () = assert!(size_of::<alb_error>() == 512);

fn invalid(what: &str, why: &str) -> Error {
    Error::new(Status::InvalidArgument, format!("the argument {what} {why}"))
}

/// The object behind a pointer that the caller vouches for.
///
/// # Safety
/// A pointer that is neither NULL nor misaligned points to a live `T` that nobody changes while `'a` lasts.
pub unsafe fn borrow<'a, T>(pointer: *const T, what: &str) -> Result<&'a T, Error> {
    if !pointer.is_aligned() {
        return Err(invalid(what, "is not aligned"));
    }
    // SAFETY: aligned here; NULL gives None; the rest is the caller's promise.
    unsafe { pointer.as_ref() }.ok_or_else(|| invalid(what, "is NULL"))
}

/// The place behind a pointer that the caller vouches for.
///
/// # Safety
/// A pointer that is neither NULL nor misaligned points to an initialised `T` that nobody else uses while `'a` lasts.
pub unsafe fn borrow_mut<'a, T>(pointer: *mut T, what: &str) -> Result<&'a mut T, Error> {
    if !pointer.is_aligned() {
        return Err(invalid(what, "is not aligned"));
    }
    // SAFETY: aligned here; NULL gives None; the rest is the caller's promise.
    unsafe { pointer.as_mut() }.ok_or_else(|| invalid(what, "is NULL"))
}

/// The text of a pointer and a length; a length of SIZE_MAX means up to the NUL.
///
/// # Safety
/// Unless it is NULL, `pointer` points to `length` readable bytes, or to a NUL-terminated text if `length` is SIZE_MAX.
pub unsafe fn text<'a>(pointer: *const c_char, length: usize, what: &str) -> Result<&'a str, Error> {
    if pointer.is_null() {
        return Err(invalid(what, "is NULL"));
    }
    let bytes = if length == usize::MAX {
        // SAFETY: the caller says that it ends in a NUL.
        unsafe { CStr::from_ptr(pointer) }.to_bytes()
    } else {
        // SAFETY: the same promise as ours.
        unsafe { bytes(pointer.cast(), length, what) }?
    };
    if bytes.contains(&0) {
        return Err(invalid(what, "holds a NUL character"));
    }
    std::str::from_utf8(bytes).map_err(|error| invalid(what, &format!("is not UTF-8: byte {} does not fit", error.valid_up_to())))
}

/// The bytes of a pointer and a length.
///
/// # Safety
/// Unless it is NULL, `pointer` points to `length` readable bytes.
pub unsafe fn bytes<'a>(pointer: *const u8, length: usize, what: &str) -> Result<&'a [u8], Error> {
    // SAFETY: the same promise as ours.
    unsafe { bytes_up_to(LONGEST_TEXT, pointer, length, what) }
}

/// The same for bytes that may be longer than a text.
///
/// # Safety
/// As [`bytes`].
pub unsafe fn bytes_up_to<'a>(most: usize, pointer: *const u8, length: usize, what: &str) -> Result<&'a [u8], Error> {
    if pointer.is_null() {
        return Err(invalid(what, "is NULL"));
    }
    let most = most.min(isize::MAX as usize);
    if length > most {
        return Err(invalid(what, &format!("has a length of {length}, more than {most}")));
    }
    // SAFETY: not NULL, the length is at most isize::MAX, and the caller says that the bytes are readable.
    Ok(unsafe { std::slice::from_raw_parts(pointer, length) })
}

/// Room for `length` items that the caller owns; none if the length is 0, whatever the pointer.
///
/// # Safety
/// Unless `length` is 0, `pointer` points to `length` writable, initialised items that nobody else uses while `'a` lasts.
pub unsafe fn room<'a, T>(pointer: *mut T, length: usize, what: &str) -> Result<&'a mut [T], Error> {
    // SAFETY: the same promise as ours.
    unsafe { room_up_to(LONGEST_TEXT, pointer, length, what) }
}

/// The same for room that may be larger than any text.
///
/// # Safety
/// As [`room`].
pub unsafe fn room_up_to<'a, T>(most: usize, pointer: *mut T, length: usize, what: &str) -> Result<&'a mut [T], Error> {
    if length == 0 {
        return Ok(&mut []);
    }
    if pointer.is_null() || !pointer.is_aligned() {
        return Err(invalid(what, "is NULL or not aligned"));
    }
    // Whoever passes more room than there is memory means "as much as you need".
    let length = length.min(most).min(isize::MAX as usize / size_of::<T>().max(1));
    // SAFETY: neither NULL nor misaligned, bounded, and the caller says that it is writable.
    Ok(unsafe { std::slice::from_raw_parts_mut(pointer, length) })
}

/// Writes text and NUL as far as they fit; returns the length of the whole text.
pub fn write_text(room: &mut [c_char], text: &str) -> usize {
    if let Some(most) = room.len().checked_sub(1) {
        let mut end = text.len().min(most);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        for (place, byte) in room.iter_mut().zip(text[..end].bytes().chain([0])) {
            *place = byte as c_char;
        }
    }
    text.len()
}

/// Runs the body of a call that says how it went in an `alb_error`.
///
/// # Safety
/// `error` is NULL or points to a struct of as many writable bytes as its first member says.
pub unsafe fn guarded(error: *mut alb_error, body: impl FnOnce() -> Result<(), Error>) -> alb_status {
    // SAFETY: the same promise as ours.
    unsafe { guarded_number(error, || body().map(|()| 0)) }
}

/// The same for a body whose result is a number from 0 up.
///
/// # Safety
/// As [`guarded`].
pub unsafe fn guarded_number(error: *mut alb_error, body: impl FnOnce() -> Result<i32, Error>) -> i32 {
    let result = catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| {
        let cause = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        let message = format!("a defect in the library was caught: {}", cause.unwrap_or("no reason given"));
        std::mem::forget(panic); // its destructor might panic again
        Err(Error::new(Status::Panic, message))
    });
    if !error.is_null() && error.is_aligned() {
        // SAFETY: every version of the struct begins with its size.
        let size = unsafe { (*error).struct_size } as usize;
        if size >= size_of::<alb_error>() {
            // SAFETY: the caller says that so many bytes are writable, and they hold every member that is known here.
            fill(unsafe { &mut *error }, result.as_ref().err());
        }
    }
    result.unwrap_or_else(|error| error.status as i32)
}

/// Runs the body of a call without an `alb_error`; a panic is [`Status::Panic`].
#[inline]
pub fn quick(body: impl FnOnce() -> Result<i32, Status>) -> i32 {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(number)) => number,
        Ok(Err(status)) => status as i32,
        Err(panic) => {
            std::mem::forget(panic);
            Status::Panic as i32
        }
    }
}

/// The same for a call whose result is a longer number.
pub fn quick_long(body: impl FnOnce() -> Result<i64, Status>) -> i64 {
    let mut number = 0;
    match quick(|| body().map(|long| number = long).map(|()| 0)) {
        0 => number,
        status => status.into(),
    }
}

fn fill(place: &mut alb_error, error: Option<&Error>) {
    place.code = error.map_or(Status::Ok, |error| error.status) as i32;
    place.http_status = error.map_or(0, |error| error.http_status);
    place.os_errno = error.map_or(0, |error| error.os_errno);
    place.flags = 0;
    write_text(&mut place.node, error.map_or("", |error| &error.node));
    write_text(&mut place.message, error.map_or("", |error| &error.message));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ffi::types::ALB_ERR_PANIC;

    fn empty_error() -> alb_error {
        // SAFETY: all members are numbers and arrays of numbers.
        alb_error { struct_size: 512, ..unsafe { std::mem::zeroed() } }
    }

    fn message(error: &alb_error) -> &str {
        // SAFETY: `fill` ends the text with a NUL.
        unsafe { CStr::from_ptr(error.message.as_ptr()) }.to_str().unwrap()
    }

    #[test]
    fn a_panic_becomes_a_status_with_its_text() {
        let mut error = empty_error();
        // SAFETY: `error` is a whole alb_error.
        let status = unsafe { guarded(&raw mut error, || panic!("slot {} is gone", 3)) };
        assert_eq!(status, ALB_ERR_PANIC);
        assert!(message(&error).contains("slot 3 is gone"));
        assert_eq!(quick(|| panic!("again")), ALB_ERR_PANIC);
    }

    #[test]
    fn success_clears_an_old_error() {
        let mut error = empty_error();
        error.code = -4;
        error.message[0] = b'x' as c_char;
        // SAFETY: `error` is a whole alb_error.
        assert_eq!(unsafe { guarded(&raw mut error, || Ok(())) }, 0);
        assert_eq!((error.code, message(&error)), (0, ""));
    }

    #[test]
    fn long_messages_are_cut_between_characters() {
        let mut error = empty_error();
        let long = "\u{e9}".repeat(1000);
        // SAFETY: `error` is a whole alb_error.
        unsafe { guarded(&raw mut error, || Err(Error::new(Status::BadValue, long.clone()).at(long))) };
        assert_eq!(message(&error).chars().count(), 187);
        assert_eq!(error.node[115], 0);
    }

    #[test]
    fn a_struct_of_another_size_is_not_overrun() {
        let mut error = empty_error();
        error.struct_size = 511;
        error.code = 77;
        // SAFETY: `error` is a whole alb_error.
        let status = unsafe { guarded(&raw mut error, || Err(Error::new(Status::BadValue, "x"))) };
        assert_eq!((status, error.code), (-4, 77));
    }

    #[test]
    fn texts_are_checked() {
        let check = |bytes: &[u8], length: usize| {
            // SAFETY: `length` is that of `bytes`, or the bytes end in a NUL, or the length is refused before a byte is read.
            unsafe { text(bytes.as_ptr().cast(), length, "key") }.map(str::to_owned).map_err(|error| error.message)
        };
        assert_eq!(check(b"port\0", usize::MAX), Ok("port".into()));
        assert_eq!(check(b"port", 4), Ok("port".into()));
        assert_eq!(check(b"", 0), Ok(String::new()));
        assert!(check(b"a\0b", 3).unwrap_err().contains("NUL"));
        assert!(check(b"a\xff", 2).unwrap_err().contains("UTF-8: byte 1"));
        assert!(check(b"a", usize::MAX - 1).unwrap_err().contains("length"));
        // SAFETY: NULL is allowed.
        assert!(unsafe { text(std::ptr::null(), 0, "key") }.unwrap_err().message.contains("key is NULL"));
    }
}
