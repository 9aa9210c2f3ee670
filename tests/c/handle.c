/* The life of a handle: references, what its strings promise, and structs of another size than the library knows. */
#include "support.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static void last_free_ends_the_handle_and_not_an_earlier_one(void)
{
    alb *lb = open_static(3, "random", "manual");
    int i;
    for (i = 0; i < 100; i++) CHECK(alb_retain(lb) == lb);
    for (i = 0; i < 100; i++) {
        alb_free(lb);
        CHECK(alb_next_node(lb, NULL) >= 0);
    }
    alb_free(lb);
}

static void free_functions_accept_null(void)
{
    alb_free(NULL);
    alb_config_free(NULL);
    CHECK(alb_retain(NULL) == NULL);
}

static void *use_and_free(void *handle)
{
    alb *lb = handle;
    int i;
    for (i = 0; i < 2000; i++) CHECK(alb_next_node(lb, NULL) >= 0);
    alb_free(lb);
    return NULL;
}

static void threads_may_each_free_their_own_reference(void)
{
    pthread_t threads[8];
    alb *lb = open_static(9, "random", "manual");
    size_t i;
    for (i = 0; i < 8; i++) CHECK_EQ(pthread_create(&threads[i], NULL, use_and_free, alb_retain(lb)), 0);
    alb_free(lb);
    for (i = 0; i < 8; i++) pthread_join(threads[i], NULL);
}

static void node_strings_are_terminated_counted_and_stay_where_they_are(void)
{
    alb *lb = open_handle("seeds", "127.0.0.1,[::1]:9000", "discovery", "static", "policy", "round_robin", NULL);
    alb_node first = ALB_NODE_INIT;
    int i;
    CHECK(alb_next_node(lb, &first) >= 0);
    for (i = 0; i < 10; i++) {
        alb_node node = ALB_NODE_INIT;
        alb_node again = ALB_NODE_INIT;
        int32_t id = alb_next_node(lb, &node);
        CHECK_EQ(node.id, id);
        CHECK_EQ(strlen(node.url), node.url_len);
        CHECK_EQ(strlen(node.host), node.host_len);
        CHECK_EQ(node.struct_size, sizeof node);
        CHECK_STATUS(alb_node_get(lb, id, &again), ALB_OK);
        CHECK(again.url == node.url && again.host == node.host);
        CHECK_EQ(again.flags, node.flags);
        if (node.port == 9000) {
            CHECK_EQ(strcmp(node.url, "http://[::1]:9000"), 0);
            CHECK_EQ(strcmp(node.host, "[::1]"), 0);
        } else {
            CHECK_EQ(strcmp(node.url, "http://127.0.0.1:8000"), 0);
            CHECK_EQ(strcmp(node.host, "127.0.0.1"), 0);
        }
        if (node.id == first.id) CHECK(node.url == first.url);
    }
    alb_free(lb);
}

static void nodes_writes_no_more_ids_than_there_is_room_for(void)
{
    alb *lb = open_static(9, "random", "manual");
    int32_t ids[10];
    size_t i;
    CHECK_EQ(alb_nodes(lb, NULL, 0), 9);
    for (i = 0; i < 10; i++) ids[i] = -77;
    CHECK_EQ(alb_nodes(lb, ids, 4), 9);
    CHECK(ids[3] >= 0);
    CHECK_EQ(ids[4], -77);
    CHECK_EQ(alb_nodes(lb, ids, 10), 9);
    CHECK(ids[8] >= 0);
    CHECK_EQ(ids[9], -77);
    CHECK_EQ(alb_nodes(NULL, ids, 10), 0);
    alb_free(lb);
}

static void unknown_node_ids_and_outcomes_are_refused(void)
{
    alb *lb = open_static(3, "random", "manual");
    alb_node node = ALB_NODE_INIT;
    int32_t id = alb_next_node(lb, NULL);
    CHECK_STATUS(alb_report(lb, -1, ALB_OUTCOME_SUCCESS, 1), ALB_ERR_UNKNOWN_NODE);
    CHECK_STATUS(alb_report(lb, 3, ALB_OUTCOME_SUCCESS, 1), ALB_ERR_UNKNOWN_NODE);
    CHECK_STATUS(alb_report(lb, INT32_MAX, ALB_OUTCOME_SUCCESS, 1), ALB_ERR_UNKNOWN_NODE);
    CHECK_STATUS(alb_report(lb, INT32_MIN, ALB_OUTCOME_SUCCESS, 1), ALB_ERR_UNKNOWN_NODE);
    CHECK_STATUS(alb_report(lb, id, -1, 1), ALB_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(alb_report(lb, id, ALB_OUTCOME_CANCELLED + 1, 1), ALB_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(alb_report(lb, id, ALB_OUTCOME_SUCCESS, UINT64_MAX), ALB_OK);
    CHECK_STATUS(alb_node_get(lb, -1, &node), ALB_ERR_UNKNOWN_NODE);
    CHECK_STATUS(alb_node_get(lb, 3, &node), ALB_ERR_UNKNOWN_NODE);
    alb_free(lb);
}

/* A struct as a program compiled against another version of the header would pass it: `size` bytes, then a guard. */
static void *struct_of(size_t size, uint32_t says)
{
    unsigned char *bytes = malloc(size + 64);
    memset(bytes, 0xA5, size + 64);
    memcpy(bytes, &says, sizeof says);
    return bytes;
}

static void check_guard(const void *bytes, size_t size)
{
    size_t i;
    for (i = size; i < size + 64; i++) CHECK_EQ(((const unsigned char *)bytes)[i], 0xA5);
}

static void node_struct_of_a_newer_header_is_filled_as_far_as_is_known(void)
{
    alb *lb = open_static(3, "random", "manual");
    size_t new_size = sizeof(alb_node) + 32;
    alb_node *node = struct_of(new_size, (uint32_t)new_size);
    CHECK(alb_next_node(lb, node) >= 0);
    CHECK_EQ(strncmp(node->url, "http://127.0.0.", 15), 0);
    check_guard(node, new_size);
    free(node);
    alb_free(lb);
}

static void node_struct_that_is_too_small_is_refused_untouched(void)
{
    static const uint32_t sizes[] = { 0, 1, offsetof(alb_node, url), sizeof(alb_node) - 1 };
    alb *lb = open_static(3, "random", "manual");
    alb_plan plan;
    size_t i;
    CHECK_STATUS(alb_plan_start(lb, &plan), ALB_OK);
    for (i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        alb_node *node = struct_of(sizeof sizes[i], sizes[i]); /* not a byte more than its size member */
        CHECK_STATUS(alb_next_node(lb, node), ALB_ERR_INVALID_ARGUMENT);
        CHECK_STATUS(alb_node_get(lb, 0, node), ALB_ERR_INVALID_ARGUMENT);
        CHECK_STATUS(alb_plan_next(lb, &plan, node), ALB_ERR_INVALID_ARGUMENT);
        check_guard(node, sizeof sizes[i]);
        free(node);
    }
    alb_free(lb);
}

static void error_struct_that_is_too_small_is_left_untouched(void)
{
    static const uint32_t sizes[] = { 0, 1, offsetof(alb_error, message), sizeof(alb_error) - 1 };
    alb_config *config = alb_config_new();
    size_t i;
    for (i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        alb_error *error = struct_of(sizeof sizes[i], sizes[i]);
        CHECK_STATUS(alb_config_set(config, "no.such.option", ALB_NUL, "1", ALB_NUL, error), ALB_ERR_UNKNOWN_OPTION);
        check_guard(error, sizeof sizes[i]);
        free(error);
    }
    alb_config_free(config);
}

static void success_clears_what_an_error_left(void)
{
    alb_config *config = alb_config_new();
    alb_error error = ALB_ERROR_INIT;
    CHECK_STATUS(alb_config_set(config, "port", ALB_NUL, "x", ALB_NUL, &error), ALB_ERR_BAD_VALUE);
    CHECK_STATUS(alb_config_set(config, "port", ALB_NUL, "1", ALB_NUL, &error), ALB_OK);
    CHECK_EQ(error.code, ALB_OK);
    CHECK_EQ(error.message[0], 0);
    alb_config_free(config);
}

static void error_struct_of_a_newer_header_is_filled_as_far_as_is_known(void)
{
    alb_config *config = alb_config_new();
    size_t new_size = sizeof(alb_error) + 128;
    alb_error *error = struct_of(new_size, (uint32_t)new_size);
    CHECK_STATUS(alb_config_set(config, "no.such.option", ALB_NUL, "1", ALB_NUL, error), ALB_ERR_UNKNOWN_OPTION);
    CHECK_EQ(error->struct_size, new_size);
    CHECK_TEXT(error->message, "no.such.option");
    check_guard(error, new_size);
    free(error);
    alb_config_free(config);
}

static void long_texts_are_cut_to_the_message_and_stay_utf8(void)
{
    enum { LENGTH = 4000 };
    char *key = malloc(LENGTH + 1);
    alb_config *config = alb_config_new();
    alb_error error = ALB_ERROR_INIT;
    size_t i;
    for (i = 0; i < LENGTH; i += 2) memcpy(key + i, "\xc3\xa9", 2);
    key[LENGTH] = 0;
    CHECK_STATUS(alb_config_set(config, key, ALB_NUL, "1", ALB_NUL, &error), ALB_ERR_UNKNOWN_OPTION);
    CHECK(memchr(error.message, 0, sizeof error.message) != NULL);
    for (i = 0; error.message[i] != 0; i++)
        if ((unsigned char)error.message[i] == 0xc3) CHECK_EQ((unsigned char)error.message[i + 1], 0xa9);
    free(key);
    alb_config_free(config);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(last_free_ends_the_handle_and_not_an_earlier_one),
        TEST(free_functions_accept_null),
        TEST(threads_may_each_free_their_own_reference),
        TEST(node_strings_are_terminated_counted_and_stay_where_they_are),
        TEST(nodes_writes_no_more_ids_than_there_is_room_for),
        TEST(unknown_node_ids_and_outcomes_are_refused),
        TEST(node_struct_of_a_newer_header_is_filled_as_far_as_is_known),
        TEST(node_struct_that_is_too_small_is_refused_untouched),
        TEST(error_struct_that_is_too_small_is_left_untouched),
        TEST(success_clears_what_an_error_left),
        TEST(error_struct_of_a_newer_header_is_filled_as_far_as_is_known),
        TEST(long_texts_are_cut_to_the_message_and_stay_utf8),
    };
    return RUN_TESTS(tests);
}
