package io.alternatorlb;

import java.time.Duration;

/** How a node fares, at one moment. */
public final class NodeHealth {
    /** Whether requests go to a node. */
    public enum State {
        /** Requests go there. */
        IN_USE,
        /** It came back a moment ago and gets less than its share yet. */
        WARMING_UP,
        /** Chosen only when all others were tried, until a probe finds it well. */
        SET_ASIDE
    }

    /** Why a node is set aside. */
    public enum Cause {
        /** It is not. */
        NONE,
        /** No connection could be made. */
        REFUSED,
        /** The TLS handshake failed. */
        TLS_FAILURE,
        /** An attempt timed out, and nothing was heard of the node since it had begun. */
        HUNG,
        /** Several attempts in a row failed, and those at other nodes did not. */
        FAILURES_IN_A_ROW,
        /** Most attempts of late failed, and those at other nodes did not. */
        FAILURE_RATE
    }

    private final Node node;
    private final long[] members;

    NodeHealth(Node node, long[] members) {
        this.node = node;
        this.members = members;
    }

    /**
     * Whose health it is.
     *
     * @return the node
     */
    public Node node() {
        return node;
    }

    /**
     * Whether requests go there.
     *
     * @return the state
     */
    public State state() {
        return State.values()[(int) members[0]];
    }

    /**
     * Why it is set aside.
     *
     * @return the cause, {@link Cause#NONE} if it is not
     */
    public Cause cause() {
        return Cause.values()[(int) members[1]];
    }

    /**
     * Attempts that began and have not ended.
     *
     * @return how many
     */
    public int inFlight() {
        return (int) members[2];
    }

    /**
     * How often it was set aside, or failed a probe, in a row.
     *
     * @return how often
     */
    public int strikes() {
        return (int) members[3];
    }

    /**
     * Failed attempts since the last success.
     *
     * @return how many
     */
    public int failuresInARow() {
        return (int) members[4];
    }

    /**
     * The share of failed attempts of late.
     *
     * @return from 0 to 1
     */
    public double failureRate() {
        return members[5] / 1000.0;
    }

    /**
     * What a request to it is expected to take.
     *
     * @return zero before the first answer
     */
    public Duration estimate() {
        return Duration.ofNanos(1000 * members[6]);
    }

    /**
     * What a request is expected to take over all nodes.
     *
     * @return zero before the first answer
     */
    public Duration mean() {
        return Duration.ofNanos(1000 * members[7]);
    }

    /**
     * When its next probe is due.
     *
     * @return zero if it is not set aside, or now
     */
    public Duration probeIn() {
        return Duration.ofMillis(members[8]);
    }

    @Override
    public String toString() {
        return node + " " + state() + " " + cause() + ", " + inFlight() + " in flight, " + estimate();
    }
}
