#include "harness.h"

#include "count_allocations.h"

#include <dirent.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

long syscall(long number, ...);

enum { MAX_THREADS = 2 };

void fail(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}

alb *open_static(int nodes, const char *key, ...)
{
    alb_config *config = alb_config_new();
    alb_error error = ALB_ERROR_INIT;
    alb *lb = NULL;
    char *seeds = calloc((size_t)nodes, 16);
    size_t used = 0;
    va_list pairs;
    int i;
    if (seeds == NULL) fail("out of memory");
    for (i = 0; i < nodes; i++)
        used += (size_t)sprintf(seeds + used, "%s127.0.%d.%d", i == 0 ? "" : ",", i / 250, i % 250 + 1);
    if (alb_config_set(config, "seeds", ALB_NUL, seeds, used, &error) != ALB_OK
        || alb_config_set(config, "discovery", ALB_NUL, "static", ALB_NUL, &error) != ALB_OK)
        fail(error.message);
    va_start(pairs, key);
    for (; key != NULL; key = va_arg(pairs, const char *)) {
        const char *value = va_arg(pairs, const char *);
        if (alb_config_set(config, key, ALB_NUL, value, ALB_NUL, &error) != ALB_OK) fail(error.message);
    }
    va_end(pairs);
    if (alb_new(ALB_ABI_VERSION, config, &lb, &error) != ALB_OK) fail(error.message);
    alb_config_free(config);
    free(seeds);
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
    const struct operation *operation;
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
    for (i = 0; i < round->operation->calls; i++) round->operation->run(round->lb);
    round->end = now_ns();
    return NULL;
}

/* Nanoseconds of wall time per call and thread: equal for one and two threads if they do not disturb each other. */
static double fastest_round(alb *lb, const struct operation *operation, int threads, int rounds)
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
            round[i].operation = operation;
            round[i].start = &start;
            if (pthread_create(&thread[i], NULL, run_round, &round[i]) != 0) fail("no thread could be started");
        }
        for (i = 0; i < threads; i++) {
            pthread_join(thread[i], NULL);
            if (round[i].begin < begin) begin = round[i].begin;
            if (round[i].end > end) end = round[i].end;
        }
        pthread_barrier_destroy(&start);
        if ((end - begin) / (double)operation->calls < fastest) fastest = (end - begin) / (double)operation->calls;
    }
    return fastest;
}

/* 1 if a child that the kernel kills at its first system call lives through a round. */
static int makes_no_system_call(alb *lb, const struct operation *operation)
{
    int status = 0;
    pid_t child = fork();
    if (child < 0) fail("fork failed");
    if (child == 0) {
        long i;
        operation->run(lb); /* the first call after a fork may ask for fresh randomness */
        if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0) _exit(1);
        for (i = 0; i < operation->calls; i++) operation->run(lb);
        syscall(SYS_exit, 0);
    }
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static unsigned long allocations_of(alb *lb, const struct operation *operation)
{
    unsigned long before = allocations();
    long i;
    for (i = 0; i < operation->calls; i++) operation->run(lb);
    return allocations() - before;
}

int threads_now(void)
{
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *entry;
    int count = 0;
    if (tasks == NULL) fail("/proc/self/task cannot be read");
    while ((entry = readdir(tasks)) != NULL) count += entry->d_name[0] != '.';
    closedir(tasks);
    return count;
}

void measure(alb *lb, const struct operation *operations, size_t count, int rounds)
{
    size_t i;
    printf("  %-28s %11s %11s %8s %7s %9s\n", "", "1 thread", "2 threads", "speed-up", "mallocs", "syscalls");
    for (i = 0; i < count; i++) {
        double one = fastest_round(lb, &operations[i], 1, rounds);
        double two = fastest_round(lb, &operations[i], 2, rounds);
        printf("  %-28s %8.1f ns %8.1f ns %7.2fx %7lu %9s\n", operations[i].name, one, two, 2 * one / two,
               allocations_of(lb, &operations[i]), makes_no_system_call(lb, &operations[i]) ? "none" : "SOME");
    }
}

int rounds_wanted(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 200;
    if (rounds < 1) fail("ROUNDS is a number from 1");
    printf("alternator_lb %s, %ld processors\n", alb_version(), sysconf(_SC_NPROCESSORS_ONLN));
    return rounds;
}

void empty_call(alb *lb)
{
    (void)lb;
    alb_abi_version();
}
