package io.alternatorlb;

import javax.net.ssl.KeyManager;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;

/** Clients on Netty. It keeps TLS sessions as it sees fit. */
final class NettyClients {
    private NettyClients() {}

    static SdkAsyncHttpClient make(HttpSettings settings) {
        NettyNioAsyncHttpClient.Builder builder = NettyNioAsyncHttpClient.builder()
                .maxConcurrency(settings.maxConnections)
                .connectionMaxIdleTime(settings.maxIdleTime)
                .connectionTimeToLive(settings.timeToLive)
                .connectionAcquisitionTimeout(settings.acquisitionTimeout)
                .connectionTimeout(settings.connectionTimeout)
                .readTimeout(settings.readTimeout)
                .tcpKeepAlive(true);
        if (!settings.tls.isDefault()) {
            builder.tlsTrustManagersProvider(() -> Tls.trustManagers(settings.tls));
            KeyManager[] keys = Tls.keyManagers(settings.tls);
            if (keys != null) {
                builder.tlsKeyManagersProvider(() -> keys);
            }
        }
        settings.customizer.accept(builder);
        return builder.build();
    }
}
