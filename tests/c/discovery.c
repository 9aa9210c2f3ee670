/* Discovery without I/O: the test plays the network, so every answer, good or hostile, is a line here. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static alb *open_manual(const char *seeds)
{
    return open_handle("seeds", seeds, "refresh.mode", "manual", "policy", "round_robin", NULL);
}

/* The next URL to GET, which there must be. */
static uint64_t next_url(alb *lb, char *url, size_t capacity)
{
    alb_error error = ALB_ERROR_INIT;
    uint64_t token = 0;
    uint32_t timeout_ms = 0;
    int32_t length = alb_discovery_next(lb, &token, url, capacity, &timeout_ms, &error);
    if (length <= 0) check_failed(__FILE__, __LINE__, error.message[0] ? error.message : "there is a URL to ask");
    CHECK((size_t)length < capacity);
    CHECK_EQ(strlen(url), length);
    CHECK(timeout_ms > 0);
    return token;
}

static alb_status feed(alb *lb, uint64_t token, int32_t http_status, const char *body)
{
    alb_error error = ALB_ERROR_INIT;
    alb_status status = alb_discovery_feed(lb, token, http_status, (const uint8_t *)body, strlen(body), &error);
    CHECK_EQ(error.code, status);
    return status;
}

/* One whole round in which every question gets this answer. */
static void round_with(alb *lb, int32_t http_status, const char *body)
{
    char url[ALB_URL_CAPACITY];
    uint64_t token = 0;
    uint32_t timeout_ms = 0;
    int questions;
    for (questions = 0; questions < 100; questions++) {
        if (alb_discovery_next(lb, &token, url, sizeof url, &timeout_ms, NULL) <= 0) return;
        feed(lb, token, http_status, body);
    }
    check_failed(__FILE__, __LINE__, "a round ends");
}

static void seeds_are_asked_for_localnodes_and_the_answer_becomes_the_list(void)
{
    alb *lb = open_manual("127.0.0.1:9000");
    const uint64_t *generation = alb_generation(lb);
    uint64_t before = *generation;
    alb_node node = ALB_NODE_INIT;
    char url[ALB_URL_CAPACITY];
    uint64_t token = next_url(lb, url, sizeof url);
    int i;

    CHECK_EQ(strncmp(url, "http://127.0.0.1:9000/localnodes", 32), 0);
    CHECK_STATUS(feed(lb, token, 200, "[\"127.0.0.2\",\"127.0.0.3\",\"::1\"]"), ALB_OK);
    CHECK_EQ(alb_nodes(lb, NULL, 0), 3);
    CHECK(*generation != before);
    for (i = 0; i < 30; i++) {
        CHECK(alb_next_node(lb, &node) >= 0);
        CHECK(node.flags & ALB_NODE_LISTED);
        CHECK_EQ(node.port, 8000); /* of the option `port`: a seed's own port is its own alone */
        CHECK(strcmp(node.host, "127.0.0.1") != 0);
    }
    alb_free(lb);
}

static void dc_and_rack_are_asked_for_and_percent_encoded(void)
{
    alb *lb = open_handle("seeds", "127.0.0.1", "scope", "rack:dc one/r&1", "refresh.mode", "manual", NULL);
    char url[ALB_URL_CAPACITY];
    next_url(lb, url, sizeof url);
    CHECK_TEXT(url, "dc=dc%20one");
    CHECK_TEXT(url, "rack=r%261");
    alb_free(lb);
}

static void nothing_is_asked_again_before_it_is_due(void)
{
    alb *lb = open_manual("127.0.0.1");
    char url[ALB_URL_CAPACITY];
    uint64_t token = 0;
    uint32_t timeout_ms = 0;
    CHECK_EQ(alb_refresh_due_ms(lb), 0);
    round_with(lb, 200, "[\"127.0.0.1\"]");
    CHECK_EQ(alb_discovery_next(lb, &token, url, sizeof url, &timeout_ms, NULL), 0);
    CHECK(alb_refresh_due_ms(lb) > 0);
    alb_free(lb);
}

static void who_asks_for_a_round_gets_one_at_once(void)
{
    alb *lb = open_manual("127.0.0.1");
    char url[ALB_URL_CAPACITY];
    round_with(lb, 200, "[\"127.0.0.1\"]");
    CHECK(alb_refresh_due_ms(lb) > 0);
    CHECK_STATUS(alb_refresh_soon(lb), ALB_OK);
    CHECK_EQ(alb_refresh_due_ms(lb), 0);
    next_url(lb, url, sizeof url);
    CHECK_TEXT(url, "/localnodes");
    alb_free(lb);
}

static void token_is_good_once(void)
{
    alb *lb = open_manual("127.0.0.1");
    char url[ALB_URL_CAPACITY];
    uint64_t token = next_url(lb, url, sizeof url);
    CHECK_STATUS(feed(lb, token + 1000, 200, "[\"127.0.0.9\"]"), ALB_ERR_STALE_TOKEN);
    CHECK_STATUS(feed(lb, token, 200, "[\"127.0.0.2\"]"), ALB_OK);
    CHECK_STATUS(feed(lb, token, 200, "[\"127.0.0.3\"]"), ALB_ERR_STALE_TOKEN);
    CHECK_STATUS(alb_discovery_fail(lb, token, ALB_OUTCOME_TIMEOUT, NULL), ALB_ERR_STALE_TOKEN);
    CHECK_EQ(alb_nodes(lb, NULL, 0), 1);
    alb_free(lb);
}

static void useless_answers_leave_the_list_as_it_was(void)
{
    static const struct {
        int32_t http_status;
        const char *body;
    } useless[] = {
        { 200, "" }, { 200, "[" }, { 200, "{}" }, { 200, "null" }, { 200, "\"127.0.0.9\"" }, { 200, "<html>" },
        { 200, "[1,2]" }, { 200, "[\"\"]" }, { 200, "[\"not a host\"]" }, { 200, "[]" }, { 500, "[\"127.0.0.9\"]" },
        { 302, "[\"127.0.0.9\"]" }, { 404, "" },
    };
    size_t i;
    for (i = 0; i < sizeof useless / sizeof *useless; i++) {
        alb *lb = open_handle("seeds", "127.0.0.1", "refresh.mode", "manual", "refresh.active_ms", "100",
                              "refresh.idle_ms", "100", NULL);
        alb_node node = ALB_NODE_INIT;
        round_with(lb, 200, "[\"127.0.0.2\",\"127.0.0.3\"]");
        WAIT_UNTIL(alb_refresh_due_ms(lb) == 0, 5000);
        round_with(lb, useless[i].http_status, useless[i].body);
        CHECK_EQ(alb_nodes(lb, NULL, 0), 2);
        CHECK(alb_next_node(lb, &node) >= 0);
        CHECK(strcmp(node.host, "127.0.0.9") != 0);
        alb_free(lb);
    }
}

static void bad_entries_are_skipped_and_duplicates_dropped(void)
{
    alb *lb = open_manual("127.0.0.1");
    char url[ALB_URL_CAPACITY];
    uint64_t token = next_url(lb, url, sizeof url);
    CHECK_STATUS(feed(lb, token, 200, "[\"127.0.0.2\", 7, \"no host\", null, \"127.0.0.2\", \"127.0.0.3\"]"), ALB_OK);
    CHECK_EQ(alb_nodes(lb, NULL, 0), 2);
    alb_free(lb);
}

static void next_seed_is_asked_at_once_when_one_fails(void)
{
    alb *lb = open_manual("127.0.0.1,127.0.0.2,127.0.0.3");
    char first[ALB_URL_CAPACITY];
    char second[ALB_URL_CAPACITY];
    uint64_t token = next_url(lb, first, sizeof first);
    CHECK_STATUS(alb_discovery_fail(lb, token, ALB_OUTCOME_REFUSED, NULL), ALB_OK);
    token = next_url(lb, second, sizeof second);
    CHECK(strcmp(first, second) != 0);
    CHECK_STATUS(feed(lb, token, 200, "[\"127.0.0.7\"]"), ALB_OK);
    CHECK_EQ(alb_nodes(lb, NULL, 0), 1);
    alb_free(lb);
}

static void seeds_serve_while_no_list_is_known(void)
{
    alb *lb = open_manual("127.0.0.1,127.0.0.2");
    alb_node node = ALB_NODE_INIT;
    CHECK(alb_next_node(lb, &node) >= 0);
    CHECK(node.flags & ALB_NODE_SEED);
    round_with(lb, 500, "");
    CHECK(alb_next_node(lb, &node) >= 0);
    CHECK(node.flags & ALB_NODE_SEED);
    alb_free(lb);
}

static void small_url_buffer_is_refused_and_loses_no_question(void)
{
    alb *lb = open_manual("127.0.0.1");
    alb_error error = ALB_ERROR_INIT;
    char url[ALB_URL_CAPACITY];
    uint64_t token = 0;
    uint32_t timeout_ms = 0;
    memset(url, 0x5A, sizeof url);
    CHECK_STATUS(alb_discovery_next(lb, &token, url, sizeof url - 1, &timeout_ms, &error), ALB_ERR_INVALID_ARGUMENT);
    CHECK_TEXT(error.message, "ALB_URL_CAPACITY");
    CHECK_EQ(url[0], 0x5A);
    next_url(lb, url, sizeof url);
    alb_free(lb);
}

static void numbers_that_are_no_http_status_or_outcome_are_refused(void)
{
    static const int32_t statuses[] = { 0, -1, 99, 600, INT32_MAX, INT32_MIN };
    static const int32_t outcomes[] = { -1, ALB_OUTCOME_CANCELLED + 1, INT32_MAX };
    alb *lb = open_manual("127.0.0.1");
    char url[ALB_URL_CAPACITY];
    uint64_t token = next_url(lb, url, sizeof url);
    size_t i;
    for (i = 0; i < sizeof statuses / sizeof *statuses; i++)
        CHECK_STATUS(feed(lb, token, statuses[i], "[\"127.0.0.9\"]"), ALB_ERR_INVALID_ARGUMENT);
    for (i = 0; i < sizeof outcomes / sizeof *outcomes; i++)
        CHECK_STATUS(alb_discovery_fail(lb, token, outcomes[i], NULL), ALB_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(feed(lb, token, 200, "[\"127.0.0.2\"]"), ALB_OK); /* the question stayed open */
    alb_free(lb);
}

static void empty_body_may_be_null(void)
{
    alb *lb = open_manual("127.0.0.1");
    char url[ALB_URL_CAPACITY];
    uint64_t token = next_url(lb, url, sizeof url);
    CHECK_STATUS(alb_discovery_feed(lb, token, 503, NULL, 1, NULL), ALB_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(alb_discovery_feed(lb, token, 503, NULL, 0, NULL), ALB_OK);
    alb_free(lb);
}

static void huge_lists_are_taken_or_refused_but_never_harm(void)
{
    enum { ENTRIES = 200000, ROOM = ENTRIES * 20 };
    char *body = malloc(ROOM);
    alb *lb = open_manual("127.0.0.1");
    char url[ALB_URL_CAPACITY];
    uint64_t token = next_url(lb, url, sizeof url);
    size_t used = 0;
    int i;
    body[used++] = '[';
    for (i = 0; i < ENTRIES; i++)
        used += (size_t)snprintf(body + used, ROOM - used, "%s\"10.%d.%d.%d\"", i ? "," : "", i >> 16 & 255,
                                 i >> 8 & 255, i & 255);
    memcpy(body + used, "]", 2);
    feed(lb, token, 200, body);
    CHECK(alb_nodes(lb, NULL, 0) >= 1);
    CHECK(alb_next_node(lb, NULL) >= 0);
    free(body);
    alb_free(lb);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(seeds_are_asked_for_localnodes_and_the_answer_becomes_the_list),
        TEST(dc_and_rack_are_asked_for_and_percent_encoded),
        TEST(nothing_is_asked_again_before_it_is_due),
        TEST(who_asks_for_a_round_gets_one_at_once),
        TEST(token_is_good_once),
        TEST(useless_answers_leave_the_list_as_it_was),
        TEST(bad_entries_are_skipped_and_duplicates_dropped),
        TEST(next_seed_is_asked_at_once_when_one_fails),
        TEST(seeds_serve_while_no_list_is_known),
        TEST(small_url_buffer_is_refused_and_loses_no_question),
        TEST(numbers_that_are_no_http_status_or_outcome_are_refused),
        TEST(empty_body_may_be_null),
        TEST(huge_lists_are_taken_or_refused_but_never_harm),
    };
    return RUN_TESTS(tests);
}
