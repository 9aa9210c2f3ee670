package io.alternatorlb;

import java.util.Optional;
import java.util.function.Consumer;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;

/**
 * Makes clients of a balancer with what its options say: credentials, region, TLS, and HTTP clients that go with them.
 */
final class NewClients {
    private final AlternatorLBBuilder options;
    private final AlternatorLB lb;

    NewClients(AlternatorLBBuilder options, AlternatorLB lb) {
        this.options = options;
        this.lb = lb;
    }

    DynamoDbClient sync(Consumer<HttpSettings> change) {
        DynamoDbClient client = lb.applyTo(
                        DynamoDbClient.builder().region(options.region()).credentialsProvider(options.credentials()),
                        HttpClients.syncBuilder(settings(change)),
                        Optional.empty(),
                        () -> {})
                .build();
        lb.learnTableKeysBy(client);
        return client;
    }

    DynamoDbAsyncClient async(Consumer<HttpSettings> change) {
        DynamoDbAsyncClient client = lb.applyTo(
                        DynamoDbAsyncClient.builder()
                                .region(options.region())
                                .credentialsProvider(options.credentials()),
                        HttpClients.asyncBuilder(settings(change)),
                        Optional.empty(),
                        () -> {})
                .build();
        lb.learnTableKeysBy(client);
        return client;
    }

    private HttpSettings settings(Consumer<HttpSettings> change) {
        HttpSettings settings = new HttpSettings(options.tls());
        change.accept(settings);
        return settings;
    }
}
