package io.alternatorlb;

/**
 * The C ABI as Java sees it: one method for each function, with numbers and arrays alone. Nothing here throws, keeps or
 * frees anything; texts are UTF-8. {@link Core} is who calls it, and makes sure that a handle lives while it is used.
 *
 * <p>Compiled alone by scripts/build_native.sh, so it names no other class.
 */
final class Native {
    /** The version of the ABI that this class was written for. */
    static final int ABI_VERSION = 1;
    /** Room for an {@code alb_error}. */
    static final int ERROR_BYTES = 512;
    /** An {@code alb_plan}. */
    static final int PLAN_WORDS = 64;
    /** Members of an {@code alb_health}, in the header's order from {@code state} on. */
    static final int HEALTH_MEMBERS = 9;

    private Native() {}

    static native int abiVersion();

    static native byte[] version();

    static native byte[] statusName(int status);

    /** A handle, or 0 with the reason in {@code error}. {@code options}: names and values in turn. */
    static native long open(byte[][] options, byte[] error);

    static native void free(long handle);

    static native int nextNode(long handle);

    static native int planAfter(long handle, int node, long[] plan);

    static native int planStart(long handle, long[] plan);

    static native int planForKey(long handle, int keyType, byte[] key, long[] plan);

    static native int planForRequest(long handle, byte[] operation, byte[] body, long[] plan);

    static native int planForWrite(
            long handle,
            byte[] operation,
            byte[] table,
            int keyType,
            byte[] key,
            int facts,
            byte[] updateExpression,
            long[] plan);

    static native int planVote(long handle, long[] plan, byte[] table, int keyType, byte[] key);

    static native int planNext(long handle, long[] plan);

    static native int report(long handle, int node, int outcome, long micros);

    static native long retryDelay(long handle, long[] plan, int outcome);

    static native int nodeForKey(long handle, int keyType, byte[] key);

    static native int tokenForKey(int keyType, byte[] key, long[] token);

    static native int nodes(long handle, int[] ids);

    /** The node's URL, or null if there is no such node. */
    static native byte[] nodeUrl(long handle, int node);

    /** The node's ALB_NODE_ bits, or a negative status. */
    static native int nodeFlags(long handle, int node);

    static native int health(long handle, int node, long[] members);

    static native int refresh(long handle, int timeoutMillis, byte[] error);

    /** Milliseconds, or -1 for never. */
    static native long refreshDue(long handle);

    static native int checkScope(long handle, int timeoutMillis, byte[] error);

    static native int scopeSupported(long handle, int timeoutMillis, byte[] error);

    /** A table whose key is wanted, or null. */
    static native byte[] nextWantedTable(long handle);

    /** The name of the table's partition key, or null while it is not known. */
    static native byte[] tableKey(long handle, byte[] table);

    static native int setTableKey(long handle, byte[] table, byte[] key, byte[] error);

    static native int tableKeyFailed(long handle, byte[] table, int httpStatus, byte[] code);

    static native byte[] wireText(long handle, int what);

    /** The body compressed, or null if it is to be sent as it is. */
    static native byte[] compress(long handle, byte[] body);

    /** The body as it was, or null with the reason in {@code error}. */
    static native byte[] decompress(byte[] encoding, byte[] body, long limit, byte[] error);

    /** The event behind the cursor, which moves on; or null. */
    static native byte[] nextEvent(long handle, long[] cursor);

    static native byte[] statistics(long handle);
}
