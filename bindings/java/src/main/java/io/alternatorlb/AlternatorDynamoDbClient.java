package io.alternatorlb;

import java.util.Optional;
import java.util.function.Consumer;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.http.crt.AwsCrtHttpClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbClientBuilder;

/**
 * Makes synchronous clients that use every node of a cluster: {@code AlternatorDynamoDbClient.builder()} in the place
 * of {@code DynamoDbClient.builder()}.
 */
public final class AlternatorDynamoDbClient {
    private AlternatorDynamoDbClient() {}

    /**
     * Begins a client. It needs a seed: {@link AlternatorDynamoDbClientBuilder#endpointOverride} or
     * {@link AlternatorDynamoDbClientBuilder#withSeedHosts}.
     *
     * @return options to be set
     */
    public static AlternatorDynamoDbClientBuilder builder() {
        return new AlternatorDynamoDbClientBuilder();
    }

    /** All options of the SDK's builder, and those of the balancer. */
    public static final class AlternatorDynamoDbClientBuilder
            extends AlternatorClientBuilder<AlternatorDynamoDbClientBuilder, DynamoDbClientBuilder, DynamoDbClient>
            implements DynamoDbClientBuilder {
        private Optional<SdkHttpClient.Builder<?>> given = Optional.empty();

        private AlternatorDynamoDbClientBuilder() {
            super(DynamoDbClient.builder());
        }

        @Override
        AlternatorDynamoDbClientBuilder self() {
            return this;
        }

        /** An HTTP client of the program's, which it closes itself. */
        @Override
        public AlternatorDynamoDbClientBuilder httpClient(SdkHttpClient http) {
            given = Optional.of(new NodeHttpClient.Lent(http));
            return this;
        }

        /** What makes the HTTP client, which is closed with the client. */
        @Override
        @SuppressWarnings("rawtypes") // As the SDK has it.
        public AlternatorDynamoDbClientBuilder httpClientBuilder(SdkHttpClient.Builder builder) {
            given = Optional.<SdkHttpClient.Builder<?>>of(builder);
            return this;
        }

        /**
         * Changes the HTTP client that is made here, after everything else; with it {@link HttpClientType#APACHE} is
         * what is made.
         *
         * @param customizer given the HTTP client's builder
         * @return this
         */
        public AlternatorDynamoDbClientBuilder withApacheHttpClientCustomizer(
                Consumer<ApacheHttpClient.Builder> customizer) {
            return withHttpClientType(HttpClientType.APACHE)
                    .customize(builder -> customizer.accept((ApacheHttpClient.Builder) builder));
        }

        /**
         * Changes the HTTP client that is made here, after everything else; with it {@link HttpClientType#CRT} is what
         * is made.
         *
         * @param customizer given the HTTP client's builder
         * @return this
         */
        public AlternatorDynamoDbClientBuilder withCrtHttpClientCustomizer(
                Consumer<AwsCrtHttpClient.Builder> customizer) {
            return withHttpClientType(HttpClientType.CRT)
                    .customize(builder -> customizer.accept((AwsCrtHttpClient.Builder) builder));
        }

        /** Makes the client. Closing it ends the balancer too. */
        @Override
        public DynamoDbClient build() {
            return buildWithAlternatorAPI().getClient();
        }

        /**
         * Makes the client together with a view of its nodes.
         *
         * @return both
         */
        public AlternatorDynamoDbClientWrapper buildWithAlternatorAPI() {
            AlternatorLB lb = balancer().build();
            try {
                SdkHttpClient.Builder<?> http = given.orElseGet(() -> HttpClients.syncBuilder(http()));
                DynamoDbClient client = lb.applyTo(sdk(), http, givenEndpointProvider(), lb::close)
                        .build();
                lb.learnTableKeysBy(client);
                return new AlternatorDynamoDbClientWrapper(client, lb, AlternatorConfig.of(this));
            } catch (RuntimeException | Error failure) {
                lb.close();
                throw failure;
            }
        }
    }
}
