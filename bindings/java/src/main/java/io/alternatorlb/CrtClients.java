package io.alternatorlb;

import java.time.Duration;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpConfigurationOption;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;
import software.amazon.awssdk.http.crt.AwsCrtAsyncHttpClient;
import software.amazon.awssdk.http.crt.AwsCrtHttpClient;
import software.amazon.awssdk.utils.AttributeMap;

/**
 * Clients on the AWS Common Runtime, whose TLS trusts the system's authorities, or everybody, and nothing in between.
 */
final class CrtClients {
    private CrtClients() {}

    static SdkHttpClient sync(HttpSettings settings) {
        AwsCrtHttpClient.Builder builder = AwsCrtHttpClient.builder()
                .maxConcurrency(settings.maxConnections)
                .connectionMaxIdleTime(settings.maxIdleTime)
                .tcpKeepAliveConfiguration(keepAlive ->
                        keepAlive.keepAliveInterval(Duration.ofSeconds(30)).keepAliveTimeout(Duration.ofSeconds(30)));
        if (!settings.connectionTimeout.isZero()) {
            builder.connectionTimeout(settings.connectionTimeout);
        }
        if (!settings.acquisitionTimeout.isZero()) {
            builder.connectionAcquisitionTimeout(settings.acquisitionTimeout);
        }
        settings.customizer.accept(builder);
        return builder.buildWithDefaults(defaults(settings));
    }

    static SdkAsyncHttpClient async(HttpSettings settings) {
        AwsCrtAsyncHttpClient.Builder builder = AwsCrtAsyncHttpClient.builder()
                .maxConcurrency(settings.maxConnections)
                .connectionMaxIdleTime(settings.maxIdleTime)
                .tcpKeepAliveConfiguration(keepAlive ->
                        keepAlive.keepAliveInterval(Duration.ofSeconds(30)).keepAliveTimeout(Duration.ofSeconds(30)));
        if (!settings.connectionTimeout.isZero()) {
            builder.connectionTimeout(settings.connectionTimeout);
        }
        if (!settings.acquisitionTimeout.isZero()) {
            builder.connectionAcquisitionTimeout(settings.acquisitionTimeout);
        }
        settings.customizer.accept(builder);
        return builder.buildWithDefaults(defaults(settings));
    }

    private static AttributeMap defaults(HttpSettings settings) {
        TlsConfig tls = settings.tls;
        if (!tls.isDefault() && !tls.trustsAllCertificates()) {
            throw new IllegalArgumentException(
                    "the HTTP client CRT takes no authority, client certificate, host name or session option: "
                            + "TlsConfig.systemDefault() or trustAll() is accepted, or another HttpClientType");
        }
        AttributeMap.Builder attributes = AttributeMap.builder();
        if (tls.trustsAllCertificates()) {
            attributes.put(SdkHttpConfigurationOption.TRUST_ALL_CERTIFICATES, true);
        }
        return attributes.build();
    }
}
