package io.alternatorlb;

import java.util.Objects;

/** The nodes of a rack of a datacenter. */
public final class RackScope extends RoutingScope {
    private final String datacenter;
    private final String rack;

    private RackScope(String datacenter, String rack, RoutingScope fallback) {
        super(fallback);
        this.datacenter = Objects.requireNonNull(datacenter, "datacenter");
        this.rack = Objects.requireNonNull(rack, "rack");
    }

    /**
     * The nodes of a rack.
     *
     * @param datacenter the datacenter's name
     * @param rack the rack's name
     * @param fallback what to use while it has none, or null
     * @return the scope
     */
    public static RackScope of(String datacenter, String rack, RoutingScope fallback) {
        return new RackScope(datacenter, rack, fallback);
    }

    /**
     * Which datacenter.
     *
     * @return its name
     */
    public String getDatacenter() {
        return datacenter;
    }

    /**
     * Which rack of it.
     *
     * @return its name
     */
    public String getRack() {
        return rack;
    }

    @Override
    String link() {
        return "rack:" + AlternatorLBBuilder.escaped(datacenter) + "/" + AlternatorLBBuilder.escaped(rack);
    }
}
