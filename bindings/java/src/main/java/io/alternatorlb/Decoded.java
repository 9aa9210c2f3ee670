package io.alternatorlb;

import software.amazon.awssdk.http.SdkHttpResponse;

/** The head of an answer whose body was decoded. */
final class Decoded {
    private Decoded() {}

    static SdkHttpResponse head(SdkHttpResponse coded, int length) {
        // The checksum, where there is one, is that of the coded body; its own checksum was verified.
        return coded.toBuilder()
                .removeHeader("Content-Encoding")
                .removeHeader("Transfer-Encoding")
                .removeHeader("x-amz-crc32")
                .putHeader("Content-Length", Integer.toString(length))
                .build();
    }
}
