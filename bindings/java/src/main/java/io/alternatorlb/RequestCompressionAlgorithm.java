package io.alternatorlb;

/** What bodies of requests are compressed with. */
public enum RequestCompressionAlgorithm {
    /** They are sent as they are. */
    NONE("none"),
    /** With gzip. */
    GZIP("gzip"),
    /** With deflate, which is the zlib format. */
    DEFLATE("deflate");

    private final String option;

    RequestCompressionAlgorithm(String option) {
        this.option = option;
    }

    String option() {
        return option;
    }
}
