/* What a pick costs through the C ABI, beside the cost of an empty call (alb_abi_version).
 *
 *   pick [ROUNDS]        rounds of 20,000 calls (default 200) */
#include "harness.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

static void next_node(alb *lb)
{
    alb_next_node(lb, NULL);
}

static void next_node_out(alb *lb)
{
    alb_node node = ALB_NODE_INIT;
    alb_next_node(lb, &node);
}

static void plan(alb *lb, int steps)
{
    alb_plan plan;
    alb_plan_start(lb, &plan);
    while (steps-- > 0) alb_plan_next(lb, &plan, NULL);
}

static void plan_1(alb *lb)
{
    plan(lb, 1);
}

static void plan_2(alb *lb)
{
    plan(lb, 2);
}

static void plan_3(alb *lb)
{
    plan(lb, 3);
}

static void report(alb *lb)
{
    alb_report(lb, 0, ALB_OUTCOME_SUCCESS, 500);
}

static void pick_and_report(alb *lb)
{
    alb_report(lb, alb_next_node(lb, NULL), ALB_OUTCOME_SUCCESS, 500);
}

static void plan_and_report(alb *lb)
{
    alb_plan plan;
    alb_plan_start(lb, &plan);
    alb_report(lb, alb_plan_next(lb, &plan, NULL), ALB_OUTCOME_SUCCESS, 500);
}

/* In this order: from the first report on, attempts are counted and nodes compared. */
static const struct operation operations[] = {
    { "empty call", empty_call, CALLS },
    { "next_node, id only", next_node, CALLS },
    { "next_node, with node", next_node_out, CALLS },
    { "plan_start + 1 next", plan_1, CALLS },
    { "plan_start + 2 next", plan_2, CALLS },
    { "plan_start + 3 next", plan_3, CALLS },
    { "report, one node", report, CALLS },
    { "next_node + report", pick_and_report, CALLS },
    { "plan_start + next + report", plan_and_report, CALLS },
};
enum { OPERATIONS = sizeof operations / sizeof *operations };

/* A handle that knows so many nodes, as if one of them had listed them, and asks again in an hour. */
static alb *open_listed(int nodes, const char *policy, const char *mode)
{
    static const char *const hour = "3600000";
    alb *lb = open_static(1, "discovery", "localnodes", "scope", "dc:dc1", "refresh.active_ms", hour, "refresh.idle_ms", hour,
                          "policy", policy, "refresh.mode", mode, NULL);
    alb_error error = ALB_ERROR_INIT;
    char *list = malloc((size_t)nodes * 20 + 3);
    char url[ALB_URL_CAPACITY];
    size_t used = 0;
    uint64_t token;
    uint32_t timeout;
    int i;
    if (list == NULL) fail("out of memory");
    for (i = 0; i < nodes; i++)
        used += (size_t)sprintf(list + used, "%s\"127.0.%d.%d\"", i == 0 ? "[" : ",", i / 250, i % 250 + 1);
    list[used++] = ']';
    if (alb_discovery_next(lb, &token, url, sizeof url, &timeout, &error) <= 0
        || alb_discovery_feed(lb, token, 200, (const uint8_t *)list, used, &error) != ALB_OK)
        fail(error.message);
    free(list);
    if (alb_nodes(lb, NULL, 0) != (size_t)nodes) fail("the handle does not know the nodes that it was told");
    return lb;
}

static void print_memory(int nodes)
{
    struct mallinfo2 before = mallinfo2();
    alb *lb = open_listed(nodes, "adaptive", "manual");
    struct mallinfo2 after = mallinfo2();
    printf("memory of a handle with %4d nodes: %.1f KB\n", nodes, (double)(after.uordblks - before.uordblks) / 1000);
    alb_free(lb);
}

int main(int argc, char **argv)
{
    enum { SIZES = 4, POLICIES = 3, MODES = 2 };
    static const int sizes[SIZES] = { 3, 9, 100, 1000 };
    static const char *const policies[POLICIES] = { "adaptive", "random", "round_robin" };
    static const char *const modes[MODES] = { "inline", "manual" };
    int rounds = rounds_wanted(argc, argv);
    size_t size, policy, mode;

    alb_free(open_static(3, NULL)); /* what is allocated once in a process */
    for (size = 0; size < SIZES; size++) print_memory(sizes[size]);
    for (mode = 0; mode < MODES; mode++) {
        for (policy = 0; policy < POLICIES; policy++) {
            for (size = 0; size < SIZES; size++) {
                alb *lb = open_listed(sizes[size], policies[policy], modes[mode]);
                printf("\n%d nodes, policy=%s, refresh.mode=%s\n", sizes[size], policies[policy], modes[mode]);
                measure(lb, operations, OPERATIONS, rounds);
                alb_free(lb);
            }
        }
    }
    printf("\nthreads in the process: %d\n", threads_now());
    return 0;
}
