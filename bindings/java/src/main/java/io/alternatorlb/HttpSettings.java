package io.alternatorlb;

import java.time.Duration;
import java.util.function.Consumer;

/** What the HTTP clients that are made here are told: bounds of their pools, TLS, and what the program adds. */
final class HttpSettings {
    final TlsConfig tls;
    HttpClientType type = HttpClientType.AUTO;
    int maxConnections = 400;
    Duration maxIdleTime = Duration.ofMinutes(10);
    /** Zero for no bound. */
    Duration timeToLive = Duration.ZERO;

    Duration acquisitionTimeout = Duration.ofSeconds(10);
    /** A node that does not answer a SYN for so long is not worth more waiting where there are others. */
    Duration connectionTimeout = Duration.ofSeconds(2);

    Duration readTimeout = Duration.ofSeconds(30);
    /** Given the builder of the HTTP client, whichever it is, as the last one. */
    Consumer<Object> customizer = builder -> {};

    HttpSettings(TlsConfig tls) {
        this.tls = tls;
    }

    HttpSettings with(TlsConfig other) {
        HttpSettings copy = new HttpSettings(other);
        copy.type = type;
        copy.maxConnections = maxConnections;
        copy.maxIdleTime = maxIdleTime;
        copy.timeToLive = timeToLive;
        copy.acquisitionTimeout = acquisitionTimeout;
        copy.connectionTimeout = connectionTimeout;
        copy.readTimeout = readTimeout;
        copy.customizer = customizer;
        return copy;
    }
}
