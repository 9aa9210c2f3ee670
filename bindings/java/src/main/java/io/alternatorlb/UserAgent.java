package io.alternatorlb;

import software.amazon.awssdk.http.SdkHttpRequest;

/** The header User-Agent of requests: the SDK's, a fixed one, or none. No signature covers it. */
final class UserAgent {
    static final UserAgent OF_SDK = new UserAgent(false, null);
    static final UserAgent NONE = new UserAgent(true, null);

    private final boolean replaced;
    private final String text;

    private UserAgent(boolean replaced, String text) {
        this.replaced = replaced;
        this.text = text;
    }

    static UserAgent of(String text) {
        return new UserAgent(true, text);
    }

    void apply(SdkHttpRequest.Builder request, String header) {
        if (replaced && text == null) {
            request.removeHeader(header);
        } else if (replaced) {
            request.putHeader(header, text);
        }
    }
}
