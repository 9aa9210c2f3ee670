package io.alternatorlb;

/**
 * What the core could not do. Requests that fail throw the SDK's own exceptions, as ever; this is for the balancer's
 * own methods.
 */
public final class AlternatorException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** The number of the status, one of the header's ALB_ERR_. */
    private final int status;
    /** Its name. */
    private final String code;

    AlternatorException(int status, String code, String message) {
        super(message);
        this.status = status;
        this.code = code;
    }

    /**
     * The status of the core.
     *
     * @return a negative number of the list in alternator_lb.h
     */
    public int status() {
        return status;
    }

    /**
     * The name of the status.
     *
     * @return such as {@code ALB_ERR_SCOPE_UNKNOWN}
     */
    public String code() {
        return code;
    }
}
