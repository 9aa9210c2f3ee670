package io.alternatorlb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.core.client.config.SdkAdvancedClientOption;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.signer.Signer;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.retries.DefaultRetryStrategy;
import software.amazon.awssdk.retries.api.BackoffStrategy;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.ResourceNotFoundException;

/** What is reported of attempts that fail, time out or are given up, and which verdicts and pauses of the SDK stay. */
class FailureTest {
    private static final Duration LONG = Duration.ofSeconds(20);

    private static AlternatorLB balancer(Cluster cluster) {
        return Kit.refreshed(Kit.on(cluster)
                .policy(Policy.ROUND_ROBIN)
                .refresh(RefreshMode.MANUAL)
                .build());
    }

    private static ClientOverrideConfiguration pausing(Duration pause) {
        return Kit.configuration(Duration.ofSeconds(10))
                .copy(change -> change.retryStrategy(
                        strategy -> strategy.backoffStrategy(BackoffStrategy.fixedDelayWithoutJitter(pause))
                                .throttlingBackoffStrategy(BackoffStrategy.fixedDelayWithoutJitter(pause))
                                .maxAttempts(3)));
    }

    private static double seconds(Runnable work) {
        long start = System.nanoTime();
        work.run();
        return (System.nanoTime() - start) / 1e9;
    }

    @ParameterizedTest
    @EnumSource(names = {"APACHE", "URL_CONNECTION", "NETTY"})
    void aRetryDoesNotWaitWhereTheNodeAloneFailed(Kit.Http http) {
        try (Cluster cluster = new Cluster("--nodes", "2");
                AlternatorLB lb = balancer(cluster);
                Kit.Client client = http.client(lb, pausing(LONG))) {
            client.createTable("items");
            cluster.kill(0);
            double took = seconds(() -> {
                client.put("items", "a", "1");
                client.put("items", "a", "2");
            });
            assertTrue(took < LONG.toSeconds(), () -> took + " s");
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"APACHE", "NETTY"})
    void aRetryWaitsAsTheSdkSaysWhereTheNodeAsksForLess(Kit.Http http) {
        Duration pause = Duration.ofMillis(700);
        try (Cluster cluster = new Cluster("--nodes", "2");
                AlternatorLB lb = balancer(cluster);
                Kit.Client client = http.client(lb, pausing(pause))) {
            client.createTable("items");
            for (int node = 0; node < 2; node++) {
                cluster.fault(
                        node,
                        "{\"kind\":\"error\",\"status\":400,\"error_type\":\"ThrottlingException\","
                                + "\"operation\":\"PutItem\",\"count\":1}");
            }
            double took = seconds(() -> client.put("items", "a", "1"));
            assertTrue(took >= 2 * 0.7, () -> took + " s");
            assertEquals(2, Kit.outcomes(lb).get("throttled"));
        }
    }

    @ParameterizedTest
    @EnumSource(Kit.Http.class)
    void theVerdictNotToRetryStays(Kit.Http http) {
        try (Cluster cluster = new Cluster("--nodes", "2");
                AlternatorLB lb = balancer(cluster);
                Kit.Client client = http.client(
                        lb,
                        Kit.configuration().copy(change -> change.retryStrategy(DefaultRetryStrategy.doNotRetry())))) {
            RuntimeException missing = assertThrows(RuntimeException.class, () -> client.put("absent", "a", "1"));
            assertTrue(
                    missing instanceof ResourceNotFoundException
                            || missing.getCause() instanceof ResourceNotFoundException,
                    missing::toString);
            cluster.fault(0, "{\"kind\":\"reset\"}");
            cluster.fault(1, "{\"kind\":\"reset\"}");
            cluster.resetCounters();
            assertThrows(RuntimeException.class, () -> client.put("absent", "a", "1"));
            assertEquals(1, cluster.requests().stream().mapToInt(count -> count).sum());
            assertEquals(Map.of("caller_fault", 1L, "reset", 1L), Kit.outcomes(lb));
        }
    }

    @ParameterizedTest
    @EnumSource(Kit.Http.class)
    void aHungNodeCostsOneTimeOutAndIsSetAside(Kit.Http http) {
        try (Cluster cluster = new Cluster("--nodes", "2");
                AlternatorLB lb = balancer(cluster);
                Kit.Client client = http.client(lb, Kit.configuration(Duration.ofSeconds(2)))) {
            client.createTable("items");
            cluster.stop(0);
            for (int request = 0; request < 6; request++) {
                client.put("items", "a", "1");
            }
            assertEquals(
                    1,
                    Kit.outcomes(lb).getOrDefault("timeout", 0L)
                            + Kit.outcomes(lb).getOrDefault("refused", 0L),
                    lb::statistics);
            assertEquals(NodeHealth.State.SET_ASIDE, lb.health().get(0).state());
            cluster.cont(0);
        }
    }

    @Test
    void aCallThatTimesOutAtItsFirstNodeIsThatNodesTimeOut() {
        try (Cluster cluster = new Cluster("--nodes", "2");
                AlternatorLB lb = balancer(cluster);
                Kit.Client client = Kit.Http.APACHE.client(
                        lb, Kit.configuration().copy(change -> change.apiCallTimeout(Duration.ofSeconds(1))))) {
            cluster.fault(0, "{\"kind\":\"hang\"}");
            cluster.fault(1, "{\"kind\":\"hang\"}");
            assertThrows(ApiCallTimeoutException.class, () -> client.put("items", "a", "1"));
            assertEquals(Map.of("timeout", 1L), Kit.outcomes(lb));
        }
    }

    @Test
    void aCancelledFutureIsReportedAsCancelledAndLeavesNothingBehind() {
        try (Cluster cluster = new Cluster("--nodes", "2");
                AlternatorLB lb = balancer(cluster);
                SdkAsyncHttpClient http = NettyNioAsyncHttpClient.create();
                DynamoDbAsyncClient client = Kit.asyncClient(lb, http, Kit.configuration())) {
            // Attempts in flight are counted while there are reports at all.
            client.createTable(Kit.table("items")).join();
            cluster.resetCounters();
            cluster.fault(0, "{\"kind\":\"hang\"}");
            cluster.fault(1, "{\"kind\":\"hang\"}");
            // Of most operations the SDK does not pass a cancellation on: such a request goes on, and ends as it ends.
            CompletableFuture<?> detached = client.putItem(Kit.put("items", "a", "1"));
            CompletableFuture<?> attached = client.listExports(all -> {});
            Cluster.eventually(
                    "both are under way",
                    () -> cluster.requests().stream().mapToInt(count -> count).sum() == 2);
            assertEquals(2, lb.health().stream().mapToInt(NodeHealth::inFlight).sum());
            attached.cancel(true);
            Cluster.eventually("it is reported", () -> Kit.outcomes(lb).equals(Map.of("cancelled", 1L, "success", 1L)));
            detached.cancel(true);
            cluster.heal(0);
            cluster.heal(1);
            Cluster.eventually(
                    "the other one has ended", () -> lb.health().stream().allMatch(node -> node.inFlight() == 0));
        }
    }

    @Test
    void anInterruptedCallIsReportedAsCancelled() throws Exception {
        try (Cluster cluster = new Cluster("--nodes", "2");
                AlternatorLB lb = balancer(cluster);
                Kit.Client client = Kit.Http.APACHE.client(lb)) {
            cluster.fault(0, "{\"kind\":\"hang\"}");
            cluster.fault(1, "{\"kind\":\"hang\"}");
            Thread caller = new Thread(() -> {
                try {
                    client.put("items", "a", "1");
                } catch (SdkException expected) {
                    // What an interrupted call throws is the SDK's to say.
                }
            });
            caller.start();
            Cluster.eventually(
                    "the attempt is under way",
                    () -> cluster.requests().stream().mapToInt(count -> count).sum() == 1);
            caller.interrupt();
            cluster.heal(0);
            cluster.heal(1);
            caller.join(TimeUnit.SECONDS.toMillis(60));
            Cluster.eventually(
                    "nothing is in flight", () -> lb.health().stream().allMatch(node -> node.inFlight() == 0));
        }
    }

    @Test
    void withoutAnHttpClientOfOursFailedAttemptsAreReportedAllTheSame() {
        try (Cluster cluster = new Cluster("--nodes", "2");
                AlternatorLB lb = balancer(cluster);
                DynamoDbClient client = lb.applyTo(DynamoDbClient.builder()
                                .region(Region.US_EAST_1)
                                .credentialsProvider(Kit.CREDENTIALS)
                                .httpClientBuilder(ApacheHttpClient.builder()))
                        .build()) {
            client.createTable(Kit.table("items"));
            cluster.kill(0);
            client.putItem(Kit.put("items", "a", "1"));
            client.putItem(Kit.put("items", "a", "2"));
            Map<String, Long> outcomes = Kit.outcomes(lb);
            assertEquals(3, outcomes.get("success"));
            assertEquals(
                    1, outcomes.getOrDefault("refused", 0L) + outcomes.getOrDefault("reset", 0L), outcomes::toString);
            assertEquals(
                    List.of(),
                    cluster.operation("PutItem").stream()
                            .filter(seen -> seen.toString().contains(Calls.HEADER))
                            .toList());
        }
    }

    @Test
    @SuppressWarnings("deprecation") // The option is what is refused.
    void aSignerThatTakesTheHooksPlaceIsNamedInTheError() {
        try (Cluster cluster = new Cluster("--nodes", "1");
                AlternatorLB lb = balancer(cluster)) {
            Signer signer = (request, attributes) -> request;
            ClientOverrideConfiguration configuration = Kit.configuration()
                    .copy(change -> change.putAdvancedOption(SdkAdvancedClientOption.SIGNER, signer));
            try (Kit.Client client = Kit.Http.APACHE.client(lb, configuration)) {
                IllegalStateException error =
                        assertThrows(IllegalStateException.class, () -> client.put("items", "a", "1"));
                assertTrue(error.getMessage().contains("SdkAdvancedClientOption.SIGNER"), error::getMessage);
            }
        }
    }

    @Test
    @SuppressWarnings("try") // Closed early on purpose.
    void afterCloseClientsThrowAndNothingCrashes() {
        try (Cluster cluster = new Cluster("--nodes", "1");
                AlternatorLB lb = balancer(cluster);
                Kit.Client sync = Kit.Http.APACHE.client(lb);
                Kit.Client async = Kit.Http.NETTY.client(lb)) {
            sync.createTable("items");
            lb.close();
            lb.close();
            assertThrows(IllegalStateException.class, () -> sync.put("items", "a", "1"));
            RuntimeException failure = assertThrows(RuntimeException.class, () -> async.put("items", "a", "1"));
            Throwable root = failure;
            while (root.getCause() != null) {
                root = root.getCause();
            }
            assertEquals("this AlternatorLB is closed", root.getMessage());
            assertThrows(IllegalStateException.class, lb::next);
            assertThrows(IllegalStateException.class, lb::nodes);
            assertThrows(IllegalStateException.class, lb::statistics);
        }
    }
}
