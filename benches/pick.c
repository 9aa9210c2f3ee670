/* What a pick costs through the C ABI, beside the cost of an empty call (alb_abi_version).
 *
 *   pick [ROUNDS]        rounds of 500,000 calls; the fastest round is printed, since noise only ever adds (default 10)
 *
 * No refresh falls due, so nothing is measured but the choice. Two threads share one handle. Allocations are counted by
 * standing before malloc; that no system call is made, a child in seccomp's strict mode shows by living to the end.
 * The same promises are tests, without times, in tests/c/side_effects.c. */
#include <alternator_lb.h>

#include "count_allocations.h"

#include <dirent.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

long syscall(long number, ...);

enum { CALLS = 500000, MAX_THREADS = 2 };

typedef void operation(alb *lb);

static void empty_call(alb *lb)
{
    (void)lb;
    alb_abi_version();
}

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

static void node_for_key(alb *lb)
{
    static const uint8_t key[] = "user-00000000042"; /* 16 bytes */
    alb_node_for_key(lb, ALB_KEY_S, key, sizeof key - 1, NULL);
}

static void key_plan_3(alb *lb)
{
    static const uint8_t key[] = "user-00000000042";
    alb_plan plan;
    int steps = 3;
    alb_plan_for_key(lb, ALB_KEY_S, key, sizeof key - 1, &plan);
    while (steps-- > 0) alb_plan_next(lb, &plan, NULL);
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
static const struct {
    const char *name;
    operation *run;
} operations[] = {
    { "empty call", empty_call },
    { "next_node, id only", next_node },
    { "next_node, with node", next_node_out },
    { "plan_start + 1 next", plan_1 },
    { "plan_start + 2 next", plan_2 },
    { "plan_start + 3 next", plan_3 },
    { "node_for_key, 16 bytes", node_for_key },
    { "plan_for_key + 3 next", key_plan_3 },
    { "report, one node", report },
    { "next_node + report", pick_and_report },
    { "plan + next + report", plan_and_report },
};
enum { OPERATIONS = sizeof operations / sizeof *operations };

static void fail(const char *what)
{
    fprintf(stderr, "pick: %s\n", what);
    exit(1);
}

/* A handle that knows so many nodes, as if one of them had listed them, and asks again in an hour. */
static alb *open_handle(int nodes, const char *policy, const char *mode)
{
    static const char *const hour = "3600000";
    alb_config *config = alb_config_new();
    alb_error error = ALB_ERROR_INIT;
    alb *lb = NULL;
    char *list = malloc((size_t)nodes * 20 + 3);
    size_t used = 1;
    char url[ALB_URL_CAPACITY];
    uint64_t token;
    uint32_t timeout;
    int i;
    if (alb_config_set(config, "seeds", ALB_NUL, "127.0.0.1", ALB_NUL, &error) != ALB_OK
        || alb_config_set(config, "scope", ALB_NUL, "dc:dc1", ALB_NUL, &error) != ALB_OK
        || alb_config_set(config, "refresh.active_ms", ALB_NUL, hour, ALB_NUL, &error) != ALB_OK
        || alb_config_set(config, "refresh.idle_ms", ALB_NUL, hour, ALB_NUL, &error) != ALB_OK
        || alb_config_set(config, "policy", ALB_NUL, policy, ALB_NUL, &error) != ALB_OK
        || alb_config_set(config, "refresh.mode", ALB_NUL, mode, ALB_NUL, &error) != ALB_OK
        || alb_new(ALB_ABI_VERSION, config, &lb, &error) != ALB_OK)
        fail(error.message);
    alb_config_free(config);
    list[0] = '[';
    for (i = 0; i < nodes; i++)
        used += (size_t)sprintf(list + used, "%s\"127.0.%d.%d\"", i == 0 ? "" : ",", i / 200, i % 200 + 1);
    list[used++] = ']';
    if (alb_discovery_next(lb, &token, url, sizeof url, &timeout, &error) <= 0
        || alb_discovery_feed(lb, token, 200, (const uint8_t *)list, used, &error) != ALB_OK)
        fail(error.message);
    free(list);
    if (alb_nodes(lb, NULL, 0) != (size_t)nodes) fail("the handle does not know the nodes it was told");
    return lb;
}

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

struct round {
    alb *lb;
    operation *run;
    pthread_barrier_t *start;
    double begin;
    double end;
};

static void *run_round(void *argument)
{
    struct round *round = argument;
    long i;
    pthread_barrier_wait(round->start);
    round->begin = now_ns();
    for (i = 0; i < CALLS; i++) round->run(round->lb);
    round->end = now_ns();
    return NULL;
}

/* Nanoseconds of wall time per call and thread: equal for one and two threads if they do not disturb each other. */
static double fastest_round(alb *lb, operation *run, int threads, int rounds)
{
    double fastest = 1e18;
    while (rounds-- > 0) {
        struct round round[MAX_THREADS];
        pthread_t thread[MAX_THREADS];
        pthread_barrier_t start;
        double begin = 1e18;
        double end = 0;
        int i;
        pthread_barrier_init(&start, NULL, (unsigned)threads);
        for (i = 0; i < threads; i++) {
            round[i].lb = lb;
            round[i].run = run;
            round[i].start = &start;
            if (pthread_create(&thread[i], NULL, run_round, &round[i]) != 0) fail("no thread could be started");
        }
        for (i = 0; i < threads; i++) {
            pthread_join(thread[i], NULL);
            if (round[i].begin < begin) begin = round[i].begin;
            if (round[i].end > end) end = round[i].end;
        }
        pthread_barrier_destroy(&start);
        if ((end - begin) / CALLS < fastest) fastest = (end - begin) / CALLS;
    }
    return fastest;
}

/* 1 if a child that the kernel kills at its first system call lives through a round. */
static int makes_no_system_call(alb *lb, operation *run)
{
    int status = 0;
    pid_t child = fork();
    if (child < 0) fail("fork failed");
    if (child == 0) {
        long i;
        run(lb); /* the first call after a fork may ask for fresh randomness */
        if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0) _exit(1);
        for (i = 0; i < CALLS; i++) run(lb);
        syscall(SYS_exit, 0);
    }
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static unsigned long allocations_of(alb *lb, operation *run)
{
    unsigned long before = allocations();
    long i;
    for (i = 0; i < CALLS; i++) run(lb);
    return allocations() - before;
}

static int threads_now(void)
{
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *entry;
    int count = 0;
    if (tasks == NULL) fail("/proc/self/task cannot be read");
    while ((entry = readdir(tasks)) != NULL) count += entry->d_name[0] != '.';
    closedir(tasks);
    return count;
}

static void measure(int nodes, const char *policy, const char *mode, int rounds)
{
    alb *lb = open_handle(nodes, policy, mode);
    int i;
    printf("\n%d nodes, policy=%s, refresh.mode=%s\n", nodes, policy, mode);
    printf("  %-22s %9s %9s %8s %7s %9s\n", "", "1 thread", "2 threads", "speed-up", "mallocs", "syscalls");
    for (i = 0; i < OPERATIONS; i++) {
        double one = fastest_round(lb, operations[i].run, 1, rounds);
        double two = fastest_round(lb, operations[i].run, 2, rounds);
        printf("  %-22s %6.1f ns %6.1f ns %7.2fx %7lu %9s\n", operations[i].name, one, two, 2 * one / two,
               allocations_of(lb, operations[i].run), makes_no_system_call(lb, operations[i].run) ? "none" : "SOME");
    }
    alb_free(lb);
}

static void print_memory(int nodes)
{
    struct mallinfo2 before = mallinfo2();
    alb *lb = open_handle(nodes, "random", "manual");
    struct mallinfo2 after = mallinfo2();
    printf("memory of a handle with %4d nodes: %.1f KB\n", nodes, (double)(after.uordblks - before.uordblks) / 1000);
    alb_free(lb);
}

int main(int argc, char **argv)
{
    enum { SIZES = 4 };
    static const int sizes[SIZES] = { 3, 9, 100, 1000 };
    static const char *const policies[] = { "adaptive", "random", "round_robin" };
    static const char *const modes[] = { "inline", "manual" };
    int rounds = argc > 1 ? atoi(argv[1]) : 10;
    size_t size;
    size_t policy;
    size_t mode;

    if (rounds < 1) fail("ROUNDS is a number from 1");
    printf("alternator_lb %s, %ld processors\n", alb_version(), sysconf(_SC_NPROCESSORS_ONLN));
    alb_free(open_handle(3, "random", "manual")); /* what is allocated once in a process */
    for (size = 0; size < SIZES; size++) print_memory(sizes[size]);
    for (mode = 0; mode < sizeof modes / sizeof *modes; mode++)
        for (policy = 0; policy < sizeof policies / sizeof *policies; policy++)
            for (size = 0; size < SIZES; size++) measure(sizes[size], policies[policy], modes[mode], rounds);
    printf("\nthreads in the process: %d\n", threads_now());
    return 0;
}
