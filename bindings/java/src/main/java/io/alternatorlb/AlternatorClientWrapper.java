package io.alternatorlb;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import software.amazon.awssdk.core.SdkClient;

/** A view of the nodes of one client, and its end. */
public abstract class AlternatorClientWrapper implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final SdkClient client;
    private final AlternatorLB lb;
    private final AlternatorConfig config;

    AlternatorClientWrapper(SdkClient client, AlternatorLB lb, AlternatorConfig config) {
        this.client = client;
        this.lb = lb;
        this.config = config;
    }

    /**
     * The nodes that requests are routed over.
     *
     * @return their addresses
     */
    public List<URI> getLiveNodes() {
        return lb.nodes().stream().map(Node::uri).collect(Collectors.toUnmodifiableList());
    }

    /**
     * The node for one request of another HTTP client.
     *
     * @return its address
     */
    public URI nextAsURI() {
        return lb.next().uri();
    }

    /**
     * Asks whether the servers can be asked by datacenter and rack.
     *
     * @return whether they can
     * @throws AlternatorException if they could not be asked
     */
    public boolean checkIfRackDatacenterFeatureIsSupported() {
        return lb.isScopeSupported(PATIENCE);
    }

    /**
     * Checks that the cluster knows every datacenter and rack of the scope.
     *
     * @throws AlternatorException that names the one that is not known, or why it could not be asked
     */
    public void checkIfRackAndDatacenterSetCorrectly() {
        lb.checkScope(PATIENCE);
    }

    /**
     * What the client was told of its cluster.
     *
     * @return a configuration for further clients
     */
    public AlternatorConfig getAlternatorConfig() {
        return config;
    }

    /**
     * The balancer: health, statistics and more.
     *
     * @return the balancer, which is closed with this
     */
    public AlternatorLB getAlternatorLB() {
        return lb;
    }

    /** Closes the client, and with it the balancer. */
    @Override
    public void close() {
        client.close();
        lb.close();
    }
}
