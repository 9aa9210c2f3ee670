package io.alternatorlb;

import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.awscore.defaultsmode.DefaultsMode;
import software.amazon.awssdk.awscore.endpoints.AccountIdEndpointMode;
import software.amazon.awssdk.core.SdkPlugin;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.http.auth.spi.scheme.AuthScheme;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;
import software.amazon.awssdk.identity.spi.IdentityProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbBaseClientBuilder;
import software.amazon.awssdk.services.dynamodb.auth.scheme.DynamoDbAuthSchemeProvider;
import software.amazon.awssdk.services.dynamodb.endpoints.DynamoDbEndpointProvider;

/**
 * What the builders of synchronous and asynchronous clients share: the SDK's builder, to which its own options go, and
 * the balancer's options. Without credentials requests are not signed; without a region it is us-east-1, which no
 * server looks at.
 *
 * @param <S> the builder itself
 * @param <B> the SDK's interface of it
 * @param <C> the client
 */
public abstract class AlternatorClientBuilder<S extends B, B extends DynamoDbBaseClientBuilder<B, C>, C>
        extends AlternatorOptions<S> implements DynamoDbBaseClientBuilder<B, C> {
    private final B sdk;
    private Optional<DynamoDbEndpointProvider> endpointProvider = Optional.empty();

    AlternatorClientBuilder(B sdk) {
        this.sdk = sdk.region(Region.US_EAST_1).credentialsProvider(AnonymousCredentialsProvider.create());
    }

    final B sdk() {
        return sdk;
    }

    /** The provider that the program has set, which then chooses nodes instead of the balancer. */
    final Optional<DynamoDbEndpointProvider> givenEndpointProvider() {
        return endpointProvider;
    }

    /**
     * Takes over all that a configuration says of the cluster.
     *
     * @param config the configuration
     * @return this
     */
    public S withAlternatorConfig(AlternatorConfig config) {
        copyFrom(config.options());
        return self();
    }

    /** The first node to begin with; its scheme and port are those of all nodes. */
    @Override
    public S endpointOverride(URI node) {
        return withSeedNode(node);
    }

    /** Lets this provider choose nodes, once a call, instead of the balancer, which then only knows them. */
    @Override
    public S endpointProvider(DynamoDbEndpointProvider provider) {
        endpointProvider = Optional.of(provider);
        return self();
    }

    @Override
    public S credentialsProvider(AwsCredentialsProvider provider) {
        return credentialsProvider((IdentityProvider<? extends AwsCredentialsIdentity>) provider);
    }

    @Override
    public S credentialsProvider(IdentityProvider<? extends AwsCredentialsIdentity> provider) {
        sdk.credentialsProvider(provider == null ? AnonymousCredentialsProvider.create() : provider);
        return self();
    }

    @Override
    public S overrideConfiguration(Consumer<ClientOverrideConfiguration.Builder> configuration) {
        sdk.overrideConfiguration(configuration);
        return self();
    }

    @Override
    public ClientOverrideConfiguration overrideConfiguration() {
        return sdk.overrideConfiguration();
    }

    /** Has no effect: an endpoint that is given, as all are here, is not discovered. */
    @Override
    @Deprecated
    @SuppressWarnings("deprecation")
    public S enableEndpointDiscovery() {
        sdk.enableEndpointDiscovery();
        return self();
    }

    @Override
    public List<SdkPlugin> plugins() {
        return sdk.plugins();
    }

    @Override
    public S overrideConfiguration(ClientOverrideConfiguration configuration) {
        sdk.overrideConfiguration(configuration);
        return self();
    }

    @Override
    public S endpointDiscoveryEnabled(boolean enabled) {
        sdk.endpointDiscoveryEnabled(enabled);
        return self();
    }

    @Override
    public S accountIdEndpointMode(AccountIdEndpointMode mode) {
        sdk.accountIdEndpointMode(mode);
        return self();
    }

    @Override
    public S authSchemeProvider(DynamoDbAuthSchemeProvider provider) {
        sdk.authSchemeProvider(provider);
        return self();
    }

    @Override
    public S region(Region region) {
        sdk.region(region);
        return self();
    }

    @Override
    public S defaultsMode(DefaultsMode mode) {
        sdk.defaultsMode(mode);
        return self();
    }

    @Override
    public S dualstackEnabled(Boolean enabled) {
        sdk.dualstackEnabled(enabled);
        return self();
    }

    @Override
    public S fipsEnabled(Boolean enabled) {
        sdk.fipsEnabled(enabled);
        return self();
    }

    @Override
    public S putAuthScheme(AuthScheme<?> scheme) {
        sdk.putAuthScheme(scheme);
        return self();
    }

    @Override
    public S addPlugin(SdkPlugin plugin) {
        sdk.addPlugin(plugin);
        return self();
    }
}
