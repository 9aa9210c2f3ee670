/* What the C test programs share: checks that say where and why, a runner, and handles in one line.
 *
 * A program lists its tests by name; a name is a sentence about behaviour. The first failed check ends the program, and
 * a forked child, with status 1. Nothing here waits for a fixed time: WAIT_UNTIL polls with a deadline. */
#ifndef ALTERNATOR_LB_TESTS_SUPPORT_H
#define ALTERNATOR_LB_TESTS_SUPPORT_H

#include <alternator_lb.h>

#include <stddef.h>
#include <stdint.h>

#define CHECK(condition) \
    do { \
        if (!(condition)) check_failed(__FILE__, __LINE__, #condition); \
    } while (0)

#define CHECK_EQ(actual, expected) \
    check_equal(__FILE__, __LINE__, #actual, (long long)(actual), (long long)(expected))

#define CHECK_TEXT(text, part) check_contains(__FILE__, __LINE__, #text, (text), (part))

#define CHECK_STATUS(call, expected) check_status(__FILE__, __LINE__, #call, (call), (expected))

/* Polls until the condition holds; fails after `deadline_ms`. */
#define WAIT_UNTIL(condition, deadline_ms) \
    do { \
        uint64_t wait_until_ms = now_ms() + (deadline_ms); \
        while (!(condition)) { \
            if (now_ms() > wait_until_ms) check_failed(__FILE__, __LINE__, "in time: " #condition); \
            pause_ms(5); \
        } \
    } while (0)

void check_failed(const char *file, int line, const char *what);
void check_equal(const char *file, int line, const char *what, long long actual, long long expected);
void check_contains(const char *file, int line, const char *what, const char *text, const char *part);
void check_status(const char *file, int line, const char *call, int32_t actual, int32_t expected);

struct test {
    const char *name;
    void (*run)(void);
};
#define TEST(function) { #function, function }
#define RUN_TESTS(tests) run_tests((tests), sizeof(tests) / sizeof((tests)[0]))

/* Runs all tests in order and prints a line for each; the value is what main() returns. */
int run_tests(const struct test *tests, size_t count);

/* A handle from "key", "value" pairs that end with NULL. Every pair and alb_new() must be accepted. */
alb *open_handle(const char *key, ...);

/* A handle over `count` nodes 127.0.0.1, 127.0.0.2, ... with discovery=static: no I/O, ever. */
alb *open_static(int count, const char *policy, const char *refresh_mode);

/* "127.0.0.1,127.0.0.2,..." in a static buffer; at most 250. */
const char *seed_list(int count);

/* The value of an environment variable that the test cannot do without. */
const char *required_env(const char *name);

uint64_t now_ms(void);
void pause_ms(unsigned milliseconds);

/* How many threads this process has now. */
int thread_count(void);

#endif
