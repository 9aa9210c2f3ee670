/* What the benchmarks share. Times are those of the fastest of many short rounds, since noise only ever adds. Allocations are counted by
 * standing before malloc; that no system call is made, a child in seccomp's strict mode shows by living to the end. The same promises are
 * tests, without times, in tests/c/side_effects.c. */
#ifndef HARNESS_H
#define HARNESS_H

#include <alternator_lb.h>

#include <stddef.h>

enum { CALLS = 20000 };

struct operation {
    const char *name;
    void (*run)(alb *lb);
    long calls; /* in a round */
};

/* Prints a row for each operation: nanoseconds a call from one thread and from two that share the handle, what that gains, allocations
 * and system calls. */
void measure(alb *lb, const struct operation *operations, size_t count, int rounds);

/* The floor: a call through the C ABI that does nothing. */
void empty_call(alb *lb);

/* A handle over a static list of so many nodes, so that nothing is measured but the choice; option names and values end with NULL. */
alb *open_static(int nodes, const char *key, ...);

/* The program's one argument, and a first line about the library. */
int rounds_wanted(int argc, char **argv);

int threads_now(void);
void fail(const char *what);

#endif
