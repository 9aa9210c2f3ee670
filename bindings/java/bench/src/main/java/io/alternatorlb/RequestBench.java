package io.alternatorlb;

import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbClientBuilder;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.PutItemRequest;
import software.amazon.awssdk.services.dynamodb.model.PutItemResponse;

/** What a whole signed request costs on the caller's thread, with an HTTP client that answers at once. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class RequestBench {
    private static final String OFFICIAL = "com.scylladb.alternator.AlternatorDynamoDbClient";

    /** Whose client it is: the SDK's alone, ours without and with key affinity, or the official library's. */
    @Param({"sdk", "ours", "ours_by_key"})
    public String client;

    private HttpServer server;
    private DynamoDbClient dynamodb;
    private PutItemRequest put;

    /** Makes the client, over a node that tells of itself alone. */
    @Setup
    public void open() throws IOException, ReflectiveOperationException {
        server = HttpServer.create(new InetSocketAddress("127.79.251.1", 0), 0);
        server.createContext("/localnodes", exchange -> {
            byte[] list = "[\"127.79.251.1\"]".getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, list.length);
            exchange.getResponseBody().write(list);
            exchange.close();
        });
        server.start();
        URI node = URI.create("http://127.79.251.1:" + server.getAddress().getPort());
        put = PutItemRequest.builder()
                .tableName("items")
                .conditionExpression("attribute_exists(pk)")
                .item(Map.of("pk", AttributeValue.fromS("user_12345"), "value", AttributeValue.fromS("v".repeat(200))))
                .build();
        dynamodb = builder()
                .region(Region.US_EAST_1)
                .endpointOverride(node)
                .httpClient(new Instant())
                .credentialsProvider(
                        StaticCredentialsProvider.create(AwsBasicCredentials.create("alternator", "secret")))
                .build();
    }

    private DynamoDbClientBuilder builder() throws ReflectiveOperationException {
        switch (client) {
            case "sdk":
                return DynamoDbClient.builder();
            case "ours":
                return AlternatorDynamoDbClient.builder();
            case "ours_by_key":
                return AlternatorDynamoDbClient.builder()
                        .withKeyRouteAffinity(KeyRouteAffinityConfig.builder()
                                .withType(KeyRouteAffinity.RMW)
                                .withPkInfo("items", "pk")
                                .build());
            default:
                return (DynamoDbClientBuilder)
                        Class.forName(OFFICIAL).getMethod("builder").invoke(null);
        }
    }

    /** Ends it. */
    @TearDown
    public void close() {
        dynamodb.close();
        server.stop(0);
    }

    /** One conditional write. */
    @Benchmark
    public PutItemResponse request() {
        return dynamodb.putItem(put);
    }

    /** Answers every request at once. */
    private static final class Instant implements SdkHttpClient {
        @Override
        public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
            return new ExecutableHttpRequest() {
                @Override
                public HttpExecuteResponse call() {
                    return HttpExecuteResponse.builder()
                            .response(SdkHttpResponse.builder()
                                    .statusCode(200)
                                    .putHeader("Content-Length", "2")
                                    .build())
                            .responseBody(AbortableInputStream.create(new ByteArrayInputStream(new byte[] {'{', '}'})))
                            .build();
                }

                @Override
                public void abort() {
                    // Nothing is under way.
                }
            };
        }

        @Override
        public void close() {
            // Holds nothing.
        }
    }
}
