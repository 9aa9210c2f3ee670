package io.alternatorlb;

import java.util.List;
import java.util.stream.Collectors;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;
import software.amazon.awssdk.utils.AttributeMap;

/**
 * Makes HTTP clients by what the program has of them. The classes that know them are loaded only when they are there.
 */
final class HttpClients {
    private static final List<HttpClientType> SYNC =
            List.of(HttpClientType.APACHE, HttpClientType.APACHE5, HttpClientType.CRT);
    private static final List<HttpClientType> ASYNC = List.of(HttpClientType.NETTY, HttpClientType.CRT);

    private HttpClients() {}

    static SdkHttpClient sync(HttpSettings settings) {
        switch (choose(settings, SYNC)) {
            case APACHE:
                return ApacheClients.make(settings);
            case APACHE5:
                return Apache5Clients.make(settings);
            default:
                return CrtClients.sync(settings);
        }
    }

    static SdkAsyncHttpClient async(HttpSettings settings) {
        return choose(settings, ASYNC) == HttpClientType.NETTY
                ? NettyClients.make(settings)
                : CrtClients.async(settings);
    }

    /** The same when it is wanted. */
    static SdkHttpClient.Builder<?> syncBuilder(HttpSettings settings) {
        return new Sync(settings);
    }

    /** The same when it is wanted. */
    static SdkAsyncHttpClient.Builder<?> asyncBuilder(HttpSettings settings) {
        return new Async(settings);
    }

    private static final class Sync implements SdkHttpClient.Builder<Sync> {
        private final HttpSettings settings;

        Sync(HttpSettings settings) {
            this.settings = settings;
        }

        @Override
        public SdkHttpClient buildWithDefaults(AttributeMap defaults) {
            return sync(settings);
        }
    }

    private static final class Async implements SdkAsyncHttpClient.Builder<Async> {
        private final HttpSettings settings;

        Async(HttpSettings settings) {
            this.settings = settings;
        }

        @Override
        public SdkAsyncHttpClient buildWithDefaults(AttributeMap defaults) {
            return async(settings);
        }
    }

    private static HttpClientType choose(HttpSettings settings, List<HttpClientType> accepted) {
        if (settings.type == HttpClientType.AUTO) {
            return accepted.stream()
                    .filter(HttpClients::isThere)
                    .findFirst()
                    .orElseThrow(() -> new IllegalStateException("no HTTP client is there: add one of "
                            + accepted.stream().map(HttpClients::artifact).collect(Collectors.joining(", "))
                            + " of software.amazon.awssdk"));
        }
        if (!accepted.contains(settings.type)) {
            throw new IllegalArgumentException(
                    "HTTP client type " + settings.type + " is not accepted here: " + accepted + " are");
        }
        if (!isThere(settings.type)) {
            throw new IllegalStateException("HTTP client type " + settings.type + " is not there: add "
                    + artifact(settings.type) + " of software.amazon.awssdk");
        }
        return settings.type;
    }

    private static boolean isThere(HttpClientType type) {
        try {
            Class.forName(className(type), false, HttpClients.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException absent) {
            return false;
        }
    }

    private static String className(HttpClientType type) {
        String sdk = "software.amazon.awssdk.http.";
        switch (type) {
            case APACHE:
                return sdk + "apache.ApacheHttpClient";
            case APACHE5:
                return sdk + "apache5.Apache5HttpClient";
            case NETTY:
                return sdk + "nio.netty.NettyNioAsyncHttpClient";
            default:
                return sdk + "crt.AwsCrtHttpClient";
        }
    }

    private static String artifact(HttpClientType type) {
        switch (type) {
            case APACHE:
                return "apache-client";
            case APACHE5:
                return "apache5-client";
            case NETTY:
                return "netty-nio-client";
            default:
                return "aws-crt-client";
        }
    }
}
