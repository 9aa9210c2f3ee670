package io.alternatorlb;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.http.async.AsyncExecuteRequest;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;
import software.amazon.awssdk.http.async.SdkAsyncHttpResponseHandler;
import software.amazon.awssdk.utils.AttributeMap;
import software.amazon.awssdk.utils.async.SimplePublisher;

/**
 * The program's asynchronous HTTP client, watched: attempts that fail or are cancelled are seen here, and coded answers
 * are decoded.
 */
final class NodeAsyncHttpClient implements SdkAsyncHttpClient {
    private final SdkAsyncHttpClient http;
    private final Hooks hooks;
    private final Runnable onClose;

    NodeAsyncHttpClient(SdkAsyncHttpClient http, Hooks hooks, Runnable onClose) {
        this.http = http;
        this.hooks = hooks;
        this.onClose = onClose;
    }

    @Override
    public CompletableFuture<Void> execute(AsyncExecuteRequest request) {
        Optional<Attempt> found = hooks.attemptOf(request.request());
        if (found.isEmpty()) {
            return http.execute(request);
        }
        Watched answer = new Watched(request.responseHandler(), found.get());
        AsyncExecuteRequest.Builder plain = AsyncExecuteRequest.builder()
                .request(
                        request.request().toBuilder().removeHeader(Calls.HEADER).build())
                .requestContentPublisher(request.requestContentPublisher())
                .responseHandler(answer)
                .fullDuplex(request.fullDuplex())
                .httpExecutionAttributes(request.httpExecutionAttributes());
        request.metricCollector().ifPresent(plain::metricCollector);
        return answer.follow(http.execute(plain.build()));
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
    static final class Builder implements SdkAsyncHttpClient.Builder<Builder> {
        private final SdkAsyncHttpClient.Builder<?> http;
        private final Hooks hooks;
        private final Runnable onClose;

        Builder(SdkAsyncHttpClient.Builder<?> http, Hooks hooks, Runnable onClose) {
            this.http = http;
            this.hooks = hooks;
            this.onClose = onClose;
        }

        @Override
        public SdkAsyncHttpClient buildWithDefaults(AttributeMap defaults) {
            SdkAsyncHttpClient made = http.buildWithDefaults(defaults);
            return new NodeAsyncHttpClient(made, hooks, () -> {
                if (!(http instanceof Lent)) {
                    made.close();
                }
                onClose.run();
            });
        }
    }

    /** An HTTP client that somebody else closes. */
    static final class Lent implements SdkAsyncHttpClient.Builder<Lent> {
        private final SdkAsyncHttpClient http;

        Lent(SdkAsyncHttpClient http) {
            this.http = http;
        }

        @Override
        public SdkAsyncHttpClient buildWithDefaults(AttributeMap defaults) {
            return http;
        }
    }

    private final class Watched implements SdkAsyncHttpResponseHandler {
        private final SdkAsyncHttpResponseHandler handler;
        private final Attempt attempt;
        private SdkHttpResponse codedHead;
        private String coding;
        /**
         * The SDK has turned away from this attempt. It gives the same handler to the next one, which must not hear of
         * it.
         */
        private volatile boolean abandoned;
        /** How this attempt ended is told; what a client says of it once more would be taken for the next attempt's. */
        private final AtomicBoolean told = new AtomicBoolean();

        Watched(SdkAsyncHttpResponseHandler handler, Attempt attempt) {
            this.handler = handler;
            this.attempt = attempt;
        }

        /**
         * What the SDK is given for the HTTP client's future, and completes itself when the caller cancels or a time is
         * over.
         */
        CompletableFuture<Void> follow(CompletableFuture<Void> sent) {
            CompletableFuture<Void> given = new CompletableFuture<>();
            sent.whenComplete((nothing, failure) -> {
                if (failure == null) {
                    told.set(true);
                    given.complete(null);
                } else {
                    given.completeExceptionally(failure);
                }
            });
            given.whenComplete((nothing, failure) -> {
                if (failure != null) {
                    abandoned = !sent.isDone();
                    attempt.end(failure);
                    sent.completeExceptionally(failure);
                }
            });
            return given;
        }

        @Override
        public void onHeaders(SdkHttpResponse head) {
            if (abandoned) {
                return;
            }
            attempt.answer(head.statusCode());
            coding = hooks.wire().coding(head).orElse(null);
            if (coding == null) {
                handler.onHeaders(head);
            } else {
                codedHead = head;
            }
        }

        @Override
        public void onStream(Publisher<ByteBuffer> body) {
            if (coding == null && !abandoned) {
                handler.onStream(body);
            } else {
                body.subscribe(new Collector(this));
            }
        }

        @Override
        public void onError(Throwable failure) {
            if (!abandoned && told.compareAndSet(false, true)) {
                handler.onError(failure);
            }
        }

        void deliver(byte[] coded) {
            if (abandoned) {
                return;
            }
            byte[] plain;
            try {
                plain = Core.decompress(coding, coded);
            } catch (AlternatorException corrupt) {
                handler.onError(new IOException(
                        "the answer's " + coding + " body can't be decoded: " + corrupt.getMessage(), corrupt));
                return;
            }
            handler.onHeaders(Decoded.head(codedHead, plain.length));
            SimplePublisher<ByteBuffer> whole = new SimplePublisher<>();
            handler.onStream(whole);
            whole.send(ByteBuffer.wrap(plain));
            whole.complete();
        }
    }

    /** Takes a coded body whole, as it can be decoded only so. */
    private static final class Collector implements Subscriber<ByteBuffer> {
        private final Watched answer;
        private final ByteArrayOutputStream body = new ByteArrayOutputStream();

        Collector(Watched answer) {
            this.answer = answer;
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(ByteBuffer part) {
            byte[] bytes = new byte[part.remaining()];
            part.get(bytes);
            body.writeBytes(bytes);
        }

        @Override
        public void onError(Throwable failure) {
            answer.onError(failure);
        }

        @Override
        public void onComplete() {
            answer.deliver(body.toByteArray());
        }
    }
}
