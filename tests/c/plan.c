/* Query plans and picks over a fixed list: nothing repeats too early, shares are even, set-aside nodes come last. */
#include "support.h"

#include <stdlib.h>
#include <string.h>

static const char *const policies[] = { "adaptive", "random", "round_robin" };
enum { POLICIES = sizeof policies / sizeof *policies };

/* Takes `count` steps of the plan and checks that each of the `count` nodes comes exactly once. */
static void check_one_pass(alb *lb, alb_plan *plan, int count)
{
    char seen[256] = { 0 };
    int step;
    for (step = 0; step < count; step++) {
        int32_t id = alb_plan_next(lb, plan, NULL);
        CHECK(id >= 0 && id < (int32_t)sizeof seen);
        CHECK_EQ(seen[id], 0);
        seen[id] = 1;
    }
}

static void plan_offers_every_node_once_before_any_again(void)
{
    static const int sizes[] = { 1, 3, 9, 100 };
    size_t policy;
    size_t size;
    for (policy = 0; policy < POLICIES; policy++) {
        for (size = 0; size < sizeof sizes / sizeof *sizes; size++) {
            alb *lb = open_static(sizes[size], policies[policy], "inline");
            int round;
            for (round = 0; round < 20; round++) {
                alb_plan plan;
                memset(&plan, 0xA5, sizeof plan); /* the storage may hold anything before the start */
                CHECK_STATUS(alb_plan_start(lb, &plan), ALB_OK);
                check_one_pass(lb, &plan, sizes[size]);
                check_one_pass(lb, &plan, sizes[size]);
            }
            alb_free(lb);
        }
    }
}

static void plans_are_independent_of_each_other(void)
{
    alb *lb = open_static(9, "random", "manual");
    alb_plan plans[2];
    char seen[2][9] = { { 0 } };
    int step;
    CHECK_STATUS(alb_plan_start(lb, &plans[0]), ALB_OK);
    CHECK_STATUS(alb_plan_start(lb, &plans[1]), ALB_OK);
    for (step = 0; step < 18; step++) {
        int32_t id = alb_plan_next(lb, &plans[step % 2], NULL);
        CHECK_EQ(seen[step % 2][id]++, 0);
    }
    alb_free(lb);
}

static void copy_of_a_plan_goes_on_from_where_it_was_taken(void)
{
    alb *lb = open_static(9, "random", "manual");
    alb_plan plan;
    alb_plan copy;
    char tried[9] = { 0 };
    int step;
    CHECK_STATUS(alb_plan_start(lb, &plan), ALB_OK);
    for (step = 0; step < 4; step++) tried[alb_plan_next(lb, &plan, NULL)] = 1;
    copy = plan;
    for (step = 4; step < 9; step++) CHECK_EQ(tried[alb_plan_next(lb, &copy, NULL)]++, 0);
    for (step = 4; step < 9; step++) CHECK_EQ(tried[alb_plan_next(lb, &plan, NULL)]++, 1);
    alb_free(lb);
}

static void storage_that_no_plan_was_started_in_does_no_harm(void)
{
    alb *lb = open_static(9, "random", "manual");
    int byte;
    for (byte = 0; byte < 256; byte++) {
        alb_plan plan;
        int32_t id;
        memset(&plan, byte, sizeof plan);
        id = alb_plan_next(lb, &plan, NULL);
        CHECK(id == ALB_ERR_INVALID_ARGUMENT || (id >= 0 && id < 9));
    }
    alb_free(lb);
}

static void round_robin_gives_every_node_the_same_count(void)
{
    alb *lb = open_static(9, "round_robin", "manual");
    int counts[9] = { 0 };
    int i;
    for (i = 0; i < 9 * 1000; i++) counts[alb_next_node(lb, NULL)]++;
    for (i = 0; i < 9; i++) CHECK_EQ(counts[i], 1000);
    alb_free(lb);
}

static void random_picks_are_even_by_chi_square(void)
{
    enum { NODES = 9, PICKS = 90000 };
    alb *lb = open_static(NODES, "random", "manual");
    double expected = (double)PICKS / NODES;
    double chi_square = 0;
    int counts[NODES] = { 0 };
    int i;
    for (i = 0; i < PICKS; i++) counts[alb_next_node(lb, NULL)]++;
    for (i = 0; i < NODES; i++) chi_square += (counts[i] - expected) * (counts[i] - expected) / expected;
    CHECK(chi_square < 39.4); /* 8 degrees of freedom: an even source exceeds it once in 240,000 runs */
    CHECK(chi_square > 0.05); /* and no random source is as even as this */
    alb_free(lb);
}

static void node_that_refuses_connections_is_offered_last(void)
{
    size_t policy;
    for (policy = 0; policy < POLICIES; policy++) {
        alb *lb = open_static(3, policies[policy], "manual");
        const uint64_t *generation = alb_generation(lb);
        uint64_t before = *generation;
        int32_t bad = alb_next_node(lb, NULL);
        alb_node node = ALB_NODE_INIT;
        int i;

        for (i = 0; i < 10; i++) CHECK_STATUS(alb_report(lb, bad, ALB_OUTCOME_REFUSED, 1000), ALB_OK);
        CHECK_STATUS(alb_node_get(lb, bad, &node), ALB_OK);
        CHECK(node.flags & ALB_NODE_SET_ASIDE);
        CHECK(node.flags & ALB_NODE_LISTED);
        CHECK(*generation != before);
        CHECK_EQ(alb_nodes(lb, NULL, 0), 3);
        for (i = 0; i < 300; i++) {
            alb_plan plan;
            CHECK(alb_next_node(lb, NULL) != bad);
            CHECK_STATUS(alb_plan_start(lb, &plan), ALB_OK);
            CHECK(alb_plan_next(lb, &plan, NULL) != bad);
            CHECK(alb_plan_next(lb, &plan, NULL) != bad);
            CHECK_EQ(alb_plan_next(lb, &plan, NULL), bad);
        }
        alb_free(lb);
    }
}

static void requests_go_on_when_every_node_looks_bad(void)
{
    alb *lb = open_static(3, "random", "manual");
    alb_plan plan;
    int32_t id;
    int i;
    for (id = 0; id < 3; id++)
        for (i = 0; i < 10; i++) CHECK_STATUS(alb_report(lb, id, ALB_OUTCOME_REFUSED, 1000), ALB_OK);
    CHECK(alb_next_node(lb, NULL) >= 0);
    CHECK_STATUS(alb_plan_start(lb, &plan), ALB_OK);
    check_one_pass(lb, &plan, 3);
    alb_free(lb);
}

static void outcomes_that_are_not_the_nodes_fault_set_nothing_aside(void)
{
    static const int32_t harmless[] = { ALB_OUTCOME_SUCCESS, ALB_OUTCOME_CALLER_FAULT, ALB_OUTCOME_CANCELLED };
    alb *lb = open_static(3, "random", "manual");
    alb_node node = ALB_NODE_INIT;
    size_t outcome;
    int i;
    for (outcome = 0; outcome < sizeof harmless / sizeof *harmless; outcome++)
        for (i = 0; i < 1000; i++) CHECK_STATUS(alb_report(lb, 1, harmless[outcome], 1000), ALB_OK);
    CHECK_STATUS(alb_node_get(lb, 1, &node), ALB_OK);
    CHECK_EQ(node.flags & ALB_NODE_SET_ASIDE, 0);
    alb_free(lb);
}

static void health_off_sets_nothing_aside(void)
{
    alb *lb = open_handle("seeds", seed_list(3), "discovery", "static", "health", "off", NULL);
    alb_node node = ALB_NODE_INIT;
    int i;
    for (i = 0; i < 100; i++) CHECK_STATUS(alb_report(lb, 1, ALB_OUTCOME_REFUSED, 1000), ALB_OK);
    CHECK_STATUS(alb_node_get(lb, 1, &node), ALB_OK);
    CHECK_EQ(node.flags & ALB_NODE_SET_ASIDE, 0);
    alb_free(lb);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(plan_offers_every_node_once_before_any_again),
        TEST(plans_are_independent_of_each_other),
        TEST(copy_of_a_plan_goes_on_from_where_it_was_taken),
        TEST(storage_that_no_plan_was_started_in_does_no_harm),
        TEST(round_robin_gives_every_node_the_same_count),
        TEST(random_picks_are_even_by_chi_square),
        TEST(node_that_refuses_connections_is_offered_last),
        TEST(requests_go_on_when_every_node_looks_bad),
        TEST(outcomes_that_are_not_the_nodes_fault_set_nothing_aside),
        TEST(health_off_sets_nothing_aside),
    };
    return RUN_TESTS(tests);
}
