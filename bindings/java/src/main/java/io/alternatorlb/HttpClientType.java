package io.alternatorlb;

/** The HTTP clients that are made here; each needs its artifact of the SDK, whose version is that of the SDK. */
public enum HttpClientType {
    /** The first of the others that is there. */
    AUTO,
    /** Synchronous: {@code software.amazon.awssdk:apache-client}. */
    APACHE,
    /** Synchronous: {@code software.amazon.awssdk:apache5-client}. */
    APACHE5,
    /** Asynchronous: {@code software.amazon.awssdk:netty-nio-client}. */
    NETTY,
    /**
     * Both: {@code software.amazon.awssdk:aws-crt-client}. It takes no authority and no client certificate of a file.
     */
    CRT
}
