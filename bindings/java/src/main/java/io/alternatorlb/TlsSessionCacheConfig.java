package io.alternatorlb;

/** How many TLS sessions are kept for a short handshake. */
public final class TlsSessionCacheConfig {
    private final boolean enabled;
    private final int size;

    private TlsSessionCacheConfig(boolean enabled, int size) {
        this.enabled = enabled;
        this.size = size;
    }

    /**
     * Keeps 256 sessions.
     *
     * @return the default
     */
    public static TlsSessionCacheConfig getDefault() {
        return of(256);
    }

    /**
     * Keeps none: every connection makes a whole handshake.
     *
     * @return a configuration
     */
    public static TlsSessionCacheConfig disabled() {
        return new TlsSessionCacheConfig(false, 0);
    }

    /**
     * Keeps so many.
     *
     * @param size from 1 to 65536
     * @return a configuration
     */
    public static TlsSessionCacheConfig of(int size) {
        if (size < 1 || size > 65536) {
            throw new IllegalArgumentException("TLS session cache size " + size + " is not accepted: 1 to 65536, or disabled()");
        }
        return new TlsSessionCacheConfig(true, size);
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
    public int getCacheSize() {
        return size;
    }
}
