package io.alternatorlb;

import java.util.Optional;
import software.amazon.awssdk.core.SdkRequest;
import software.amazon.awssdk.http.SdkHttpRequest;

/** What the hooks in one client share. Knows the balancer's parts, not the client. */
final class Hooks {
    private final Core core;
    private final Wire wire;
    private final Refresher refresher;
    private final Optional<KeyPlans> keyPlans;
    private final TableKeys tableKeys;
    private final Calls calls = new Calls();
    private volatile boolean wrapsHttpClient;

    Hooks(Core core, Wire wire, Refresher refresher, boolean affinity, TableKeys tableKeys) {
        this.core = core;
        this.wire = wire;
        this.refresher = refresher;
        this.keyPlans = affinity ? Optional.of(new KeyPlans(core)) : Optional.empty();
        this.tableKeys = tableKeys;
    }

    Core core() {
        return core;
    }

    Wire wire() {
        return wire;
    }

    Calls calls() {
        return calls;
    }

    TableKeys tableKeys() {
        return tableKeys;
    }

    /** The plan for a request that may go by its key; null for others. */
    long[] plan(SdkRequest request) {
        return keyPlans.flatMap(plans -> plans.of(request)).orElse(null);
    }

    Attempt startAttempt(Call call) {
        Attempt attempt = call.startAttempt();
        refresher.requestsFlow();
        return attempt;
    }

    /** Says that the client's HTTP client is one of ours. */
    void wrapHttpClient() {
        wrapsHttpClient = true;
    }

    boolean wrapsHttpClient() {
        return wrapsHttpClient;
    }

    /** The attempt that an HTTP client is to make; empty for requests that are not ours. */
    Optional<Attempt> attemptOf(SdkHttpRequest request) {
        Optional<Call> call = calls.of(request);
        if (call.isPresent() && call.get().attempt() == null) {
            throw new IllegalStateException(
                    "no node was chosen for this request: a signer that was set by SdkAdvancedClientOption.SIGNER or in "
                            + "the request's own configuration has taken the place of the one that chooses; "
                            + "set an AuthScheme instead");
        }
        return call.map(Call::attempt);
    }
}
