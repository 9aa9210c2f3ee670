package io.alternatorlb;

/** Which requests go to the node of their partition key, so that one coordinator serves a partition. */
public enum Affinity {
    /** None. */
    NONE("none"),
    /** Writes for which the server reads first: conditions, and most updates. */
    RMW("rmw"),
    /** Every write of items, batches by the votes of theirs. */
    ANY_WRITE("any_write");

    private final String option;

    Affinity(String option) {
        this.option = option;
    }

    String option() {
        return option;
    }
}
