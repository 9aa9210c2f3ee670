package io.alternatorlb;

import java.util.Objects;

/** The nodes of a datacenter. */
public final class DatacenterScope extends RoutingScope {
    private final String datacenter;

    private DatacenterScope(String datacenter, RoutingScope fallback) {
        super(fallback);
        this.datacenter = Objects.requireNonNull(datacenter, "datacenter");
    }

    /**
     * The nodes of a datacenter.
     *
     * @param datacenter its name
     * @param fallback what to use while it has none, or null
     * @return the scope
     */
    public static DatacenterScope of(String datacenter, RoutingScope fallback) {
        return new DatacenterScope(datacenter, fallback);
    }

    /**
     * Which datacenter.
     *
     * @return its name
     */
    public String getDatacenter() {
        return datacenter;
    }

    @Override
    String link() {
        return "dc:" + AlternatorLBBuilder.escaped(datacenter);
    }
}
