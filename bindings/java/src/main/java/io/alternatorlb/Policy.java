package io.alternatorlb;

import java.util.Locale;

/** How a node is chosen for requests that may go anywhere. */
public enum Policy {
    /** The cheapest of a few random nodes, by latency and requests in flight. */
    ADAPTIVE,
    /** Evenly at random. */
    RANDOM,
    /** In turn. */
    ROUND_ROBIN;

    String option() {
        return name().toLowerCase(Locale.ROOT);
    }
}
