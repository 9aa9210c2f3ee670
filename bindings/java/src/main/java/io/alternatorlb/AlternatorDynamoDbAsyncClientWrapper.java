package io.alternatorlb;

import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;

/** An asynchronous client together with a view of its nodes. */
public final class AlternatorDynamoDbAsyncClientWrapper extends AlternatorClientWrapper {
    private final DynamoDbAsyncClient client;

    AlternatorDynamoDbAsyncClientWrapper(DynamoDbAsyncClient client, AlternatorLB lb, AlternatorConfig config) {
        super(client, lb, config);
        this.client = client;
    }

    /**
     * The client.
     *
     * @return the client, which this closes
     */
    public DynamoDbAsyncClient getClient() {
        return client;
    }
}
