package io.alternatorlb;

import java.util.Optional;
import java.util.function.Consumer;
import software.amazon.awssdk.core.client.config.ClientAsyncConfiguration;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;
import software.amazon.awssdk.http.crt.AwsCrtAsyncHttpClient;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClientBuilder;

/**
 * Makes asynchronous clients that use every node of a cluster: {@code AlternatorDynamoDbAsyncClient.builder()} in the
 * place of {@code DynamoDbAsyncClient.builder()}.
 */
public final class AlternatorDynamoDbAsyncClient {
    private AlternatorDynamoDbAsyncClient() {}

    /**
     * Begins a client. It needs a seed: {@link AlternatorDynamoDbAsyncClientBuilder#endpointOverride} or
     * {@link AlternatorDynamoDbAsyncClientBuilder#withSeedHosts}.
     *
     * @return options to be set
     */
    public static AlternatorDynamoDbAsyncClientBuilder builder() {
        return new AlternatorDynamoDbAsyncClientBuilder();
    }

    /** All options of the SDK's builder, and those of the balancer. */
    public static final class AlternatorDynamoDbAsyncClientBuilder
            extends AlternatorClientBuilder<
                    AlternatorDynamoDbAsyncClientBuilder, DynamoDbAsyncClientBuilder, DynamoDbAsyncClient>
            implements DynamoDbAsyncClientBuilder {
        private Optional<SdkAsyncHttpClient.Builder<?>> given = Optional.empty();

        private AlternatorDynamoDbAsyncClientBuilder() {
            super(DynamoDbAsyncClient.builder());
        }

        @Override
        AlternatorDynamoDbAsyncClientBuilder self() {
            return this;
        }

        /** An HTTP client of the program's, which it closes itself. */
        @Override
        public AlternatorDynamoDbAsyncClientBuilder httpClient(SdkAsyncHttpClient http) {
            given = Optional.of(new NodeAsyncHttpClient.Lent(http));
            return this;
        }

        /** What makes the HTTP client, which is closed with the client. */
        @Override
        @SuppressWarnings("rawtypes") // As the SDK has it.
        public AlternatorDynamoDbAsyncClientBuilder httpClientBuilder(SdkAsyncHttpClient.Builder builder) {
            given = Optional.<SdkAsyncHttpClient.Builder<?>>of(builder);
            return this;
        }

        @Override
        public AlternatorDynamoDbAsyncClientBuilder asyncConfiguration(ClientAsyncConfiguration configuration) {
            sdk().asyncConfiguration(configuration);
            return this;
        }

        @Override
        public AlternatorDynamoDbAsyncClientBuilder asyncConfiguration(
                Consumer<ClientAsyncConfiguration.Builder> configuration) {
            sdk().asyncConfiguration(configuration);
            return this;
        }

        /**
         * Changes the HTTP client that is made here, after everything else; with it {@link HttpClientType#NETTY} is
         * what is made.
         *
         * @param customizer given the HTTP client's builder
         * @return this
         */
        public AlternatorDynamoDbAsyncClientBuilder withNettyHttpClientCustomizer(
                Consumer<NettyNioAsyncHttpClient.Builder> customizer) {
            return withHttpClientType(HttpClientType.NETTY)
                    .customize(builder -> customizer.accept((NettyNioAsyncHttpClient.Builder) builder));
        }

        /**
         * Changes the HTTP client that is made here, after everything else; with it {@link HttpClientType#CRT} is what
         * is made.
         *
         * @param customizer given the HTTP client's builder
         * @return this
         */
        public AlternatorDynamoDbAsyncClientBuilder withCrtAsyncHttpClientCustomizer(
                Consumer<AwsCrtAsyncHttpClient.Builder> customizer) {
            return withHttpClientType(HttpClientType.CRT)
                    .customize(builder -> customizer.accept((AwsCrtAsyncHttpClient.Builder) builder));
        }

        /** Makes the client. Closing it ends the balancer too. */
        @Override
        public DynamoDbAsyncClient build() {
            return buildWithAlternatorAPI().getClient();
        }

        /**
         * Makes the client together with a view of its nodes.
         *
         * @return both
         */
        public AlternatorDynamoDbAsyncClientWrapper buildWithAlternatorAPI() {
            AlternatorLB lb = balancer().build();
            try {
                SdkAsyncHttpClient.Builder<?> http = given.orElseGet(() -> HttpClients.asyncBuilder(http()));
                DynamoDbAsyncClient client = lb.applyTo(sdk(), http, givenEndpointProvider(), lb::close)
                        .build();
                lb.learnTableKeysBy(client);
                return new AlternatorDynamoDbAsyncClientWrapper(client, lb, AlternatorConfig.of(this));
            } catch (RuntimeException | Error failure) {
                lb.close();
                throw failure;
            }
        }
    }
}
