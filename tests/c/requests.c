/* Plans for requests and partition keys of tables, as a C program uses them. */
#include "support.h"

#include <string.h>

enum { NODES = 9 };

static alb *open_any_write(void)
{
    return open_handle("seeds", seed_list(NODES), "discovery", "static", "refresh.mode", "manual", "affinity", "any_write", NULL);
}

static alb_plan plan_for(alb *lb, const char *operation, const char *body)
{
    alb_plan plan;
    memset(&plan, 0x5a, sizeof plan);
    CHECK_STATUS(alb_plan_for_request(lb, operation, ALB_NUL, (const uint8_t *)body, strlen(body), &plan), ALB_OK);
    return plan;
}

/* Whether the plan visits the nodes in the order of the key; ordinary plans of nine nodes do so once in 362,880 times. */
static int is_plan_of(alb *lb, alb_plan plan, int32_t key_type, const char *key)
{
    alb_plan wanted;
    int step;
    int same = 1;
    CHECK_STATUS(alb_plan_for_key(lb, key_type, (const uint8_t *)key, strlen(key), &wanted), ALB_OK);
    for (step = 0; step < NODES; step++) same &= alb_plan_next(lb, &plan, NULL) == alb_plan_next(lb, &wanted, NULL);
    return same;
}

static void a_tables_key_is_asked_after_once_and_then_routes_its_writes(void)
{
    static const char put[] = "{\"TableName\":\"users\",\"Item\":{\"id\":{\"S\":\"alice\"}}}";
    static const char answer[] = "{\"Table\":{\"KeySchema\":[{\"AttributeName\":\"id\",\"KeyType\":\"HASH\"}]}}";
    alb *lb = open_any_write();
    char name[256] = "?";
    CHECK_EQ(alb_table_key_next_wanted(lb, name, sizeof name), 0);
    CHECK(!is_plan_of(lb, plan_for(lb, "PutItem", put), ALB_KEY_S, "alice"));
    CHECK_EQ(alb_table_key(lb, "users", ALB_NUL, name, sizeof name), 0);
    CHECK_EQ(alb_table_key_next_wanted(lb, name, sizeof name), 5);
    CHECK(strcmp(name, "users") == 0);
    CHECK_EQ(alb_table_key_next_wanted(lb, name, sizeof name), 0);
    CHECK_STATUS(alb_table_key_feed(lb, "users", ALB_NUL, 200, (const uint8_t *)answer, sizeof answer - 1, NULL), ALB_OK);
    CHECK_EQ(alb_table_key(lb, "users", ALB_NUL, name, sizeof name), 2);
    CHECK(strcmp(name, "id") == 0);
    CHECK(is_plan_of(lb, plan_for(lb, "PutItem", put), ALB_KEY_S, "alice"));
    CHECK(is_plan_of(lb, plan_for(lb, "DynamoDB_20120810.PutItem", put), ALB_KEY_S, "alice"));
    alb_free(lb);
}

static void a_refusal_names_the_table_the_status_and_the_code(void)
{
    static const char refusal[] = "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException\"}";
    alb *lb = open_any_write();
    alb_error error = ALB_ERROR_INIT;
    char name[256];
    plan_for(lb, "DeleteItem", "{\"TableName\":\"gone\",\"Key\":{\"id\":{\"S\":\"a\"}}}");
    CHECK_EQ(alb_table_key_next_wanted(lb, name, sizeof name), 4);
    CHECK_STATUS(alb_table_key_feed(lb, name, ALB_NUL, 400, (const uint8_t *)refusal, sizeof refusal - 1, &error), ALB_ERR_BAD_RESPONSE);
    CHECK_TEXT(error.message, "'gone'");
    CHECK_TEXT(error.message, "ResourceNotFoundException");
    CHECK_EQ(error.http_status, 400);
    CHECK_STATUS(alb_table_key_failed(lb, "gone", ALB_NUL, 0, NULL, 0), ALB_OK);
    CHECK_STATUS(alb_table_key_set(lb, "two words", ALB_NUL, "id", ALB_NUL, &error), ALB_ERR_BAD_VALUE);
    CHECK_TEXT(error.message, "1 to 255");
    CHECK_EQ(alb_table_key_next_wanted(lb, name, 255), ALB_ERR_INVALID_ARGUMENT);
    alb_free(lb);
}

static void parameters_route_as_the_text_does(void)
{
    alb *lb = open_handle("seeds", seed_list(NODES), "discovery", "static", "refresh.mode", "manual", "affinity", "rmw",
                          "affinity.rule", "server", "table.users.key", "id", NULL);
    const uint8_t *alice = (const uint8_t *)"alice";
    alb_plan plan;
#define WRITE(facts, expression) \
    alb_plan_for_write(lb, "UpdateItem", ALB_NUL, "users", ALB_NUL, ALB_KEY_S, alice, 5, facts, expression, ALB_NUL, &plan)
    CHECK_STATUS(WRITE(0, "ADD hits :one"), ALB_OK);
    CHECK(is_plan_of(lb, plan, ALB_KEY_S, "alice"));
    CHECK_STATUS(WRITE(0, "SET hits = :one"), ALB_OK);
    CHECK(!is_plan_of(lb, plan, ALB_KEY_S, "alice"));
    CHECK_STATUS(WRITE(ALB_WRITE_RETURN_ALL_NEW, NULL), ALB_OK);
    CHECK(is_plan_of(lb, plan, ALB_KEY_S, "alice"));
    CHECK_EQ(WRITE(1u << 31, NULL), ALB_ERR_INVALID_ARGUMENT);
#undef WRITE
    CHECK_EQ(alb_plan_for_write(lb, "PutItem", ALB_NUL, "users", ALB_NUL, 4, alice, 5, 0, NULL, 0, &plan), ALB_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(alb_plan_for_write(lb, "PutItem", ALB_NUL, "users", ALB_NUL, ALB_KEY_ABSENT, NULL, 0, ALB_WRITE_EXPECTED, NULL, 0,
                                    &plan), ALB_OK);
    alb_free(lb);
}

static void a_vote_counts_only_in_a_plan_that_is_fresh(void)
{
    alb *lb = open_handle("seeds", seed_list(NODES), "discovery", "static", "refresh.mode", "manual", "affinity", "any_write",
                          "table.users.key", "id", NULL);
    const uint8_t *alice = (const uint8_t *)"alice";
    int32_t node = alb_node_for_key(lb, ALB_KEY_S, alice, 5, NULL);
    alb_plan plan;
    CHECK_STATUS(alb_plan_start(lb, &plan), ALB_OK);
    CHECK_STATUS(alb_plan_vote(lb, &plan, "users", ALB_NUL, ALB_KEY_S, alice, 5), ALB_OK);
    CHECK_EQ(alb_plan_next(lb, &plan, NULL), node);
    CHECK_EQ(alb_plan_next(lb, &plan, NULL), node == 0 ? 1 : 0);
    CHECK_EQ(alb_plan_vote(lb, &plan, "users", ALB_NUL, ALB_KEY_S, alice, 5), ALB_ERR_INVALID_ARGUMENT);
    memset(&plan, 0, sizeof plan);
    CHECK_EQ(alb_plan_vote(lb, &plan, "users", ALB_NUL, ALB_KEY_S, alice, 5), ALB_ERR_INVALID_ARGUMENT);
    alb_free(lb);
}

static void bodies_of_any_size_and_shape_get_a_plan(void)
{
    enum { LARGE = 17 << 20 };
    static char body[LARGE];
    alb *lb = open_any_write();
    alb_plan plan;
    size_t len;
    memset(body, '[', LARGE);
    for (len = 1; len <= LARGE; len *= 3) {
        CHECK_STATUS(alb_plan_for_request(lb, "BatchWriteItem", ALB_NUL, (const uint8_t *)body, len, &plan), ALB_OK);
        CHECK(alb_plan_next(lb, &plan, NULL) >= 0);
    }
    CHECK_STATUS(alb_plan_for_request(lb, "PutItem", ALB_NUL, (const uint8_t *)body, LARGE, &plan), ALB_OK);
    CHECK(alb_plan_next(lb, &plan, NULL) >= 0);
    CHECK_STATUS(alb_plan_for_request(lb, "PutItem", ALB_NUL, NULL, 0, &plan), ALB_OK);
    CHECK_STATUS(alb_plan_for_request(lb, "NoSuchOperation", ALB_NUL, (const uint8_t *)body, 0, &plan), ALB_OK);
    CHECK(alb_plan_next(lb, &plan, NULL) >= 0);
    alb_free(lb);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_tables_key_is_asked_after_once_and_then_routes_its_writes),
        TEST(a_refusal_names_the_table_the_status_and_the_code),
        TEST(parameters_route_as_the_text_does),
        TEST(a_vote_counts_only_in_a_plan_that_is_fresh),
        TEST(bodies_of_any_size_and_shape_get_a_plan),
    };
    return RUN_TESTS(tests);
}
