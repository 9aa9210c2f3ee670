package io.alternatorlb;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import software.amazon.awssdk.retries.api.AcquireInitialTokenRequest;
import software.amazon.awssdk.retries.api.AcquireInitialTokenResponse;
import software.amazon.awssdk.retries.api.BackoffStrategy;
import software.amazon.awssdk.retries.api.RecordSuccessRequest;
import software.amazon.awssdk.retries.api.RecordSuccessResponse;
import software.amazon.awssdk.retries.api.RefreshRetryTokenRequest;
import software.amazon.awssdk.retries.api.RefreshRetryTokenResponse;
import software.amazon.awssdk.retries.api.RetryStrategy;
import software.amazon.awssdk.retries.api.RetryToken;

/**
 * The program's retry strategy, whose verdict on each retry stands. Two things are added: every failed attempt is
 * reported, and the pause is dropped where the core says that it is of no use, because the node was at fault and
 * another one has not been tried yet.
 */
final class NodeRetryStrategy implements RetryStrategy {
    private final RetryStrategy sdk;

    NodeRetryStrategy(RetryStrategy sdk) {
        this.sdk = sdk;
    }

    /** The SDK's token, and whose it is. */
    static final class Token implements RetryToken {
        private final RetryToken sdk;
        private volatile Call call;

        Token(RetryToken sdk, Call call) {
            this.sdk = sdk;
            this.call = call;
        }

        void tie(Call owner) {
            call = owner;
        }
    }

    @Override
    public AcquireInitialTokenResponse acquireInitialToken(AcquireInitialTokenRequest request) {
        return wrap(sdk.acquireInitialToken(request));
    }

    @Override
    public CompletableFuture<AcquireInitialTokenResponse> acquireInitialTokenAsync(AcquireInitialTokenRequest request) {
        return sdk.acquireInitialTokenAsync(request).thenApply(NodeRetryStrategy::wrap);
    }

    private static AcquireInitialTokenResponse wrap(AcquireInitialTokenResponse granted) {
        return AcquireInitialTokenResponse.create(new Token(granted.token(), null), granted.delay());
    }

    @Override
    public RefreshRetryTokenResponse refreshRetryToken(RefreshRetryTokenRequest request) {
        Token token = (Token) request.token();
        int outcome = report(token, request.failure());
        return hurry(sdk.refreshRetryToken(request.toBuilder().token(token.sdk).build()), token, outcome);
    }

    @Override
    public CompletableFuture<RefreshRetryTokenResponse> refreshRetryTokenAsync(RefreshRetryTokenRequest request) {
        Token token = (Token) request.token();
        int outcome = report(token, request.failure());
        return sdk.refreshRetryTokenAsync(request.toBuilder().token(token.sdk).build())
                .thenApply(granted -> hurry(granted, token, outcome));
    }

    private static int report(Token token, Throwable failure) {
        if (token.call != null) {
            token.call.failed(failure);
        }
        return Outcome.of(failure);
    }

    private static RefreshRetryTokenResponse hurry(RefreshRetryTokenResponse granted, Token token, int outcome) {
        boolean atOnce = token.call != null && token.call.mayRetryAtOnce(outcome);
        return RefreshRetryTokenResponse.create(
                new Token(granted.token(), token.call), atOnce ? Duration.ZERO : granted.delay());
    }

    @Override
    public RecordSuccessResponse recordSuccess(RecordSuccessRequest request) {
        Token token = (Token) request.token();
        RecordSuccessResponse recorded = sdk.recordSuccess(RecordSuccessRequest.create(token.sdk));
        return RecordSuccessResponse.create(new Token(recorded.token(), token.call));
    }

    @Override
    public int maxAttempts() {
        return sdk.maxAttempts();
    }

    @Override
    public boolean useClientDefaults() {
        return sdk.useClientDefaults();
    }

    @Override
    public void close() {
        sdk.close();
    }

    @Override
    public Builder toBuilder() {
        return new Builder(sdk.toBuilder());
    }

    /** Changes the program's strategy and keeps what is added to it. */
    static final class Builder implements RetryStrategy.Builder<Builder, NodeRetryStrategy> {
        private final RetryStrategy.Builder<?, ?> sdk;

        Builder(RetryStrategy.Builder<?, ?> sdk) {
            this.sdk = sdk;
        }

        @Override
        public Builder retryOnException(Predicate<Throwable> shouldRetry) {
            sdk.retryOnException(shouldRetry);
            return this;
        }

        @Override
        public Builder maxAttempts(int maxAttempts) {
            sdk.maxAttempts(maxAttempts);
            return this;
        }

        @Override
        public Builder backoffStrategy(BackoffStrategy backoffStrategy) {
            sdk.backoffStrategy(backoffStrategy);
            return this;
        }

        @Override
        public Builder throttlingBackoffStrategy(BackoffStrategy throttlingBackoffStrategy) {
            sdk.throttlingBackoffStrategy(throttlingBackoffStrategy);
            return this;
        }

        @Override
        public Builder treatAsThrottling(Predicate<Throwable> treatAsThrottling) {
            sdk.treatAsThrottling(treatAsThrottling);
            return this;
        }

        @Override
        public Builder useClientDefaults(boolean useClientDefaults) {
            sdk.useClientDefaults(useClientDefaults);
            return this;
        }

        @Override
        public NodeRetryStrategy build() {
            return new NodeRetryStrategy(sdk.build());
        }
    }
}
