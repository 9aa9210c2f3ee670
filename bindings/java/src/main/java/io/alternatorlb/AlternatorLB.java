package io.alternatorlb;

import java.lang.ref.Cleaner;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.stream.Collectors;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClientBuilder;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbClientBuilder;
import software.amazon.awssdk.services.dynamodb.endpoints.DynamoDbEndpointProvider;

/**
 * Knows the nodes of one Alternator cluster and makes clients of the AWS SDK use them all: a node for each attempt,
 * before it is signed, so that a retry goes to another one.
 *
 * <p>Any number of threads may use it, and any number of clients. {@link #close} ends it: later use, also by its
 * clients, throws an IllegalStateException. Clients are closed by whoever made them.
 */
public final class AlternatorLB implements AutoCloseable {
    /** The name of the logger (SLF4J) that is told what happens. */
    public static final String LOGGER = "io.alternatorlb";
    /** The version of this library. */
    public static final String VERSION = "0.1.0";

    private static final Cleaner LEAKS = Cleaner.create();

    private final Core core;
    private final EventLog events;
    private final Refresher refresher;
    private final RefreshMode refreshMode;
    private final Wire wire;
    private final TableKeys tableKeys;
    private final ClientHooks clientHooks;
    private final NewClients newClients;

    AlternatorLB(AlternatorLBBuilder options) {
        core = new Core(options.coreOptions());
        events = new EventLog(core);
        refresher = new Refresher(core, events);
        refreshMode = options.refreshMode();
        wire = new Wire(core, options.userAgent());
        tableKeys = new TableKeys(
                core, options.executor().<Executor>map(service -> service).orElse(AlternatorLB::onThreadOfItsOwn));
        clientHooks = new ClientHooks(
                core,
                wire,
                refresher,
                options.goesByKey(),
                tableKeys,
                nodes().get(0).uri());
        newClients = new NewClients(options, this);
        if (refreshMode == RefreshMode.DAEMON) {
            options.executor()
                    .ifPresentOrElse(
                            service -> new RefreshTask(service, refresher).start(),
                            () -> RefreshThread.SHARED.add(refresher));
        }
        Core watched = core;
        LEAKS.register(this, () -> reportLeak(watched));
    }

    private static void reportLeak(Core core) {
        if (!core.isClosed()) {
            LoggerFactory.getLogger(LOGGER)
                    .warn("an AlternatorLB was dropped without being closed: its handle is not freed");
        }
    }

    // One DescribeTable at a time and table needs no pool, and a thread that ends keeps no class loader.
    private static void onThreadOfItsOwn(Runnable work) {
        Thread thread = new Thread(work, "alternator-lb-describe");
        thread.setDaemon(true);
        thread.start();
    }

    /**
     * Begins a balancer; its seeds are the one thing that it needs.
     *
     * @return options to be set
     */
    public static AlternatorLBBuilder builder() {
        return new AlternatorLBBuilder();
    }

    /**
     * Makes a client with the balancer's credentials, region and TLS, and an HTTP client of its own, which is closed
     * with it.
     *
     * @return a client; the caller closes it
     */
    public DynamoDbClient newDynamoDbClient() {
        return newClients.sync(settings -> {});
    }

    /**
     * Makes an asynchronous client with the balancer's credentials, region and TLS, and an HTTP client of its own,
     * which is closed with it.
     *
     * @return a client; the caller closes it
     */
    public DynamoDbAsyncClient newDynamoDbAsyncClient() {
        return newClients.async(settings -> {});
    }

    /**
     * Makes the clients of a builder use the balancer. To be called last: it adds an interceptor, wraps the retry
     * strategy that is set, and takes the place of the endpoint and of the authentication scheme
     * {@code aws.auth#sigv4}. What the SDK tells nobody but its HTTP client, and coded answers, are seen only when the
     * HTTP client is given by the other method of this name.
     *
     * @param builder of clients
     * @return the same builder
     */
    public DynamoDbClientBuilder applyTo(DynamoDbClientBuilder builder) {
        return clientHooks.apply(builder, clientHooks.create());
    }

    /**
     * Makes the clients of a builder use the balancer and this HTTP client, which they do not close.
     *
     * @param builder of clients
     * @param http an HTTP client
     * @return the same builder
     */
    public DynamoDbClientBuilder applyTo(DynamoDbClientBuilder builder, SdkHttpClient http) {
        Hooks hooks = clientHooks.create();
        hooks.wrapHttpClient();
        return clientHooks.apply(builder, hooks).httpClient(new NodeHttpClient(http, hooks, http::close));
    }

    /**
     * Makes the asynchronous clients of a builder use the balancer, as the method for synchronous ones.
     *
     * @param builder of clients
     * @return the same builder
     * @throws IllegalStateException with {@link RefreshMode#INLINE}, which would stop an event loop
     */
    public DynamoDbAsyncClientBuilder applyTo(DynamoDbAsyncClientBuilder builder) {
        refuseInline();
        return clientHooks.apply(builder, clientHooks.create());
    }

    /**
     * Makes the asynchronous clients of a builder use the balancer and this HTTP client, which they do not close.
     *
     * @param builder of clients
     * @param http an HTTP client
     * @return the same builder
     * @throws IllegalStateException with {@link RefreshMode#INLINE}, which would stop an event loop
     */
    public DynamoDbAsyncClientBuilder applyTo(DynamoDbAsyncClientBuilder builder, SdkAsyncHttpClient http) {
        refuseInline();
        Hooks hooks = clientHooks.create();
        hooks.wrapHttpClient();
        return clientHooks.apply(builder, hooks).httpClient(new NodeAsyncHttpClient(http, hooks, http::close));
    }

    /**
     * As {@link #applyTo(DynamoDbClientBuilder, SdkHttpClient)}, with an HTTP client that is closed with its client,
     * and what else ends then.
     */
    DynamoDbClientBuilder applyTo(
            DynamoDbClientBuilder builder,
            SdkHttpClient.Builder<?> http,
            Optional<DynamoDbEndpointProvider> endpoints,
            Runnable onClose) {
        Hooks hooks = clientHooks.create();
        hooks.wrapHttpClient();
        SdkHttpClient.Builder<?> wrapped = new NodeHttpClient.Builder(http, hooks, onClose);
        return endpoints
                .map(builder::endpointProvider)
                .orElseGet(() -> clientHooks.apply(builder, hooks))
                .httpClientBuilder(wrapped);
    }

    /** The same for asynchronous clients. */
    DynamoDbAsyncClientBuilder applyTo(
            DynamoDbAsyncClientBuilder builder,
            SdkAsyncHttpClient.Builder<?> http,
            Optional<DynamoDbEndpointProvider> endpoints,
            Runnable onClose) {
        refuseInline();
        Hooks hooks = clientHooks.create();
        hooks.wrapHttpClient();
        SdkAsyncHttpClient.Builder<?> wrapped = new NodeAsyncHttpClient.Builder(http, hooks, onClose);
        return endpoints
                .map(builder::endpointProvider)
                .orElseGet(() -> clientHooks.apply(builder, hooks))
                .httpClientBuilder(wrapped);
    }

    private void refuseInline() {
        if (refreshMode == RefreshMode.INLINE) {
            throw new IllegalStateException(
                    "RefreshMode.INLINE would stop the event loop of an asynchronous client: use DAEMON or MANUAL");
        }
    }

    /**
     * Chooses a node for each call, not for each attempt, and learns nothing of how it went: for those who want an
     * endpoint and no more.
     *
     * @return an endpoint provider for a client that this balancer was not applied to
     */
    public DynamoDbEndpointProvider endpointProvider() {
        return parameters -> CompletableFuture.completedFuture(Endpoints.of(next().uri()));
    }

    /**
     * Lets this client make the DescribeTable requests by which partition keys of tables are learned. Clients that are
     * made here are asked already; one that the balancer was applied to is to be named.
     *
     * @param client that lives as long as it is asked
     */
    public void learnTableKeysBy(DynamoDbClient client) {
        tableKeys.describeBy(client);
    }

    /**
     * Lets this client make the DescribeTable requests by which partition keys of tables are learned.
     *
     * @param client that lives as long as it is asked
     */
    public void learnTableKeysBy(DynamoDbAsyncClient client) {
        tableKeys.describeBy(client);
    }

    /**
     * The node for one request of another HTTP client.
     *
     * @return a node
     */
    public Node next() {
        Node node = core.nextNode();
        refresher.requestsFlow();
        return node;
    }

    /**
     * The nodes that requests are routed over, those set aside included.
     *
     * @return the nodes in the order of their URLs
     */
    public List<Node> nodes() {
        return core.nodes();
    }

    /**
     * How the nodes fare.
     *
     * @return the health of each of {@link #nodes()}
     */
    public List<NodeHealth> health() {
        return nodes().stream().map(core::health).collect(Collectors.toUnmodifiableList());
    }

    /**
     * Asks the cluster for its nodes now, on this thread.
     *
     * @param timeout the longest wait
     * @throws AlternatorException if nobody answered; the list stays as it was
     */
    public void refresh(Duration timeout) {
        try {
            core.refresh(timeout);
        } finally {
            events.drain();
        }
    }

    /**
     * Checks that the cluster knows every datacenter and rack of the scope.
     *
     * @param timeout the longest wait
     * @throws AlternatorException with the code ALB_ERR_SCOPE_UNKNOWN and the name that is not known, or why it could
     *     not be asked
     */
    public void checkScope(Duration timeout) {
        core.checkScope(timeout);
    }

    /**
     * Asks whether the servers can be asked by datacenter and rack; ScyllaDB can from 2025.1 on.
     *
     * @param timeout the longest wait
     * @return whether they can
     * @throws AlternatorException if they could not be asked
     */
    public boolean isScopeSupported(Duration timeout) {
        return core.scopeSupported(timeout);
    }

    /**
     * The partition key of a table, as far as it is known.
     *
     * @param table the table's name or ARN
     * @return the name of the attribute
     */
    public Optional<String> partitionKey(String table) {
        return core.tableKey(table);
    }

    /**
     * The counters of the core.
     *
     * @return a JSON object; docs/STATISTICS.md describes it
     */
    public String statistics() {
        return core.statistics();
    }

    /** Ends the balancer. The core's memory is given back as soon as no call is under way any more. */
    @Override
    public void close() {
        if (core.close()) {
            RefreshThread.SHARED.remove(refresher);
        }
    }

    Core core() {
        return core;
    }

    NewClients newClients() {
        return newClients;
    }
}
