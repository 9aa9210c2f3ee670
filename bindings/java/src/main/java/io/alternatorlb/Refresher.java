package io.alternatorlb;

import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does the work of discovery for one balancer when it is due, on whatever thread asks, and tells when to ask again. A
 * failure leaves the list as it is; the events say why.
 */
final class Refresher {
    /** The longest that one turn lasts, so that an unreachable cluster can't hold up others for long. */
    private static final Duration TURN = Duration.ofSeconds(1);
    /** Nobody asks in between: longer waits are cut short when requests flow again. */
    private static final long ACTIVE_MILLIS = 2_000;
    /** Where the core says "now" and somebody else is at it. */
    private static final long BUSY_MILLIS = 20;

    private static final long NEVER_MILLIS = 3_600_000;
    private static final Logger LOG = LoggerFactory.getLogger(AlternatorLB.LOGGER);

    private final Core core;
    private final EventLog events;
    private volatile Runnable wake = () -> {};
    private volatile boolean sleeping;

    Refresher(Core core, EventLog events) {
        this.core = core;
        this.events = events;
    }

    /** What makes the next turn come at once. */
    void wakeBy(Runnable waker) {
        wake = waker;
    }

    /** One turn, if it is due. Returns the milliseconds until the next one, or -1 when the balancer is closed. */
    long turn() {
        try {
            if (core.refreshDue() == 0) {
                refresh();
            }
            long due = core.refreshDue();
            sleeping = due < 0 || due > ACTIVE_MILLIS;
            // Between the two lines above a request may have made it due.
            due = sleeping ? core.refreshDue() : due;
            return due < 0 ? NEVER_MILLIS : Math.max(due, BUSY_MILLIS);
        } catch (IllegalStateException closed) {
            return -1;
        }
    }

    private void refresh() {
        try {
            core.refresh(TURN);
        } catch (AlternatorException failure) {
            LOG.debug("the list of nodes could not be refreshed: {}", failure.getMessage());
        }
        events.drain();
    }

    /** Called with each attempt: ends a long sleep. */
    void requestsFlow() {
        if (sleeping) {
            sleeping = false;
            wake.run();
        }
    }
}
