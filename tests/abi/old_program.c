/* A program of the first release: compiled against the header of 0.1, run with the library of today. Its structs have the sizes they
 * had then, and what stands behind them is guarded: a library whose structs have grown must accept the old size and write no
 * further. */
#include <alternator_lb.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GUARD = 64 };

static void check(int holds, const char *what)
{
    if (holds) return;
    fprintf(stderr, "old program: not so: %s\n", what);
    exit(1);
}

static void check_guard(const unsigned char *guard, const char *what)
{
    int i;
    for (i = 0; i < GUARD; i++) check(guard[i] == 0xA5, what);
}

int main(void)
{
    struct { alb_error it; unsigned char guard[GUARD]; } error;
    struct { alb_node it; unsigned char guard[GUARD]; } node;
    struct { alb_health it; unsigned char guard[GUARD]; } health;
    struct { alb_plan it; unsigned char guard[GUARD]; } plan;
    const alb_error error_init = ALB_ERROR_INIT;
    const alb_node node_init = ALB_NODE_INIT;
    const alb_health health_init = ALB_HEALTH_INIT;
    alb_config *config = alb_config_new();
    alb *lb = NULL;
    int32_t first;
    int32_t second;

    memset(error.guard, 0xA5, GUARD);
    memset(node.guard, 0xA5, GUARD);
    memset(health.guard, 0xA5, GUARD);
    memset(plan.guard, 0xA5, GUARD);
    error.it = error_init;
    node.it = node_init;
    health.it = health_init;

    check(alb_config_set(config, "port", ALB_NUL, "70000", ALB_NUL, &error.it) == ALB_ERR_BAD_VALUE, "a bad value is refused");
    check(error.it.code == ALB_ERR_BAD_VALUE && strstr(error.it.message, "port") != NULL, "the error names the option");
    check(alb_config_set(config, "seeds", ALB_NUL, "127.0.0.1,127.0.0.2", ALB_NUL, &error.it) == ALB_OK, "seeds are taken");
    check(error.it.code == ALB_OK && error.it.message[0] == 0, "success clears the error");
    check(alb_config_set(config, "discovery", ALB_NUL, "static", ALB_NUL, &error.it) == ALB_OK, "discovery is taken");
    check(alb_new(ALB_ABI_VERSION, config, &lb, &error.it) == ALB_OK, "the ABI version of 0.1 is accepted");
    alb_config_free(config);

    check(alb_plan_start(lb, &plan.it) == ALB_OK, "a plan begins");
    first = alb_plan_next(lb, &plan.it, &node.it);
    check(first >= 0 && node.it.id == first, "a first step");
    check(node.it.url_len == strlen(node.it.url) && strncmp(node.it.url, "http://127.0.0.", 15) == 0, "the node has its URL");
    check(node.it.port == 8000 && node.it.host_len == strlen(node.it.host), "the node has its port and host");
    check(alb_report(lb, first, ALB_OUTCOME_REFUSED, 500) == ALB_OK, "a report");
    second = alb_plan_next(lb, &plan.it, &node.it);
    check(second >= 0 && second != first, "a retry goes elsewhere");
    check(alb_health_get(lb, first, &health.it) == ALB_OK, "health in a struct of the old size");
    check(health.it.node_id == first && health.it.state == ALB_HEALTH_SET_ASIDE && health.it.cause == ALB_CAUSE_REFUSED,
          "health tells what was reported");
    alb_free(lb);

    check_guard(error.guard, "nothing is written behind an alb_error");
    check_guard(node.guard, "nothing is written behind an alb_node");
    check_guard(health.guard, "nothing is written behind an alb_health");
    check_guard(plan.guard, "nothing is written behind an alb_plan");
    printf("ok: a program built against the header of 0.1 works with %s\n", alb_version());
    return 0;
}
