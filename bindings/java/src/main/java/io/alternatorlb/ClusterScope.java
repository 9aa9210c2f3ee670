package io.alternatorlb;

/** All nodes of the cluster. */
public final class ClusterScope extends RoutingScope {
    private ClusterScope() {
        super(null);
    }

    /**
     * All nodes of the cluster.
     *
     * @return the scope
     */
    public static ClusterScope create() {
        return new ClusterScope();
    }

    @Override
    String link() {
        return "cluster";
    }
}
