package io.alternatorlb;

/**
 * One API call of a client: its query plan and the attempt under way. Most calls need no second attempt, and so no
 * plan.
 *
 * <p>The SDK makes the attempts of a call one after the other, but on different threads.
 */
final class Call {
    private final Core core;
    private final boolean byKey;
    private long[] plan;
    private Attempt attempt;

    /** A call with the plan for its partition key, or null for one that may go anywhere. */
    Call(Core core, long[] plan) {
        this.core = core;
        this.plan = plan;
        this.byKey = plan != null;
    }

    boolean isByKey() {
        return byKey;
    }

    synchronized Attempt startAttempt() {
        boolean first = attempt == null;
        Node node;
        if (plan == null && first) {
            node = core.nextNode();
        } else {
            if (!first) {
                // Has ended already where the SDK asked our retry strategy; one set by the program's own means may not
                // be ours.
                attempt.endUntold();
            }
            node = core.planNext(plan());
        }
        attempt = new Attempt(core, node, first);
        return attempt;
    }

    /** The last attempt; null if none was started. */
    synchronized Attempt attempt() {
        return attempt;
    }

    /** Whether the next attempt need not wait. */
    synchronized boolean mayRetryAtOnce(int outcome) {
        return attempt != null
                && Outcome.isNodesFailure(outcome)
                && !core.isClosed()
                && core.mayRetryAtOnce(plan(), outcome);
    }

    synchronized void succeeded() {
        if (attempt != null) {
            attempt.end(Outcome.SUCCESS);
        }
    }

    synchronized void failed(Throwable failure) {
        if (attempt != null) {
            attempt.end(failure);
        }
    }

    private long[] plan() {
        if (plan == null) {
            plan = core.planAfter(attempt.node());
        }
        return plan;
    }
}
