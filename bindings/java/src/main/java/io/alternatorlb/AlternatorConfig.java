package io.alternatorlb;

import java.util.List;

/** What a client knows of its cluster, as one object that several builders can be given. */
public final class AlternatorConfig {
    private final Builder options;

    private AlternatorConfig(Builder builder) {
        options = new Builder();
        options.copyFrom(builder);
    }

    /**
     * Begins a configuration.
     *
     * @return options to be set
     */
    public static Builder builder() {
        return new Builder();
    }

    static AlternatorConfig of(AlternatorOptions<?> options) {
        Builder builder = builder();
        builder.copyFrom(options);
        return builder.build();
    }

    AlternatorOptions<?> options() {
        return options;
    }

    /**
     * Where to begin.
     *
     * @return hosts
     */
    public List<String> getSeedHosts() {
        return options.seeds();
    }

    /**
     * How nodes are spoken to.
     *
     * @return {@code http} or {@code https}
     */
    public String getScheme() {
        return options.scheme();
    }

    /**
     * The port of all nodes.
     *
     * @return a TCP port
     */
    public int getPort() {
        return options.port();
    }

    /**
     * Which nodes may serve.
     *
     * @return the scope
     */
    public RoutingScope getRoutingScope() {
        return options.scope();
    }

    /** The options of an {@link AlternatorConfig}. */
    public static final class Builder extends AlternatorOptions<Builder> {
        private Builder() {}

        @Override
        Builder self() {
            return this;
        }

        /**
         * Makes the configuration.
         *
         * @return the configuration
         */
        public AlternatorConfig build() {
            return new AlternatorConfig(this);
        }
    }
}
