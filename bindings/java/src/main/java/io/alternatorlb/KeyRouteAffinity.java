package io.alternatorlb;

/**
 * Which writes go to the node of their partition key, by the official library's names; {@link Affinity} is the same.
 */
public enum KeyRouteAffinity {
    /** None. */
    NONE(Affinity.NONE),
    /** Those for which the server reads first. */
    RMW(Affinity.RMW),
    /** All. */
    ANY_WRITE(Affinity.ANY_WRITE);

    private final Affinity affinity;

    KeyRouteAffinity(Affinity affinity) {
        this.affinity = affinity;
    }

    Affinity affinity() {
        return affinity;
    }
}
