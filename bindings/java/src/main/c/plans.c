/* Choosing nodes: picks, plans, keys and reports. */
#include "arrays.h"

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

JNIEXPORT jint JNICALL Java_io_alternatorlb_Native_report(
    JNIEnv *env, jclass self, jlong handle, jint node, jint outcome, jlong micros)
{
    (void)env, (void)self;
    return alb_report(handle_of(handle), node, outcome, (uint64_t)micros);
}

JNIEXPORT jlong JNICALL Java_io_alternatorlb_Native_retryDelay(
    JNIEnv *env, jclass self, jlong handle, jlongArray array, jint outcome)
{
    (void)self;
    alb_plan plan;
    plan_get(env, array, &plan);
    return alb_retry_delay_us(handle_of(handle), &plan, outcome);
}

JNIEXPORT jint JNICALL Java_io_alternatorlb_Native_nodeForKey(
    JNIEnv *env, jclass self, jlong handle, jint key_type, jbyteArray key_array)
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
