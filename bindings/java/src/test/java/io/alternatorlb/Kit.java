package io.alternatorlb;

import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;
import software.amazon.awssdk.http.crt.AwsCrtAsyncHttpClient;
import software.amazon.awssdk.http.crt.AwsCrtHttpClient;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.protocols.jsoncore.JsonNode;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeDefinition;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.BillingMode;
import software.amazon.awssdk.services.dynamodb.model.CreateTableRequest;
import software.amazon.awssdk.services.dynamodb.model.GetItemRequest;
import software.amazon.awssdk.services.dynamodb.model.KeySchemaElement;
import software.amazon.awssdk.services.dynamodb.model.KeyType;
import software.amazon.awssdk.services.dynamodb.model.PutItemRequest;
import software.amazon.awssdk.services.dynamodb.model.ScalarAttributeType;

/** Clients of every kind for the tests, and requests for them. */
final class Kit {
    static final AwsCredentialsProvider CREDENTIALS =
            StaticCredentialsProvider.create(AwsBasicCredentials.create("alternator", "secret"));
    static final Duration PATIENCE = Duration.ofSeconds(30);

    private Kit() {}

    /** A client of either kind: asynchronous ones are waited for. */
    interface Client extends AutoCloseable {
        void put(String table, String key, String value);

        String get(String table, String key);

        void createTable(String table);

        @Override
        void close();
    }

    /** One HTTP client of the SDK. */
    enum Http {
        APACHE(() -> ApacheHttpClient.builder().maxConnections(200).build(), null),
        APACHE5(() -> Apache5HttpClient.builder().maxConnections(200).build(), null),
        URL_CONNECTION(() -> UrlConnectionHttpClient.builder().build(), null),
        CRT(() -> AwsCrtHttpClient.builder().maxConcurrency(200).build(), null),
        NETTY(null, () -> NettyNioAsyncHttpClient.builder().maxConcurrency(1000).build()),
        CRT_ASYNC(
                null, () -> AwsCrtAsyncHttpClient.builder().maxConcurrency(1000).build());

        private final Supplier<SdkHttpClient> sync;
        private final Supplier<SdkAsyncHttpClient> async;

        Http(Supplier<SdkHttpClient> sync, Supplier<SdkAsyncHttpClient> async) {
            this.sync = sync;
            this.async = async;
        }

        Client client(AlternatorLB lb) {
            return client(lb, configuration());
        }

        Client client(AlternatorLB lb, ClientOverrideConfiguration configuration) {
            if (async != null) {
                SdkAsyncHttpClient http = async.get();
                return new Async(asyncClient(lb, http, configuration), http);
            }
            SdkHttpClient http = sync.get();
            return new Sync(syncClient(lb, http, configuration), http);
        }
    }

    /** Attempts that end in time also on a busy machine, and enough of them. */
    static ClientOverrideConfiguration configuration() {
        return ClientOverrideConfiguration.builder()
                .apiCallTimeout(Duration.ofSeconds(60))
                .build();
    }

    static ClientOverrideConfiguration configuration(Duration attempt) {
        return configuration().copy(change -> change.apiCallAttemptTimeout(attempt));
    }

    static DynamoDbClient syncClient(AlternatorLB lb, SdkHttpClient http, ClientOverrideConfiguration configuration) {
        return lb.applyTo(
                        DynamoDbClient.builder()
                                .region(Region.US_EAST_1)
                                .credentialsProvider(CREDENTIALS)
                                .overrideConfiguration(configuration),
                        http)
                .build();
    }

    static DynamoDbAsyncClient asyncClient(
            AlternatorLB lb, SdkAsyncHttpClient http, ClientOverrideConfiguration configuration) {
        return lb.applyTo(
                        DynamoDbAsyncClient.builder()
                                .region(Region.US_EAST_1)
                                .credentialsProvider(CREDENTIALS)
                                .overrideConfiguration(configuration),
                        http)
                .build();
    }

    static AlternatorLBBuilder on(Cluster cluster) {
        return AlternatorLB.builder()
                .seeds(cluster.addresses())
                .port(cluster.port())
                .credentials(CREDENTIALS)
                .option("health.share", "handle")
                .option("discovery.timeout_ms", "5000");
    }

    /** A balancer that knows the nodes, and chooses evenly. */
    static AlternatorLB even(Cluster cluster) {
        return refreshed(on(cluster).policy(Policy.ROUND_ROBIN).build());
    }

    static AlternatorLB refreshed(AlternatorLB lb) {
        lb.refresh(PATIENCE);
        return lb;
    }

    /** How attempts ended over all nodes, by the outcome's name in the statistics; without those that none did. */
    static Map<String, Long> outcomes(AlternatorLB lb) {
        Map<String, Long> found = new TreeMap<>();
        JsonNode.parser()
                .parse(lb.statistics())
                .field("nodes")
                .orElseThrow()
                .asArray()
                .forEach(node -> node.field("outcomes")
                        .orElseThrow()
                        .asObject()
                        .forEach((name, count) -> found.merge(name, Long.valueOf(count.asNumber()), Long::sum)));
        found.values().removeIf(count -> count == 0);
        return found;
    }

    static CreateTableRequest table(String name) {
        return CreateTableRequest.builder()
                .tableName(name)
                .billingMode(BillingMode.PAY_PER_REQUEST)
                .keySchema(KeySchemaElement.builder()
                        .attributeName("pk")
                        .keyType(KeyType.HASH)
                        .build())
                .attributeDefinitions(AttributeDefinition.builder()
                        .attributeName("pk")
                        .attributeType(ScalarAttributeType.S)
                        .build())
                .build();
    }

    static PutItemRequest put(String table, String key, String value) {
        return PutItemRequest.builder()
                .tableName(table)
                .item(Map.of("pk", AttributeValue.fromS(key), "value", AttributeValue.fromS(value)))
                .build();
    }

    static GetItemRequest get(String table, String key) {
        return GetItemRequest.builder()
                .tableName(table)
                .key(Map.of("pk", AttributeValue.fromS(key)))
                .consistentRead(true)
                .build();
    }

    private record Sync(DynamoDbClient client, SdkHttpClient http) implements Client {
        @Override
        public void put(String table, String key, String value) {
            client.putItem(Kit.put(table, key, value));
        }

        @Override
        public String get(String table, String key) {
            return client.getItem(Kit.get(table, key)).item().get("value").s();
        }

        @Override
        public void createTable(String table) {
            client.createTable(table(table));
        }

        @Override
        public void close() {
            client.close();
            http.close();
        }
    }

    private record Async(DynamoDbAsyncClient client, SdkAsyncHttpClient http) implements Client {
        @Override
        public void put(String table, String key, String value) {
            wait(client.putItem(Kit.put(table, key, value)));
        }

        @Override
        public String get(String table, String key) {
            return wait(client.getItem(Kit.get(table, key))).item().get("value").s();
        }

        @Override
        public void createTable(String table) {
            wait(client.createTable(table(table)));
        }

        private static <T> T wait(CompletableFuture<T> answer) {
            return answer.join();
        }

        @Override
        public void close() {
            client.close();
            http.close();
        }
    }
}
