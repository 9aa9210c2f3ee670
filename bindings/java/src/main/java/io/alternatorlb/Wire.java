package io.alternatorlb;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.SdkHttpResponse;

/** What a balancer's options say of bodies and headers on the wire, asked of the core once. */
final class Wire {
    private static final String USER_AGENT = "User-Agent";
    private static final String ACCEPT_ENCODING = "Accept-Encoding";

    private final Core core;
    private final String contentEncoding;
    private final String acceptEncoding;
    /** In lower case; null if all headers are kept. */
    private final Set<String> kept;

    private final UserAgent userAgent;

    Wire(Core core, UserAgent userAgent) {
        this.core = core;
        this.userAgent = userAgent;
        contentEncoding = core.wireText(Core.CONTENT_ENCODING);
        acceptEncoding = core.wireText(Core.ACCEPT_ENCODING);
        String listed = core.wireText(Core.KEPT_HEADERS);
        kept = listed.isEmpty() ? null : Set.of(listed.split(","));
    }

    boolean compresses() {
        return !contentEncoding.isEmpty();
    }

    boolean decompresses() {
        return !acceptEncoding.isEmpty();
    }

    String contentEncoding() {
        return contentEncoding;
    }

    Optional<byte[]> compress(byte[] body) {
        return core.compress(body);
    }

    /** Sets and removes headers before they are signed, so that whatever the signature covers is what is sent. */
    void finish(SdkHttpRequest.Builder request) {
        if (decompresses() && request.firstMatchingHeader(ACCEPT_ENCODING).isEmpty()) {
            request.putHeader(ACCEPT_ENCODING, acceptEncoding);
        }
        if (kept != null) {
            List<String> unneeded = new ArrayList<>();
            request.forEachHeader((name, values) -> {
                if (!kept.contains(name.toLowerCase(Locale.ROOT))) {
                    unneeded.add(name);
                }
            });
            unneeded.forEach(request::removeHeader);
        }
        userAgent.apply(request, USER_AGENT);
    }

    /** The coding of an answer that is to be undone here. */
    Optional<String> coding(SdkHttpResponse head) {
        return decompresses()
                ? head.firstMatchingHeader("Content-Encoding").filter(coding -> !coding.isBlank())
                : Optional.empty();
    }
}
