/* What a pick must not do: allocate, enter the kernel, start a thread, print, touch signal handlers or be large. */
#include "count_allocations.h"
#include "support.h"

#include <linux/seccomp.h>
#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

long syscall(long number, ...);

static const char *const policies[] = { "adaptive", "random", "round_robin" };
static const char *const modes[] = { "inline", "manual" };
enum { POLICIES = 3, MODES = 2, MILLION = 1000000 };

/* Picks, a plan and reports. The values are not checked by CHECK, which would print: the count of good ids is. */
static long pick(alb *lb, long times)
{
    long good = 0;
    long i;
    for (i = 0; i < times; i++) {
        alb_node node = ALB_NODE_INIT;
        alb_plan plan;
        good += alb_next_node(lb, NULL) >= 0;
        good += alb_next_node(lb, &node) >= 0;
        alb_plan_start(lb, &plan);
        good += alb_plan_next(lb, &plan, &node) >= 0;
        good += alb_plan_next(lb, &plan, NULL) >= 0;
        alb_report(lb, node.id, ALB_OUTCOME_SUCCESS, 250);
    }
    return good;
}

static void for_every_policy_and_mode(void (*test)(alb *lb))
{
    int policy;
    int mode;
    for (policy = 0; policy < POLICIES; policy++) {
        for (mode = 0; mode < MODES; mode++) {
            alb *lb = open_static(9, policies[policy], modes[mode]);
            test(lb);
            alb_free(lb);
        }
    }
}

/* Routing by key in all its ways; the table's key is told by option, as the first sight of a table does allocate. */
static long route(alb *lb, long times)
{
    static const char put[] = "{\"TableName\":\"t\",\"Item\":{\"id\":{\"S\":\"caf\\u00e9\"}}}";
    static const char batch[] = "{\"RequestItems\":{\"t\":[{\"PutRequest\":{\"Item\":{\"id\":{\"B\":\"AAAA\"}}}},"
                                "{\"DeleteRequest\":{\"Key\":{\"id\":{\"N\":\"17\"}}}}]}}";
    static const uint8_t key[] = { 'k', 'e', 'y' };
    long good = 0;
    long i;
    for (i = 0; i < times; i++) {
        alb_plan plan;
        char name[256];
        good += alb_node_for_key(lb, ALB_KEY_S, key, sizeof key, NULL) >= 0;
        alb_plan_for_key(lb, ALB_KEY_B, key, sizeof key, &plan);
        good += alb_plan_next(lb, &plan, NULL) >= 0;
        alb_plan_for_request(lb, "PutItem", 7, (const uint8_t *)put, sizeof put - 1, &plan);
        good += alb_plan_next(lb, &plan, NULL) >= 0;
        alb_plan_for_request(lb, "BatchWriteItem", 14, (const uint8_t *)batch, sizeof batch - 1, &plan);
        good += alb_plan_next(lb, &plan, NULL) >= 0;
        alb_plan_for_request(lb, "PutItem", 7, (const uint8_t *)put, sizeof put - 2, &plan); /* not readable */
        good += alb_plan_next(lb, &plan, NULL) >= 0;
        alb_plan_for_write(lb, "PutItem", 7, "t", 1, ALB_KEY_S, key, sizeof key, 0, NULL, 0, &plan);
        good += alb_plan_next(lb, &plan, NULL) >= 0;
        alb_plan_start(lb, &plan);
        alb_plan_vote(lb, &plan, "t", 1, ALB_KEY_S, key, sizeof key);
        good += alb_plan_next(lb, &plan, NULL) >= 0;
        good += alb_table_key(lb, "t", 1, name, sizeof name) == 2;
        good += alb_table_key_next_wanted(lb, name, sizeof name) == 0;
    }
    return good;
}

static void routing_by_key_allocates_nothing(void)
{
    static const char *const placements[] = { "official", "rendezvous" };
    int placement;
    for (placement = 0; placement < 2; placement++) {
        alb *lb = open_handle("seeds", seed_list(9), "discovery", "static", "refresh.mode", "manual", "affinity", "any_write",
                              "affinity.placement", placements[placement], "table.t.key", "id", NULL);
        unsigned long before = allocations();
        CHECK_EQ(route(lb, 10000), 90000);
        CHECK_EQ(allocations() - before, 0);
        alb_free(lb);
    }
}

static void check_allocations(alb *lb)
{
    unsigned long before = allocations();
    CHECK_EQ(pick(lb, 100000), 400000);
    CHECK_EQ(allocations() - before, 0);
}

static void a_pick_allocates_nothing(void)
{
    alb *lb;
    unsigned long before = allocations();
    lb = open_static(3, "random", "manual");
    CHECK(allocations() > before); /* the counter sees the library's own allocations */
    alb_free(lb);
    for_every_policy_and_mode(check_allocations);
}

/* In strict mode the kernel kills a thread at its first system call but read, write, exit and sigreturn. */
static void check_system_calls(alb *lb)
{
    int status = 0;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        long good = pick(lb, 1); /* the first call after a fork may ask for fresh randomness */
        if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0) _exit(3);
        good += pick(lb, MILLION / 4);
        syscall(SYS_exit, good == MILLION + 4 ? 0 : 2);
    }
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(!WIFSIGNALED(status));
    CHECK_EQ(WEXITSTATUS(status), 0);
}

static void a_million_picks_make_no_system_call(void)
{
    for_every_policy_and_mode(check_system_calls);
}

static void strict_mode_does_kill_at_a_system_call(void)
{
    int status = 0;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0) _exit(3);
        syscall(SYS_getppid);
        syscall(SYS_exit, 0);
    }
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void check_threads(alb *lb)
{
    CHECK_EQ(pick(lb, 1000), 4000);
    CHECK_EQ(thread_count(), 1);
}

static void library_starts_no_thread_unless_asked(void)
{
    alb *lb;
    for_every_policy_and_mode(check_threads);
    lb = open_handle("seeds", "127.0.0.1", "port", "1", NULL);
    CHECK(alb_refresh(lb, 500, NULL) != ALB_OK);
    CHECK_EQ(pick(lb, 1000), 4000);
    CHECK_EQ(thread_count(), 1);
    alb_free(lb);
}

static void thread_mode_starts_one_thread_and_free_ends_it(void)
{
    alb *lb = open_handle("seeds", "127.0.0.1", "port", "1", "refresh.mode", "thread", NULL);
    CHECK(alb_next_node(lb, NULL) >= 0);
    CHECK_EQ(thread_count(), 2);
    alb_free(lb);
    WAIT_UNTIL(thread_count() == 1, 5000); /* the kernel drops a joined thread's entry a moment later */
}

static void library_leaves_signal_handlers_alone(void)
{
    struct sigaction before[32];
    struct sigaction after;
    alb *lb;
    int number;
    memset(before, 0, sizeof before);
    for (number = 1; number < 32; number++) sigaction(number, NULL, &before[number]);
    lb = open_handle("seeds", "127.0.0.1", "port", "1", NULL);
    alb_refresh(lb, 200, NULL);
    for (number = 1; number < 32; number++) {
        sigaction(number, NULL, &after);
        CHECK(after.sa_handler == before[number].sa_handler);
    }
    alb_free(lb);
}

static void handle_of_a_hundred_nodes_takes_less_than_100_kilobytes(void)
{
    struct mallinfo2 before;
    struct mallinfo2 after;
    alb *lb = open_static(100, "random", "manual"); /* what is allocated once in a process */
    alb_free(lb);
    before = mallinfo2();
    lb = open_static(100, "random", "manual");
    CHECK_EQ(pick(lb, 1000), 4000);
    after = mallinfo2();
    CHECK(after.uordblks - before.uordblks < 100 * 1000);
    alb_free(lb);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(a_pick_allocates_nothing),
        TEST(routing_by_key_allocates_nothing),
        TEST(a_million_picks_make_no_system_call),
        TEST(strict_mode_does_kill_at_a_system_call),
        TEST(library_starts_no_thread_unless_asked),
        TEST(thread_mode_starts_one_thread_and_free_ends_it),
        TEST(library_leaves_signal_handlers_alone),
        TEST(handle_of_a_hundred_nodes_takes_less_than_100_kilobytes),
    };
    return RUN_TESTS(tests);
}
