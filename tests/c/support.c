#include "support.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *running = "(no test)";

void check_failed(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: FAILED %s: %s\n", file, line, running, what);
    _exit(1);
}

void check_equal(const char *file, int line, const char *what, long long actual, long long expected)
{
    char text[512];
    if (actual == expected) return;
    snprintf(text, sizeof text, "%s is %lld, expected %lld", what, actual, expected);
    check_failed(file, line, text);
}

void check_contains(const char *file, int line, const char *what, const char *text, const char *part)
{
    char message[1024];
    if (strstr(text, part) != NULL) return;
    snprintf(message, sizeof message, "%s does not contain \"%s\": \"%s\"", what, part, text);
    check_failed(file, line, message);
}

void check_status(const char *file, int line, const char *call, int32_t actual, int32_t expected)
{
    char text[512];
    if (actual == expected) return;
    snprintf(text, sizeof text, "%s is %s (%d), expected %s (%d)", call, alb_status_name(actual), (int)actual,
             alb_status_name(expected), (int)expected);
    check_failed(file, line, text);
}

int run_tests(const struct test *tests, size_t count)
{
    size_t i;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (i = 0; i < count; i++) {
        uint64_t start = now_ms();
        running = tests[i].name;
        tests[i].run();
        printf("ok %s (%llu ms)\n", running, (unsigned long long)(now_ms() - start));
    }
    return 0;
}

alb *open_handle(const char *key, ...)
{
    alb_config *config = alb_config_new();
    alb_error error = ALB_ERROR_INIT;
    alb *lb = NULL;
    va_list pairs;

    va_start(pairs, key);
    for (; key != NULL; key = va_arg(pairs, const char *)) {
        const char *value = va_arg(pairs, const char *);
        if (alb_config_set(config, key, ALB_NUL, value, ALB_NUL, &error) != ALB_OK)
            check_failed(__FILE__, __LINE__, error.message);
    }
    va_end(pairs);
    if (alb_new(ALB_ABI_VERSION, config, &lb, &error) != ALB_OK) check_failed(__FILE__, __LINE__, error.message);
    alb_config_free(config);
    return lb;
}

alb *open_static(int count, const char *policy, const char *refresh_mode)
{
    return open_handle("seeds", seed_list(count), "discovery", "static", "policy", policy, "refresh.mode", refresh_mode,
                       NULL);
}

const char *seed_list(int count)
{
    static char list[250 * 10];
    size_t used = 0;
    int i;
    CHECK(count >= 1 && count <= 250);
    for (i = 1; i <= count; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s127.0.0.%d", i == 1 ? "" : ",", i);
    return list;
}

const char *required_env(const char *name)
{
    const char *value = getenv(name);
    if (value == NULL) {
        fprintf(stderr, "%s is not set: run this test by with_cluster.py\n", name);
        exit(1);
    }
    return value;
}

uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void pause_ms(unsigned milliseconds)
{
    struct timespec pause;
    pause.tv_sec = milliseconds / 1000;
    pause.tv_nsec = (long)(milliseconds % 1000) * 1000000;
    nanosleep(&pause, NULL);
}

int thread_count(void)
{
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *entry;
    int count = 0;
    CHECK(tasks != NULL);
    while ((entry = readdir(tasks)) != NULL) count += entry->d_name[0] != '.';
    closedir(tasks);
    return count;
}
