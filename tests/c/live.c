/* The library against real node processes: refresh, events, statistics, and a node that dies and comes back. */
#include "http.h"
#include "json.h"
#include "support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int nodes_in_cluster(void)
{
    return atoi(required_env("ALB_CLUSTER_NODES"));
}

static alb *open_live(const char *mode)
{
    return open_handle("seeds", required_env("ALB_CLUSTER_SEED"), "port", required_env("ALB_CLUSTER_PORT"),
                       "refresh.mode", mode, "refresh.active_ms", "100", "health.eject_base_ms", "100", NULL);
}

static void control(const char *path)
{
    char url[256];
    char body[4096];
    snprintf(url, sizeof url, "%s%s", required_env("ALB_CLUSTER_CONTROL"), path);
    if (http_request("POST", url, 10000, body, sizeof body) != 200) check_failed(__FILE__, __LINE__, url);
}

static void refresh(alb *lb)
{
    alb_error error = ALB_ERROR_INIT;
    if (alb_refresh(lb, 5000, &error) != ALB_OK) check_failed(__FILE__, __LINE__, error.message);
}

static void one_refresh_lists_every_node_and_each_answers(void)
{
    alb *lb = open_live("manual");
    int32_t ids[16];
    size_t count;
    size_t i;
    refresh(lb);
    count = alb_nodes(lb, ids, 16);
    CHECK_EQ(count, nodes_in_cluster());
    for (i = 0; i < count; i++) {
        alb_node node = ALB_NODE_INIT;
        char body[256];
        CHECK_STATUS(alb_node_get(lb, ids[i], &node), ALB_OK);
        CHECK(node.flags & ALB_NODE_LISTED);
        CHECK_EQ(http_request("GET", node.url, 5000, body, sizeof body), 200);
        CHECK_TEXT(body, "healthy");
    }
    alb_free(lb);
}

static void inline_picks_discover_without_any_other_call(void)
{
    alb *lb = open_live("inline");
    WAIT_UNTIL(alb_next_node(lb, NULL) >= 0 && (int)alb_nodes(lb, NULL, 0) == nodes_in_cluster(), 10000);
    CHECK_EQ(thread_count(), 1);
    alb_free(lb);
}

static void thread_mode_discovers_without_any_call(void)
{
    alb *lb = open_live("thread");
    WAIT_UNTIL((int)alb_nodes(lb, NULL, 0) == nodes_in_cluster(), 10000);
    alb_free(lb);
}

static void event_loop_discovers_with_its_own_client(void)
{
    alb *lb = open_live("manual");
    char url[ALB_URL_CAPACITY];
    char body[4096];
    uint64_t token = 0;
    uint32_t timeout_ms = 0;
    int questions;
    for (questions = 0; questions < 20; questions++) {
        alb_error error = ALB_ERROR_INIT;
        int status;
        if (alb_discovery_next(lb, &token, url, sizeof url, &timeout_ms, &error) <= 0) break;
        status = http_request("GET", url, timeout_ms, body, sizeof body);
        if (status < 0)
            CHECK_STATUS(alb_discovery_fail(lb, token, ALB_OUTCOME_REFUSED, &error), ALB_OK);
        else
            CHECK_STATUS(alb_discovery_feed(lb, token, status, (const uint8_t *)body, strlen(body), &error), ALB_OK);
    }
    CHECK(questions > 0 && questions < 20);
    CHECK_EQ(alb_nodes(lb, NULL, 0), nodes_in_cluster());
    alb_free(lb);
}

static void statistics_are_one_json_object_and_count_as_snprintf(void)
{
    alb *lb = open_live("manual");
    int32_t length;
    char *json;
    char small[8];
    refresh(lb);
    CHECK(alb_next_node(lb, NULL) >= 0);
    length = alb_statistics(lb, NULL, 0);
    CHECK(length > 0);
    memset(small, 0x5A, sizeof small);
    CHECK(alb_statistics(lb, small, 4) >= 4);
    CHECK_EQ(small[4], 0x5A);
    json = malloc((size_t)length + 256);
    length = alb_statistics(lb, json, (size_t)length + 256);
    CHECK_EQ(strlen(json), length);
    CHECK(json_is_object(json));
    free(json);
    alb_free(lb);
}

static void events_are_json_objects_and_each_comes_once(void)
{
    alb *lb = open_live("manual");
    uint64_t cursor = 0;
    char json[4096];
    char tiny[2];
    int32_t length;
    int events = 0;
    refresh(lb);
    length = alb_next_event(lb, &cursor, tiny, sizeof tiny);
    CHECK(length >= (int32_t)sizeof tiny); /* too small a buffer consumes nothing */
    CHECK_EQ(alb_next_event(lb, &cursor, json, sizeof json), length);
    do {
        CHECK((size_t)length < sizeof json);
        CHECK_EQ(strlen(json), length);
        CHECK(json_is_object(json));
        events++;
    } while ((length = alb_next_event(lb, &cursor, json, sizeof json)) > 0);
    CHECK_EQ(length, 0);
    CHECK(events > 0);
    CHECK_EQ(alb_next_event(lb, &cursor, json, sizeof json), 0);
    alb_free(lb);
}

/* As an application would: asks the node for "/" and reports what became of it. */
static int32_t request_and_report(alb *lb, int32_t id)
{
    alb_node node = ALB_NODE_INIT;
    char body[256];
    uint64_t start = now_ms();
    int32_t outcome;
    CHECK_STATUS(alb_node_get(lb, id, &node), ALB_OK);
    outcome = http_request("GET", node.url, 2000, body, sizeof body) == 200 ? ALB_OUTCOME_SUCCESS : ALB_OUTCOME_REFUSED;
    CHECK_STATUS(alb_report(lb, id, outcome, (now_ms() - start) * 1000), ALB_OK);
    return outcome;
}

static uint32_t flags_of(alb *lb, int32_t id)
{
    alb_node node = ALB_NODE_INIT;
    CHECK_STATUS(alb_node_get(lb, id, &node), ALB_OK);
    return node.flags;
}

/* One request of an application that works on: a plan until a node answers, and the refresh when it is due. */
static void one_request(alb *lb)
{
    alb_plan plan;
    int attempts;
    CHECK_STATUS(alb_plan_start(lb, &plan), ALB_OK);
    for (attempts = 1; request_and_report(lb, alb_plan_next(lb, &plan, NULL)) != ALB_OUTCOME_SUCCESS; attempts++)
        CHECK(attempts < nodes_in_cluster());
    if (alb_refresh_due_ms(lb) == 0) alb_refresh(lb, 2000, NULL);
}

static int set_aside(alb *lb, int32_t id)
{
    one_request(lb);
    return (flags_of(lb, id) & (ALB_NODE_SET_ASIDE | ALB_NODE_LISTED)) != ALB_NODE_LISTED;
}

static void dead_node_is_set_aside_and_comes_back_when_it_is_well(void)
{
    alb *lb = open_live("manual");
    const uint64_t *generation = alb_generation(lb);
    uint64_t before;
    int32_t first = -1;
    int i;
    refresh(lb);
    for (i = 0; i < 16 && first < 0; i++) {
        alb_node node = ALB_NODE_INIT;
        if (alb_node_get(lb, i, &node) == ALB_OK && strcmp(node.host, required_env("ALB_CLUSTER_SEED")) == 0) first = i;
    }
    CHECK(first >= 0);

    before = *generation;
    control("/nodes/0/kill");
    WAIT_UNTIL(set_aside(lb, first), 20000);
    CHECK(*generation != before);
    for (i = 0; i < 100; i++) CHECK(alb_next_node(lb, NULL) != first);

    before = *generation;
    control("/nodes/0/restart");
    WAIT_UNTIL(!set_aside(lb, first), 20000);
    CHECK(*generation != before);
    WAIT_UNTIL(alb_next_node(lb, NULL) == first, 5000);
    alb_free(lb);
}

static atomic_int stop;

static void *pick_until_stopped(void *handle)
{
    while (!atomic_load(&stop)) CHECK(alb_next_node(handle, NULL) >= 0);
    return NULL;
}

static void threads_pick_while_another_refreshes(void)
{
    alb *lb = open_live("manual");
    pthread_t pickers[8];
    int i;
    atomic_store(&stop, 0);
    for (i = 0; i < 8; i++) CHECK_EQ(pthread_create(&pickers[i], NULL, pick_until_stopped, lb), 0);
    for (i = 0; i < 50; i++) refresh(lb);
    atomic_store(&stop, 1);
    for (i = 0; i < 8; i++) pthread_join(pickers[i], NULL);
    CHECK_EQ(alb_nodes(lb, NULL, 0), nodes_in_cluster());
    alb_free(lb);
}

static void server_that_knows_dc_and_rack_is_found_to(void)
{
    alb *lb = open_live("manual");
    alb_error error = ALB_ERROR_INIT;
    CHECK_STATUS(alb_scope_supported(lb, 5000, &error), 1);
    CHECK_STATUS(alb_check_scope(lb, 5000, &error), ALB_OK);
    alb_free(lb);
}

static void unknown_datacenter_is_named(void)
{
    alb *lb = open_handle("seeds", required_env("ALB_CLUSTER_SEED"), "port", required_env("ALB_CLUSTER_PORT"),
                          "scope", "dc:atlantis", "refresh.mode", "manual", NULL);
    alb_error error = ALB_ERROR_INIT;
    CHECK_STATUS(alb_check_scope(lb, 5000, &error), ALB_ERR_SCOPE_UNKNOWN);
    CHECK_TEXT(error.message, "atlantis");
    alb_free(lb);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(one_refresh_lists_every_node_and_each_answers),
        TEST(inline_picks_discover_without_any_other_call),
        TEST(thread_mode_discovers_without_any_call),
        TEST(event_loop_discovers_with_its_own_client),
        TEST(statistics_are_one_json_object_and_count_as_snprintf),
        TEST(events_are_json_objects_and_each_comes_once),
        TEST(dead_node_is_set_aside_and_comes_back_when_it_is_well),
        TEST(threads_pick_while_another_refreshes),
        TEST(server_that_knows_dc_and_rack_is_found_to),
        TEST(unknown_datacenter_is_named),
    };
    return RUN_TESTS(tests);
}
