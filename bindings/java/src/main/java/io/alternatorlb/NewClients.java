package io.alternatorlb;

import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;

/** Makes clients of a balancer with what its options say: credentials, region, TLS, and HTTP clients that go with them. */
final class NewClients {
    private final AlternatorLBBuilder options;
    private final AlternatorLB lb;
    private final HttpSettings http;

    NewClients(AlternatorLBBuilder options, AlternatorLB lb) {
        this.options = options;
        this.lb = lb;
        this.http = new HttpSettings(options.tls());
    }

    DynamoDbClient sync() {
        DynamoDbClient client = lb.applyTo(DynamoDbClient.builder().region(options.region()).credentialsProvider(options.credentials()),
                HttpClients.syncBuilder(http)).build();
        lb.learnTableKeysBy(client);
        return client;
    }

    DynamoDbAsyncClient async() {
        DynamoDbAsyncClient client = lb.applyTo(
                DynamoDbAsyncClient.builder().region(options.region()).credentialsProvider(options.credentials()), HttpClients.asyncBuilder(http)).build();
        lb.learnTableKeysBy(client);
        return client;
    }
}
