package io.alternatorlb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;

/** Datacenters and racks, checks of them, and who refreshes the list. */
class ScopeTest {
    private static final String[] TOPOLOGY = {"--nodes", "4", "--topology", "dc1/r1,dc1/r2,dc2/r1,dc2/r2"};

    private static List<String> urls(AlternatorLB lb) {
        return lb.nodes().stream().map(Node::toString).toList();
    }

    @Test
    void aDatacenterAndARackNarrowTheList() {
        try (Cluster cluster = new Cluster(TOPOLOGY)) {
            try (AlternatorLB lb =
                    Kit.refreshed(Kit.on(cluster).datacenter("dc2").build())) {
                assertEquals(cluster.urls().subList(2, 4), urls(lb));
            }
            try (AlternatorLB lb = Kit.refreshed(Kit.on(cluster)
                    .datacenter("dc2")
                    .rack("r1")
                    .option("rack", "strict")
                    .build())) {
                assertEquals(cluster.urls().subList(2, 3), urls(lb));
                lb.checkScope(Kit.PATIENCE);
                assertTrue(lb.isScopeSupported(Kit.PATIENCE));
            }
            try (AlternatorLB lb = Kit.refreshed(
                    Kit.on(cluster).scope("rack:dc2/r9>dc:dc2>cluster").build())) {
                assertEquals(cluster.urls().subList(2, 4), urls(lb));
            }
            try (AlternatorLB lb = Kit.on(cluster)
                    .datacenter("dc9")
                    .refresh(RefreshMode.MANUAL)
                    .build()) {
                AlternatorException error = assertThrows(AlternatorException.class, () -> lb.checkScope(Kit.PATIENCE));
                assertEquals("ALB_ERR_SCOPE_UNKNOWN", error.code());
                assertTrue(error.getMessage().contains("dc9"), error::getMessage);
            }
        }
    }

    @Test
    void anOldServerCannotBeAsked() {
        try (Cluster cluster = new Cluster("--nodes", "2", "--old-server");
                AlternatorLB lb = Kit.even(cluster)) {
            assertFalse(lb.isScopeSupported(Kit.PATIENCE));
        }
    }

    @Test
    void theDaemonThreadNoticesANewNode() {
        try (Cluster cluster = new Cluster("--nodes", "2");
                AlternatorLB lb = Kit.on(cluster).build();
                DynamoDbClient client = lb.newDynamoDbClient()) {
            Cluster.eventually("the nodes are known", () -> lb.nodes().size() == 2);
            cluster.call("POST", "/nodes", "{}");
            Cluster.eventually("the new node is known", () -> {
                client.listTables();
                return lb.nodes().size() == 3;
            });
        }
    }

    @Test
    void aRequestWakesTheDaemonThreadFromItsIdleSleep() {
        try (Cluster cluster = new Cluster("--nodes", "2");
                AlternatorLB lb = Kit.on(cluster)
                        .refreshEvery(Duration.ofSeconds(1), Duration.ofHours(1))
                        .build();
                DynamoDbClient client = lb.newDynamoDbClient()) {
            Cluster.eventually("the nodes are known", () -> lb.nodes().size() == 2);
            Cluster.eventually("nothing is due for long", () -> lb.core().refreshDue() > 10_000);
            cluster.call("POST", "/nodes", "{}");
            client.listTables();
            Cluster.eventually("the new node is known", () -> lb.nodes().size() == 3);
        }
    }

    @Test
    void anExecutorOfTheProgramsRefreshesInstead() {
        ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();
        try (Cluster cluster = new Cluster("--nodes", "2");
                AlternatorLB lb = Kit.on(cluster).refreshBy(executor).build();
                DynamoDbClient client = lb.newDynamoDbClient()) {
            Cluster.eventually("the nodes are known", () -> lb.nodes().size() == 2);
            cluster.call("POST", "/nodes", "{}");
            Cluster.eventually("the new node is known", () -> {
                client.listTables();
                return lb.nodes().size() == 3;
            });
            assertTrue(Thread.getAllStackTraces().keySet().stream()
                    .noneMatch(thread -> thread.getName().equals(RefreshThread.NAME)));
        } finally {
            executor.shutdownNow();
        }
    }

    @Test
    void aRequestRefreshesInPassingWithoutAThread() {
        try (Cluster cluster = new Cluster("--nodes", "3");
                AlternatorLB lb = Kit.on(cluster)
                        .seeds(cluster.addresses().get(0))
                        .refresh(RefreshMode.INLINE)
                        .build();
                DynamoDbClient client = lb.newDynamoDbClient()) {
            Cluster.eventually("the nodes are known", () -> {
                client.listTables();
                return lb.nodes().size() == 3;
            });
            assertTrue(Thread.getAllStackTraces().keySet().stream()
                    .noneMatch(thread -> thread.getName().equals(RefreshThread.NAME)));
            assertThrows(IllegalStateException.class, lb::newDynamoDbAsyncClient);
            assertThrows(IllegalStateException.class, () -> lb.applyTo(DynamoDbAsyncClient.builder()));
        }
    }

    @Test
    void severalBalancersAreRefreshedWhileOneClusterIsUnreachable() {
        try (AlternatorLB unreachable =
                        AlternatorLB.builder().seeds("127.71.253.1").build();
                Cluster cluster = new Cluster("--nodes", "2");
                AlternatorLB lb = Kit.on(cluster).build()) {
            Cluster.eventually("the nodes are known", () -> lb.nodes().size() == 2);
            assertEquals(1, unreachable.nodes().size());
            AlternatorException error =
                    assertThrows(AlternatorException.class, () -> unreachable.refresh(Duration.ofSeconds(2)));
            assertEquals("ALB_ERR_UNREACHABLE", error.code());
        }
    }
}
