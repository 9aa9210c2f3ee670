package io.alternatorlb;

import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.net.ssl.X509TrustManager;

/** A {@link TlsConfig} in the terms of Java's TLS, for HTTP clients. */
final class Tls {
    private Tls() {}

    static SSLContext context(TlsConfig config) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keyManagers(config), trustManagers(config), null);
            // A size of 0 would mean no bound.
            context.getClientSessionContext()
                    .setSessionCacheSize(Math.max(1, config.sessionCache().getSessionCacheSize()));
            context.getClientSessionContext()
                    .setSessionTimeout(config.sessionCache().getSessionTimeoutSeconds());
            return context;
        } catch (GeneralSecurityException error) {
            throw new IllegalArgumentException(
                    "no TLS context can be made of the configuration: " + error.getMessage(), error);
        }
    }

    /** Null for those of the platform. */
    static KeyManager[] keyManagers(TlsConfig config) {
        return config.clientCertificate()
                .map(path -> {
                    try {
                        KeyStore store = emptyStore();
                        X509Certificate[] chain = Pem.certificates(path).toArray(new X509Certificate[0]);
                        store.setKeyEntry("client", Pem.key(config.clientKey()), new char[0], chain);
                        KeyManagerFactory factory =
                                KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
                        factory.init(store, new char[0]);
                        return factory.getKeyManagers();
                    } catch (GeneralSecurityException error) {
                        throw new IllegalArgumentException(
                                "the client certificate " + path + " does not fit its key: " + error.getMessage(),
                                error);
                    }
                })
                .orElse(null);
    }

    static TrustManager[] trustManagers(TlsConfig config) {
        if (config.trustsAllCertificates()) {
            return new TrustManager[] {new Lenient(null)};
        }
        List<X509Certificate> authorities = new ArrayList<>();
        config.caCertPaths().forEach(path -> authorities.addAll(Pem.certificates(path)));
        if (config.trustsSystemCaCerts()) {
            authorities.addAll(systemAuthorities());
        }
        X509ExtendedTrustManager strict = trustManager(authorities);
        return new TrustManager[] {config.verifiesHostname() ? strict : new Lenient(strict)};
    }

    static List<X509Certificate> systemAuthorities() {
        return List.of(trustManager(null).getAcceptedIssuers());
    }

    /** Of these authorities, or of the platform's for null. */
    private static X509ExtendedTrustManager trustManager(List<X509Certificate> authorities) {
        try {
            KeyStore store = null;
            if (authorities != null) {
                store = emptyStore();
                for (X509Certificate authority : authorities) {
                    store.setCertificateEntry("authority-" + store.size(), authority);
                }
            }
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(store);
            for (TrustManager manager : factory.getTrustManagers()) {
                if (manager instanceof X509ExtendedTrustManager) {
                    return (X509ExtendedTrustManager) manager;
                }
            }
            throw new IllegalStateException("this Java platform verifies no X.509 certificates");
        } catch (GeneralSecurityException error) {
            throw new IllegalArgumentException("the authorities can't be used: " + error.getMessage(), error);
        }
    }

    private static KeyStore emptyStore() throws GeneralSecurityException {
        try {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            return store;
        } catch (IOException impossible) {
            throw new IllegalStateException("an empty key store is not read from anywhere", impossible);
        }
    }

    /** Leaves out what a connection says of its peer's name; and, without anybody to ask, everything. */
    private static final class Lenient extends X509ExtendedTrustManager {
        private final X509TrustManager chain;

        Lenient(X509TrustManager chain) {
            this.chain = chain;
        }

        @Override
        public void checkServerTrusted(X509Certificate[] certificates, String type) throws CertificateException {
            if (chain != null) {
                chain.checkServerTrusted(certificates, type);
            }
        }

        @Override
        public void checkServerTrusted(X509Certificate[] certificates, String type, Socket socket)
                throws CertificateException {
            checkServerTrusted(certificates, type);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] certificates, String type, SSLEngine engine)
                throws CertificateException {
            checkServerTrusted(certificates, type);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] certificates, String type) throws CertificateException {
            throw new CertificateException("clients are not verified here");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] certificates, String type, Socket socket)
                throws CertificateException {
            checkClientTrusted(certificates, type);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] certificates, String type, SSLEngine engine)
                throws CertificateException {
            checkClientTrusted(certificates, type);
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return chain == null ? new X509Certificate[0] : chain.getAcceptedIssuers();
        }
    }
}
