/* Native.java in terms of alternator_lb.h: Java's arrays in and out.
 *
 * The files beside this one copy arrays and call one function each: no state, no class looked up, no reference kept, no exception
 * thrown but by the JVM itself when memory is short. No critical section is held across a call, so that none can hold up a garbage
 * collection. Every input may be null, which the core refuses or takes for absent.
 */
#ifndef ARRAYS_H
#define ARRAYS_H

#include "alternator_lb.h"
#include "io_alternatorlb_Native.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(alb_error) == io_alternatorlb_Native_ERROR_BYTES, "alb_error has another size");
_Static_assert(sizeof(alb_plan) == 8 * io_alternatorlb_Native_PLAN_WORDS, "alb_plan has another size");
_Static_assert(ALB_ABI_VERSION == io_alternatorlb_Native_ABI_VERSION, "Native.java is written for another version of the ABI");

/* Keys, names and most bodies fit; longer inputs are copied to the heap. */
#define SMALL 1024

static inline alb *handle_of(jlong handle) { return (alb *)(intptr_t)handle; }

typedef struct {
    const uint8_t *data;
    size_t length;
    uint8_t *heap;
    uint8_t small[SMALL];
} input;

/* Copies a Java array. Without memory it becomes a null input, which the core refuses where it needs one. */
static inline void input_get(JNIEnv *env, jbyteArray array, input *in)
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

static inline void input_free(input *in) { free(in->heap); }

static inline const char *text(const input *in) { return (const char *)in->data; }

static inline jbyteArray bytes(JNIEnv *env, const void *data, size_t length)
{
    jbyteArray array = (*env)->NewByteArray(env, (jsize)length);
    if (array != NULL && length > 0) {
        (*env)->SetByteArrayRegion(env, array, 0, (jsize)length, data);
    }
    return array;
}

static inline void error_put(JNIEnv *env, jbyteArray array, const alb_error *err)
{
    (*env)->SetByteArrayRegion(env, array, 0, sizeof *err, (const jbyte *)err);
}

static inline void plan_get(JNIEnv *env, jlongArray array, alb_plan *plan)
{
    (*env)->GetLongArrayRegion(env, array, 0, io_alternatorlb_Native_PLAN_WORDS, (jlong *)plan->opaque);
}

static inline void plan_put(JNIEnv *env, jlongArray array, const alb_plan *plan)
{
    (*env)->SetLongArrayRegion(env, array, 0, io_alternatorlb_Native_PLAN_WORDS, (const jlong *)plan->opaque);
}

#endif
