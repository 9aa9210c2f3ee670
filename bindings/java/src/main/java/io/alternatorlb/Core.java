package io.alternatorlb;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * One handle of the C library as a Java object: any number of threads may use it, and after {@link #close} each method
 * throws an IllegalStateException; the handle itself is freed when the last call that was under way has returned.
 */
final class Core {
    static final int KEY_ABSENT = 0;
    static final int KEY_S = 1;
    static final int KEY_N = 2;
    static final int KEY_B = 3;
    static final int CONTENT_ENCODING = 1;
    static final int ACCEPT_ENCODING = 2;
    static final int KEPT_HEADERS = 3;

    private static final int OK = 0;
    private static final int NO_NODES = -5;
    private static final int BAD_VALUE = -4;
    private static final int UNKNOWN_OPTION = -3;
    private static final int IO = -14;
    /** Servers' answers are shorter; more comes out of a body that is made to fill memory. */
    private static final long LONGEST_BODY = 1 << 28;

    private final long handle;
    private final InFlight inFlight;
    /** By number; nodes never change, so each is made once. */
    private volatile Node[] known = new Node[16];

    Core(Map<String, String> options) {
        NativeLibrary.load();
        byte[][] texts = new byte[2 * options.size()][];
        int at = 0;
        for (Map.Entry<String, String> option : options.entrySet()) {
            texts[at++] = utf8(option.getKey());
            texts[at++] = utf8(option.getValue());
        }
        byte[] error = new byte[Native.ERROR_BYTES];
        long opened = Native.open(texts, error);
        if (opened == 0) {
            throw failure(error);
        }
        handle = opened;
        inFlight = new InFlight(() -> Native.free(opened));
    }

    boolean close() {
        return inFlight.close();
    }

    boolean isClosed() {
        return inFlight.isClosed();
    }

    /** Makes a call while the handle lives. */
    private <T> T use(Supplier<T> call) {
        return useOr(call, () -> {
            throw new IllegalStateException("this AlternatorLB is closed");
        });
    }

    /** For what a handle that is closed has an answer to as well. */
    private <T> T useOr(Supplier<T> call, Supplier<T> closed) {
        int lane = inFlight.enter();
        if (lane < 0) {
            return closed.get();
        }
        try {
            return call.get();
        } finally {
            inFlight.exit(lane);
        }
    }

    Node nextNode() {
        return use(() -> node(checked(Native.nextNode(handle))));
    }

    /** A plan whose first step was this node. */
    long[] planAfter(Node node) {
        long[] plan = new long[Native.PLAN_WORDS];
        use(() -> checked(Native.planAfter(handle, node.id(), plan)));
        return plan;
    }

    long[] planStart() {
        long[] plan = new long[Native.PLAN_WORDS];
        use(() -> checked(Native.planStart(handle, plan)));
        return plan;
    }

    long[] planForKey(int keyType, byte[] key) {
        long[] plan = new long[Native.PLAN_WORDS];
        use(() -> checked(Native.planForKey(handle, keyType, key, plan)));
        return plan;
    }

    long[] planForRequest(String operation, String body) {
        long[] plan = new long[Native.PLAN_WORDS];
        use(() -> checked(Native.planForRequest(handle, utf8(operation), utf8(body), plan)));
        return plan;
    }

    long[] planForWrite(String operation, String table, int keyType, byte[] key, int facts, String updateExpression) {
        long[] plan = new long[Native.PLAN_WORDS];
        use(() -> checked(Native.planForWrite(
                handle, utf8(operation), utf8(table), keyType, key, facts, utf8(updateExpression), plan)));
        return plan;
    }

    void vote(long[] plan, String table, int keyType, byte[] key) {
        use(() -> checked(Native.planVote(handle, plan, utf8(table), keyType, key)));
    }

    Node planNext(long[] plan) {
        return use(() -> node(checked(Native.planNext(handle, plan))));
    }

    Node nodeForKey(int keyType, byte[] key) {
        return use(() -> node(checked(Native.nodeForKey(handle, keyType, key))));
    }

    /** Of a handle that is closed nothing is to be reported any more. */
    void report(Node node, int outcome, long micros) {
        useOr(() -> Native.report(handle, node.id(), outcome, Math.max(0, micros)), () -> OK);
    }

    /**
     * Whether the next attempt of a plan need not wait, because the node alone failed, another one is left, and the
     * budget allows it.
     */
    boolean mayRetryAtOnce(long[] plan, int outcome) {
        return useOr(() -> Native.retryDelay(handle, plan, outcome) == 0, () -> false);
    }

    List<Node> nodes() {
        return use(() -> {
            int[] ids = new int[64];
            int count = Native.nodes(handle, ids);
            while (count > ids.length) {
                ids = new int[count];
                count = Native.nodes(handle, ids);
            }
            return Arrays.stream(ids, 0, count).mapToObj(this::node).collect(Collectors.toUnmodifiableList());
        });
    }

    NodeHealth health(Node node) {
        long[] members = new long[Native.HEALTH_MEMBERS];
        use(() -> checked(Native.health(handle, node.id(), members)));
        return new NodeHealth(node, members);
    }

    void refresh(Duration timeout) {
        byte[] error = new byte[Native.ERROR_BYTES];
        use(() -> checked(Native.refresh(handle, milliseconds(timeout), error), error));
    }

    /** Milliseconds until discovery has work to do; 0 for now, -1 for never. */
    long refreshDue() {
        return use(() -> Native.refreshDue(handle));
    }

    void checkScope(Duration timeout) {
        byte[] error = new byte[Native.ERROR_BYTES];
        use(() -> checked(Native.checkScope(handle, milliseconds(timeout), error), error));
    }

    boolean scopeSupported(Duration timeout) {
        byte[] error = new byte[Native.ERROR_BYTES];
        return use(() -> checked(Native.scopeSupported(handle, milliseconds(timeout), error), error) > 0);
    }

    Optional<String> nextWantedTable() {
        return useOr(() -> Optional.ofNullable(text(Native.nextWantedTable(handle))), Optional::empty);
    }

    Optional<String> tableKey(String table) {
        return use(() -> Optional.ofNullable(text(Native.tableKey(handle, utf8(table)))));
    }

    void setTableKey(String table, String key) {
        byte[] error = new byte[Native.ERROR_BYTES];
        use(() -> checked(Native.setTableKey(handle, utf8(table), utf8(key), error), error));
    }

    void tableKeyFailed(String table, int httpStatus, String code) {
        useOr(() -> Native.tableKeyFailed(handle, utf8(table), httpStatus, utf8(code)), () -> OK);
    }

    String wireText(int what) {
        return use(() -> text(Native.wireText(handle, what)));
    }

    /** The body compressed as the options say, or empty if it is to be sent as it is. */
    Optional<byte[]> compress(byte[] body) {
        return use(() -> Optional.ofNullable(Native.compress(handle, body)));
    }

    /** A body as it was before its Content-Encoding; an AlternatorException if it is not whole. */
    static byte[] decompress(String encoding, byte[] body) {
        byte[] error = new byte[Native.ERROR_BYTES];
        byte[] plain = Native.decompress(utf8(encoding), body, LONGEST_BODY, error);
        if (plain == null) {
            throw failure(error);
        }
        return plain;
    }

    Optional<String> nextEvent(long[] cursor) {
        return useOr(() -> Optional.ofNullable(text(Native.nextEvent(handle, cursor))), Optional::empty);
    }

    String statistics() {
        return use(() -> text(Native.statistics(handle)));
    }

    static long token(int keyType, byte[] key) {
        NativeLibrary.load();
        long[] token = new long[1];
        checked(Native.tokenForKey(keyType, key, token));
        return token[0];
    }

    static String version() {
        NativeLibrary.load();
        return text(Native.version());
    }

    private Node node(int id) {
        Node[] all = known;
        Node found = id < all.length ? all[id] : null;
        return found == null ? learn(id) : found;
    }

    private synchronized Node learn(int id) {
        Node[] all = Arrays.copyOf(known, Math.max(known.length, Integer.highestOneBit(id) * 2));
        all[id] = new Node(id, text(Native.nodeUrl(handle, id)));
        known = all;
        return all[id];
    }

    private static int checked(int status) {
        if (status < OK) {
            String name = text(Native.statusName(status));
            throw exception(
                    status, status == NO_NODES ? "no node is known that a request could be sent to" : name, name);
        }
        return status;
    }

    private static int checked(int status, byte[] error) {
        if (status < OK) {
            throw failure(error);
        }
        return status;
    }

    /** What an alb_error says: code, node and message stand at 4, 20 and 136. */
    private static RuntimeException failure(byte[] error) {
        int status = ByteBuffer.wrap(error).order(ByteOrder.nativeOrder()).getInt(4);
        String node = terminated(error, 20);
        String message = terminated(error, 136);
        String at = node.isEmpty() || message.contains(node) ? "" : " (at " + node + ")";
        return exception(status, message + at, text(Native.statusName(status)));
    }

    private static RuntimeException exception(int status, String message, String name) {
        return status == BAD_VALUE || status == UNKNOWN_OPTION || status == IO
                ? new IllegalArgumentException(message)
                : new AlternatorException(status, name, message.isEmpty() ? name : message);
    }

    private static String terminated(byte[] bytes, int from) {
        int end = from;
        while (end < bytes.length && bytes[end] != 0) {
            end++;
        }
        return new String(bytes, from, end - from, StandardCharsets.UTF_8);
    }

    static byte[] utf8(String text) {
        return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] utf8) {
        return utf8 == null ? null : new String(utf8, StandardCharsets.UTF_8);
    }

    private static int milliseconds(Duration timeout) {
        if (timeout.isNegative()) {
            throw new IllegalArgumentException("timeout " + timeout + " is not accepted: zero or more");
        }
        return timeout.compareTo(Duration.ofMillis(Integer.MAX_VALUE)) > 0
                ? Integer.MAX_VALUE
                : (int) timeout.toMillis();
    }
}
