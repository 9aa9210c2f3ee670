package io.alternatorlb;

/** Who keeps the list of nodes fresh. */
public enum RefreshMode {
    /** One daemon thread for all balancers of the process: no request ever waits for discovery. */
    DAEMON,
    /**
     * A synchronous request that finds it due, after it has chosen its node: no thread, and for one request a second up
     * to 250 ms.
     */
    INLINE,
    /** Only {@link AlternatorLB#refresh}. */
    MANUAL
}
