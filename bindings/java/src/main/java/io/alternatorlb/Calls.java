package io.alternatorlb;

import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import software.amazon.awssdk.http.SdkHttpRequest;

/**
 * Calls under way, by a number that travels in a header from the interceptor to the signer and from there to the HTTP
 * client, the only thing that all three of them see. It never leaves the process. The SDK's own attributes hold a call;
 * here it is held weakly, so that one that is given up without a word leaves nothing behind.
 */
final class Calls {
    static final String HEADER = "x-alternator-lb-call";

    private static final class Entry extends WeakReference<Call> {
        private final String id;

        Entry(String id, Call call, ReferenceQueue<Call> gone) {
            super(call, gone);
            this.id = id;
        }
    }

    private final ConcurrentHashMap<String, Entry> entries = new ConcurrentHashMap<>();
    private final ReferenceQueue<Call> gone = new ReferenceQueue<>();
    private final AtomicLong next = new AtomicLong();

    String add(Call call) {
        for (Reference<? extends Call> entry = gone.poll(); entry != null; entry = gone.poll()) {
            entries.remove(((Entry) entry).id);
        }
        String id = Long.toString(next.incrementAndGet(), Character.MAX_RADIX);
        entries.put(id, new Entry(id, call, gone));
        return id;
    }

    void remove(String id) {
        entries.remove(id);
    }

    Optional<Call> of(SdkHttpRequest request) {
        return request.firstMatchingHeader(HEADER).map(entries::get).map(Entry::get);
    }

    int size() {
        return entries.size();
    }
}
