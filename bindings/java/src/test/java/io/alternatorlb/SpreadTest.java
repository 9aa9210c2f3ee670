package io.alternatorlb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Requests are spread over the nodes and signed for each, by every HTTP client of the SDK; retries go to another node
 * at once.
 */
class SpreadTest {
    @ParameterizedTest
    @EnumSource(Kit.Http.class)
    void requestsAreSpreadAndSigned(Kit.Http http) {
        try (Cluster cluster = new Cluster("--nodes", "3", "--auth", "enforce");
                AlternatorLB lb = Kit.even(cluster);
                Kit.Client client = http.client(lb)) {
            client.createTable("items");
            cluster.resetCounters();
            for (int request = 0; request < 30; request++) {
                client.put("items", "key" + request, "value" + request);
                assertEquals("value" + request, client.get("items", "key" + request));
            }
            assertEquals(List.of(20, 20, 20), cluster.requests());
        }
    }

    @ParameterizedTest
    @EnumSource(Kit.Http.class)
    void aRetryGoesToAnotherNode(Kit.Http http) {
        try (Cluster cluster = new Cluster("--nodes", "3", "--auth", "enforce");
                AlternatorLB lb = Kit.refreshed(Kit.on(cluster)
                        .policy(Policy.ROUND_ROBIN)
                        .health(false)
                        .refresh(RefreshMode.MANUAL)
                        .build());
                Kit.Client client = http.client(lb)) {
            client.createTable("items");
            cluster.fault(1, "{\"kind\":\"error\",\"status\":500,\"operation\":\"PutItem\"}");
            cluster.resetCounters();
            for (int request = 0; request < 9; request++) {
                client.put("items", "key", "value");
            }
            List<Map<Integer, Integer>> retried = cluster.attempts("PutItem").values().stream()
                    .filter(attempts -> attempts.size() > 1)
                    .toList();
            assertEquals(3, retried.size());
            for (Map<Integer, Integer> attempts : retried) {
                assertEquals(1, attempts.get(1));
                assertTrue(attempts.get(2) != 1, attempts::toString);
                assertEquals(2, attempts.size());
            }
            assertEquals(Map.of("success", 9L + 1, "server_error", 3L), Kit.outcomes(lb));
        }
    }

    @ParameterizedTest
    @EnumSource(Kit.Http.class)
    void aDeadNodeCostsItsRequestsARetryElsewhere(Kit.Http http) {
        try (Cluster cluster = new Cluster("--nodes", "3", "--auth", "enforce");
                AlternatorLB lb = Kit.refreshed(Kit.on(cluster)
                        .policy(Policy.ROUND_ROBIN)
                        .refresh(RefreshMode.MANUAL)
                        .build());
                Kit.Client client = http.client(lb)) {
            client.createTable("items");
            for (int request = 0; request < 6; request++) {
                client.put("items", "key", "value");
            }
            cluster.kill(2);
            cluster.resetCounters();
            for (int request = 0; request < 12; request++) {
                client.put("items", "key", "value" + request);
            }
            assertEquals("value11", client.get("items", "key"));
            NodeHealth dead = lb.health().get(2);
            assertEquals(NodeHealth.State.SET_ASIDE, dead.state(), dead::toString);
            assertEquals(NodeHealth.Cause.REFUSED, dead.cause(), dead::toString);
            // The attempts that found out reached nobody, and later ones of the same calls were made elsewhere.
            Map<String, Map<Integer, Integer>> attempts = cluster.attempts("PutItem");
            assertTrue(
                    attempts.values().stream().anyMatch(call -> !call.containsKey(1)),
                    () -> attempts + " " + Kit.outcomes(lb));
        }
    }
}
