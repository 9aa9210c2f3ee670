package io.alternatorlb;

import java.util.Optional;

/** Which nodes may serve: a scope, and the one to fall back to while it has no nodes. */
public abstract class RoutingScope {
    private final RoutingScope fallback;

    RoutingScope(RoutingScope fallback) {
        this.fallback = fallback;
    }

    /**
     * What is fallen back to.
     *
     * @return empty if nothing is
     */
    public Optional<RoutingScope> getFallback() {
        return Optional.ofNullable(fallback);
    }

    /** The one link of the chain in the core's words. */
    abstract String link();

    String chain() {
        return fallback == null ? link() : link() + ">" + fallback.chain();
    }

    @Override
    public String toString() {
        return chain();
    }
}
