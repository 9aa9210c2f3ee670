package io.alternatorlb;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * The one daemon thread that refreshes every balancer of the process (of one class loader) that has no executor of its
 * own. It starts with the first balancer and ends with the last, so that a class loader that is done with can be
 * collected.
 */
final class RefreshThread {
    static final String NAME = "alternator-lb-refresh";
    static final RefreshThread SHARED = new RefreshThread();

    private final Set<Refresher> refreshers = new HashSet<>();
    private Thread thread;
    private boolean woken;

    private RefreshThread() {}

    synchronized void add(Refresher refresher) {
        refresher.wakeBy(this::wake);
        refreshers.add(refresher);
        wake();
        if (thread == null) {
            thread = new Thread(this::run, NAME);
            thread.setDaemon(true);
            // Not the class loader of whichever request happened to come first.
            thread.setContextClassLoader(RefreshThread.class.getClassLoader());
            thread.start();
        }
    }

    synchronized void remove(Refresher refresher) {
        refreshers.remove(refresher);
        wake();
    }

    private synchronized void wake() {
        woken = true;
        notifyAll();
    }

    private void run() {
        while (true) {
            long wait = Long.MAX_VALUE;
            for (Refresher refresher : current()) {
                long due = refresher.turn();
                if (due < 0) {
                    remove(refresher);
                } else {
                    wait = Math.min(wait, due);
                }
            }
            if (!sleep(wait)) {
                return;
            }
        }
    }

    private synchronized List<Refresher> current() {
        woken = false;
        return new ArrayList<>(refreshers);
    }

    /** Waits until something is due; false when there is nobody left to work for. */
    private synchronized boolean sleep(long millis) {
        if (refreshers.isEmpty()) {
            thread = null;
            return false;
        }
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(Math.min(millis, TimeUnit.DAYS.toMillis(1)));
        for (long left = deadline - System.nanoTime(); !woken && left > 0; left = deadline - System.nanoTime()) {
            try {
                TimeUnit.NANOSECONDS.timedWait(this, left + 1_000_000);
            } catch (InterruptedException nobodysBusiness) {
                // The thread is ours alone; whoever interrupts it wants something of another one.
                return true;
            }
        }
        return true;
    }
}
