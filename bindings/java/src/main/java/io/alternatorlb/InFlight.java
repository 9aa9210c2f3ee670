package io.alternatorlb;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * Who is using something that must not be freed meanwhile. Free is when closed and used by nobody, found by whoever
 * leaves last, and so never waited for. Threads count in lanes on cache lines of their own, so that they do not slow
 * each other down.
 */
final class InFlight {
    private static final int LANES = 16;
    /** A cache line, or the two that are fetched together, in ints. */
    private static final int STRIDE = 32;

    private final AtomicIntegerArray users = new AtomicIntegerArray((LANES + 1) * STRIDE);
    private final AtomicBoolean freed = new AtomicBoolean();
    private final Runnable free;
    private volatile boolean closed;

    InFlight(Runnable free) {
        this.free = free;
    }

    /** Begins a use: the lane to be given back to {@link #exit}, or -1 after {@link #close}. */
    @SuppressWarnings("deprecation") // getId() is what Java 11 has; only that threads differ matters.
    int enter() {
        int lane = (1 + (int) Thread.currentThread().getId() % LANES) * STRIDE;
        users.incrementAndGet(lane);
        if (closed) {
            exit(lane);
            return -1;
        }
        return lane;
    }

    void exit(int lane) {
        users.decrementAndGet(lane);
        if (closed) {
            freeIfUnused();
        }
    }

    /** Lets nobody in from now on; true for the first call. */
    synchronized boolean close() {
        boolean first = !closed;
        closed = true;
        freeIfUnused();
        return first;
    }

    boolean isClosed() {
        return closed;
    }

    // Once closed, a lane at zero can only be passed through by one who is turned away, so lanes may be looked at one
    // by one.
    private void freeIfUnused() {
        for (int lane = 1; lane <= LANES; lane++) {
            if (users.get(lane * STRIDE) != 0) {
                return;
            }
        }
        if (freed.compareAndSet(false, true)) {
            free.run();
        }
    }
}
