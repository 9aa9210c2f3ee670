package io.alternatorlb;

import org.apache.hc.client5.http.ssl.DefaultClientTlsStrategy;
import org.apache.hc.client5.http.ssl.HostnameVerificationPolicy;
import org.apache.hc.client5.http.ssl.NoopHostnameVerifier;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;

/** Clients on Apache HttpClient 5. */
final class Apache5Clients {
    private Apache5Clients() {}

    static SdkHttpClient make(HttpSettings settings) {
        Apache5HttpClient.Builder builder = Apache5HttpClient.builder()
                .maxConnections(settings.maxConnections)
                .connectionMaxIdleTime(settings.maxIdleTime)
                .connectionTimeToLive(settings.timeToLive)
                .connectionAcquisitionTimeout(settings.acquisitionTimeout)
                .connectionTimeout(settings.connectionTimeout)
                .socketTimeout(settings.readTimeout)
                .tcpKeepAlive(true);
        if (!settings.tls.isDefault()) {
            builder.tlsSocketStrategy(
                    settings.tls.verifiesHostname()
                            ? new DefaultClientTlsStrategy(Tls.context(settings.tls))
                            : new DefaultClientTlsStrategy(
                                    Tls.context(settings.tls),
                                    HostnameVerificationPolicy.CLIENT,
                                    NoopHostnameVerifier.INSTANCE));
        }
        settings.customizer.accept(builder);
        return builder.build();
    }
}
