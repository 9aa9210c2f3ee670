/* Eight threads pick, plan and report while another one publishes a new list again and again. */
#include "support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { PICKERS = 8, LISTS = 15 };

static atomic_int stop;

/* Every node that is ever offered must be one of 127.0.0.1..9 with whole strings, whatever is being published. */
static void check_node(const alb_node *node, int32_t id)
{
    CHECK(id >= 0);
    CHECK_EQ(node->id, id);
    CHECK_EQ(strncmp(node->url, "http://127.0.0.", 15), 0);
    CHECK_EQ(strlen(node->url), node->url_len);
    CHECK_EQ(node->port, 8000);
}

static void *pick_until_stopped(void *handle)
{
    alb *lb = handle;
    unsigned long picks = 0;
    while (!atomic_load(&stop)) {
        alb_node node = ALB_NODE_INIT;
        alb_plan plan;
        int32_t ids[9];
        int step;
        check_node(&node, alb_next_node(lb, &node));
        CHECK_STATUS(alb_plan_start(lb, &plan), ALB_OK);
        for (step = 0; step < 4; step++) {
            int32_t id = alb_plan_next(lb, &plan, &node);
            check_node(&node, id);
            CHECK_STATUS(alb_report(lb, id, step == 3 ? ALB_OUTCOME_RESET : ALB_OUTCOME_SUCCESS, 500), ALB_OK);
        }
        CHECK(alb_nodes(lb, ids, 9) >= 1);
        picks++;
    }
    CHECK(picks > 0);
    return NULL;
}

static const char *const lists[] = {
    "[\"127.0.0.1\",\"127.0.0.2\",\"127.0.0.3\"]",
    "[\"127.0.0.4\",\"127.0.0.5\",\"127.0.0.6\",\"127.0.0.7\",\"127.0.0.8\",\"127.0.0.9\"]",
    "[\"127.0.0.2\"]",
};

/* Answers what discovery asks, if it asks anything now. */
static int answer(alb *lb, const char *list)
{
    char url[ALB_URL_CAPACITY];
    uint64_t token = 0;
    uint32_t timeout_ms = 0;
    if (alb_discovery_next(lb, &token, url, sizeof url, &timeout_ms, NULL) <= 0) return 0;
    return alb_discovery_feed(lb, token, 200, (const uint8_t *)list, strlen(list), NULL) == ALB_OK;
}

static void picks_stay_valid_while_lists_are_published(void)
{
    /* In one datacenter one answer is a list; the list of the whole cluster is put together from several. */
    alb *lb = open_handle("seeds", "127.0.0.1", "scope", "dc:dc1", "refresh.mode", "manual", "refresh.active_ms", "100",
                          "refresh.idle_ms", "100", NULL);
    uint64_t generation = *alb_generation(lb);
    uint64_t deadline = now_ms() + 60000;
    pthread_t pickers[PICKERS];
    int answered = 0;
    int i;

    atomic_store(&stop, 0);
    for (i = 0; i < PICKERS; i++) CHECK_EQ(pthread_create(&pickers[i], NULL, pick_until_stopped, lb), 0);
    while (answered < LISTS && now_ms() < deadline) answered += answer(lb, lists[answered % 3]);
    atomic_store(&stop, 1);
    for (i = 0; i < PICKERS; i++) pthread_join(pickers[i], NULL);
    CHECK_EQ(answered, LISTS);
    CHECK(*alb_generation(lb) - generation >= LISTS - 1);
    alb_free(lb);
}

static void *refresh_until_stopped(void *handle)
{
    while (!atomic_load(&stop)) CHECK(alb_refresh(handle, 50, NULL) != ALB_OK);
    return NULL;
}

static void picks_stay_valid_while_refreshes_fail(void)
{
    alb *lb = open_handle("seeds", seed_list(9), "port", "1", "refresh.mode", "manual", NULL);
    pthread_t refreshers[2];
    int i;
    atomic_store(&stop, 0);
    for (i = 0; i < 2; i++) CHECK_EQ(pthread_create(&refreshers[i], NULL, refresh_until_stopped, lb), 0);
    for (i = 0; i < 20000; i++) CHECK(alb_next_node(lb, NULL) >= 0);
    atomic_store(&stop, 1);
    for (i = 0; i < 2; i++) pthread_join(refreshers[i], NULL);
    alb_free(lb);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(picks_stay_valid_while_lists_are_published),
        TEST(picks_stay_valid_while_refreshes_fail),
    };
    return RUN_TESTS(tests);
}
