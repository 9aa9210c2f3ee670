package io.alternatorlb;

import java.net.URI;

/** A node of the cluster. Its number and address are the same as long as the balancer lives. */
public final class Node {
    private final int id;
    private final URI uri;

    Node(int id, String url) {
        this.id = id;
        this.uri = URI.create(url);
    }

    /**
     * The node's number.
     *
     * @return a number from 0 on, given by this balancer
     */
    public int id() {
        return id;
    }

    /**
     * Where the node is.
     *
     * @return scheme, host and port
     */
    public URI uri() {
        return uri;
    }

    /**
     * The node's host.
     *
     * @return as it stands in {@link #uri()}, an IPv6 address in brackets
     */
    public String host() {
        return uri.getHost();
    }

    /**
     * The node's port.
     *
     * @return a TCP port
     */
    public int port() {
        return uri.getPort();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Node && ((Node) other).uri.equals(uri);
    }

    @Override
    public int hashCode() {
        return uri.hashCode();
    }

    /** The node's URL. */
    @Override
    public String toString() {
        return uri.toString();
    }
}
