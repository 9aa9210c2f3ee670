package io.alternatorlb;

import software.amazon.awssdk.services.dynamodb.DynamoDbClient;

/** A synchronous client together with a view of its nodes. */
public final class AlternatorDynamoDbClientWrapper extends AlternatorClientWrapper {
    private final DynamoDbClient client;

    AlternatorDynamoDbClientWrapper(DynamoDbClient client, AlternatorLB lb, AlternatorConfig config) {
        super(client, lb, config);
        this.client = client;
    }

    /**
     * The client.
     *
     * @return the client, which this closes
     */
    public DynamoDbClient getClient() {
        return client;
    }
}
