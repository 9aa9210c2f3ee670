package io.alternatorlb;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/** Which writes go to the node of their partition key, and the keys of tables that need not be learned. */
public final class KeyRouteAffinityConfig {
    private final KeyRouteAffinity type;
    private final Map<String, String> keys;

    private KeyRouteAffinityConfig(KeyRouteAffinity type, Map<String, String> keys) {
        this.type = type;
        this.keys = Map.copyOf(keys);
    }

    /**
     * A mode alone; keys are learned.
     *
     * @param type which writes
     * @return a configuration
     */
    public static KeyRouteAffinityConfig of(KeyRouteAffinity type) {
        return builder().withType(type).build();
    }

    /**
     * Begins a configuration.
     *
     * @return options to be set
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Which writes.
     *
     * @return the mode
     */
    public KeyRouteAffinity getType() {
        return type;
    }

    /**
     * The partition keys that are known beforehand.
     *
     * @return the attribute's name by the table's
     */
    public Map<String, String> getPkInfoMap() {
        return keys;
    }

    /** The options of a {@link KeyRouteAffinityConfig}. */
    public static final class Builder {
        private final Map<String, String> keys = new LinkedHashMap<>();
        private KeyRouteAffinity type = KeyRouteAffinity.NONE;

        private Builder() {}

        /**
         * Which writes. None unless set.
         *
         * @param mode which
         * @return this
         */
        public Builder withType(KeyRouteAffinity mode) {
            type = Objects.requireNonNull(mode, "type");
            return this;
        }

        /**
         * Names a table's partition key.
         *
         * @param table the table
         * @param attribute the name of its partition key
         * @return this
         */
        public Builder withPkInfo(String table, String attribute) {
            keys.put(table, attribute);
            return this;
        }

        /**
         * Names partition keys of tables.
         *
         * @param attributes the attribute's name by the table's
         * @return this
         */
        public Builder withPkInfoMap(Map<String, String> attributes) {
            keys.putAll(attributes);
            return this;
        }

        /**
         * Makes the configuration.
         *
         * @return the configuration
         */
        public KeyRouteAffinityConfig build() {
            return new KeyRouteAffinityConfig(type, keys);
        }
    }
}
