/* Native.java in terms of alternator_lb.h.
 *
 * Copies arrays in and out and calls one function each: no state, no class looked up, no reference kept, no exception thrown but by the
 * JVM itself when memory is short. No critical section is held across a call, so that none can hold up a garbage collection. Every input
 * may be null, which the core refuses or takes for absent.
 */
#include "alternator_lb.h"
#include "io_alternatorlb_Native.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(alb_error) == io_alternatorlb_Native_ERROR_BYTES, "alb_error has another size");
_Static_assert(sizeof(alb_plan) == 8 * io_alternatorlb_Native_PLAN_WORDS, "alb_plan has another size");
_Static_assert(ALB_ABI_VERSION == io_alternatorlb_Native_ABI_VERSION, "Native.java is written for another version of the ABI");

/* Keys, names and most bodies fit; longer inputs are copied to the heap. */
#define SMALL 1024
/* The longest name of a table or an attribute is 255 bytes; one event is a few hundred. */
#define NAME 256
#define EVENT (1 << 14)

static alb *handle_of(jlong handle) { return (alb *)(intptr_t)handle; }

typedef struct {
    const uint8_t *data;
    size_t length;
    uint8_t *heap;
    uint8_t small[SMALL];
} input;

/* Copies a Java array. Without memory it becomes a null input, which the core refuses where it needs one. */
static void input_get(JNIEnv *env, jbyteArray array, input *in)
{
    in->data = NULL;
    in->length = 0;
    in->heap = NULL;
    if (array == NULL) {
        return;
    }
    jsize length = (*env)->GetArrayLength(env, array);
    uint8_t *room = in->small;
    if (length > SMALL) {
        room = in->heap = malloc((size_t)length);
        if (room == NULL) {
            return;
        }
    }
    (*env)->GetByteArrayRegion(env, array, 0, length, (jbyte *)room);
    in->data = room;
    in->length = (size_t)length;
}

static void input_free(input *in) { free(in->heap); }

static const char *text(const input *in) { return (const char *)in->data; }

static jbyteArray bytes(JNIEnv *env, const void *data, size_t length)
{
    jbyteArray array = (*env)->NewByteArray(env, (jsize)length);
    if (array != NULL && length > 0) {
        (*env)->SetByteArrayRegion(env, array, 0, (jsize)length, data);
    }
    return array;
}

static void error_put(JNIEnv *env, jbyteArray array, const alb_error *err)
{
    (*env)->SetByteArrayRegion(env, array, 0, sizeof *err, (const jbyte *)err);
}

static void plan_get(JNIEnv *env, jlongArray array, alb_plan *plan)
{
    (*env)->GetLongArrayRegion(env, array, 0, io_alternatorlb_Native_PLAN_WORDS, (jlong *)plan->opaque);
}

static void plan_put(JNIEnv *env, jlongArray array, const alb_plan *plan)
{
    (*env)->SetLongArrayRegion(env, array, 0, io_alternatorlb_Native_PLAN_WORDS, (const jlong *)plan->opaque);
}

JNIEXPORT jint JNICALL Java_io_alternatorlb_Native_abiVersion(JNIEnv *env, jclass self)
{
    (void)env, (void)self;
    return (jint)alb_abi_version();
}

JNIEXPORT jbyteArray JNICALL Java_io_alternatorlb_Native_version(JNIEnv *env, jclass self)
{
    (void)self;
    return bytes(env, alb_version(), strlen(alb_version()));
}

JNIEXPORT jbyteArray JNICALL Java_io_alternatorlb_Native_statusName(JNIEnv *env, jclass self, jint status)
{
    (void)self;
    const char *name = alb_status_name(status);
    return bytes(env, name, strlen(name));
}

static alb_status set_options(JNIEnv *env, alb_config *config, jobjectArray options, alb_error *err)
{
    jsize count = (*env)->GetArrayLength(env, options);
    alb_status status = ALB_OK;
    for (jsize at = 0; at + 1 < count && status == ALB_OK; at += 2) {
        jbyteArray key_array = (*env)->GetObjectArrayElement(env, options, at);
        jbyteArray value_array = (*env)->GetObjectArrayElement(env, options, at + 1);
        input key, value;
        input_get(env, key_array, &key);
        input_get(env, value_array, &value);
        status = alb_config_set(config, text(&key), key.length, text(&value), value.length, err);
        input_free(&key);
        input_free(&value);
        /* A frame has room for 16 local references for certain; there may be hundreds of options. */
        (*env)->DeleteLocalRef(env, key_array);
        (*env)->DeleteLocalRef(env, value_array);
    }
    return status;
}

JNIEXPORT jlong JNICALL Java_io_alternatorlb_Native_open(JNIEnv *env, jclass self, jobjectArray options, jbyteArray error)
{
    (void)self;
    alb_error err = ALB_ERROR_INIT;
    alb *lb = NULL;
    alb_config *config = alb_config_new();
    if (set_options(env, config, options, &err) == ALB_OK) {
        alb_new(ALB_ABI_VERSION, config, &lb, &err);
    }
    alb_config_free(config);
    error_put(env, error, &err);
    return (jlong)(intptr_t)lb;
}

JNIEXPORT void JNICALL Java_io_alternatorlb_Native_free(JNIEnv *env, jclass self, jlong handle)
{
    (void)env, (void)self;
    alb_free(handle_of(handle));
}

JNIEXPORT jint JNICALL Java_io_alternatorlb_Native_nextNode(JNIEnv *env, jclass self, jlong handle)
{
    (void)env, (void)self;
    return alb_next_node(handle_of(handle), NULL);
}

JNIEXPORT jint JNICALL Java_io_alternatorlb_Native_planAfter(JNIEnv *env, jclass self, jlong handle, jint node, jlongArray array)
{
    (void)self;
    alb_plan plan;
    alb_status status = alb_plan_after(handle_of(handle), node, &plan);
    if (status == ALB_OK) {
        plan_put(env, array, &plan);
    }
    return status;
}

JNIEXPORT jint JNICALL Java_io_alternatorlb_Native_planStart(JNIEnv *env, jclass self, jlong handle, jlongArray array)
{
    (void)self;
    alb_plan plan;
    alb_status status = alb_plan_start(handle_of(handle), &plan);
    if (status == ALB_OK) {
        plan_put(env, array, &plan);
    }
    return status;
}

JNIEXPORT jint JNICALL Java_io_alternatorlb_Native_planForKey(
    JNIEnv *env, jclass self, jlong handle, jint key_type, jbyteArray key_array, jlongArray array)
{
    (void)self;
    alb_plan plan;
    input key;
    input_get(env, key_array, &key);
    alb_status status = alb_plan_for_key(handle_of(handle), key_type, key.data, key.length, &plan);
    input_free(&key);
    if (status == ALB_OK) {
        plan_put(env, array, &plan);
    }
    return status;
}

JNIEXPORT jint JNICALL Java_io_alternatorlb_Native_planForRequest(
    JNIEnv *env, jclass self, jlong handle, jbyteArray operation_array, jbyteArray body_array, jlongArray array)
{
    (void)self;
    alb_plan plan;
    input operation, body;
    input_get(env, operation_array, &operation);
    input_get(env, body_array, &body);
    alb_status status = alb_plan_for_request(handle_of(handle), text(&operation), operation.length, body.data, body.length, &plan);
    input_free(&operation);
    input_free(&body);
    if (status == ALB_OK) {
        plan_put(env, array, &plan);
    }
    return status;
}

JNIEXPORT jint JNICALL Java_io_alternatorlb_Native_planForWrite(
    JNIEnv *env, jclass self, jlong handle, jbyteArray operation_array, jbyteArray table_array, jint key_type, jbyteArray key_array,
    jint facts, jbyteArray update_array, jlongArray array)
{
    (void)self;
    alb_plan plan;
    input operation, table, key, update;
    input_get(env, operation_array, &operation);
    input_get(env, table_array, &table);
    input_get(env, key_array, &key);
    input_get(env, update_array, &update);
    alb_status status = alb_plan_for_write(
        handle_of(handle), text(&operation), operation.length, text(&table), table.length, key_type, key.data, key.length,
        (uint32_t)facts, text(&update), update.length, &plan);
    input_free(&operation);
    input_free(&table);
    input_free(&key);
    input_free(&update);
    if (status == ALB_OK) {
        plan_put(env, array, &plan);
    }
    return status;
}

JNIEXPORT jint JNICALL Java_io_alternatorlb_Native_planVote(
    JNIEnv *env, jclass self, jlong handle, jlongArray array, jbyteArray table_array, jint key_type, jbyteArray key_array)
{
    (void)self;
    alb_plan plan;
    input table, key;
    plan_get(env, array, &plan);
    input_get(env, table_array, &table);
    input_get(env, key_array, &key);
    alb_status status = alb_plan_vote(handle_of(handle), &plan, text(&table), table.length, key_type, key.data, key.length);
    input_free(&table);
    input_free(&key);
    if (status == ALB_OK) {
        plan_put(env, array, &plan);
    }
    return status;
}

JNIEXPORT jint JNICALL Java_io_alternatorlb_Native_planNext(JNIEnv *env, jclass self, jlong handle, jlongArray array)
{
    (void)self;
    alb_plan plan;
    plan_get(env, array, &plan);
    int32_t node = alb_plan_next(handle_of(handle), &plan, NULL);
    plan_put(env, array, &plan);
    return node;
}

JNIEXPORT jint JNICALL Java_io_alternatorlb_Native_report(JNIEnv *env, jclass self, jlong handle, jint node, jint outcome, jlong micros)
{
    (void)env, (void)self;
    return alb_report(handle_of(handle), node, outcome, (uint64_t)micros);
}

JNIEXPORT jlong JNICALL Java_io_alternatorlb_Native_retryDelay(JNIEnv *env, jclass self, jlong handle, jlongArray array, jint outcome)
{
    (void)self;
    alb_plan plan;
    plan_get(env, array, &plan);
    return alb_retry_delay_us(handle_of(handle), &plan, outcome);
}

JNIEXPORT jint JNICALL Java_io_alternatorlb_Native_nodeForKey(JNIEnv *env, jclass self, jlong handle, jint key_type, jbyteArray key_array)
{
    (void)self;
    input key;
    input_get(env, key_array, &key);
    int32_t node = alb_node_for_key(handle_of(handle), key_type, key.data, key.length, NULL);
    input_free(&key);
    return node;
}

JNIEXPORT jint JNICALL Java_io_alternatorlb_Native_tokenForKey(
    JNIEnv *env, jclass self, jint key_type, jbyteArray key_array, jlongArray token_array)
{
    (void)self;
    int64_t token = 0;
    input key;
    input_get(env, key_array, &key);
    alb_status status = alb_token_for_key(key_type, key.data, key.length, &token);
    input_free(&key);
    jlong found = token;
    (*env)->SetLongArrayRegion(env, token_array, 0, 1, &found);
    return status;
}

JNIEXPORT jint JNICALL Java_io_alternatorlb_Native_nodes(JNIEnv *env, jclass self, jlong handle, jintArray array)
{
    (void)self;
    jsize capacity = (*env)->GetArrayLength(env, array);
    int32_t *ids = calloc((size_t)capacity + 1, sizeof *ids);
    if (ids == NULL) {
        return 0;
    }
    size_t count = alb_nodes(handle_of(handle), ids, (size_t)capacity);
    (*env)->SetIntArrayRegion(env, array, 0, count < (size_t)capacity ? (jsize)count : capacity, ids);
    free(ids);
    return (jint)count;
}

JNIEXPORT jbyteArray JNICALL Java_io_alternatorlb_Native_nodeUrl(JNIEnv *env, jclass self, jlong handle, jint id)
{
    (void)self;
    alb_node node = ALB_NODE_INIT;
    return alb_node_get(handle_of(handle), id, &node) == ALB_OK ? bytes(env, node.url, node.url_len) : NULL;
}

JNIEXPORT jint JNICALL Java_io_alternatorlb_Native_nodeFlags(JNIEnv *env, jclass self, jlong handle, jint id)
{
    (void)env, (void)self;
    alb_node node = ALB_NODE_INIT;
    alb_status status = alb_node_get(handle_of(handle), id, &node);
    return status == ALB_OK ? (jint)node.flags : status;
}

JNIEXPORT jint JNICALL Java_io_alternatorlb_Native_health(JNIEnv *env, jclass self, jlong handle, jint id, jlongArray array)
{
    (void)self;
    alb_health health = ALB_HEALTH_INIT;
    alb_status status = alb_health_get(handle_of(handle), id, &health);
    if (status == ALB_OK) {
        jlong members[io_alternatorlb_Native_HEALTH_MEMBERS] = {
            health.state,             health.cause,            health.in_flight,           health.strikes,
            health.failures_in_a_row, health.failure_permille, (jlong)health.estimate_us,  (jlong)health.mean_us,
            (jlong)health.probe_in_ms,
        };
        (*env)->SetLongArrayRegion(env, array, 0, io_alternatorlb_Native_HEALTH_MEMBERS, members);
    }
    return status;
}

JNIEXPORT jint JNICALL Java_io_alternatorlb_Native_refresh(JNIEnv *env, jclass self, jlong handle, jint timeout, jbyteArray error)
{
    (void)self;
    alb_error err = ALB_ERROR_INIT;
    alb_status status = alb_refresh(handle_of(handle), (uint32_t)timeout, &err);
    error_put(env, error, &err);
    return status;
}

JNIEXPORT jlong JNICALL Java_io_alternatorlb_Native_refreshDue(JNIEnv *env, jclass self, jlong handle)
{
    (void)env, (void)self;
    uint32_t due = alb_refresh_due_ms(handle_of(handle));
    return due == UINT32_MAX ? -1 : (jlong)due;
}

JNIEXPORT jint JNICALL Java_io_alternatorlb_Native_checkScope(JNIEnv *env, jclass self, jlong handle, jint timeout, jbyteArray error)
{
    (void)self;
    alb_error err = ALB_ERROR_INIT;
    alb_status status = alb_check_scope(handle_of(handle), (uint32_t)timeout, &err);
    error_put(env, error, &err);
    return status;
}

JNIEXPORT jint JNICALL Java_io_alternatorlb_Native_scopeSupported(JNIEnv *env, jclass self, jlong handle, jint timeout, jbyteArray error)
{
    (void)self;
    alb_error err = ALB_ERROR_INIT;
    int32_t answer = alb_scope_supported(handle_of(handle), (uint32_t)timeout, &err);
    error_put(env, error, &err);
    return answer;
}

JNIEXPORT jbyteArray JNICALL Java_io_alternatorlb_Native_nextWantedTable(JNIEnv *env, jclass self, jlong handle)
{
    (void)self;
    char table[NAME];
    int32_t length = alb_table_key_next_wanted(handle_of(handle), table, sizeof table);
    return length > 0 ? bytes(env, table, (size_t)length) : NULL;
}

JNIEXPORT jbyteArray JNICALL Java_io_alternatorlb_Native_tableKey(JNIEnv *env, jclass self, jlong handle, jbyteArray table_array)
{
    (void)self;
    char key[NAME];
    input table;
    input_get(env, table_array, &table);
    int32_t length = alb_table_key(handle_of(handle), text(&table), table.length, key, sizeof key);
    input_free(&table);
    return length > 0 ? bytes(env, key, (size_t)length) : NULL;
}

JNIEXPORT jint JNICALL Java_io_alternatorlb_Native_setTableKey(
    JNIEnv *env, jclass self, jlong handle, jbyteArray table_array, jbyteArray key_array, jbyteArray error)
{
    (void)self;
    alb_error err = ALB_ERROR_INIT;
    input table, key;
    input_get(env, table_array, &table);
    input_get(env, key_array, &key);
    alb_status status = alb_table_key_set(handle_of(handle), text(&table), table.length, text(&key), key.length, &err);
    input_free(&table);
    input_free(&key);
    error_put(env, error, &err);
    return status;
}

JNIEXPORT jint JNICALL Java_io_alternatorlb_Native_tableKeyFailed(
    JNIEnv *env, jclass self, jlong handle, jbyteArray table_array, jint http_status, jbyteArray code_array)
{
    (void)self;
    input table, code;
    input_get(env, table_array, &table);
    input_get(env, code_array, &code);
    alb_status status =
        alb_table_key_failed(handle_of(handle), text(&table), table.length, http_status, text(&code), code.length);
    input_free(&table);
    input_free(&code);
    return status;
}

JNIEXPORT jbyteArray JNICALL Java_io_alternatorlb_Native_wireText(JNIEnv *env, jclass self, jlong handle, jint what)
{
    (void)self;
    const char *found = alb_wire_text(handle_of(handle), what);
    return found == NULL ? NULL : bytes(env, found, strlen(found));
}

JNIEXPORT jbyteArray JNICALL Java_io_alternatorlb_Native_compress(JNIEnv *env, jclass self, jlong handle, jbyteArray body_array)
{
    (void)self;
    input body;
    input_get(env, body_array, &body);
    uint8_t *room = malloc(body.length + 1);
    int32_t length = room == NULL ? 0 : alb_compress(handle_of(handle), body.data, body.length, room, body.length);
    jbyteArray compressed = length > 0 ? bytes(env, room, (size_t)length) : NULL;
    free(room);
    input_free(&body);
    return compressed;
}

JNIEXPORT jbyteArray JNICALL Java_io_alternatorlb_Native_decompress(
    JNIEnv *env, jclass self, jbyteArray encoding_array, jbyteArray body_array, jlong limit, jbyteArray error)
{
    (void)self;
    alb_error err = ALB_ERROR_INIT;
    input encoding, body;
    input_get(env, encoding_array, &encoding);
    input_get(env, body_array, &body);
    size_t capacity = 8 * body.length + 1024;
    uint8_t *room = NULL;
    int32_t length = 0;
    /* The first call tells how much there is, where that is more than guessed. */
    for (int call = 0; call < 2; call++) {
        uint8_t *larger = realloc(room, capacity);
        if (larger == NULL) {
            length = err.code = ALB_ERR_TOO_LARGE;
            break;
        }
        room = larger;
        length = alb_decompress(
            text(&encoding), encoding.length, body.data, body.length, room, capacity, (size_t)limit, &err);
        if (length < 0 || (size_t)length <= capacity) {
            break;
        }
        capacity = (size_t)length;
    }
    jbyteArray plain = length < 0 ? NULL : bytes(env, room, (size_t)length);
    free(room);
    input_free(&encoding);
    input_free(&body);
    error_put(env, error, &err);
    return plain;
}

JNIEXPORT jbyteArray JNICALL Java_io_alternatorlb_Native_nextEvent(JNIEnv *env, jclass self, jlong handle, jlongArray cursor_array)
{
    (void)self;
    char json[EVENT];
    jlong position = 0;
    (*env)->GetLongArrayRegion(env, cursor_array, 0, 1, &position);
    uint64_t cursor = (uint64_t)position;
    int32_t length = alb_next_event(handle_of(handle), &cursor, json, sizeof json);
    position = (jlong)cursor;
    (*env)->SetLongArrayRegion(env, cursor_array, 0, 1, &position);
    return length > 0 && length < EVENT ? bytes(env, json, (size_t)length) : NULL;
}

JNIEXPORT jbyteArray JNICALL Java_io_alternatorlb_Native_statistics(JNIEnv *env, jclass self, jlong handle)
{
    (void)self;
    size_t capacity = 1 << 14;
    char *json = NULL;
    jbyteArray found = NULL;
    while (1) {
        char *larger = realloc(json, capacity);
        if (larger == NULL) {
            break;
        }
        json = larger;
        int32_t length = alb_statistics(handle_of(handle), json, capacity);
        if (length < 0) {
            break;
        }
        if ((size_t)length < capacity) {
            found = bytes(env, json, (size_t)length);
            break;
        }
        capacity = (size_t)length + 1;
    }
    free(json);
    return found;
}
