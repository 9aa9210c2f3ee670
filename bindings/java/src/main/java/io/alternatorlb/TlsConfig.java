package io.alternatorlb;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * How nodes are verified, and what they are shown: the same for discovery and for the HTTP clients that are made here.
 */
public final class TlsConfig {
    private final List<Path> caCertPaths;
    private final boolean trustSystemCaCerts;
    private final boolean trustAllCertificates;
    private final boolean verifyHostname;
    private final Path clientCertificate;
    private final Path clientKey;
    private final TlsSessionCacheConfig sessionCache;

    private TlsConfig(Builder builder) {
        caCertPaths = List.copyOf(builder.caCertPaths);
        trustSystemCaCerts = builder.trustSystemCaCerts;
        trustAllCertificates = builder.trustAllCertificates;
        verifyHostname = builder.verifyHostname;
        clientCertificate = builder.clientCertificate;
        clientKey = builder.clientKey;
        sessionCache = builder.sessionCache;
    }

    /**
     * The system's authorities.
     *
     * @return the default
     */
    public static TlsConfig systemDefault() {
        return builder().build();
    }

    /**
     * No verification at all: anybody on the way can read and change what is sent.
     *
     * @return a configuration
     */
    public static TlsConfig trustAll() {
        return builder().withTrustAllCertificates(true).build();
    }

    /**
     * Begins a configuration.
     *
     * @return options to be set
     */
    public static Builder builder() {
        return new Builder();
    }

    TlsConfig with(TlsSessionCacheConfig cache) {
        Builder copy = builder()
                .withCaCertPaths(caCertPaths)
                .withTrustSystemCaCerts(trustSystemCaCerts)
                .withTrustAllCertificates(trustAllCertificates)
                .withVerifyHostname(verifyHostname)
                .withSessionCacheConfig(cache);
        return (clientCertificate == null ? copy : copy.withClientCertificate(clientCertificate, clientKey)).build();
    }

    Map<String, String> coreOptions() {
        Map<String, String> options = new LinkedHashMap<>();
        options.put("tls.verify", trustAllCertificates ? "none" : verifyHostname ? "full" : "no_hostname");
        options.put("tls.session_cache", Integer.toString(sessionCache.getSessionCacheSize()));
        if (!caCertPaths.isEmpty()) {
            options.put("tls.ca_file", caCertPaths.get(0).toString());
            StringBuilder more = new StringBuilder();
            caCertPaths.stream().skip(1).forEach(path -> more.append(Pem.read(path))
                    .append('\n'));
            if (trustSystemCaCerts) {
                more.append(Pem.certificates(Tls.systemAuthorities()));
            }
            options.put("tls.ca_pem", more.toString());
        }
        if (clientCertificate != null) {
            options.put("tls.cert_file", clientCertificate.toString());
            options.put("tls.key_file", clientKey.toString());
        }
        return options;
    }

    List<Path> caCertPaths() {
        return caCertPaths;
    }

    boolean trustsSystemCaCerts() {
        return trustSystemCaCerts || caCertPaths.isEmpty();
    }

    boolean trustsAllCertificates() {
        return trustAllCertificates;
    }

    boolean verifiesHostname() {
        return verifyHostname && !trustAllCertificates;
    }

    Optional<Path> clientCertificate() {
        return Optional.ofNullable(clientCertificate);
    }

    Path clientKey() {
        return clientKey;
    }

    TlsSessionCacheConfig sessionCache() {
        return sessionCache;
    }

    /** Whether an HTTP client's own defaults say the same. */
    boolean isDefault() {
        return caCertPaths.isEmpty()
                && !trustAllCertificates
                && verifyHostname
                && clientCertificate == null
                && sessionCache.isDefault();
    }

    /** The options of a {@link TlsConfig}. */
    public static final class Builder {
        private final List<Path> caCertPaths = new ArrayList<>();
        private boolean trustSystemCaCerts;
        private boolean trustAllCertificates;
        private boolean verifyHostname = true;
        private Path clientCertificate;
        private Path clientKey;
        private TlsSessionCacheConfig sessionCache = TlsSessionCacheConfig.getDefault();

        private Builder() {}

        /**
         * Trusts the authorities of a PEM file, instead of the system's.
         *
         * @param path of the file
         * @return this
         */
        public Builder withCaCertPath(Path path) {
            caCertPaths.add(Objects.requireNonNull(path, "path"));
            return this;
        }

        /**
         * Trusts the authorities of several PEM files, instead of the system's.
         *
         * @param paths of the files
         * @return this
         */
        public Builder withCaCertPaths(List<Path> paths) {
            caCertPaths.addAll(paths);
            return this;
        }

        /**
         * Whether the system's authorities are trusted beside those of files. They are not unless set.
         *
         * @param trust whether
         * @return this
         */
        public Builder withTrustSystemCaCerts(boolean trust) {
            trustSystemCaCerts = trust;
            return this;
        }

        /**
         * Whether nothing is verified at all.
         *
         * @param trust whether
         * @return this
         */
        public Builder withTrustAllCertificates(boolean trust) {
            trustAllCertificates = trust;
            return this;
        }

        /**
         * Whether a certificate has to be for the node's address. It has unless set.
         *
         * @param verify whether
         * @return this
         */
        public Builder withVerifyHostname(boolean verify) {
            verifyHostname = verify;
            return this;
        }

        /**
         * What is shown to nodes that ask for a certificate.
         *
         * @param certificate a PEM file with the certificate and its chain
         * @param key a PEM file with the private key as PKCS #8 ({@code BEGIN PRIVATE KEY})
         * @return this
         */
        public Builder withClientCertificate(Path certificate, Path key) {
            clientCertificate = Objects.requireNonNull(certificate, "certificate");
            clientKey = Objects.requireNonNull(key, "key");
            return this;
        }

        /**
         * How many sessions are kept.
         *
         * @param config the configuration
         * @return this
         */
        public Builder withSessionCacheConfig(TlsSessionCacheConfig config) {
            sessionCache = Objects.requireNonNull(config, "config");
            return this;
        }

        /**
         * Makes the configuration.
         *
         * @return the configuration
         */
        public TlsConfig build() {
            return new TlsConfig(this);
        }
    }
}
