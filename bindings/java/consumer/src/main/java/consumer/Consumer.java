package consumer;

import io.alternatorlb.AlternatorDynamoDbAsyncClient;
import io.alternatorlb.AlternatorLB;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.BillingMode;
import software.amazon.awssdk.services.dynamodb.model.KeyType;
import software.amazon.awssdk.services.dynamodb.model.ScalarAttributeType;

/**
 * Writes with one client and reads with another: what a dependency on the artifact alone gives. Argument: the URL of a
 * node.
 */
public final class Consumer {
    private Consumer() {}

    public static void main(String[] arguments) {
        URI seed = URI.create(arguments[0]);
        try (AlternatorLB lb = AlternatorLB.builder()
                        .seeds(seed.getHost())
                        .port(seed.getPort())
                        .build();
                DynamoDbClient writer = lb.newDynamoDbClient();
                DynamoDbAsyncClient reader = AlternatorDynamoDbAsyncClient.builder()
                        .endpointOverride(seed)
                        .build()) {
            lb.refresh(Duration.ofSeconds(30));
            writer.createTable(table -> table.tableName("items")
                    .billingMode(BillingMode.PAY_PER_REQUEST)
                    .keySchema(key -> key.attributeName("pk").keyType(KeyType.HASH))
                    .attributeDefinitions(key -> key.attributeName("pk").attributeType(ScalarAttributeType.S)));
            Map<String, AttributeValue> item = Map.of("pk", AttributeValue.fromS("a"));
            writer.putItem(put -> put.tableName("items").item(item));
            if (!reader.getItem(get -> get.tableName("items").key(item).consistentRead(true))
                    .join()
                    .item()
                    .equals(item)) {
                throw new IllegalStateException("what was written is not read");
            }
            System.out.println("ok: " + lb.nodes().size() + " nodes");
        }
    }
}
