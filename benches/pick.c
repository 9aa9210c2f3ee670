/* What a pick costs through the C ABI, beside the cost of an empty call (alb_abi_version).
 *
 *   pick [ROUNDS]        rounds of 500,000 calls (default 10) */
#include "harness.h"

#include <malloc.h>
#include <stdio.h>

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

static const struct operation operations[] = {
    { "empty call", empty_call, CALLS },
    { "next_node, id only", next_node, CALLS },
    { "next_node, with node", next_node_out, CALLS },
    { "plan_start + 1 next", plan_1, CALLS },
    { "plan_start + 2 next", plan_2, CALLS },
    { "plan_start + 3 next", plan_3, CALLS },
    { "report, one node", report, CALLS },
};
enum { OPERATIONS = sizeof operations / sizeof *operations };

static void print_memory(int nodes)
{
    struct mallinfo2 before = mallinfo2();
    alb *lb = open_static(nodes, NULL);
    struct mallinfo2 after = mallinfo2();
    printf("memory of a handle with %3d nodes: %.1f KB\n", nodes, (double)(after.uordblks - before.uordblks) / 1000);
    alb_free(lb);
}

int main(int argc, char **argv)
{
    static const int sizes[] = { 3, 9, 100 };
    static const char *const policies[] = { "random", "round_robin" };
    static const char *const modes[] = { "inline", "manual" };
    int rounds = rounds_wanted(argc, argv);
    size_t size, policy, mode;

    alb_free(open_static(3, NULL)); /* what is allocated once in a process */
    for (size = 0; size < 3; size++) print_memory(sizes[size]);
    for (mode = 0; mode < 2; mode++) {
        for (policy = 0; policy < 2; policy++) {
            for (size = 0; size < 3; size++) {
                alb *lb = open_static(sizes[size], "policy", policies[policy], "refresh.mode", modes[mode], NULL);
                printf("\n%d nodes, policy=%s, refresh.mode=%s\n", sizes[size], policies[policy], modes[mode]);
                measure(lb, operations, OPERATIONS, rounds);
                alb_free(lb);
            }
        }
    }
    printf("\nthreads in the process: %d\n", threads_now());
    return 0;
}
