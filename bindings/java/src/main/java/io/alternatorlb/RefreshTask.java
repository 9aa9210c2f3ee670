package io.alternatorlb;

import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Refreshes one balancer on an executor of the program's: a turn, and the next one when it is due or when requests flow
 * again.
 */
final class RefreshTask implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(AlternatorLB.LOGGER);

    private final ScheduledExecutorService executor;
    private final Refresher refresher;
    private ScheduledFuture<?> next;

    RefreshTask(ScheduledExecutorService executor, Refresher refresher) {
        this.executor = executor;
        this.refresher = refresher;
    }

    void start() {
        refresher.wakeBy(() -> runIn(0));
        runIn(0);
    }

    @Override
    public void run() {
        synchronized (this) {
            next = null;
        }
        long due = refresher.turn();
        if (due >= 0) {
            runIn(due);
        }
    }

    /** One turn is planned at a time: the earlier one, since a later one follows from it. */
    private synchronized void runIn(long millis) {
        if (next != null) {
            if (next.getDelay(TimeUnit.MILLISECONDS) <= millis) {
                return;
            }
            next.cancel(false);
        }
        try {
            next = executor.schedule(this, millis, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException shutDown) {
            LOG.warn("the executor takes no more work: the list of nodes is not refreshed any longer");
        }
    }
}
