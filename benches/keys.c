/* What routing by partition key costs through the C ABI, beside the cost of an empty call: the node of a key, the first steps of its plan,
 * and plans for requests read from their bodies.
 *
 *   keys [ROUNDS]        rounds of up to 20,000 calls (default 200) */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t key[] = "user-00000000042"; /* 16 bytes */
enum { KEY_LEN = sizeof key - 1, ITEMS = 25 };

struct body {
    uint8_t *text;
    size_t len;
};
static struct body small_put, large_put, batch;

static void node_for_key(alb *lb)
{
    alb_node_for_key(lb, ALB_KEY_S, key, KEY_LEN, NULL);
}

static void key_plan_3(alb *lb)
{
    alb_plan plan;
    int steps = 3;
    alb_plan_for_key(lb, ALB_KEY_S, key, KEY_LEN, &plan);
    while (steps-- > 0) alb_plan_next(lb, &plan, NULL);
}

static void request(alb *lb, const char *operation, const struct body *body)
{
    alb_plan plan;
    alb_plan_for_request(lb, operation, ALB_NUL, body->text, body->len, &plan);
}

static void small_request(alb *lb)
{
    request(lb, "PutItem", &small_put);
}

static void large_request(alb *lb)
{
    request(lb, "PutItem", &large_put);
}

static void batch_request(alb *lb)
{
    request(lb, "BatchWriteItem", &batch);
}

static void batch_request_1_next(alb *lb)
{
    alb_plan plan;
    alb_plan_for_request(lb, "BatchWriteItem", ALB_NUL, batch.text, batch.len, &plan);
    alb_plan_next(lb, &plan, NULL);
}

static void typed_write(alb *lb)
{
    alb_plan plan;
    alb_plan_for_write(lb, "UpdateItem", ALB_NUL, "users", ALB_NUL, ALB_KEY_S, key, KEY_LEN, 0, "ADD hits :one", ALB_NUL, &plan);
}

static const struct operation key_operations[] = {
    { "empty call", empty_call, CALLS },
    { "node_for_key, 16 bytes", node_for_key, CALLS },
    { "plan_for_key + 3 next", key_plan_3, CALLS },
};
static const struct operation request_operations[] = {
    { "empty call", empty_call, CALLS },
    { "plan_for_write", typed_write, CALLS },
    { "plan_for_request, 1 KB put", small_request, CALLS / 5 },
    { "plan_for_request, 100 KB put", large_request, CALLS / 200 },
    { "plan_for_request, 25 puts", batch_request, CALLS / 50 },
    { "the same + 1 next", batch_request_1_next, CALLS / 50 },
};

/* Appends text; bodies are made once, so that nobody minds the copying. */
static void append(struct body *body, const char *text)
{
    size_t len = strlen(text);
    body->text = realloc(body->text, body->len + len + 1);
    if (body->text == NULL) fail("out of memory");
    memcpy(body->text + body->len, text, len + 1);
    body->len += len;
}

/* Attributes like those of a user's record, until so many bytes are there. */
static void append_attributes(struct body *body, size_t until)
{
    char attribute[128];
    int i;
    for (i = 0; body->len < until; i++) {
        snprintf(attribute, sizeof attribute, "\"attribute%d\":{\"S\":\"some text of a common length, number %d\"},", i, i);
        append(body, attribute);
    }
}

static void append_item(struct body *body, int number, size_t len)
{
    char attribute[64];
    append(body, "{");
    append_attributes(body, body->len + len - 50);
    snprintf(attribute, sizeof attribute, "\"id\":{\"S\":\"user-%011d\"}}", number);
    append(body, attribute);
}

static void make_put(struct body *body, size_t len)
{
    append(body, "{\"TableName\":\"users\",\"Item\":");
    append_item(body, 42, len - body->len);
    append(body, "}");
}

static void make_batch(struct body *body)
{
    int i;
    append(body, "{\"RequestItems\":{\"users\":[");
    for (i = 0; i < ITEMS; i++) {
        append(body, i == 0 ? "{\"PutRequest\":{\"Item\":" : ",{\"PutRequest\":{\"Item\":");
        append_item(body, i, 200);
        append(body, "}}");
    }
    append(body, "]}}");
}

int main(int argc, char **argv)
{
    static const int sizes[] = { 9, 50, 100 };
    static const char *const placements[] = { "official", "rendezvous" };
    int rounds = rounds_wanted(argc, argv);
    size_t size, placement;
    alb *lb;

    make_put(&small_put, 1000);
    make_put(&large_put, 100000);
    make_batch(&batch);
    for (placement = 0; placement < 2; placement++) {
        for (size = 0; size < 3; size++) {
            lb = open_static(sizes[size], "affinity.placement", placements[placement], "refresh.mode", "manual", NULL);
            printf("\n%d nodes, affinity.placement=%s\n", sizes[size], placements[placement]);
            measure(lb, key_operations, sizeof key_operations / sizeof *key_operations, rounds);
            alb_free(lb);
        }
    }
    lb = open_static(50, "affinity", "any_write", "table.users.key", "id", "refresh.mode", "manual", NULL);
    printf("\nrequests of %zu, %zu and %zu bytes, key attribute last, 50 nodes, affinity=any_write\n", small_put.len, large_put.len, batch.len);
    measure(lb, request_operations, sizeof request_operations / sizeof *request_operations, rounds);
    alb_free(lb);
    free(small_put.text);
    free(large_put.text);
    free(batch.text);
    return 0;
}
