package io.alternatorlb;

import org.apache.http.conn.ssl.NoopHostnameVerifier;
import org.apache.http.conn.ssl.SSLConnectionSocketFactory;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.apache.ApacheHttpClient;

/** Clients on Apache HttpClient 4. */
final class ApacheClients {
    private ApacheClients() {}

    static SdkHttpClient make(HttpSettings settings) {
        ApacheHttpClient.Builder builder = ApacheHttpClient.builder()
                .maxConnections(settings.maxConnections)
                .connectionMaxIdleTime(settings.maxIdleTime)
                .connectionTimeToLive(settings.timeToLive)
                .connectionAcquisitionTimeout(settings.acquisitionTimeout)
                .connectionTimeout(settings.connectionTimeout)
                .socketTimeout(settings.readTimeout)
                .tcpKeepAlive(true);
        if (!settings.tls.isDefault()) {
            builder.socketFactory(
                    settings.tls.verifiesHostname()
                            ? new SSLConnectionSocketFactory(Tls.context(settings.tls))
                            : new SSLConnectionSocketFactory(Tls.context(settings.tls), NoopHostnameVerifier.INSTANCE));
        }
        settings.customizer.accept(builder);
        return builder.build();
    }
}
