/* A node dies under load and comes back; the application sees no error and loses no acknowledged write.
 *
 *   demo HOST CONTROL_URL [ITEMS [PORT]]
 *
 * Runs on a local cluster (tests/cluster): four threads write and read items without pause while node 0, the only seed,
 * is killed by the cluster's control API and later started again. Each of the three phases lasts ITEMS / 3 items (3000).
 * The exit status is 0 only if no error reached the application and every acknowledged item could be read at the end. */
#include "client.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { WORKERS = 4, MAX_NODES = 16, MAX_ITEMS = 400000, SHOWN_ERRORS = 5 };
enum { WHOLE, DEAD, BACK, READ_ALL, PHASES };

static const char *const phase_names[PHASES] = { "whole cluster", "node 0 dead", "node 0 back", "reading all" };

/* Everything that the workers share, under one lock: next to a request, taking it costs nothing. */
static struct {
    pthread_mutex_t lock;
    alb *lb;
    int phase;
    int stop;
    int next_item;                            /* the first that no worker has taken */
    char acknowledged[MAX_ITEMS];
    int items;                                /* how many are acknowledged */
    int errors;                               /* requests that failed for the application */
    int lost;
    int requests[PHASES];
    uint32_t latency_us[PHASES][2 * MAX_ITEMS];
    int attempts[PHASES][MAX_NODES];          /* by node id */
    int failed_attempts[MAX_NODES];
} run = { .lock = PTHREAD_MUTEX_INITIALIZER };

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int progress(int *counter)
{
    int value;
    pthread_mutex_lock(&run.lock);
    value = *counter;
    pthread_mutex_unlock(&run.lock);
    return value;
}

/* Sends one request and books it, its attempts and its error, if any, to the phase in which it ended. */
static int request(client *c, const char *operation, const char *json)
{
    double start = now_s();
    int done = client_request(c, operation, json, 1);
    uint32_t latency_us = (uint32_t)((now_s() - start) * 1e6);
    int phase;
    int i;

    pthread_mutex_lock(&run.lock);
    phase = run.phase;
    if (run.requests[phase] < 2 * MAX_ITEMS) run.latency_us[phase][run.requests[phase]++] = latency_us;
    for (i = 0; i < c->attempts; i++) {
        int32_t node = c->attempt[i].node;
        if (node >= MAX_NODES) continue;
        run.attempts[phase][node]++;
        run.failed_attempts[node] += c->attempt[i].outcome != ALB_OUTCOME_SUCCESS;
    }
    if (!done && ++run.errors <= SHOWN_ERRORS)
        fprintf(stderr, "\n%s: HTTP %ld %s\n", operation, c->http_status, c->http_status ? c->answer : c->error);
    pthread_mutex_unlock(&run.lock);
    return done;
}

static int put(client *c, int item)
{
    char json[256];
    snprintf(json, sizeof json, "{\"TableName\":\"demo_c\",\"Item\":{\"id\":{\"N\":\"%d\"},\"text\":{\"S\":\"item-%d.\"}}}",
             item, item);
    return request(c, "PutItem", json);
}

/* 1 if the item is there as it was written, 0 if not, -1 if it could not be asked for. */
static int get(client *c, int item)
{
    char json[256];
    char text[32];
    snprintf(json, sizeof json, "{\"TableName\":\"demo_c\",\"Key\":{\"id\":{\"N\":\"%d\"}},\"ConsistentRead\":true}", item);
    if (!request(c, "GetItem", json)) return -1;
    snprintf(text, sizeof text, "\"item-%d.\"", item);
    return strstr(c->answer, text) != NULL;
}

static int take_item(int limit)
{
    int item = -1;
    pthread_mutex_lock(&run.lock);
    if (!run.stop && run.next_item < limit) item = run.next_item++;
    pthread_mutex_unlock(&run.lock);
    return item;
}

/* Writes the next item and reads it back, until told to stop. */
static void *write_and_read(void *unused)
{
    client *c = client_new(run.lb);
    int item;
    (void)unused;
    while (c != NULL && (item = take_item(MAX_ITEMS)) >= 0) {
        int there;
        if (!put(c, item)) continue;
        there = get(c, item);
        pthread_mutex_lock(&run.lock);
        run.acknowledged[item] = 1;
        run.items++;
        run.lost += there == 0;
        pthread_mutex_unlock(&run.lock);
    }
    client_free(c);
    return NULL;
}

/* Reads every acknowledged item once more and counts what is not there. */
static void *verify(void *written)
{
    client *c = client_new(run.lb);
    int item;
    while (c != NULL && (item = take_item(*(int *)written)) >= 0) {
        if (run.acknowledged[item] && get(c, item) != 1) {
            pthread_mutex_lock(&run.lock);
            run.lost++;
            pthread_mutex_unlock(&run.lock);
        }
    }
    client_free(c);
    return NULL;
}

static void start_workers(pthread_t *workers, void *(*work)(void *), void *argument)
{
    int i;
    for (i = 0; i < WORKERS; i++) {
        if (pthread_create(&workers[i], NULL, work, argument) == 0) continue;
        fprintf(stderr, "no thread could be started\n");
        exit(2);
    }
}

static void join_workers(pthread_t *workers)
{
    int i;
    for (i = 0; i < WORKERS; i++) pthread_join(workers[i], NULL);
}

static size_t ignore(char *piece, size_t one, size_t length, void *context)
{
    (void)piece;
    (void)context;
    return one * length;
}

/* POSTs to the cluster's control API, which answers when the thing is done. */
static void control(const char *control_url, const char *path)
{
    CURL *curl = curl_easy_init();
    char url[256];
    CURLcode code;
    snprintf(url, sizeof url, "%s%s", control_url, path);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 20000L);
    code = curl_easy_perform(curl);
    curl_easy_cleanup(curl);
    if (code == CURLE_OK) return;
    fprintf(stderr, "%s: %s\n", url, curl_easy_strerror(code));
    exit(2);
}

static void set_phase(int phase)
{
    pthread_mutex_lock(&run.lock);
    run.phase = phase;
    pthread_mutex_unlock(&run.lock);
}

static void print_progress(const char *end)
{
    printf("%-14s %7d items acknowledged, %d errors%s", phase_names[progress(&run.phase)], progress(&run.items),
           progress(&run.errors), end);
    fflush(stdout);
}

/* Shows the progress until `items` more items are acknowledged; 0 if that takes longer than a minute. */
static int let_run(int items)
{
    static const struct timespec tick = { 0, 20 * 1000 * 1000 };
    double deadline = now_s() + 60;
    int until = progress(&run.items) + items;
    while (progress(&run.items) < until && now_s() < deadline) {
        if (isatty(STDOUT_FILENO)) print_progress("\r");
        nanosleep(&tick, NULL);
    }
    print_progress("\n");
    return progress(&run.items) >= until;
}

static int by_value(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left;
    uint32_t b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static void print_latencies(const double *seconds)
{
    int phase;
    printf("\n%-14s %9s %11s %8s %8s %8s\n", "phase", "requests", "requests/s", "p50 ms", "p99 ms", "max ms");
    for (phase = 0; phase < PHASES; phase++) {
        uint32_t *sorted = run.latency_us[phase];
        int count = run.requests[phase];
        if (count == 0) continue;
        qsort(sorted, (size_t)count, sizeof *sorted, by_value);
        printf("%-14s %9d %11.0f %8.2f %8.2f %8.2f\n", phase_names[phase], count, count / seconds[phase],
               sorted[count / 2] / 1e3, sorted[(long)count * 99 / 100] / 1e3, sorted[count - 1] / 1e3);
    }
}

static void print_nodes(void)
{
    long all[PHASES] = { 0 };
    int phase;
    int node;
    for (phase = 0; phase < PHASES; phase++)
        for (node = 0; node < MAX_NODES; node++) all[phase] += run.attempts[phase][node];
    printf("\n%-26s", "attempts by node");
    for (phase = 0; phase < PHASES; phase++) printf(" %16s", phase_names[phase]);
    printf(" %7s\n", "failed");
    for (node = 0; node < MAX_NODES; node++) {
        alb_node known = ALB_NODE_INIT;
        if (alb_node_get(run.lb, node, &known) != ALB_OK) continue;
        printf("%-26s", known.url);
        for (phase = 0; phase < PHASES; phase++) {
            int attempts = run.attempts[phase][node];
            printf(" %8d %6.1f%%", attempts, all[phase] ? 100.0 * attempts / all[phase] : 0.0);
        }
        printf(" %7d\n", run.failed_attempts[node]);
    }
}

/* Waits until a probe has brought the node back; 0 if none does in time. */
static int let_return(void)
{
    static const struct timespec tick = { 0, 20 * 1000 * 1000 };
    double deadline = now_s() + 60;
    int32_t ids[MAX_NODES];
    int aside = 1;
    while (aside && now_s() < deadline) {
        size_t count = alb_nodes(run.lb, ids, MAX_NODES);
        size_t i;
        aside = 0;
        for (i = 0; i < count && i < MAX_NODES; i++) {
            alb_node node = ALB_NODE_INIT;
            aside |= alb_node_get(run.lb, ids[i], &node) == ALB_OK && (node.flags & ALB_NODE_SET_ASIDE) != 0;
        }
        nanosleep(&tick, NULL);
    }
    return !aside;
}

/* Writes and reads through the three phases; the seconds each took. 0 if a phase did not end in time. */
static int run_phases(const char *control_url, int items_per_phase, double *seconds)
{
    pthread_t workers[WORKERS];
    double started = now_s();
    int done;

    start_workers(workers, write_and_read, NULL);
    done = let_run(items_per_phase);
    seconds[WHOLE] = now_s() - started;

    started = now_s();
    set_phase(DEAD); /* from here on: requests that are under way when the node dies count too */
    control(control_url, "/nodes/0/kill");
    done = let_run(items_per_phase) && done;
    control(control_url, "/nodes/0/restart");
    done = let_return() && done;
    seconds[DEAD] = now_s() - started;

    started = now_s();
    set_phase(BACK);
    done = let_run(items_per_phase) && done;
    pthread_mutex_lock(&run.lock);
    run.stop = 1;
    pthread_mutex_unlock(&run.lock);
    join_workers(workers);
    seconds[BACK] = now_s() - started;
    return done;
}

static double read_all_back(void)
{
    pthread_t workers[WORKERS];
    double started = now_s();
    int written = run.next_item;
    run.next_item = 0;
    run.stop = 0;
    run.phase = READ_ALL;
    start_workers(workers, verify, &written);
    join_workers(workers);
    print_progress("\n");
    return now_s() - started;
}

/* Makes the table; 0 with a message if that fails. */
static int make_table(void)
{
    client *c = client_new(run.lb);
    int done = c != NULL
        && (client_request(c, "CreateTable",
                           "{\"TableName\":\"demo_c\",\"BillingMode\":\"PAY_PER_REQUEST\","
                           "\"AttributeDefinitions\":[{\"AttributeName\":\"id\",\"AttributeType\":\"N\"}],"
                           "\"KeySchema\":[{\"AttributeName\":\"id\",\"KeyType\":\"HASH\"}]}", 1)
            || strstr(c->answer, "ResourceInUseException") != NULL);
    if (!done) fprintf(stderr, "CreateTable: %s\n", c == NULL ? "out of memory" : c->http_status ? c->answer : c->error);
    client_free(c);
    return done;
}

int main(int argc, char **argv)
{
    double seconds[PHASES] = { 0 };
    alb_error error = ALB_ERROR_INIT;
    int items = argc > 3 ? atoi(argv[3]) : 3000;
    int done;

    if (argc < 3 || items < 3 || items > MAX_ITEMS / 4) {
        fprintf(stderr, "usage: %s HOST CONTROL_URL [ITEMS, 3 to %d [PORT]]\n", argv[0], MAX_ITEMS / 4);
        return 2;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    run.lb = cluster_open(argv[1], argc > 4 ? argv[4] : "8000", &error);
    if (run.lb == NULL) {
        fprintf(stderr, "%s\n", error.message);
        return 2;
    }
    done = make_table() && run_phases(argv[2], items / 3, seconds);
    if (done) {
        seconds[READ_ALL] = read_all_back();
        print_latencies(seconds);
        print_nodes();
        printf("\n%d items acknowledged, %d lost, %d errors reached the application\n", run.items, run.lost, run.errors);
    } else {
        fprintf(stderr, "the run did not come to its end\n");
    }
    alb_free(run.lb);
    curl_global_cleanup();
    return done && run.lost == 0 && run.errors == 0 ? 0 : 1;
}
