package io.alternatorlb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.scheme.AwsV4AuthScheme;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.AsyncSignRequest;
import software.amazon.awssdk.http.auth.spi.signer.AsyncSignedRequest;
import software.amazon.awssdk.http.auth.spi.signer.SignRequest;
import software.amazon.awssdk.http.auth.spi.signer.SignedRequest;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;
import software.amazon.awssdk.identity.spi.IdentityProvider;
import software.amazon.awssdk.identity.spi.IdentityProviders;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;

/**
 * Which hook of the SDK moves a retry to another node: the ground that the library stands on, proved with the SDK
 * alone, on two real nodes, one of them dead by SIGKILL, with signatures checked. When a version of the SDK changes it,
 * this fails first.
 */
class RetryHookTest {
    /** Goes to one node and the other in turn: the dead one first. */
    private static final class Turns {
        private final List<URI> nodes;
        private final AtomicInteger next = new AtomicInteger();
        private final Set<String> seen = new TreeSet<>();

        Turns(List<String> urls) {
            nodes = urls.stream().map(URI::create).toList();
        }

        synchronized SdkHttpRequest send(SdkHttpRequest request) {
            URI node = nodes.get(next.getAndIncrement() % nodes.size());
            seen.add(node.getHost());
            return request.toBuilder().host(node.getHost()).port(node.getPort()).build();
        }
    }

    /** The SDK's own signature, made for the node whose turn it is. */
    private record Signer(Turns turns, AwsV4HttpSigner signature) implements AwsV4HttpSigner {
        @Override
        public SignedRequest sign(SignRequest<? extends AwsCredentialsIdentity> request) {
            return signature.sign(request.copy(change -> change.request(turns.send(request.request()))));
        }

        @Override
        public CompletableFuture<AsyncSignedRequest> signAsync(
                AsyncSignRequest<? extends AwsCredentialsIdentity> request) {
            return signature.signAsync(request.copy(change -> change.request(turns.send(request.request()))));
        }
    }

    private record Scheme(Turns turns) implements AwsV4AuthScheme {
        @Override
        public String schemeId() {
            return AwsV4AuthScheme.SCHEME_ID;
        }

        @Override
        public IdentityProvider<AwsCredentialsIdentity> identityProvider(IdentityProviders providers) {
            return providers.identityProvider(AwsCredentialsIdentity.class);
        }

        @Override
        public AwsV4HttpSigner signer() {
            return new Signer(turns, AwsV4HttpSigner.create());
        }
    }

    private static <B extends AwsClientBuilder<B, C>, C> B onto(B builder, Cluster cluster) {
        return builder.region(Region.US_EAST_1)
                .endpointOverride(URI.create(cluster.urls().get(0)))
                .credentialsProvider(
                        StaticCredentialsProvider.create(AwsBasicCredentials.create("alternator", "secret")));
    }

    private static Cluster twoNodesOneDead() {
        Cluster cluster = new Cluster("--nodes", "2", "--auth", "enforce");
        cluster.kill(0);
        cluster.resetCounters();
        return cluster;
    }

    private static void assertSecondAttemptWentToTheLiveNode(Cluster cluster) {
        assertEquals(
                List.of(Map.of(2, 1)),
                List.copyOf(cluster.attempts("ListTables").values()));
    }

    @Test
    void aSignerMovesARetryOfASyncClient() {
        try (Cluster cluster = twoNodesOneDead();
                DynamoDbClient client = onto(DynamoDbClient.builder(), cluster)
                        .putAuthScheme(new Scheme(new Turns(cluster.urls())))
                        .build()) {
            client.listTables();
            assertSecondAttemptWentToTheLiveNode(cluster);
        }
    }

    @Test
    void aSignerMovesARetryOfAnAsyncClient() {
        try (Cluster cluster = twoNodesOneDead();
                DynamoDbAsyncClient client = onto(DynamoDbAsyncClient.builder(), cluster)
                        .putAuthScheme(new Scheme(new Turns(cluster.urls())))
                        .build()) {
            client.listTables().join();
            assertSecondAttemptWentToTheLiveNode(cluster);
        }
    }

    @Test
    void anInterceptorDoesNot() {
        try (Cluster cluster = twoNodesOneDead()) {
            Turns turns = new Turns(cluster.urls());
            ExecutionInterceptor interceptor = new ExecutionInterceptor() {
                @Override
                public SdkHttpRequest modifyHttpRequest(
                        Context.ModifyHttpRequest context, ExecutionAttributes attributes) {
                    return turns.send(context.httpRequest());
                }
            };
            try (DynamoDbClient client = onto(DynamoDbClient.builder(), cluster)
                    .overrideConfiguration(change -> change.addExecutionInterceptor(interceptor))
                    .build()) {
                SdkClientException failure = assertThrows(SdkClientException.class, client::listTables);
                assertTrue(failure.numAttempts() > 1, () -> failure.numAttempts() + " attempts");
                assertEquals(1, turns.seen.size());
                assertEquals(List.of(0, 0), cluster.requests());
            }
        }
    }
}
