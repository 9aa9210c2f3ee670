//! Tells a forked child from its parent, at the price of two loads.
//!
//! One word lives in a page that the kernel clears in every forked child (`MADV_WIPEONFORK`). A zero means "first call in a new
//! process": the word then gets the next generation. State that must not be shared with the parent (random streams, connections,
//! mutexes, threads) is tagged with a generation, or kept in a [`ForkLocal`], and so made anew in the child.
//! Where the advice is not known (before Linux 4.14, other systems), `pthread_atfork` clears the word instead.
#![allow(unsafe_code)]

use std::hash::{BuildHasher, RandomState};
use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use std::time::SystemTime;

use once_cell::race::OnceBox;

/// The last generation given out in this process or inherited from its ancestors.
static LAST: AtomicU64 = AtomicU64::new(0);
/// Random bits of this process, other ones in each child.
static SEED: AtomicU64 = AtomicU64::new(0);
/// Where the word is; null until the first call.
static WORD: AtomicPtr<AtomicU64> = AtomicPtr::new(std::ptr::null_mut());
/// The word where the kernel cannot wipe a page.
static FALLBACK: AtomicU64 = AtomicU64::new(0);

/// The fork generation of this process: constant for its life, another value in each forked child. Never 0.
#[inline]
pub fn generation() -> u64 {
    let word = WORD.load(Ordering::Acquire);
    if !word.is_null() {
        // SAFETY: a non-null WORD points to an aligned, mapped u64 that is never unmapped (`place_word`), accessed only atomically.
        let generation = unsafe { (*word).load(Ordering::Acquire) };
        if generation != 0 {
            return generation;
        }
    }
    renew()
}

/// Random bits of this process, other ones in each forked child: to seed streams that must not run in step.
pub fn process_seed() -> u64 {
    generation();
    SEED.load(Ordering::Acquire)
}

#[cold]
fn renew() -> u64 {
    let mut word = WORD.load(Ordering::Acquire);
    if word.is_null() {
        let placed = place_word();
        match WORD.compare_exchange(std::ptr::null_mut(), placed, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => word = placed,
            Err(winner) => word = winner, // two first calls raced: the loser's page stays mapped and unused
        }
    }
    // The first process's bits are the system's, a child's are its parent's with its own number and moment: no two are alike.
    let moment = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |elapsed| elapsed.as_nanos());
    let seed = RandomState::new().hash_one((SEED.load(Ordering::Acquire), std::process::id(), moment));
    SEED.store(seed, Ordering::Release);
    let fresh = LAST.fetch_add(1, Ordering::AcqRel) + 1;
    // SAFETY: as in `generation`; the pointer is not null here.
    match unsafe { (*word).compare_exchange(0, fresh, Ordering::AcqRel, Ordering::Acquire) } {
        Ok(_) => fresh,
        Err(winner) => winner,
    }
}

fn fallback_word() -> *mut AtomicU64 {
    extern "C" fn clear() {
        FALLBACK.store(0, Ordering::Release);
    }
    // SAFETY: `clear` only stores to a static atomic, which is async-signal-safe as a child handler must be.
    unsafe { libc::pthread_atfork(None, None, Some(clear)) };
    (&raw const FALLBACK).cast_mut()
}

#[cfg(all(target_os = "linux", not(miri)))]
fn place_word() -> *mut AtomicU64 {
    const PAGE: usize = 4096;
    // SAFETY: a fresh private anonymous mapping, owned by nobody else; its address is checked before use. mmap aligns it to a page
    // and fills it with zeroes, a valid AtomicU64.
    unsafe {
        let page = libc::mmap(
            std::ptr::null_mut(),
            PAGE,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        );
        if page == libc::MAP_FAILED {
            return fallback_word();
        }
        if libc::madvise(page, PAGE, libc::MADV_WIPEONFORK) != 0 {
            libc::munmap(page, PAGE);
            return fallback_word();
        }
        page.cast()
    }
}

#[cfg(not(all(target_os = "linux", not(miri))))]
fn place_word() -> *mut AtomicU64 {
    fallback_word()
}

/// One `T` per fork generation. The parent's value is never locked, used or dropped in a child: its mutexes may be held by threads
/// that do not exist there, and its descriptors may by then belong to something else.
pub struct ForkLocal<T> {
    first: OnceBox<Link<T>>,
}

struct Link<T> {
    generation: u64,
    value: ManuallyDrop<T>,
    next: OnceBox<Link<T>>,
}

impl<T> ForkLocal<T> {
    /// Nothing is made before the first [`ForkLocal::get`].
    pub const fn new() -> Self {
        Self { first: OnceBox::new() }
    }

    /// This process's value, made by `make` at the first call after start or fork. Never blocks: when two threads race, both make
    /// one and one is thrown away.
    pub fn get(&self, make: impl Fn() -> T) -> &T {
        let generation = generation();
        let mut slot = &self.first;
        loop {
            let link = slot.get_or_init(|| Box::new(Link { generation, value: ManuallyDrop::new(make()), next: OnceBox::new() }));
            if link.generation == generation {
                return &link.value;
            }
            slot = &link.next;
        }
    }

    /// This process's value, if it was made.
    pub fn peek(&self) -> Option<&T> {
        let generation = generation();
        let mut link = self.first.get();
        while let Some(here) = link {
            if here.generation == generation {
                return Some(&here.value);
            }
            link = here.next.get();
        }
        None
    }
}

impl<T> Drop for Link<T> {
    fn drop(&mut self) {
        if self.generation == generation() {
            // SAFETY: `drop` runs once and the value is not used after it; an ancestor's value is left alone on purpose.
            unsafe { ManuallyDrop::drop(&mut self.value) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn generation_is_stable_within_a_process() {
        assert_ne!(generation(), 0);
        assert_eq!(generation(), generation());
    }

    #[test]
    fn fork_local_makes_one_value_and_drops_it() {
        static DROPS: AtomicU64 = AtomicU64::new(0);
        struct Counted;
        impl Drop for Counted {
            fn drop(&mut self) {
                DROPS.fetch_add(1, Ordering::SeqCst);
            }
        }
        let local = ForkLocal::new();
        assert!(local.peek().is_none());
        let first: *const Counted = local.get(|| Counted);
        let again: *const Counted = local.get(|| Counted);
        assert_eq!(first, again);
        drop(local);
        assert_eq!(DROPS.load(Ordering::SeqCst), 1);
    }

    #[test]
    #[cfg(all(target_os = "linux", not(miri)))]
    fn a_child_sees_a_new_generation_and_a_free_mutex() {
        let local: ForkLocal<Mutex<u32>> = ForkLocal::new();
        let held = local.get(|| Mutex::new(1)).lock();
        let (before, seed) = (generation(), process_seed());
        // SAFETY: the child only touches atomics and an uncontended allocation, then leaves by `_exit`.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let fresh =
                generation() != before && process_seed() != seed && local.get(|| Mutex::new(2)).try_lock().is_ok_and(|v| *v == 2);
            // SAFETY: ends the child at once.
            unsafe { libc::_exit(if fresh { 0 } else { 1 }) };
        }
        let mut status = 0;
        // SAFETY: waits for the child made above; `status` is a valid out-pointer.
        unsafe { libc::waitpid(child, &mut status, 0) };
        assert_eq!(status, 0);
        assert_eq!(generation(), before);
        drop(held);
    }
}
