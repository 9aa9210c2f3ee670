package io.alternatorlb;

import java.util.concurrent.atomic.AtomicBoolean;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;

/** One attempt of a call at a node. It is reported once, by whoever learns first how it ended. */
final class Attempt {
    private final Core core;
    private final Node node;
    private final boolean first;
    private final long started = System.nanoTime();
    private final AtomicBoolean ended = new AtomicBoolean();
    /** Of the answer, once its head has come. */
    private volatile int status;

    Attempt(Core core, Node node, boolean first) {
        this.core = core;
        this.node = node;
        this.first = first;
    }

    Node node() {
        return node;
    }

    /** Takes down that the head of an answer has come. */
    void answer(int httpStatus) {
        status = httpStatus;
    }

    boolean end(int outcome) {
        if (!ended.compareAndSet(false, true)) {
            return false;
        }
        core.report(node, outcome, (System.nanoTime() - started) / 1000);
        return true;
    }

    /** Ends it by what the SDK says of it. */
    boolean end(Throwable failure) {
        // The time for a whole call was used up by the nodes before, unless this is the first.
        boolean blameless = !first && isCallTimeout(failure);
        return end(blameless ? Outcome.CANCELLED : Outcome.of(failure));
    }

    /** Ends it where nothing is known but the answer's status, if there was one. */
    boolean endUntold() {
        return end(status == 0 ? Outcome.CANCELLED : Outcome.ofStatus(status));
    }

    private static boolean isCallTimeout(Throwable failure) {
        return failure instanceof ApiCallTimeoutException;
    }
}
