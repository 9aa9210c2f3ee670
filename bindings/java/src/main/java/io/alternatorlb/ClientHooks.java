package io.alternatorlb;

import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.core.retry.RetryMode;
import software.amazon.awssdk.endpoints.Endpoint;
import software.amazon.awssdk.retries.api.BackoffStrategy;
import software.amazon.awssdk.retries.api.RetryStrategy;
import software.amazon.awssdk.services.dynamodb.DynamoDbBaseClientBuilder;
import software.amazon.awssdk.services.dynamodb.endpoints.DynamoDbEndpointProvider;

/** Puts the hooks of a balancer into builders of clients. */
final class ClientHooks {
    /** What the SDK has for DynamoDB unless told otherwise: nine attempts, pauses from 25 ms to 20 s. */
    private static final int ATTEMPTS = 9;

    private static final BackoffStrategy PAUSES =
            BackoffStrategy.exponentialDelay(Duration.ofMillis(25), Duration.ofSeconds(20));

    private final Core core;
    private final Wire wire;
    private final Refresher refresher;
    private final boolean affinity;
    private final TableKeys tableKeys;
    private final DynamoDbEndpointProvider anyNode;

    ClientHooks(Core core, Wire wire, Refresher refresher, boolean affinity, TableKeys tableKeys, URI seed) {
        this.core = core;
        this.wire = wire;
        this.refresher = refresher;
        this.affinity = affinity;
        this.tableKeys = tableKeys;
        // The SDK wants an endpoint before it signs; the signer replaces it.
        Endpoint endpoint = Endpoints.of(seed);
        this.anyNode = parameters -> CompletableFuture.completedFuture(endpoint);
    }

    Hooks create() {
        return new Hooks(core, wire, refresher, affinity, tableKeys);
    }

    <B extends DynamoDbBaseClientBuilder<B, C>, C> B apply(B builder, Hooks hooks) {
        ClientOverrideConfiguration given = builder.overrideConfiguration();
        return builder.endpointProvider(anyNode)
                .putAuthScheme(new NodeAuthScheme(hooks))
                .overrideConfiguration(given.toBuilder()
                        .addExecutionInterceptor(new CallInterceptor(hooks))
                        .retryStrategy(new NodeRetryStrategy(strategy(given)))
                        .build());
    }

    /** The strategy that the program has set in one of three ways, or the SDK's own. */
    private static RetryStrategy strategy(ClientOverrideConfiguration given) {
        if (given.retryStrategy().isPresent()) {
            RetryStrategy strategy = given.retryStrategy().get();
            return strategy.useClientDefaults() ? AwsRetryStrategy.addRetryConditions(strategy) : strategy;
        }
        RetryMode mode = given.retryMode().orElseGet(RetryMode::defaultRetryMode);
        RetryStrategy.Builder<?, ?> builder = AwsRetryStrategy.forRetryMode(mode).toBuilder();
        if (given.retryMode().isEmpty()) {
            builder.maxAttempts(ATTEMPTS);
            builder.backoffStrategy(PAUSES);
        }
        given.retryStrategyConfigurator().ifPresent(configurator -> configurator.accept(builder));
        return builder.build();
    }
}
