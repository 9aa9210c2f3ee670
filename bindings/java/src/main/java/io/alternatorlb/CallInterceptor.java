package io.alternatorlb;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Optional;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttribute;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.core.internal.InternalCoreExecutionAttribute;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.SdkHttpRequest;

/**
 * What is done once a call: the plan is made from the typed request, the body compressed, and at the end the call is
 * let go.
 *
 * <p>Runs behind the program's own interceptors, so that it sees what they made of the request.
 */
final class CallInterceptor implements ExecutionInterceptor {
    private static final ExecutionAttribute<Call> CALL = new ExecutionAttribute<>("AlternatorLbCall");
    private static final ExecutionAttribute<String> ID = new ExecutionAttribute<>("AlternatorLbCallId");
    private static final ExecutionAttribute<Integer> COMPRESSED =
            new ExecutionAttribute<>("AlternatorLbCompressedLength");

    private final Hooks hooks;

    CallInterceptor(Hooks hooks) {
        this.hooks = hooks;
    }

    @Override
    public Optional<RequestBody> modifyHttpContent(Context.ModifyHttpRequest context, ExecutionAttributes attributes) {
        Optional<RequestBody> body = context.requestBody();
        boolean coded =
                context.httpRequest().firstMatchingHeader("Content-Encoding").isPresent();
        if (!hooks.wire().compresses() || body.isEmpty() || coded) {
            return body;
        }
        return hooks.wire()
                .compress(bytes(body.get()))
                .map(compressed -> {
                    attributes.putAttribute(COMPRESSED, compressed.length);
                    return Optional.of(RequestBody.fromBytes(compressed));
                })
                .orElse(body);
    }

    @Override
    public SdkHttpRequest modifyHttpRequest(Context.ModifyHttpRequest context, ExecutionAttributes attributes) {
        Call call = new Call(hooks.core(), hooks.plan(context.request()));
        String id = hooks.calls().add(call);
        attributes.putAttribute(CALL, call);
        attributes.putAttribute(ID, id);
        SdkHttpRequest.Builder request = context.httpRequest().toBuilder().putHeader(Calls.HEADER, id);
        Integer length = attributes.getAttribute(COMPRESSED);
        if (length != null) {
            request.putHeader("Content-Encoding", hooks.wire().contentEncoding())
                    .putHeader("Content-Length", length.toString());
        }
        return request.build();
    }

    /** Ties the call to the SDK's token for its retries, which is all that a retry strategy is told of a call. */
    @Override
    public void beforeTransmission(Context.BeforeTransmission context, ExecutionAttributes attributes) {
        Object token = attributes.getAttribute(InternalCoreExecutionAttribute.RETRY_TOKEN);
        if (token instanceof NodeRetryStrategy.Token) {
            ((NodeRetryStrategy.Token) token).tie(attributes.getAttribute(CALL));
        }
    }

    @Override
    public void afterExecution(Context.AfterExecution context, ExecutionAttributes attributes) {
        Call call = attributes.getAttribute(CALL);
        call.succeeded();
        hooks.calls().remove(attributes.getAttribute(ID));
        hooks.tableKeys().after(call, context.response());
    }

    @Override
    public void onExecutionFailure(Context.FailedExecution context, ExecutionAttributes attributes) {
        Call call = attributes.getAttribute(CALL);
        if (call != null) {
            call.failed(context.exception());
            hooks.calls().remove(attributes.getAttribute(ID));
        }
    }

    private static byte[] bytes(RequestBody body) {
        try (InputStream stream = body.contentStreamProvider().newStream()) {
            return stream.readAllBytes();
        } catch (IOException error) {
            throw new UncheckedIOException("the body of a request could not be read", error);
        }
    }
}
