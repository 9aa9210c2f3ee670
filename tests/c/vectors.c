/* The vectors of the official clients, and the server's tokens, through the C ABI: keys, plans, draws, orders, batches, discovery.
 *
 * tests/affinity.rs runs the same files from Rust, bindings/python/tests/test_vectors.py from Python; tests/vectors/README.md
 * says what each section proves, and what is not run. */
#include "vectors.h"

#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_NUMBERED = 4096, MOST_STEPS = 128 };

static void fail(const char *where, const char *found, const char *expected)
{
    char text[1024];
    snprintf(text, sizeof text, "%s gives %s, expected %s", where, found, expected);
    check_failed(__FILE__, __LINE__, text);
}

static void check_url(alb *lb, const char *where, int32_t id, const char *expected)
{
    alb_node node = ALB_NODE_INIT;
    CHECK_STATUS(alb_node_get(lb, id, &node), ALB_OK);
    if (strcmp(node.url, expected) != 0) fail(where, node.url, expected);
}

static void check_list(alb *lb, const char *where, const char *const *urls)
{
    int32_t ids[64];
    size_t count = alb_nodes(lb, ids, sizeof ids / sizeof *ids);
    size_t i;
    for (i = 0; urls[i] != NULL; i++) {
        CHECK(i < count);
        check_url(lb, where, ids[i], urls[i]);
    }
    CHECK_EQ(count, i);
}

static int32_t node_for(alb *lb, const struct key *key)
{
    return alb_node_for_key(lb, key->type, key->value, key->length, NULL);
}

static int32_t node_for_user(alb *lb, int number)
{
    char name[16];
    int length = snprintf(name, sizeof name, "user_%d", number);
    return alb_node_for_key(lb, ALB_KEY_S, (const uint8_t *)name, (size_t)length, NULL);
}

/* Takes the plan's first steps. */
static void take_plan(alb *lb, const struct key *key, int32_t *ids, int steps)
{
    alb_plan plan;
    int step;
    CHECK_STATUS(alb_plan_for_key(lb, key->type, key->value, key->length, &plan), ALB_OK);
    for (step = 0; step < steps; step++) ids[step] = alb_plan_next(lb, &plan, NULL);
}

/* Answers the handle's first request of discovery. */
static void answer(alb *lb, const char *body)
{
    char url[ALB_URL_CAPACITY];
    uint64_t token = 0;
    uint32_t timeout_ms = 0;
    CHECK(alb_discovery_next(lb, &token, url, sizeof url, &timeout_ms, NULL) > 0);
    CHECK_STATUS(alb_discovery_feed(lb, token, 200, (const uint8_t *)body, strlen(body), NULL), ALB_OK);
}

/* A handle over n0000, n0001, ..., of which there may be more than a configuration can name. */
static alb *open_numbered(int count)
{
    static char body[MOST_NUMBERED * 8 + 2];
    alb *lb = open_handle("seeds", "seed", "scope", "dc:one", "refresh.mode", "manual", NULL);
    size_t used = 0;
    int i;
    CHECK(count >= 1 && count <= MOST_NUMBERED);
    for (i = 0; i < count; i++)
        used += (size_t)snprintf(body + used, sizeof body - used, "%c\"n%04d\"", i == 0 ? '[' : ',', i);
    snprintf(body + used, sizeof body - used, "]");
    answer(lb, body);
    CHECK_EQ(alb_nodes(lb, NULL, 0), count);
    return lb;
}

static void plans_are_those_of_the_official_clients(void)
{
    size_t i;
    for (i = 0; i < plan_vector_count; i++) {
        const struct plan_vector *vector = &plan_vectors[i];
        alb *lb = open_handle("seeds", vector->nodes, "discovery", "static", "refresh.mode", "manual", "scheme",
                              vector->scheme, "port", vector->port, "affinity.order", vector->order, NULL);
        int32_t ids[MOST_STEPS];
        int steps = 0;
        int step;
        while (vector->urls[steps] != NULL) steps++;
        CHECK(steps > 0 && steps <= MOST_STEPS);
        take_plan(lb, &vector->key, ids, steps);
        for (step = 0; step < steps; step++) check_url(lb, vector->section, ids[step], vector->urls[step]);
        check_url(lb, vector->section, node_for(lb, &vector->key), vector->urls[0]);
        if (vector->list != NULL) check_list(lb, vector->section, vector->list);
        alb_free(lb);
    }
}

static void key_and_the_key_for_its_hash_have_the_same_plan(void)
{
    enum { NODES = 100 };
    alb *lb = open_numbered(NODES);
    size_t i;
    for (i = 0; i < hash_vector_count; i++) {
        int32_t plan[NODES];
        int32_t same[NODES];
        take_plan(lb, &hash_vectors[i].key, plan, NODES);
        take_plan(lb, &hash_vectors[i].same_hash, same, NODES);
        CHECK(memcmp(plan, same, sizeof plan) == 0);
    }
    alb_free(lb);
}

/* The plan's step `draw` over bound + draw nodes is drawn below `bound`. */
static void check_draw(alb *lb, const struct draw_vector *vector, int draw)
{
    int32_t left[MOST_NUMBERED];
    int32_t taken[MOST_STEPS];
    int count = (int)alb_nodes(lb, left, MOST_NUMBERED);
    int step;
    CHECK_EQ(count, vector->bound + draw);
    take_plan(lb, &vector->key, taken, draw + 1);
    for (step = 0; step < draw; step++) {
        int place = 0;
        while (place < count && left[place] != taken[step]) place++;
        CHECK(place < count);
        left[place] = left[--count];
    }
    CHECK_EQ(taken[draw], left[vector->draws[draw]]);
}

static void plans_draw_the_numbers_of_go(void)
{
    size_t i;
    size_t next;
    for (i = 0; i < draw_vector_count; i = next) {
        int draw;
        next = i;
        while (next < draw_vector_count && draw_vectors[next].bound == draw_vectors[i].bound) next++;
        for (draw = 0; draw < draw_vectors[i].count; draw++) {
            alb *lb = open_numbered(draw_vectors[i].bound + draw);
            size_t row;
            for (row = i; row < next; row++) check_draw(lb, &draw_vectors[row], draw);
            alb_free(lb);
        }
    }
}

static void tokens_are_those_of_the_server(void)
{
    size_t i;
    for (i = 0; i < token_vector_count; i++) {
        const struct key *key = &token_vectors[i].key;
        int64_t token = 0;
        CHECK_STATUS(alb_token_for_key(key->type, key->value, key->length, &token), ALB_OK);
        CHECK_EQ(token, token_vectors[i].token);
    }
}

static void nodes_are_sorted_as_by_the_client_that_the_option_names(void)
{
    size_t i;
    for (i = 0; i < order_vector_count; i++) {
        const struct order_vector *vector = &order_vectors[i];
        alb *lb = open_handle("seeds", vector->nodes, "discovery", "static", "refresh.mode", "manual", "port",
                              vector->port, "affinity.order", vector->order, NULL);
        /* The node that a key chooses is a place in the sorted list, the same in every list of that length. */
        int count = (int)alb_nodes(lb, NULL, 0);
        alb *places = open_numbered(count);
        int32_t numbered[64];
        char seen[64] = { 0 };
        int user;
        int place;
        CHECK_EQ(alb_nodes(places, numbered, 64), count);
        for (user = 0; user < 200; user++) {
            int32_t chosen = node_for_user(places, user);
            for (place = 0; numbered[place] != chosen; place++) CHECK(place + 1 < count);
            check_url(lb, vector->order, node_for_user(lb, user), vector->urls[place]);
            seen[place] = 1;
        }
        for (place = 0; place < count; place++) CHECK(seen[place]);
        alb_free(places);
        alb_free(lb);
    }
}

static void orders_disagree_on_as_many_keys_as_the_clients_do(void)
{
    alb *by_url = open_handle("seeds", disagreement_nodes, "discovery", "static", "refresh.mode", "manual",
                              "affinity.order", "url", NULL);
    alb *by_host = open_handle("seeds", disagreement_nodes, "discovery", "static", "refresh.mode", "manual",
                               "affinity.order", "host", NULL);
    int differing = 0;
    int user;
    for (user = 0; user < 1000; user++) {
        alb_node first = ALB_NODE_INIT;
        alb_node other = ALB_NODE_INIT;
        CHECK_STATUS(alb_node_get(by_url, node_for_user(by_url, user), &first), ALB_OK);
        CHECK_STATUS(alb_node_get(by_host, node_for_user(by_host, user), &other), ALB_OK);
        differing += strcmp(first.url, other.url) != 0;
    }
    CHECK_EQ(differing, disagreement_count);
    alb_free(by_url);
    alb_free(by_host);
}

static void answers_of_localnodes_become_the_list(void)
{
    size_t i;
    for (i = 0; i < answer_vector_count; i++) {
        const struct answer_vector *vector = &answer_vectors[i];
        alb *lb = open_handle("seeds", "seed", "scope", "dc:one", "refresh.mode", "manual", "port", vector->port, NULL);
        answer(lb, vector->body);
        check_list(lb, vector->body, vector->urls);
        alb_free(lb);
    }
}

static void scopes_are_percent_encoded_in_the_query(void)
{
    size_t i;
    for (i = 0; i < scope_vector_count; i++) {
        alb *lb = open_handle("seeds", "seed", "scope", scope_vectors[i].scope, "refresh.mode", "manual", NULL);
        char url[ALB_URL_CAPACITY];
        uint64_t token = 0;
        uint32_t timeout_ms = 0;
        const char *query;
        CHECK(alb_discovery_next(lb, &token, url, sizeof url, &timeout_ms, NULL) > 0);
        query = strchr(url, '?');
        CHECK(query != NULL);
        if (strcmp(query + 1, scope_vectors[i].query) != 0) fail(scope_vectors[i].scope, query + 1, scope_vectors[i].query);
        alb_free(lb);
    }
}

/* Writes the items whose keys are placed on a voter, `votes` of them, behind what the body holds; `key` numbers the keys tried. */
static size_t add_items(alb *lb, char *body, size_t used, size_t capacity, const char *voter, int votes, int *key)
{
    while (votes > 0) {
        alb_node node = ALB_NODE_INIT;
        char name[16];
        int length = snprintf(name, sizeof name, "k%d", (*key)++);
        CHECK(alb_node_for_key(lb, ALB_KEY_S, (const uint8_t *)name, (size_t)length, &node) >= 0);
        if (strcmp(node.url, voter) != 0) continue;
        used += (size_t)snprintf(body + used, capacity - used, "%s{\"PutRequest\":{\"Item\":{\"pk\":{\"S\":\"%s\"}}}}",
                                 body[used - 1] == '[' ? "" : ",", name);
        CHECK(used < capacity);
        votes--;
    }
    return used;
}

static void keys_of_a_batch_vote_for_the_nodes_that_come_first(void)
{
    size_t i;
    for (i = 0; i < batch_vector_count; i++) {
        static const char start[] = "{\"RequestItems\":{\"t\":[";
        const struct batch_vector *vector = &batch_vectors[i];
        alb *lb = open_handle("seeds", vector->nodes, "discovery", "static", "refresh.mode", "manual", "affinity", "any_write",
                              "table.t.key", "pk", NULL);
        char body[2048];
        size_t used = sizeof start - 1;
        alb_plan plan;
        int voters = 0;
        int key = 0;
        int step;
        memcpy(body, start, sizeof start);
        while (vector->voters[voters] != NULL) voters++;
        /* The last voter casts first, so that the order of the items proves nothing. */
        for (step = voters - 1; step >= 0; step--)
            used = add_items(lb, body, used, sizeof body, vector->voters[step], vector->by_votes ? voters - step : 1, &key);
        used += (size_t)snprintf(body + used, sizeof body - used, "]}}");
        CHECK_STATUS(alb_plan_for_request(lb, "BatchWriteItem", ALB_NUL, (const uint8_t *)body, used, &plan), ALB_OK);
        for (step = 0; vector->urls[step] != NULL; step++)
            check_url(lb, vector->nodes, alb_plan_next(lb, &plan, NULL), vector->urls[step]);
        CHECK_EQ(step, alb_nodes(lb, NULL, 0));
        alb_free(lb);
    }
}

/* How many nodes a PutItem whose key has this value is sent to. */
static int nodes_of_value(alb *lb, const char *value, int nodes)
{
    char seen[8] = { 0 };
    char body[128];
    int different = 0;
    int i;
    int length = snprintf(body, sizeof body, "{\"TableName\":\"t\",\"Item\":{\"pk\":%s}}", value);
    for (i = 0; i < nodes; i++) {
        alb_plan plan;
        int32_t id;
        CHECK_STATUS(alb_plan_for_request(lb, "PutItem", ALB_NUL, (const uint8_t *)body, (size_t)length, &plan), ALB_OK);
        id = alb_plan_next(lb, &plan, NULL);
        CHECK(id >= 0 && id < (int32_t)sizeof seen);
        different += !seen[id];
        seen[id] = 1;
    }
    return different;
}

static void values_of_types_that_no_key_can_have_are_routed_without_one(void)
{
    enum { NODES = 5 };
    alb *lb = open_handle("seeds", seed_list(NODES), "discovery", "static", "refresh.mode", "manual", "policy", "round_robin",
                          "affinity", "any_write", "table.t.key", "pk", NULL);
    int i;
    CHECK_EQ(nodes_of_value(lb, "{\"S\":\"1\"}", NODES), 1);
    for (i = 0; unsupported_values[i] != NULL; i++) CHECK_EQ(nodes_of_value(lb, unsupported_values[i], NODES), NODES);
    CHECK(i > 0);
    alb_free(lb);
}

static void check_refused(alb *lb, int32_t type, const uint8_t *value, size_t length)
{
    alb_plan plan;
    int64_t token = 0;
    CHECK_STATUS(alb_node_for_key(lb, type, value, length, NULL), ALB_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(alb_plan_for_key(lb, type, value, length, &plan), ALB_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(alb_token_for_key(type, value, length, &token), ALB_ERR_INVALID_ARGUMENT);
}

static void missing_key_and_numbers_of_other_types_are_refused(void)
{
    static const uint8_t one[] = { '1' };
    alb *lb = open_numbered(3);
    int other;
    check_refused(lb, ALB_KEY_S, NULL, 0);
    CHECK(alb_node_for_key(lb, ALB_KEY_S, one, 0, NULL) >= 0);
    for (other = 1; other < 16; other++) check_refused(lb, ALB_KEY_B + other, one, sizeof one);
    check_refused(lb, 0, one, sizeof one);
    check_refused(lb, -1, one, sizeof one);
    check_refused(lb, INT32_MAX, one, sizeof one);
    alb_free(lb);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(plans_are_those_of_the_official_clients),
        TEST(key_and_the_key_for_its_hash_have_the_same_plan),
        TEST(plans_draw_the_numbers_of_go),
        TEST(tokens_are_those_of_the_server),
        TEST(nodes_are_sorted_as_by_the_client_that_the_option_names),
        TEST(orders_disagree_on_as_many_keys_as_the_clients_do),
        TEST(answers_of_localnodes_become_the_list),
        TEST(scopes_are_percent_encoded_in_the_query),
        TEST(keys_of_a_batch_vote_for_the_nodes_that_come_first),
        TEST(values_of_types_that_no_key_can_have_are_routed_without_one),
        TEST(missing_key_and_numbers_of_other_types_are_refused),
    };
    return RUN_TESTS(tests);
}
