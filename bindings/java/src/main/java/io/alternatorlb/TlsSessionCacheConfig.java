package io.alternatorlb;

/**
 * How many TLS sessions are kept for a short handshake: in discovery, and in Apache's HTTP clients. Java's TLS always
 * keeps at least one, and Netty and CRT keep what they see fit.
 */
public final class TlsSessionCacheConfig {
    private static final int DEFAULT_SIZE = 256;
    private static final int DEFAULT_TIMEOUT_SECONDS = 86400;

    private final boolean enabled;
    private final int size;
    private final int timeoutSeconds;

    private TlsSessionCacheConfig(Builder builder) {
        enabled = builder.enabled;
        size = builder.size;
        timeoutSeconds = builder.timeoutSeconds;
    }

    /**
     * Keeps 256 sessions for a day.
     *
     * @return the default
     */
    public static TlsSessionCacheConfig getDefault() {
        return builder().build();
    }

    /**
     * Keeps none.
     *
     * @return a configuration
     */
    public static TlsSessionCacheConfig disabled() {
        return builder().withEnabled(false).build();
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
     * Whether sessions are kept.
     *
     * @return whether
     */
    public boolean isEnabled() {
        return enabled;
    }

    /**
     * How many are kept.
     *
     * @return 0 if none are
     */
    public int getSessionCacheSize() {
        return enabled ? size : 0;
    }

    /**
     * For how long Apache's HTTP clients keep one. Discovery goes by the server's ticket.
     *
     * @return seconds
     */
    public int getSessionTimeoutSeconds() {
        return timeoutSeconds;
    }

    boolean isDefault() {
        return enabled && size == DEFAULT_SIZE && timeoutSeconds == DEFAULT_TIMEOUT_SECONDS;
    }

    /** The options of a {@link TlsSessionCacheConfig}. */
    public static final class Builder {
        private boolean enabled = true;
        private int size = DEFAULT_SIZE;
        private int timeoutSeconds = DEFAULT_TIMEOUT_SECONDS;

        private Builder() {}

        /**
         * Whether sessions are kept. They are unless set.
         *
         * @param on whether
         * @return this
         */
        public Builder withEnabled(boolean on) {
            enabled = on;
            return this;
        }

        /**
         * How many are kept. 256 unless set.
         *
         * @param sessions from 1 to 65536
         * @return this
         */
        public Builder withSessionCacheSize(int sessions) {
            if (sessions < 1 || sessions > 65536) {
                throw new IllegalArgumentException(
                        "TLS session cache size " + sessions + " is not accepted: 1 to 65536, or disabled()");
            }
            size = sessions;
            return this;
        }

        /**
         * For how long Apache's HTTP clients keep one. A day unless set.
         *
         * @param seconds 1 or more
         * @return this
         */
        public Builder withSessionTimeoutSeconds(int seconds) {
            if (seconds < 1) {
                throw new IllegalArgumentException("TLS session timeout " + seconds + " s is not accepted: 1 or more");
            }
            timeoutSeconds = seconds;
            return this;
        }

        /**
         * Makes the configuration.
         *
         * @return the configuration
         */
        public TlsSessionCacheConfig build() {
            return new TlsSessionCacheConfig(this);
        }
    }
}
