package io.alternatorlb;

import java.util.concurrent.CompletableFuture;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.scheme.AwsV4AuthScheme;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.AsyncSignRequest;
import software.amazon.awssdk.http.auth.spi.signer.AsyncSignedRequest;
import software.amazon.awssdk.http.auth.spi.signer.SignRequest;
import software.amazon.awssdk.http.auth.spi.signer.SignedRequest;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;
import software.amazon.awssdk.identity.spi.IdentityProvider;
import software.amazon.awssdk.identity.spi.IdentityProviders;

/**
 * The SDK's own signature, with a step before it that chooses the node of each attempt: signing is what the SDK does
 * anew for every attempt, and the request that comes out of it is the one that is sent. (An interceptor that changes
 * the request is asked once a call: RetryHookTest.) With anonymous credentials the SDK's signer leaves the signature
 * out; the node is chosen all the same.
 */
final class NodeAuthScheme implements AwsV4AuthScheme {
    private final AwsV4HttpSigner signer;

    NodeAuthScheme(Hooks hooks) {
        this.signer = new Signer(hooks, AwsV4HttpSigner.create());
    }

    @Override
    public String schemeId() {
        return SCHEME_ID;
    }

    @Override
    public IdentityProvider<AwsCredentialsIdentity> identityProvider(IdentityProviders providers) {
        return providers.identityProvider(AwsCredentialsIdentity.class);
    }

    @Override
    public AwsV4HttpSigner signer() {
        return signer;
    }

    private static final class Signer implements AwsV4HttpSigner {
        private final Hooks hooks;
        private final AwsV4HttpSigner signature;

        Signer(Hooks hooks, AwsV4HttpSigner signature) {
            this.hooks = hooks;
            this.signature = signature;
        }

        @Override
        public SignedRequest sign(SignRequest<? extends AwsCredentialsIdentity> request) {
            SdkHttpRequest directed = direct(request.request());
            SignedRequest signed = signature.sign(request.copy(change -> change.request(directed)));
            return signed.toBuilder()
                    .request(forHttpClient(request.request(), signed.request()))
                    .build();
        }

        @Override
        public CompletableFuture<AsyncSignedRequest> signAsync(
                AsyncSignRequest<? extends AwsCredentialsIdentity> request) {
            SdkHttpRequest directed = direct(request.request());
            return signature
                    .signAsync(request.copy(change -> change.request(directed)))
                    .thenApply(signed -> signed.toBuilder()
                            .request(forHttpClient(request.request(), signed.request()))
                            .build());
        }

        /** The request to the next node of its call, without our header. */
        private SdkHttpRequest direct(SdkHttpRequest request) {
            return hooks.calls()
                    .of(request)
                    .map(call -> {
                        Node node = hooks.startAttempt(call).node();
                        SdkHttpRequest.Builder directed = request.toBuilder()
                                .removeHeader(Calls.HEADER)
                                .protocol(node.uri().getScheme())
                                .host(node.host())
                                .port(node.port());
                        hooks.wire().finish(directed);
                        return directed.build();
                    })
                    .orElse(request);
        }

        /** Our header again, not covered by the signature, where an HTTP client of ours takes it out. */
        private SdkHttpRequest forHttpClient(SdkHttpRequest before, SdkHttpRequest signed) {
            return hooks.wrapsHttpClient()
                    ? before.firstMatchingHeader(Calls.HEADER)
                            .map(id -> signed.toBuilder()
                                    .putHeader(Calls.HEADER, id)
                                    .build())
                            .orElse(signed)
                    : signed;
        }
    }
}
