package io.alternatorlb;

/** What answers may be compressed with. */
public enum ResponseCompressionAlgorithm {
    /** With gzip. */
    GZIP("gzip"),
    /** With deflate, which is the zlib format. */
    DEFLATE("deflate");

    private final String option;

    ResponseCompressionAlgorithm(String option) {
        this.option = option;
    }

    String option() {
        return option;
    }
}
