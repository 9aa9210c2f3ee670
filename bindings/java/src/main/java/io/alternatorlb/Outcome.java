package io.alternatorlb;

import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLPeerUnverifiedException;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.core.exception.ApiCallAttemptTimeoutException;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;

/**
 * How an attempt ended, in the core's terms.
 *
 * <p>Only translates: what an outcome means for a node is decided by the core. An error that is neither the node's nor
 * the request's is CANCELLED, which says nothing about the node. HTTP clients are known by their exceptions' names,
 * since none of them need be there.
 */
final class Outcome {
    static final int SUCCESS = 0;
    static final int CALLER_FAULT = 1;
    static final int THROTTLED = 2;
    static final int SERVER_ERROR = 3;
    static final int REFUSED = 4;
    static final int RESET = 5;
    static final int TIMEOUT = 6;
    static final int TLS_FAILURE = 7;
    static final int CANCELLED = 8;

    /** Extends ConnectTimeoutException, but says that all connections of the client are taken, whatever the node. */
    private static final String POOL_EXHAUSTED = "ConnectionPoolTimeoutException";

    private static final Set<String> NOT_CONNECTED =
            Set.of("ConnectTimeoutException", "ConnectionRequestTimeoutException");
    private static final Set<String> NOT_ANSWERED = Set.of("ReadTimeoutException", "WriteTimeoutException");
    private static final String CRT = "software.amazon.awssdk.crt.";
    private static final Set<String> NO_CONNECTION_OF_CRT =
            Set.of("refused", "no route", "unreachable", "timed out", "dns", "resolve");
    /** A chain of causes is not longer; one that is could be a ring. */
    private static final int DEEPEST = 16;

    private Outcome() {}

    /** Whether another node may well answer at once. */
    static boolean isNodesFailure(int outcome) {
        return outcome >= SERVER_ERROR && outcome <= TLS_FAILURE;
    }

    static int ofStatus(int status) {
        if (status < 300) {
            return SUCCESS;
        }
        return status == 429 ? THROTTLED : status >= 500 ? SERVER_ERROR : CALLER_FAULT;
    }

    /** The outcome that an exception, or the first of its causes that says anything, stands for. */
    static int of(Throwable failure) {
        Throwable at = failure;
        for (int depth = 0; at != null && depth < DEEPEST; depth++, at = at.getCause()) {
            int outcome = ofThis(at);
            if (outcome >= 0) {
                return outcome;
            }
        }
        for (at = failure; at != null && at != at.getCause(); at = at.getCause()) {
            if (at instanceof IOException) {
                return RESET;
            }
        }
        return CANCELLED;
    }

    private static int ofThis(Throwable failure) {
        if (failure instanceof AwsServiceException) {
            AwsServiceException answer = (AwsServiceException) failure;
            return answer.isThrottlingException() ? THROTTLED : ofStatus(answer.statusCode());
        }
        if (failure instanceof ApiCallAttemptTimeoutException || failure instanceof ApiCallTimeoutException) {
            return TIMEOUT;
        }
        if (failure instanceof CancellationException
                || failure instanceof InterruptedException
                || failure instanceof AbortedException) {
            return CANCELLED;
        }
        if (failure instanceof SSLHandshakeException || failure instanceof SSLPeerUnverifiedException) {
            return TLS_FAILURE;
        }
        if (failure instanceof ConnectException
                || failure instanceof UnknownHostException
                || failure instanceof NoRouteToHostException) {
            return REFUSED;
        }
        return failure.getClass().getName().startsWith(CRT) ? ofCrt(message(failure)) : ofTimeout(failure);
    }

    /**
     * The AWS Common Runtime has one exception for all, and texts that tell its errors apart. It has no time-out for
     * answers.
     */
    private static int ofCrt(String message) {
        if (message.contains("tls") || message.contains("negotiation")) {
            return TLS_FAILURE;
        }
        if (message.contains("acquire")) {
            return TIMEOUT;
        }
        return NO_CONNECTION_OF_CRT.stream().anyMatch(message::contains) ? REFUSED : -1;
    }

    private static int ofTimeout(Throwable failure) {
        String name = failure.getClass().getSimpleName();
        if (name.equals(POOL_EXHAUSTED)) {
            return CANCELLED;
        }
        if (NOT_CONNECTED.contains(name)) {
            return REFUSED;
        }
        if (NOT_ANSWERED.contains(name) || failure instanceof TimeoutException) {
            return TIMEOUT;
        }
        if (failure instanceof SocketTimeoutException) {
            return message(failure).startsWith("connect") ? REFUSED : TIMEOUT;
        }
        return -1;
    }

    private static String message(Throwable failure) {
        return String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT);
    }
}
