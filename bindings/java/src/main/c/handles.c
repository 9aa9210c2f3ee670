/* The handle, its nodes and how they fare, discovery, events and statistics. */
#include "arrays.h"

/* One event is a few hundred bytes. */
#define EVENT (1 << 14)

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

JNIEXPORT jint JNICALL Java_io_alternatorlb_Native_checkScope(
    JNIEnv *env, jclass self, jlong handle, jint timeout, jbyteArray error)
{
    (void)self;
    alb_error err = ALB_ERROR_INIT;
    alb_status status = alb_check_scope(handle_of(handle), (uint32_t)timeout, &err);
    error_put(env, error, &err);
    return status;
}

JNIEXPORT jint JNICALL Java_io_alternatorlb_Native_scopeSupported(
    JNIEnv *env, jclass self, jlong handle, jint timeout, jbyteArray error)
{
    (void)self;
    alb_error err = ALB_ERROR_INIT;
    int32_t answer = alb_scope_supported(handle_of(handle), (uint32_t)timeout, &err);
    error_put(env, error, &err);
    return answer;
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
