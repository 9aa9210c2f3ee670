/* Partition keys of tables; bodies and headers on the wire. */
#include "arrays.h"

/* The longest name of a table or an attribute is 255 bytes. */
#define NAME 256

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
