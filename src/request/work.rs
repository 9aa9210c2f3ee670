//! Counts the bytes that reading looks at, again for each look, so that the tests can hold it to a bound. Nothing outside of the
//! tests.

#[cfg(test)]
thread_local!(static BYTES: std::cell::Cell<usize> = const { std::cell::Cell::new(0) });

/// Takes note that so many bytes are looked at.
#[inline(always)]
pub(super) fn note(bytes: usize) {
    #[cfg(test)]
    BYTES.set(BYTES.get() + bytes);
    #[cfg(not(test))]
    let _ = bytes;
}

/// How many bytes `reading` looks at.
#[cfg(test)]
pub(super) fn of(reading: impl FnOnce()) -> usize {
    let before = BYTES.get();
    reading();
    BYTES.get() - before
}
