package io.alternatorlb;

import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.regions.Region;

/**
 * The options of an {@link AlternatorLB}. Each is checked by the core when {@link #build} makes the balancer: an
 * IllegalArgumentException names the option, the value and what is accepted. What has no method of its own here is set
 * by its name, {@link #option}.
 */
public final class AlternatorLBBuilder {
    private final Map<String, String> options = new LinkedHashMap<>();
    private List<String> seeds = List.of();
    private String datacenter;
    private String rack;
    private String scope;
    private TlsConfig tls = TlsConfig.systemDefault();
    private RefreshMode refresh = RefreshMode.DAEMON;
    private ScheduledExecutorService executor;
    private UserAgent userAgent = UserAgent.OF_SDK;
    private AwsCredentialsProvider credentials = AnonymousCredentialsProvider.create();
    private Region region = Region.US_EAST_1;

    AlternatorLBBuilder() {
        options.put("user_agent", "alternator-lb-java/" + AlternatorLB.VERSION);
    }

    /**
     * Where to begin: nodes of the cluster, or names that stand for some. Required.
     *
     * @param hosts {@code host}, {@code host:port}, an IPv6 address or {@code [v6]:port}
     * @return this
     */
    public AlternatorLBBuilder seeds(String... hosts) {
        return seeds(Arrays.asList(hosts));
    }

    /**
     * Where to begin: nodes of the cluster, or names that stand for some. Required.
     *
     * @param hosts {@code host}, {@code host:port}, an IPv6 address or {@code [v6]:port}
     * @return this
     */
    public AlternatorLBBuilder seeds(Collection<String> hosts) {
        seeds = List.copyOf(hosts);
        return this;
    }

    /**
     * The port of all nodes. 8000 unless set.
     *
     * @param port a TCP port
     * @return this
     */
    public AlternatorLBBuilder port(int port) {
        return option("port", Integer.toString(port));
    }

    /**
     * How nodes are spoken to. {@code http} unless set.
     *
     * @param scheme {@code http} or {@code https}
     * @return this
     */
    public AlternatorLBBuilder scheme(String scheme) {
        return option("scheme", scheme);
    }

    /**
     * Uses the nodes of this datacenter alone.
     *
     * @param name the datacenter
     * @return this
     */
    public AlternatorLBBuilder datacenter(String name) {
        datacenter = name;
        return this;
    }

    /**
     * Prefers the nodes of this rack of the {@link #datacenter}.
     *
     * @param name the rack
     * @return this
     */
    public AlternatorLBBuilder rack(String name) {
        rack = name;
        return this;
    }

    /**
     * Which nodes may serve, instead of {@link #datacenter} and {@link #rack}: a chain to fall back along, and back.
     *
     * @param chain such as {@code rack:dc1/r1>dc:dc1>cluster}
     * @return this
     */
    public AlternatorLBBuilder scope(String chain) {
        scope = chain;
        return this;
    }

    /**
     * How nodes are verified, and what they are shown. The system's authorities unless set.
     *
     * @param config the configuration, for discovery and for the HTTP clients that are made here
     * @return this
     */
    public AlternatorLBBuilder tls(TlsConfig config) {
        tls = Objects.requireNonNull(config, "tls");
        return this;
    }

    /**
     * Which writes go to the node of their partition key. None unless set.
     *
     * @param mode which
     * @return this
     */
    public AlternatorLBBuilder affinity(Affinity mode) {
        return option("affinity", mode.option());
    }

    /**
     * Names a table's partition key. Others are learned.
     *
     * @param table the table
     * @param attribute the name of its partition key
     * @return this
     */
    public AlternatorLBBuilder tableKey(String table, String attribute) {
        return option("table." + table + ".key", attribute);
    }

    /**
     * Compresses bodies of requests, once a call and before they are signed. Servers inflate them from ScyllaDB 2026.1
     * on.
     *
     * @param coding {@code gzip}, {@code deflate} or {@code none}
     * @return this
     */
    public AlternatorLBBuilder compression(String coding) {
        return option("compression", coding);
    }

    /**
     * Shorter bodies are sent as they are. 1024 unless set.
     *
     * @param bytes a length
     * @return this
     */
    public AlternatorLBBuilder compressionMinBytes(long bytes) {
        return option("compression.min_bytes", Long.toString(bytes));
    }

    /**
     * How much time is spent to send less. 6 unless set.
     *
     * @param level from 1, the fastest, to 9; 0 sends all as it is
     * @return this
     */
    public AlternatorLBBuilder compressionLevel(int level) {
        return option("compression.level", Integer.toString(level));
    }

    /**
     * What answers may be compressed with.
     *
     * @param codings such as {@code gzip, deflate}, the preferred one first, or {@code none}
     * @return this
     */
    public AlternatorLBBuilder responseCompression(String codings) {
        return option("response_compression", codings);
    }

    /**
     * Leaves out the headers that servers do not read. They are left out before the request is signed, so no signed one
     * is missing.
     *
     * @param on whether to
     * @return this
     */
    public AlternatorLBBuilder optimizeHeaders(boolean on) {
        return option("headers.optimize", on ? "on" : "off");
    }

    /**
     * Headers that are sent as well when the others are left out, such as those that a proxy on the way reads.
     *
     * @param names of headers
     * @return this
     */
    public AlternatorLBBuilder keepHeaders(String... names) {
        return option("headers.keep", String.join(",", names));
    }

    /**
     * What requests and discovery call themselves. Requests have the SDK's text unless this is set.
     *
     * @param text the header's value
     * @return this
     */
    public AlternatorLBBuilder userAgent(String text) {
        userAgent = UserAgent.of(text);
        return option("user_agent", text);
    }

    /**
     * Sends no header User-Agent.
     *
     * @return this
     */
    public AlternatorLBBuilder withoutUserAgent() {
        userAgent = UserAgent.NONE;
        return option("user_agent", "");
    }

    /**
     * The credentials of clients that are made here. Unless set requests are not signed.
     *
     * @param provider of credentials
     * @return this
     */
    public AlternatorLBBuilder credentials(AwsCredentialsProvider provider) {
        credentials = Objects.requireNonNull(provider, "credentials");
        return this;
    }

    /**
     * The region of clients that are made here, which no server looks at. us-east-1 unless set.
     *
     * @param awsRegion a region
     * @return this
     */
    public AlternatorLBBuilder region(Region awsRegion) {
        region = Objects.requireNonNull(awsRegion, "region");
        return this;
    }

    /**
     * Whether failing nodes are set aside until a probe finds them well. They are unless set.
     *
     * @param on whether
     * @return this
     */
    public AlternatorLBBuilder health(boolean on) {
        return option("health", on ? "on" : "off");
    }

    /**
     * How a node is chosen. {@link Policy#ADAPTIVE} unless set.
     *
     * @param how the policy
     * @return this
     */
    public AlternatorLBBuilder policy(Policy how) {
        return option("policy", how.option());
    }

    /**
     * Who keeps the list of nodes fresh. {@link RefreshMode#DAEMON} unless set.
     *
     * @param mode who
     * @return this
     */
    public AlternatorLBBuilder refresh(RefreshMode mode) {
        refresh = Objects.requireNonNull(mode, "refresh");
        executor = null;
        return this;
    }

    /**
     * Keeps the list fresh, and makes the DescribeTable requests of synchronous clients, on an executor of the
     * program's instead of the daemon thread. A turn lasts a second at most. The executor is never shut down from here.
     *
     * @param service the executor
     * @return this
     */
    public AlternatorLBBuilder refreshBy(ScheduledExecutorService service) {
        refresh = RefreshMode.DAEMON;
        executor = Objects.requireNonNull(service, "executor");
        return this;
    }

    /**
     * How often the list is refreshed, +-10 %: every second while requests flow, every minute while none do, unless
     * set.
     *
     * @param active the period while requests flow
     * @param idle the period while none do
     * @return this
     */
    public AlternatorLBBuilder refreshEvery(Duration active, Duration idle) {
        return option("refresh.idle_ms", Long.toString(idle.toMillis()))
                .option("refresh.active_ms", Long.toString(active.toMillis()));
    }

    /**
     * Sets an option of the core by its name; docs/CONFIGURATION.md lists them.
     *
     * @param name such as {@code refresh.active_ms}
     * @param value as text
     * @return this
     */
    public AlternatorLBBuilder option(String name, String value) {
        options.put(Objects.requireNonNull(name, "name"), Objects.requireNonNull(value, name));
        return this;
    }

    /**
     * Makes the balancer. No network is used here: until the list is known requests go to the seeds.
     *
     * @return the balancer
     * @throws IllegalArgumentException if an option does not fit
     */
    public AlternatorLB build() {
        return new AlternatorLB(this);
    }

    Map<String, String> coreOptions() {
        Map<String, String> all = new LinkedHashMap<>(tls.coreOptions());
        all.put("seeds", String.join(",", seeds));
        all.put("scope", chain());
        all.put("refresh.mode", refresh == RefreshMode.INLINE ? "inline" : "manual");
        all.putAll(options);
        return all;
    }

    private String chain() {
        if (scope != null) {
            if (datacenter != null || rack != null) {
                throw new IllegalArgumentException(
                        "scope and datacenter or rack are given both: one of the two is accepted");
            }
            return scope;
        }
        if (rack != null && datacenter == null) {
            throw new IllegalArgumentException("rack " + rack + " is given without its datacenter");
        }
        return rack != null
                ? "rack:" + escaped(datacenter) + "/" + escaped(rack)
                : datacenter != null ? "dc:" + escaped(datacenter) : "cluster";
    }

    /** A name as it stands in a chain. */
    static String escaped(String name) {
        return name.replace("%", "%25").replace("/", "%2F").replace(">", "%3E");
    }

    boolean goesByKey() {
        return !options.getOrDefault("affinity", "none").equals("none");
    }

    String scheme() {
        return options.getOrDefault("scheme", "http");
    }

    RefreshMode refreshMode() {
        return refresh;
    }

    Optional<ScheduledExecutorService> executor() {
        return Optional.ofNullable(executor);
    }

    TlsConfig tls() {
        return tls;
    }

    UserAgent userAgent() {
        return userAgent;
    }

    AwsCredentialsProvider credentials() {
        return credentials;
    }

    Region region() {
        return region;
    }
}
