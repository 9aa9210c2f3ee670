package io.alternatorlb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.SdkRequest;
import software.amazon.awssdk.enhanced.dynamodb.DynamoDbEnhancedClient;
import software.amazon.awssdk.enhanced.dynamodb.TableSchema;
import software.amazon.awssdk.enhanced.dynamodb.mapper.StaticAttributeTags;
import software.amazon.awssdk.enhanced.dynamodb.mapper.StaticTableSchema;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeAction;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.AttributeValueUpdate;
import software.amazon.awssdk.services.dynamodb.model.BatchWriteItemRequest;
import software.amazon.awssdk.services.dynamodb.model.DeleteItemRequest;
import software.amazon.awssdk.services.dynamodb.model.ExpectedAttributeValue;
import software.amazon.awssdk.services.dynamodb.model.PutItemRequest;
import software.amazon.awssdk.services.dynamodb.model.ResourceNotFoundException;
import software.amazon.awssdk.services.dynamodb.model.ReturnValue;
import software.amazon.awssdk.services.dynamodb.model.UpdateItemRequest;
import software.amazon.awssdk.services.dynamodb.model.WriteRequest;

/** Writes by partition key: from typed requests, with keys given or learned, agreed upon with a Python process. */
class AffinityTest {
    private static final List<String> KEYS =
            IntStream.range(0, 12).mapToObj(number -> "key" + number).toList();
    private static final Map<String, AttributeValue> KEY = Map.of("pk", AttributeValue.fromS("a"));

    /** A write of each kind, and what goes over the wire for it. */
    private record Write(String operation, SdkRequest request, String body) {}

    private static List<Write> writes() {
        String key = "\"TableName\":\"items\",\"Key\":{\"pk\":{\"S\":\"a\"}}";
        String item = "\"TableName\":\"items\",\"Item\":{\"pk\":{\"S\":\"a\"}}";
        PutItemRequest.Builder put = PutItemRequest.builder().tableName("items").item(KEY);
        UpdateItemRequest.Builder update =
                UpdateItemRequest.builder().tableName("items").key(KEY);
        DeleteItemRequest.Builder delete =
                DeleteItemRequest.builder().tableName("items").key(KEY);
        return List.of(
                new Write("PutItem", put.build(), "{" + item + "}"),
                new Write(
                        "PutItem",
                        put.copy().conditionExpression("attribute_exists(pk)").build(),
                        "{" + item + ",\"ConditionExpression\":\"attribute_exists(pk)\"}"),
                new Write(
                        "PutItem",
                        put.copy().returnValues(ReturnValue.ALL_OLD).build(),
                        "{" + item + ",\"ReturnValues\":\"ALL_OLD\"}"),
                new Write("PutItem", put.copy().expected(Map.of()).build(), "{" + item + ",\"Expected\":{}}"),
                new Write(
                        "PutItem",
                        put.copy()
                                .expected(Map.of(
                                        "x",
                                        ExpectedAttributeValue.builder()
                                                .exists(false)
                                                .build()))
                                .build(),
                        "{" + item + ",\"Expected\":{\"x\":{\"Exists\":false}}}"),
                new Write("UpdateItem", update.build(), "{" + key + "}"),
                new Write(
                        "UpdateItem",
                        update.copy().updateExpression("SET v = :v").build(),
                        "{" + key + ",\"UpdateExpression\":\"SET v = :v\"}"),
                new Write(
                        "UpdateItem",
                        update.copy().updateExpression("SET v = v + :v").build(),
                        "{" + key + ",\"UpdateExpression\":\"SET v = v + :v\"}"),
                new Write(
                        "UpdateItem",
                        update.copy().returnValues(ReturnValue.UPDATED_OLD).build(),
                        "{" + key + ",\"ReturnValues\":\"UPDATED_OLD\"}"),
                new Write(
                        "UpdateItem",
                        update.copy().returnValues(ReturnValue.ALL_NEW).build(),
                        "{" + key + ",\"ReturnValues\":\"ALL_NEW\"}"),
                new Write(
                        "UpdateItem",
                        update.copy().returnValues(ReturnValue.UPDATED_NEW).build(),
                        "{" + key + ",\"ReturnValues\":\"UPDATED_NEW\"}"),
                new Write(
                        "UpdateItem",
                        update.copy()
                                .attributeUpdates(Map.of("n", change(AttributeAction.ADD)))
                                .build(),
                        "{" + key + ",\"AttributeUpdates\":{\"n\":{\"Action\":\"ADD\",\"Value\":{\"N\":\"1\"}}}}"),
                new Write(
                        "UpdateItem",
                        update.copy()
                                .attributeUpdates(Map.of("n", change(AttributeAction.DELETE)))
                                .build(),
                        "{" + key + ",\"AttributeUpdates\":{\"n\":{\"Action\":\"DELETE\",\"Value\":{\"N\":\"1\"}}}}"),
                new Write(
                        "UpdateItem",
                        update.copy()
                                .attributeUpdates(Map.of("n", change(AttributeAction.PUT)))
                                .build(),
                        "{" + key + ",\"AttributeUpdates\":{\"n\":{\"Action\":\"PUT\",\"Value\":{\"N\":\"1\"}}}}"),
                new Write("DeleteItem", delete.build(), "{" + key + "}"),
                new Write(
                        "DeleteItem",
                        delete.copy().conditionExpression("").build(),
                        "{" + key + ",\"ConditionExpression\":\"\"}"),
                new Write(
                        "DeleteItem",
                        delete.copy()
                                .conditionExpression("attribute_exists(pk)")
                                .build(),
                        "{" + key + ",\"ConditionExpression\":\"attribute_exists(pk)\"}"));
    }

    private static AttributeValueUpdate change(AttributeAction action) {
        return AttributeValueUpdate.builder()
                .action(action)
                .value(AttributeValue.fromN("1"))
                .build();
    }

    /** Whether a plan is that of the key, by its first three steps: one alone may be the same by chance. */
    private static boolean goesByKey(AlternatorLB lb, long[] plan) {
        long[] byKey = lb.core().planForKey(Core.KEY_S, "a".getBytes(StandardCharsets.UTF_8));
        return plan != null
                && IntStream.range(0, 3)
                        .allMatch(step ->
                                lb.core().planNext(plan).equals(lb.core().planNext(byKey)));
    }

    @ParameterizedTest
    @MethodSource("rules")
    void aTypedRequestIsRoutedAsItsBodyIs(Affinity mode, String rule) {
        try (AlternatorLB lb = AlternatorLB.builder()
                .seeds(IntStream.range(0, 200).mapToObj(n -> "n" + n).toList())
                .affinity(mode)
                .option("affinity.rule", rule)
                .option("discovery", "static")
                .tableKey("items", "pk")
                .refresh(RefreshMode.MANUAL)
                .build()) {
            KeyPlans plans = new KeyPlans(lb.core());
            for (Write write : writes()) {
                boolean byBody = goesByKey(lb, lb.core().planForRequest(write.operation, write.body));
                assertEquals(byBody, goesByKey(lb, plans.of(write.request).orElse(null)), write::body);
            }
        }
    }

    static List<Object[]> rules() {
        return List.of(new Object[] {Affinity.RMW, "official"}, new Object[] {Affinity.RMW, "server"}, new Object[] {
            Affinity.ANY_WRITE, "official"
        });
    }

    @ParameterizedTest
    @EnumSource(names = {"APACHE", "NETTY"})
    void writesOfAKeyMeetOnOneNode(Kit.Http http) {
        try (Cluster cluster = new Cluster("--nodes", "3");
                AlternatorLB lb = Kit.refreshed(Kit.on(cluster)
                        .affinity(Affinity.ANY_WRITE)
                        .tableKey("items", "pk")
                        .build());
                Kit.Client client = http.client(lb)) {
            client.createTable("items");
            for (int time = 0; time < 3; time++) {
                KEYS.forEach(key -> client.put("items", key, "value"));
            }
            Map<String, Set<Integer>> coordinators = cluster.coordinators("items");
            assertEquals(KEYS.size(), coordinators.size());
            assertTrue(coordinators.values().stream().allMatch(nodes -> nodes.size() == 1), coordinators::toString);
            assertTrue(coordinators.values().stream().distinct().count() > 1, coordinators::toString);
        }
    }

    @Test
    void aPythonProcessMeetsOnTheSameNodes() throws IOException, InterruptedException {
        String python = System.getenv("ALTERNATOR_PYTHON");
        Assumptions.assumeTrue(
                python != null,
                "ALTERNATOR_PYTHON names no interpreter with the Python package; `make test-java` does");
        try (Cluster cluster = new Cluster("--nodes", "3");
                AlternatorLB lb = Kit.refreshed(
                        Kit.on(cluster).affinity(Affinity.ANY_WRITE).build());
                DynamoDbClient client = lb.newDynamoDbClient()) {
            client.createTable(Kit.table("items"));
            KEYS.forEach(key -> client.putItem(Kit.put("items", key, "java")));
            String program = "import sys, alternator_lb\n"
                    + "lb = alternator_lb.AlternatorLB([sys.argv[1]], port=int(sys.argv[2]), affinity='any_write', "
                    + "table_keys={'items': 'pk'})\n"
                    + "lb.refresh()\n"
                    + "client = lb.new_dynamodb_client()\n"
                    + "for key in sys.argv[3:]:\n"
                    + "    client.put_item(TableName='items', Item={'pk': {'S': key}})\n";
            List<String> command = new ArrayList<>(
                    List.of(python, "-c", program, cluster.addresses().get(1), Integer.toString(cluster.port())));
            command.addAll(KEYS);
            Process process = new ProcessBuilder(command).inheritIO().start();
            assertEquals(0, process.waitFor());
            Map<String, Set<Integer>> coordinators = cluster.coordinators("items");
            assertEquals(KEYS.size(), coordinators.size());
            assertTrue(coordinators.values().stream().allMatch(nodes -> nodes.size() == 1), coordinators::toString);
        }
    }

    @Test
    void keysOfEveryTypeGoWhereTheCoreSays() {
        try (AlternatorLB lb = AlternatorLB.builder()
                .seeds(IntStream.range(0, 50).mapToObj(n -> "n" + n).toList())
                .affinity(Affinity.ANY_WRITE)
                .option("discovery", "static")
                .tableKey("items", "pk")
                .refresh(RefreshMode.MANUAL)
                .build()) {
            KeyPlans plans = new KeyPlans(lb.core());
            byte[] raw = {0, 1, -1};
            assertEquals(
                    lb.core().nodeForKey(Core.KEY_N, "-1.5E+10".getBytes(StandardCharsets.UTF_8)),
                    first(lb, plans, AttributeValue.fromN("-1.5E+10")));
            assertEquals(
                    lb.core().nodeForKey(Core.KEY_S, "ä€😀".getBytes(StandardCharsets.UTF_8)),
                    first(lb, plans, AttributeValue.fromS("ä€😀")));
            assertEquals(
                    lb.core().nodeForKey(Core.KEY_B, raw),
                    first(lb, plans, AttributeValue.fromB(SdkBytes.fromByteArray(raw))));
            Set<Node> anywhere = new TreeSet<>(Comparator.comparing(Node::toString));
            for (int time = 0; time < 30; time++) {
                anywhere.add(first(lb, plans, AttributeValue.fromBool(true)));
            }
            assertTrue(anywhere.size() > 1, anywhere::toString);
        }
    }

    private static Node first(AlternatorLB lb, KeyPlans plans, AttributeValue key) {
        Optional<long[]> plan = plans.of(PutItemRequest.builder()
                .tableName("items")
                .item(Map.of("pk", key))
                .build());
        return lb.core().planNext(plan.orElseThrow());
    }

    @Test
    void aBatchGoesWhereItsItemsVote() {
        try (Cluster cluster = new Cluster("--nodes", "3");
                AlternatorLB lb = Kit.refreshed(Kit.on(cluster)
                        .affinity(Affinity.ANY_WRITE)
                        .tableKey("items", "pk")
                        .build());
                DynamoDbClient client = lb.newDynamoDbClient()) {
            client.createTable(Kit.table("items"));
            client.putItem(Kit.put("items", "one", "value"));
            int node = cluster.coordinators("items").get("one").iterator().next();
            cluster.resetCounters();
            WriteRequest write = WriteRequest.builder()
                    .putRequest(put -> put.item(Map.of("pk", AttributeValue.fromS("one"))))
                    .build();
            WriteRequest delete = WriteRequest.builder()
                    .deleteRequest(gone -> gone.key(Map.of("pk", AttributeValue.fromS("one"))))
                    .build();
            for (int time = 0; time < 3; time++) {
                client.batchWriteItem(BatchWriteItemRequest.builder()
                        .requestItems(Map.of("items", List.of(write)))
                        .build());
                client.batchWriteItem(BatchWriteItemRequest.builder()
                        .requestItems(Map.of("items", List.of(delete)))
                        .build());
            }
            assertEquals(6, cluster.requests().get(node));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"APACHE", "NETTY"})
    void theKeyOfATableIsLearnedBehindAWrite(Kit.Http http) {
        try (Cluster cluster = new Cluster("--nodes", "3");
                AlternatorLB other = Kit.even(cluster);
                DynamoDbClient maker = other.newDynamoDbClient();
                AlternatorLB lb = Kit.refreshed(
                        Kit.on(cluster).affinity(Affinity.ANY_WRITE).build());
                AutoCloseable owner = http == Kit.Http.NETTY ? lb.newDynamoDbAsyncClient() : lb.newDynamoDbClient();
                Kit.Client client = http.client(lb)) {
            maker.createTable(Kit.table("items"));
            assertEquals(Optional.empty(), lb.partitionKey("items"));
            client.put("items", "one", "value");
            Cluster.eventually(
                    "the key is learned", () -> lb.partitionKey("items").isPresent());
            assertEquals(Optional.of("pk"), lb.partitionKey("items"));
            assertEquals(1, cluster.operation("DescribeTable").size());
            assertTrue(owner != null);
        } catch (Exception closing) {
            throw new AssertionError(closing);
        }
    }

    @Test
    void aTableThatIsNotThereIsAskedForOnceAndRequestsGoOn() {
        try (Cluster cluster = new Cluster("--nodes", "1");
                AlternatorLB lb = Kit.refreshed(
                        Kit.on(cluster).affinity(Affinity.ANY_WRITE).build());
                DynamoDbClient client = lb.newDynamoDbClient()) {
            for (int time = 0; time < 3; time++) {
                try {
                    client.putItem(Kit.put("absent", "a", "1"));
                } catch (ResourceNotFoundException expected) {
                    // The table is not there, which is the program's to hear.
                }
            }
            client.createTable(Kit.table("items"));
            client.putItem(Kit.put("items", "a", "1"));
            Cluster.eventually("the table that is wanted is looked at", () -> lb.statistics()
                    .contains("\"name\":\"absent\""));
        }
    }

    @Test
    void theEnhancedClientsWritesGoByKeyToo() {
        TableSchema<Customer> schema = StaticTableSchema.builder(Customer.class)
                .newItemSupplier(Customer::new)
                .addAttribute(String.class, id -> id.name("pk")
                        .getter(customer -> customer.id)
                        .setter((customer, id2) -> customer.id = id2)
                        .tags(StaticAttributeTags.primaryPartitionKey()))
                .build();
        try (Cluster cluster = new Cluster("--nodes", "3", "--auth", "enforce");
                AlternatorLB lb = Kit.refreshed(
                        Kit.on(cluster).affinity(Affinity.ANY_WRITE).build());
                DynamoDbClient client = lb.newDynamoDbClient()) {
            var table = DynamoDbEnhancedClient.builder()
                    .dynamoDbClient(client)
                    .build()
                    .table("customers", schema);
            table.createTable();
            for (int time = 0; time < 4; time++) {
                KEYS.forEach(key -> table.putItem(new Customer(key)));
            }
            Map<String, Set<Integer>> coordinators = cluster.coordinators("customers");
            assertTrue(coordinators.values().stream().allMatch(nodes -> nodes.size() == 1), coordinators::toString);
            assertEquals("key1", table.getItem(new Customer("key1")).id);
        }
    }

    /** What the enhanced client writes. */
    static final class Customer {
        private String id;

        Customer() {}

        Customer(String id) {
            this.id = id;
        }
    }
}
