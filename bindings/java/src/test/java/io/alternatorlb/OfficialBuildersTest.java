package io.alternatorlb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbClientBuilder;
import software.amazon.awssdk.services.dynamodb.endpoints.DynamoDbEndpointProvider;

/**
 * The builders that the official library's users know: every name, what it does, and that the table in README.md leaves
 * none out.
 */
class OfficialBuildersTest {
    private static URI first(Cluster cluster) {
        return URI.create(cluster.urls().get(0));
    }

    @Test
    void aSynchronousClientKnowsEveryNodeAndOutlivesItsSeed() {
        try (Cluster cluster = new Cluster("--nodes", "3", "--auth", "enforce");
                AlternatorDynamoDbClientWrapper wrapper = AlternatorDynamoDbClient.builder()
                        .endpointOverride(first(cluster))
                        .region(Region.EU_WEST_1)
                        .credentialsProvider(Kit.CREDENTIALS)
                        .withCompressionAlgorithm(RequestCompressionAlgorithm.GZIP)
                        .withOptimizeHeaders(true)
                        .withResponseCompression(
                                ResponseCompressionAlgorithm.GZIP, ResponseCompressionAlgorithm.DEFLATE)
                        .overrideConfiguration(change -> change.apiCallTimeout(Duration.ofSeconds(60)))
                        .buildWithAlternatorAPI()) {
            Cluster.eventually(
                    "the nodes are known", () -> wrapper.getLiveNodes().size() == 3);
            assertEquals(
                    cluster.urls(),
                    wrapper.getLiveNodes().stream().map(URI::toString).toList());
            assertTrue(wrapper.getLiveNodes().contains(wrapper.nextAsURI()));
            assertTrue(wrapper.checkIfRackDatacenterFeatureIsSupported());
            wrapper.checkIfRackAndDatacenterSetCorrectly();
            wrapper.getClient().createTable(Kit.table("items"));
            cluster.kill(0);
            for (int request = 0; request < 60; request++) {
                wrapper.getClient().putItem(Kit.put("items", "key" + request, "value"));
            }
            assertTrue(cluster.requests().stream().mapToInt(count -> count).sum() >= 60);
        }
    }

    @Test
    void anAsynchronousClientKnowsEveryNodeAndOutlivesItsSeed() {
        try (Cluster cluster = new Cluster("--nodes", "3", "--auth", "enforce");
                AlternatorDynamoDbAsyncClientWrapper wrapper = AlternatorDynamoDbAsyncClient.builder()
                        .endpointOverride(first(cluster))
                        .credentialsProvider(Kit.CREDENTIALS)
                        .withNettyHttpClientCustomizer(netty -> netty.maxConcurrency(50))
                        .buildWithAlternatorAPI()) {
            Cluster.eventually(
                    "the nodes are known", () -> wrapper.getLiveNodes().size() == 3);
            cluster.kill(0);
            for (int request = 0; request < 60; request++) {
                wrapper.getClient().listTables().join();
            }
            assertTrue(cluster.requests().stream().mapToInt(count -> count).sum() >= 60);
        }
    }

    @Test
    void closingTheClientEndsTheBalancerAndTheProgramsHttpClientStaysOpen() {
        AtomicBoolean closed = new AtomicBoolean();
        try (Cluster cluster = new Cluster("--nodes", "1");
                SdkHttpClient http = ApacheHttpClient.create()) {
            SdkHttpClient watched = new SdkHttpClient() {
                @Override
                public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
                    return http.prepareRequest(request);
                }

                @Override
                public void close() {
                    closed.set(true);
                }
            };
            AlternatorDynamoDbClientWrapper wrapper = AlternatorDynamoDbClient.builder()
                    .endpointOverride(first(cluster))
                    .httpClient(watched)
                    .buildWithAlternatorAPI();
            wrapper.getClient().listTables();
            wrapper.getClient().close();
            assertThrows(IllegalStateException.class, wrapper::nextAsURI);
            assertEquals(false, closed.get());
        }
    }

    @Test
    void aClientForEachKindOfHttpClientIsMade() {
        try (Cluster cluster = new Cluster("--nodes", "2", "--auth", "enforce")) {
            for (HttpClientType type :
                    List.of(HttpClientType.AUTO, HttpClientType.APACHE, HttpClientType.APACHE5, HttpClientType.CRT)) {
                try (DynamoDbClient client = AlternatorDynamoDbClient.builder()
                        .endpointOverride(first(cluster))
                        .credentialsProvider(Kit.CREDENTIALS)
                        .withHttpClientType(type)
                        .withMaxConnections(3)
                        .withConnectionMaxIdleTimeMs(60_000)
                        .withConnectionTimeToLiveMs(60_000)
                        .withConnectionAcquisitionTimeoutMs(5_000)
                        .withConnectionTimeoutMs(5_000)
                        .build()) {
                    client.listTables();
                }
            }
            for (HttpClientType type : List.of(HttpClientType.AUTO, HttpClientType.NETTY, HttpClientType.CRT)) {
                try (DynamoDbAsyncClient client = AlternatorDynamoDbAsyncClient.builder()
                        .endpointOverride(first(cluster))
                        .credentialsProvider(Kit.CREDENTIALS)
                        .withHttpClientType(type)
                        .build()) {
                    client.listTables().join();
                }
            }
            IllegalArgumentException error =
                    assertThrows(IllegalArgumentException.class, () -> AlternatorDynamoDbClient.builder()
                            .endpointOverride(first(cluster))
                            .withHttpClientType(HttpClientType.NETTY)
                            .build());
            assertTrue(error.getMessage().contains("NETTY"), error::getMessage);
        }
    }

    @Test
    void aConfigurationIsGivenToSeveralBuilders() {
        try (Cluster cluster = new Cluster("--nodes", "3")) {
            AlternatorConfig config = AlternatorConfig.builder()
                    .withSeedHosts(cluster.addresses())
                    .withPort(cluster.port())
                    .withRoutingScope(RackScope.of("dc1", "r2", DatacenterScope.of("dc1", ClusterScope.create())))
                    .withKeyRouteAffinity(KeyRouteAffinityConfig.builder()
                            .withType(KeyRouteAffinity.RMW)
                            .withPkInfo("items", "pk")
                            .build())
                    .build();
            assertEquals("rack:dc1/r2>dc:dc1>cluster", config.getRoutingScope().toString());
            try (AlternatorDynamoDbClientWrapper sync = AlternatorDynamoDbClient.builder()
                            .withAlternatorConfig(config)
                            .buildWithAlternatorAPI();
                    AlternatorDynamoDbAsyncClientWrapper async = AlternatorDynamoDbAsyncClient.builder()
                            .withAlternatorConfig(sync.getAlternatorConfig())
                            .buildWithAlternatorAPI()) {
                Cluster.eventually("the rack is known", () -> sync.getLiveNodes()
                        .equals(List.of(URI.create(cluster.urls().get(1)))));
                Cluster.eventually(
                        "the rack is known", () -> async.getLiveNodes().equals(sync.getLiveNodes()));
                assertEquals("pk", sync.getAlternatorLB().partitionKey("items").orElseThrow());
            }
            try (AlternatorDynamoDbClientWrapper wrong = AlternatorDynamoDbClient.builder()
                    .withAlternatorConfig(config)
                    .withRoutingScope(DatacenterScope.of("nowhere", null))
                    .buildWithAlternatorAPI()) {
                AlternatorException error =
                        assertThrows(AlternatorException.class, wrong::checkIfRackAndDatacenterSetCorrectly);
                assertEquals("ALB_ERR_SCOPE_UNKNOWN", error.code());
                assertTrue(error.getMessage().contains("nowhere"), error::getMessage);
            }
        }
    }

    @Test
    void anEndpointProviderOfTheProgramsChoosesInstead() {
        try (Cluster cluster = new Cluster("--nodes", "3");
                AlternatorLB lb = Kit.even(cluster)) {
            DynamoDbEndpointProvider second = parameters -> CompletableFuture.completedFuture(
                    Endpoints.of(URI.create(cluster.urls().get(1))));
            try (DynamoDbClient client = AlternatorDynamoDbClient.builder()
                            .endpointOverride(first(cluster))
                            .endpointProvider(second)
                            .build();
                    DynamoDbClient plain = DynamoDbClient.builder()
                            .region(Region.US_EAST_1)
                            .credentialsProvider(Kit.CREDENTIALS)
                            .endpointProvider(lb.endpointProvider())
                            .build()) {
                client.listTables();
                client.listTables();
                assertEquals(List.of(0, 2, 0), cluster.requests());
                cluster.resetCounters();
                for (int request = 0; request < 6; request++) {
                    plain.listTables();
                }
                assertEquals(List.of(2, 2, 2), cluster.requests());
            }
        }
    }

    @Test
    void withoutASeedTheErrorNamesTheOption() {
        IllegalArgumentException error =
                assertThrows(IllegalArgumentException.class, () -> AlternatorDynamoDbClient.builder()
                        .build());
        assertTrue(error.getMessage().contains("seeds"), error::getMessage);
    }

    @Test
    void theSdksOptionsAreAllThere() {
        for (Method method : DynamoDbClientBuilder.class.getMethods()) {
            if (method.isDefault() && !Set.of("applyMutation").contains(method.getName())) {
                boolean delegated = Arrays.stream(
                                AlternatorDynamoDbClient.AlternatorDynamoDbClientBuilder.class.getMethods())
                        .anyMatch(ours -> ours.getName().equals(method.getName())
                                && !ours.getDeclaringClass().isInterface()
                                && Arrays.equals(ours.getParameterTypes(), method.getParameterTypes()));
                assertTrue(delegated, () -> method + " would throw, as the interface's default does");
            }
        }
    }

    @Test
    void theTableInTheReadmeNamesEveryOption() throws IOException {
        String readme = Files.readString(Path.of("README.md"));
        Set<String> options = Arrays.stream(AlternatorDynamoDbClient.AlternatorDynamoDbClientBuilder.class.getMethods())
                .map(Method::getName)
                .filter(name -> name.startsWith("with"))
                .collect(Collectors.toCollection(TreeSet::new));
        options.addAll(
                Arrays.stream(AlternatorDynamoDbAsyncClient.AlternatorDynamoDbAsyncClientBuilder.class.getMethods())
                        .map(Method::getName)
                        .filter(name -> name.startsWith("with"))
                        .toList());
        options.addAll(Arrays.stream(AlternatorLBBuilder.class.getDeclaredMethods())
                .filter(method -> Modifier.isPublic(method.getModifiers()))
                .map(Method::getName)
                .toList());
        assertEquals(
                List.of(),
                options.stream()
                        .filter(name -> !readme.contains("`" + name + "`"))
                        .toList());
    }
}
