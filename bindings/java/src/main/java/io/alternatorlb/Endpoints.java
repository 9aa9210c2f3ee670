package io.alternatorlb;

import java.net.URI;
import software.amazon.awssdk.endpoints.Endpoint;

/** Endpoints in the SDK's terms. */
final class Endpoints {
    private Endpoints() {}

    @SuppressWarnings("deprecation") // What takes its place is not in the versions of the SDK that programs still have.
    static Endpoint of(URI node) {
        return Endpoint.builder().url(node).build();
    }
}
