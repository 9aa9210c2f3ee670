package io.alternatorlb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.protocols.jsoncore.JsonNode;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;

/** Bodies and headers on the wire, with signatures checked over what arrives. */
class WireTest {
    private static final String LONG = "alternator ".repeat(2000);

    private static Set<String> headers(Cluster cluster, String operation) {
        return cluster.operation(operation).stream()
                .flatMap(seen -> seen.field("headers").orElseThrow().asArray().stream())
                .map(JsonNode::asString)
                .collect(Collectors.toSet());
    }

    private static long counted(Cluster cluster, String operation, String member, String value) {
        return cluster.operation(operation).stream()
                .flatMap(seen -> seen.field(member).orElseThrow().field(value).stream())
                .mapToLong(count -> Long.parseLong(count.asNumber()))
                .sum();
    }

    @ParameterizedTest
    @EnumSource(Kit.Http.class)
    void signedCompressedAndStrippedRequestsAreUnderstood(Kit.Http http) {
        try (Cluster cluster = new Cluster("--nodes", "3", "--auth", "enforce");
                AlternatorLB lb = Kit.refreshed(Kit.on(cluster)
                        .compression("gzip")
                        .responseCompression("gzip, deflate")
                        .optimizeHeaders(true)
                        .policy(Policy.ROUND_ROBIN)
                        .build());
                Kit.Client client = http.client(lb)) {
            client.createTable("items");
            for (int request = 0; request < 3; request++) {
                client.put("items", "long", LONG + request);
                client.put("items", "short", "short");
                assertEquals(LONG + request, client.get("items", "long"));
                assertEquals("short", client.get("items", "short"));
            }
            assertEquals(3, counted(cluster, "PutItem", "content_encodings", "gzip"));
            assertEquals(6, counted(cluster, "GetItem", "accept_encodings", "gzip, deflate"));
            Set<String> sent = headers(cluster, "PutItem");
            assertTrue(
                    sent.containsAll(Set.of("host", "authorization", "x-amz-date", "x-amz-target", "content-length")),
                    sent::toString);
            for (String name : sent) {
                assertFalse(name.startsWith("amz-sdk-") || name.equals(Calls.HEADER), sent::toString);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "deflate"})
    void answersOfEitherCodingAreDecoded(String coding) {
        for (Kit.Http http : List.of(Kit.Http.APACHE, Kit.Http.NETTY)) {
            try (Cluster cluster = new Cluster("--nodes", "1", "--auth", "enforce");
                    AlternatorLB lb = Kit.refreshed(Kit.on(cluster)
                            .responseCompression(coding)
                            .compression(coding)
                            .build());
                    Kit.Client client = http.client(lb)) {
                client.createTable("items");
                client.put("items", "long", LONG);
                assertEquals(LONG, client.get("items", "long"));
                assertEquals(1, counted(cluster, "PutItem", "content_encodings", coding));
            }
        }
    }

    @Test
    void aRetryIsCompressedOnceAndSignedAgain() {
        try (Cluster cluster = new Cluster("--nodes", "2", "--auth", "enforce");
                AlternatorLB lb = Kit.refreshed(Kit.on(cluster)
                        .compression("gzip")
                        .policy(Policy.ROUND_ROBIN)
                        .refresh(RefreshMode.MANUAL)
                        .build());
                Kit.Client client = Kit.Http.APACHE.client(lb)) {
            client.createTable("items");
            cluster.fault(0, "{\"kind\":\"error\",\"status\":500,\"operation\":\"PutItem\",\"count\":1}");
            cluster.fault(1, "{\"kind\":\"error\",\"status\":500,\"operation\":\"PutItem\",\"count\":1}");
            cluster.resetCounters();
            client.put("items", "long", LONG);
            assertEquals(LONG, client.get("items", "long"));
            assertEquals(
                    List.of(Set.of(1, 2, 3)),
                    cluster.attempts("PutItem").values().stream()
                            .map(Map::keySet)
                            .toList());
            assertEquals(3, counted(cluster, "PutItem", "content_encodings", "gzip"));
        }
    }

    @Test
    void headersAreTheSdksUnlessAskedOtherwise() {
        try (Cluster cluster = new Cluster("--nodes", "1", "--auth", "enforce");
                AlternatorLB lb = Kit.even(cluster);
                DynamoDbClient client = lb.newDynamoDbClient()) {
            client.listTables();
            assertTrue(headers(cluster, "ListTables")
                    .containsAll(Set.of("amz-sdk-invocation-id", "amz-sdk-request", "user-agent")));
            assertFalse(headers(cluster, "ListTables").contains(Calls.HEADER));
        }
    }

    @Test
    void theUserAgentIsTheOneThatIsSet() {
        try (Cluster cluster = new Cluster("--nodes", "1", "--auth", "enforce")) {
            try (AlternatorLB lb = Kit.refreshed(
                            Kit.on(cluster).userAgent("inventory/7").build());
                    DynamoDbClient client = lb.newDynamoDbClient()) {
                client.listTables();
            }
            assertEquals(1, counted(cluster, "ListTables", "user_agents", "inventory/7"));
            String discovery = cluster.counters()
                    .field("nodes")
                    .orElseThrow()
                    .asArray()
                    .get(0)
                    .field("localnodes_seen")
                    .orElseThrow()
                    .toString();
            assertTrue(discovery.contains("inventory/7"), discovery);
            cluster.resetCounters();
            try (AlternatorLB lb = Kit.refreshed(Kit.on(cluster)
                            .withoutUserAgent()
                            .option("headers.optimize", "on")
                            .build());
                    DynamoDbClient client = lb.newDynamoDbClient()) {
                client.listTables();
            }
            assertEquals(0, counted(cluster, "ListTables", "user_agents", "inventory/7"));
        }
    }

    @Test
    void keptHeadersAreSentBesides() {
        try (Cluster cluster = new Cluster("--nodes", "1", "--auth", "enforce");
                AlternatorLB lb = Kit.refreshed(Kit.on(cluster)
                        .optimizeHeaders(true)
                        .keepHeaders("amz-sdk-request")
                        .build());
                DynamoDbClient client = lb.newDynamoDbClient()) {
            client.listTables();
            assertTrue(headers(cluster, "ListTables").contains("amz-sdk-request"));
            assertFalse(headers(cluster, "ListTables").contains("amz-sdk-invocation-id"));
        }
    }

    @Test
    void withoutCredentialsRequestsAreNotSigned() {
        try (Cluster cluster = new Cluster("--nodes", "2");
                AlternatorLB lb = Kit.refreshed(AlternatorLB.builder()
                        .seeds(cluster.addresses())
                        .port(cluster.port())
                        .policy(Policy.ROUND_ROBIN)
                        .build());
                DynamoDbClient client = lb.newDynamoDbClient()) {
            for (int request = 0; request < 4; request++) {
                client.listTables();
            }
            assertFalse(headers(cluster, "ListTables").contains("authorization"));
            assertEquals(List.of(2, 2), cluster.requests());
        }
    }
}
