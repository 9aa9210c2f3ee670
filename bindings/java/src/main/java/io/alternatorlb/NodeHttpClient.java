package io.alternatorlb;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Optional;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.utils.AttributeMap;

/**
 * The program's HTTP client, watched: what becomes of each attempt is seen here first, and coded answers are decoded.
 */
final class NodeHttpClient implements SdkHttpClient {
    private final SdkHttpClient http;
    private final Hooks hooks;
    private final Runnable onClose;

    NodeHttpClient(SdkHttpClient http, Hooks hooks, Runnable onClose) {
        this.http = http;
        this.hooks = hooks;
        this.onClose = onClose;
    }

    @Override
    public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
        Optional<Attempt> attempt = hooks.attemptOf(request.httpRequest());
        if (attempt.isEmpty()) {
            return http.prepareRequest(request);
        }
        HttpExecuteRequest.Builder plain = HttpExecuteRequest.builder()
                .request(request.httpRequest().toBuilder()
                        .removeHeader(Calls.HEADER)
                        .build())
                .contentStreamProvider(request.contentStreamProvider().orElse(null));
        request.metricCollector().ifPresent(plain::metricCollector);
        return new Watched(http.prepareRequest(plain.build()), attempt.get());
    }

    @Override
    public String clientName() {
        return http.clientName();
    }

    @Override
    public void close() {
        onClose.run();
    }

    /**
     * Makes the program's HTTP client when the SDK wants one, and lets it be closed with its client, and what else ends
     * then.
     */
    static final class Builder implements SdkHttpClient.Builder<Builder> {
        private final SdkHttpClient.Builder<?> http;
        private final Hooks hooks;
        private final Runnable onClose;

        Builder(SdkHttpClient.Builder<?> http, Hooks hooks, Runnable onClose) {
            this.http = http;
            this.hooks = hooks;
            this.onClose = onClose;
        }

        @Override
        public SdkHttpClient buildWithDefaults(AttributeMap defaults) {
            SdkHttpClient made = http.buildWithDefaults(defaults);
            return new NodeHttpClient(made, hooks, () -> {
                if (!(http instanceof Lent)) {
                    made.close();
                }
                onClose.run();
            });
        }
    }

    /** An HTTP client that somebody else closes. */
    static final class Lent implements SdkHttpClient.Builder<Lent> {
        private final SdkHttpClient http;

        Lent(SdkHttpClient http) {
            this.http = http;
        }

        @Override
        public SdkHttpClient buildWithDefaults(AttributeMap defaults) {
            return http;
        }
    }

    private final class Watched implements ExecutableHttpRequest {
        private final ExecutableHttpRequest request;
        private final Attempt attempt;
        private volatile boolean aborted;

        Watched(ExecutableHttpRequest request, Attempt attempt) {
            this.request = request;
            this.attempt = attempt;
        }

        @Override
        public HttpExecuteResponse call() throws IOException {
            try {
                HttpExecuteResponse answer = request.call();
                attempt.answer(answer.httpResponse().statusCode());
                return decoded(answer);
            } catch (IOException | RuntimeException failure) {
                if (!aborted) {
                    attempt.end(failure);
                }
                throw failure;
            }
        }

        /**
         * By a time-out of the SDK's, of the attempt or of the call: which one, the exception that it makes of it says.
         */
        @Override
        public void abort() {
            aborted = true;
            request.abort();
        }
    }

    private HttpExecuteResponse decoded(HttpExecuteResponse answer) throws IOException {
        SdkHttpResponse head = answer.httpResponse();
        Optional<String> coding = hooks.wire().coding(head);
        if (coding.isEmpty() || answer.responseBody().isEmpty()) {
            return answer;
        }
        byte[] plain;
        try (AbortableInputStream body = answer.responseBody().get()) {
            plain = Core.decompress(coding.get(), body.readAllBytes());
        } catch (AlternatorException corrupt) {
            throw new IOException(
                    "the answer's " + coding.get() + " body can't be decoded: " + corrupt.getMessage(), corrupt);
        }
        return HttpExecuteResponse.builder()
                .response(Decoded.head(head, plain.length))
                .responseBody(AbortableInputStream.create(new ByteArrayInputStream(plain)))
                .build();
    }
}
