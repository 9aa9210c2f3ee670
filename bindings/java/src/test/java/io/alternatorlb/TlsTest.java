package io.alternatorlb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.protocols.jsoncore.JsonNode;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;

/** https with an authority of one's own, client certificates, and what is refused without them. */
class TlsTest {
    private static AlternatorLBBuilder on(Cluster cluster, TlsConfig tls) {
        return Kit.on(cluster)
                .scheme("https")
                .tls(tls)
                .policy(Policy.ROUND_ROBIN)
                .refresh(RefreshMode.MANUAL);
    }

    private static TlsConfig.Builder trusting(Cluster cluster) {
        return TlsConfig.builder().withCaCertPath(Path.of(cluster.text("ca_file")));
    }

    private static void listFromEachNode(AlternatorLB lb, HttpClientType type) {
        if (type == HttpClientType.NETTY) {
            try (DynamoDbAsyncClient client = lb.newClients().async(settings -> settings.type = type)) {
                for (int request = 0; request < 4; request++) {
                    client.listTables().join();
                }
            }
        } else {
            try (DynamoDbClient client = lb.newClients().sync(settings -> settings.type = type)) {
                for (int request = 0; request < 4; request++) {
                    client.listTables();
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = HttpClientType.class,
            names = {"APACHE", "APACHE5", "NETTY"})
    void anAuthorityOfOnesOwnIsTrusted(HttpClientType type) {
        try (Cluster cluster = new Cluster("--nodes", "2", "--https", "--auth", "enforce");
                AlternatorLB lb =
                        Kit.refreshed(on(cluster, trusting(cluster).build()).build())) {
            assertEquals(2, lb.nodes().size());
            listFromEachNode(lb, type);
            assertTrue(cluster.requests().stream().allMatch(count -> count == 2), () -> cluster.requests()
                    .toString());
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = HttpClientType.class,
            names = {"APACHE", "APACHE5", "NETTY"})
    void aClientCertificateIsShown(HttpClientType type) {
        try (Cluster cluster = new Cluster("--nodes", "2", "--mtls")) {
            TlsConfig tls = trusting(cluster)
                    .withClientCertificate(Path.of(cluster.text("client_cert")), Path.of(cluster.text("client_key")))
                    .build();
            try (AlternatorLB lb = Kit.refreshed(on(cluster, tls).build())) {
                listFromEachNode(lb, type);
            }
            try (AlternatorLB lb = on(cluster, trusting(cluster).build()).build()) {
                assertThrows(AlternatorException.class, () -> lb.refresh(Duration.ofSeconds(5)));
                assertThrows(RuntimeException.class, () -> listFromEachNode(lb, type));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("lenient")
    void aWrongNameIsRefusedUnlessTold(HttpClientType type) {
        try (Cluster cluster = new Cluster("--nodes", "1", "--https")) {
            cluster.fault(0, "{\"kind\":\"tls_wrong_name\"}");
            try (AlternatorLB lb = on(cluster, trusting(cluster).build()).build()) {
                assertThrows(AlternatorException.class, () -> lb.refresh(Duration.ofSeconds(5)));
                assertThrows(RuntimeException.class, () -> listFromEachNode(lb, type));
                Map<String, Long> outcomes = Kit.outcomes(lb);
                assertTrue(outcomes.getOrDefault("tls_failure", 0L) > 0, outcomes::toString);
            }
            try (AlternatorLB lb = Kit.refreshed(
                    on(cluster, trusting(cluster).withVerifyHostname(false).build())
                            .build())) {
                listFromEachNode(lb, type);
            }
        }
    }

    static HttpClientType[] lenient() {
        return new HttpClientType[] {HttpClientType.APACHE, HttpClientType.APACHE5, HttpClientType.NETTY};
    }

    @ParameterizedTest
    @EnumSource(
            value = HttpClientType.class,
            names = {"APACHE", "APACHE5", "NETTY", "CRT"})
    void everybodyIsTrustedWhereTheProgramSaysSo(HttpClientType type) {
        try (Cluster cluster = new Cluster("--nodes", "1", "--https", "--auth", "enforce");
                AlternatorLB lb =
                        Kit.refreshed(on(cluster, TlsConfig.trustAll()).build())) {
            listFromEachNode(lb, type);
        }
    }

    @Test
    void anUnknownAuthorityIsRefused() {
        try (Cluster cluster = new Cluster("--nodes", "1", "--https")) {
            TlsConfig other = TlsConfig.builder()
                    .withCaCertPath(Path.of(cluster.text("untrusted_ca_file")))
                    .build();
            try (AlternatorLB lb = on(cluster, other).build();
                    DynamoDbClient client = lb.newDynamoDbClient()) {
                assertThrows(SdkException.class, client::listTables);
            }
            TlsConfig both = TlsConfig.builder()
                    .withCaCertPath(Path.of(cluster.text("untrusted_ca_file")))
                    .withCaCertPath(Path.of(cluster.text("ca_file")))
                    .withTrustSystemCaCerts(true)
                    .build();
            try (AlternatorLB lb = Kit.refreshed(on(cluster, both).build());
                    DynamoDbClient client = lb.newDynamoDbClient()) {
                client.listTables();
            }
        }
    }

    @Test
    void sessionsAreResumed() {
        try (Cluster cluster = new Cluster("--nodes", "1", "--https", "--tls-tickets");
                AlternatorLB lb =
                        Kit.refreshed(on(cluster, trusting(cluster).build()).build());
                DynamoDbClient client = lb.newDynamoDbClient()) {
            cluster.fault(0, "{\"kind\":\"connection_close\"}");
            cluster.resetCounters();
            for (int request = 0; request < 5; request++) {
                client.listTables();
            }
            JsonNode connections = cluster.counters()
                    .field("nodes")
                    .orElseThrow()
                    .asArray()
                    .get(0)
                    .field("connections")
                    .orElseThrow();
            assertTrue(
                    Long.parseLong(connections
                                    .field("tls_resumed")
                                    .orElseThrow()
                                    .asNumber())
                            >= 3,
                    connections::toString);
        }
    }

    @Test
    void filesThatDoNotFitAreNamed() {
        for (Consumer<TlsConfig.Builder> wrong : List.<Consumer<TlsConfig.Builder>>of(
                tls -> tls.withCaCertPath(Path.of("/nonexistent/ca.pem")),
                tls -> tls.withClientCertificate(Path.of("/nonexistent/cert.pem"), Path.of("/nonexistent/key.pem")))) {
            TlsConfig.Builder tls = TlsConfig.builder();
            wrong.accept(tls);
            IllegalArgumentException error = assertThrows(IllegalArgumentException.class, () -> AlternatorLB.builder()
                    .seeds("127.0.0.1")
                    .scheme("https")
                    .tls(tls.build())
                    .refresh(RefreshMode.MANUAL)
                    .build());
            assertTrue(error.getMessage().contains("/nonexistent/"), error::getMessage);
        }
        assertThrows(IllegalArgumentException.class, () -> TlsSessionCacheConfig.builder()
                .withSessionCacheSize(0));
    }
}
