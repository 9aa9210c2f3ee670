/* A process that forks: children pick at once, not in lock-step, and whatever thread or refresh the parent had. */
#include "http.h"
#include "support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PICKS = 64 };

/* Forks a child that runs `body` and ends with status 0; more than 20 seconds are a hang. */
static pid_t fork_child(void (*body)(alb *lb, int out), alb *lb, int out)
{
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(20);
        body(lb, out);
        _exit(0);
    }
    return child;
}

static void join_child(pid_t child)
{
    int status = 0;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(!WIFSIGNALED(status));
    CHECK_EQ(WEXITSTATUS(status), 0);
}

static void pick_and_free(alb *lb, int out)
{
    int32_t ids[PICKS];
    int i;
    for (i = 0; i < PICKS; i++) {
        ids[i] = alb_next_node(lb, NULL);
        CHECK(ids[i] >= 0);
    }
    if (out >= 0) CHECK_EQ(write(out, ids, sizeof ids), sizeof ids);
    alb_free(lb);
}

static void read_picks(int in, int32_t *ids)
{
    size_t used = 0;
    while (used < PICKS * sizeof *ids) {
        ssize_t got = read(in, (char *)ids + used, PICKS * sizeof *ids - used);
        CHECK(got > 0);
        used += (size_t)got;
    }
}

static void children_pick_after_an_idle_fork(void)
{
    alb *lb = open_static(9, "random", "inline");
    int i;
    CHECK(alb_next_node(lb, NULL) >= 0);
    for (i = 0; i < 4; i++) join_child(fork_child(pick_and_free, lb, -1));
    CHECK(alb_next_node(lb, NULL) >= 0);
    alb_free(lb);
}

static void children_do_not_pick_in_lock_step(const char *policy)
{
    alb *lb = open_static(97, policy, "manual");
    int32_t first[4][PICKS];
    int ends[2];
    int same = 0;
    int i;
    CHECK(alb_next_node(lb, NULL) >= 0);
    for (i = 0; i < 4; i++) {
        CHECK_EQ(pipe(ends), 0);
        join_child(fork_child(pick_and_free, lb, ends[1]));
        read_picks(ends[0], first[i]);
        close(ends[0]);
        close(ends[1]);
    }
    for (i = 1; i < 4; i++) same += memcmp(first[0], first[i], sizeof first[0]) == 0;
    CHECK(same <= 1); /* two round-robin cursors of 97 may agree once in a hundred; three all but never */
    alb_free(lb);
}

static void children_do_not_pick_in_lock_step_at_random(void)
{
    children_do_not_pick_in_lock_step("random");
}

static void children_do_not_pick_in_lock_step_in_turn(void)
{
    children_do_not_pick_in_lock_step("round_robin");
}

/* A handle whose only seed is a server that accepts and never answers. */
static alb *open_hung(int port, const char *mode)
{
    char seed[32];
    snprintf(seed, sizeof seed, "127.0.0.1:%d", port);
    return open_handle("seeds", seed, "refresh.mode", mode, "discovery.timeout_ms", "4000", NULL);
}

static atomic_int refresh_status;

static void *refresh_the_hung(void *handle)
{
    atomic_store(&refresh_status, alb_refresh(handle, 3000, NULL));
    return NULL;
}

static void pick_and_refresh_and_free(alb *lb, int out)
{
    uint64_t start = now_ms();
    alb_status status;
    CHECK(alb_next_node(lb, NULL) >= 0);
    CHECK(now_ms() - start < 1000);
    start = now_ms();
    status = alb_refresh(lb, 300, NULL); /* the parent's claim on the refresh is not the child's */
    CHECK(status == ALB_ERR_TIMEOUT || status == ALB_ERR_UNREACHABLE);
    CHECK(now_ms() - start < 2500);
    pick_and_free(lb, out);
}

static void child_of_a_fork_in_mid_refresh_picks_and_refreshes(void)
{
    int port = 0;
    int server = listen_and_hang(&port);
    alb *lb = open_hung(port, "manual");
    pthread_t refresher;
    int connection;

    atomic_store(&refresh_status, 1);
    CHECK_EQ(pthread_create(&refresher, NULL, refresh_the_hung, lb), 0);
    connection = accept(server, NULL, NULL); /* so the refresh is under way */
    join_child(fork_child(pick_and_refresh_and_free, lb, -1));
    CHECK_EQ(atomic_load(&refresh_status), 1); /* it was all the time */
    pthread_join(refresher, NULL);
    CHECK(atomic_load(&refresh_status) < 0);
    close(connection);
    close(server);
    alb_free(lb);
}

static void child_of_a_parent_with_a_refresh_thread_picks_and_frees(void)
{
    int port = 0;
    int server = listen_and_hang(&port);
    alb *lb = open_hung(port, "thread");
    int connection;

    CHECK(alb_next_node(lb, NULL) >= 0);
    connection = accept(server, NULL, NULL);
    join_child(fork_child(pick_and_refresh_and_free, lb, -1));
    close(connection);
    close(server);
    alb_free(lb);
}

static void pick_and_fork_again(alb *lb, int out)
{
    CHECK(alb_next_node(lb, NULL) >= 0);
    join_child(fork_child(pick_and_free, lb, out));
    alb_free(lb);
}

static void grandchildren_pick(void)
{
    alb *lb = open_static(9, "random", "inline");
    join_child(fork_child(pick_and_fork_again, lb, -1));
    alb_free(lb);
}

static void parent_is_untouched_by_what_its_children_do(void)
{
    alb *lb = open_static(9, "round_robin", "manual");
    int counts[9] = { 0 };
    int i;
    for (i = 0; i < 90; i++) {
        if (i % 30 == 0) join_child(fork_child(pick_and_free, lb, -1));
        counts[alb_next_node(lb, NULL)]++;
    }
    for (i = 0; i < 9; i++) CHECK_EQ(counts[i], 10);
    alb_free(lb);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(children_pick_after_an_idle_fork),
        TEST(children_do_not_pick_in_lock_step_at_random),
        TEST(children_do_not_pick_in_lock_step_in_turn),
        TEST(child_of_a_fork_in_mid_refresh_picks_and_refreshes),
        TEST(child_of_a_parent_with_a_refresh_thread_picks_and_frees),
        TEST(grandchildren_pick),
        TEST(parent_is_untouched_by_what_its_children_do),
    };
    return RUN_TESTS(tests);
}
