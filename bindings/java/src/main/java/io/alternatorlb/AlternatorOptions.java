package io.alternatorlb;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * The options by the official library's names, in one place for {@link AlternatorConfig} and for the builders of
 * clients. Each says what it is in the core's options; nothing is decided here.
 *
 * @param <S> what a method returns: the builder itself
 */
public abstract class AlternatorOptions<S> {
    /** What requests and discovery call themselves unless told otherwise. */
    static final String USER_AGENT = "alternator-lb-java/" + AlternatorLB.VERSION;

    private final List<String> seeds = new ArrayList<>();
    private final Map<String, String> core = new LinkedHashMap<>();
    private String scheme = "http";
    private int port = 8000;
    private RoutingScope scope = ClusterScope.create();
    private Optional<String> userAgent = Optional.of(USER_AGENT);
    private KeyRouteAffinityConfig affinity = KeyRouteAffinityConfig.of(KeyRouteAffinity.NONE);
    private TlsConfig tls = TlsConfig.systemDefault();
    private Optional<TlsSessionCacheConfig> sessionCache = Optional.empty();
    private HttpSettings http = new HttpSettings(tls);

    AlternatorOptions() {}

    /** This, as what it is. */
    abstract S self();

    /** Takes over all that another one says. */
    final void copyFrom(AlternatorOptions<?> other) {
        seeds.clear();
        seeds.addAll(other.seeds);
        core.clear();
        core.putAll(other.core);
        scheme = other.scheme;
        port = other.port;
        scope = other.scope;
        userAgent = other.userAgent;
        affinity = other.affinity;
        tls = other.tls;
        sessionCache = other.sessionCache;
        http = other.http.with(other.tls);
    }

    /** A balancer's options that say the same. */
    final AlternatorLBBuilder balancer() {
        AlternatorLBBuilder builder = AlternatorLB.builder()
                .seeds(seeds)
                .scheme(scheme)
                .port(port)
                .scope(scope.chain())
                .tls(tlsConfig())
                .affinity(affinity.getType().affinity());
        affinity.getPkInfoMap().forEach(builder::tableKey);
        core.forEach(builder::option);
        userAgent.ifPresentOrElse(builder::userAgent, builder::withoutUserAgent);
        return builder;
    }

    final HttpSettings http() {
        return http.with(tlsConfig());
    }

    private TlsConfig tlsConfig() {
        return sessionCache.map(tls::with).orElse(tls);
    }

    final List<String> seeds() {
        return List.copyOf(seeds);
    }

    final String scheme() {
        return scheme;
    }

    final int port() {
        return port;
    }

    final RoutingScope scope() {
        return scope;
    }

    /** Gives the builder of an HTTP client to the program, as the last one. */
    final S customize(Consumer<Object> customizer) {
        http.customizer = customizer;
        return self();
    }

    /**
     * Adds a node to begin with.
     *
     * @param host a host, without a port
     * @return this
     */
    public S withSeedHost(String host) {
        seeds.add(host);
        return self();
    }

    /**
     * Adds nodes to begin with.
     *
     * @param hosts hosts, without ports
     * @return this
     */
    public S withSeedHosts(Collection<String> hosts) {
        seeds.addAll(hosts);
        return self();
    }

    /**
     * How nodes are spoken to.
     *
     * @param name {@code http} or {@code https}
     * @return this
     */
    public S withScheme(String name) {
        scheme = Objects.requireNonNull(name, "scheme");
        return self();
    }

    /**
     * The port of all nodes.
     *
     * @param number a TCP port
     * @return this
     */
    public S withPort(int number) {
        port = number;
        return self();
    }

    /**
     * Adds a node to begin with; its scheme and port are those of all nodes.
     *
     * @param node scheme, host and port
     * @return this
     */
    public S withSeedNode(URI node) {
        seeds.add(node.getHost());
        scheme = node.getScheme();
        port = node.getPort() >= 0 ? node.getPort() : scheme.equals("https") ? 443 : 80;
        return self();
    }

    /**
     * Which nodes may serve. All of the cluster unless set.
     *
     * @param routing the scope
     * @return this
     */
    public S withRoutingScope(RoutingScope routing) {
        scope = Objects.requireNonNull(routing, "scope");
        return self();
    }

    /**
     * How often the list is refreshed while requests flow. 1000 unless set.
     *
     * @param millis a period in milliseconds
     * @return this
     */
    public S withActiveRefreshIntervalMs(long millis) {
        core.put("refresh.active_ms", Long.toString(millis));
        return self();
    }

    /**
     * How often the list is refreshed while no requests flow. 60000 unless set.
     *
     * @param millis a period in milliseconds
     * @return this
     */
    public S withIdleRefreshIntervalMs(long millis) {
        core.put("refresh.idle_ms", Long.toString(millis));
        return self();
    }

    /**
     * What bodies of requests are compressed with. Nothing unless set.
     *
     * @param algorithm what
     * @return this
     */
    public S withCompressionAlgorithm(RequestCompressionAlgorithm algorithm) {
        core.put("compression", algorithm.option());
        return self();
    }

    /**
     * Shorter bodies are sent as they are. 1024 unless set.
     *
     * @param bytes a length
     * @return this
     */
    public S withMinCompressionSizeBytes(long bytes) {
        core.put("compression.min_bytes", Long.toString(bytes));
        return self();
    }

    /**
     * What answers may be compressed with, the preferred one first. Nothing unless set.
     *
     * @param algorithms which
     * @return this
     */
    public S withResponseCompression(ResponseCompressionAlgorithm... algorithms) {
        core.put(
                "response_compression",
                Arrays.stream(algorithms)
                        .map(ResponseCompressionAlgorithm::option)
                        .collect(Collectors.joining(",")));
        return self();
    }

    /**
     * Takes no compressed answers.
     *
     * @return this
     */
    public S withResponseCompressionDisabled() {
        core.put("response_compression", "none");
        return self();
    }

    /**
     * Leaves out the headers that servers do not read.
     *
     * @param on whether to
     * @return this
     */
    public S withOptimizeHeaders(boolean on) {
        core.put("headers.optimize", on ? "on" : "off");
        return self();
    }

    /**
     * Headers that are sent when others are left out. What servers need is sent in any case.
     *
     * @param names of headers
     * @return this
     */
    public S withHeadersWhitelist(Collection<String> names) {
        core.put("headers.keep", String.join(",", names));
        return self();
    }

    /**
     * What requests and discovery call themselves.
     *
     * @param text the header's value
     * @return this
     */
    public S withUserAgent(String text) {
        userAgent = Optional.of(text);
        return self();
    }

    /**
     * What requests and discovery call themselves, made from the library's own text.
     *
     * @param change given the library's text
     * @return this
     */
    public S withUserAgent(UnaryOperator<String> change) {
        userAgent = Optional.of(change.apply(USER_AGENT));
        return self();
    }

    /**
     * Sends no header User-Agent.
     *
     * @return this
     */
    public S withoutUserAgent() {
        userAgent = Optional.empty();
        return self();
    }

    /**
     * Which writes go to the node of their partition key. None unless set.
     *
     * @param mode which
     * @return this
     */
    public S withKeyRouteAffinity(KeyRouteAffinity mode) {
        affinity = KeyRouteAffinityConfig.of(mode);
        return self();
    }

    /**
     * Which writes go to the node of their partition key, and what is known of tables.
     *
     * @param config the configuration
     * @return this
     */
    public S withKeyRouteAffinity(KeyRouteAffinityConfig config) {
        affinity = Objects.requireNonNull(config, "affinity");
        return self();
    }

    /**
     * How nodes are verified, and what they are shown.
     *
     * @param config the configuration
     * @return this
     */
    public S withTlsConfig(TlsConfig config) {
        tls = Objects.requireNonNull(config, "tls");
        return self();
    }

    /**
     * How many TLS sessions are kept, whatever else the TLS configuration says.
     *
     * @param config the configuration
     * @return this
     */
    public S withTlsSessionCacheConfig(TlsSessionCacheConfig config) {
        sessionCache = Optional.of(config);
        return self();
    }

    /**
     * Verifies nothing: anybody on the way can read and change what is sent.
     *
     * @return this
     */
    public S withDisableCertificateChecks() {
        tls = TlsConfig.trustAll();
        return self();
    }

    /**
     * How many connections the HTTP client that is made here keeps at most. 400 unless set.
     *
     * @param count how many
     * @return this
     */
    public S withMaxConnections(int count) {
        http.maxConnections = count;
        return self();
    }

    /**
     * After how long an idle connection is closed. Ten minutes unless set.
     *
     * @param millis a time in milliseconds
     * @return this
     */
    public S withConnectionMaxIdleTimeMs(long millis) {
        http.maxIdleTime = Duration.ofMillis(millis);
        return self();
    }

    /**
     * How long a connection lives at most; CRT knows no such bound. 0, for none, unless set.
     *
     * @param millis a time in milliseconds
     * @return this
     */
    public S withConnectionTimeToLiveMs(long millis) {
        http.timeToLive = Duration.ofMillis(millis);
        return self();
    }

    /**
     * How long a request waits for a connection of the pool. Ten seconds unless set.
     *
     * @param millis a time in milliseconds
     * @return this
     */
    public S withConnectionAcquisitionTimeoutMs(long millis) {
        http.acquisitionTimeout = Duration.ofMillis(millis);
        return self();
    }

    /**
     * How long a connection may take to be made. Two seconds unless set: where there are other nodes, more waiting is
     * not worth it.
     *
     * @param millis a time in milliseconds
     * @return this
     */
    public S withConnectionTimeoutMs(long millis) {
        http.connectionTimeout = Duration.ofMillis(millis);
        return self();
    }

    /**
     * Which HTTP client is made here. The first that is there unless set.
     *
     * @param type which
     * @return this
     */
    public S withHttpClientType(HttpClientType type) {
        http.type = Objects.requireNonNull(type, "type");
        return self();
    }
}
