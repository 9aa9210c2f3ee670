/* Sends requests for some seconds, one after the other, and prints each second how every node fares.
 *
 *   health HOST[,HOST...] PORT SECONDS
 */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const char *state_of(const alb_health *health)
{
    static const char *const causes[] = { "",     ": no connection",   ": TLS handshake",
                                          ": hung", ": failures in a row", ": failure rate" };
    static char text[64];
    if (health->state == ALB_HEALTH_WARMING_UP) return "warming up";
    if (health->state != ALB_HEALTH_SET_ASIDE) return "in use";
    snprintf(text, sizeof text, "set aside%s, probe in %llu ms",
             health->cause >= 0 && health->cause <= ALB_CAUSE_FAILURE_RATE ? causes[health->cause] : "",
             (unsigned long long)health->probe_in_ms);
    return text;
}

static void print_nodes(alb *lb)
{
    int32_t ids[1000];
    size_t count = alb_nodes(lb, ids, sizeof ids / sizeof *ids);
    size_t i;

    printf("%-32s %9s %10s %10s  %s\n", "node", "in flight", "expected", "failing", "state");
    for (i = 0; i < count && i < sizeof ids / sizeof *ids; i++) {
        alb_node node = ALB_NODE_INIT;
        alb_health health = ALB_HEALTH_INIT;
        if (alb_node_get(lb, ids[i], &node) != ALB_OK || alb_health_get(lb, ids[i], &health) != ALB_OK) continue;
        printf("%-32s %9u %7.1f ms %8.1f %%  %s\n", node.url, (unsigned)health.in_flight, (double)health.estimate_us / 1000,
               (double)health.failure_permille / 10, state_of(&health));
    }
    fflush(stdout);
}

int main(int argc, char **argv)
{
    alb_error error = ALB_ERROR_INIT;
    time_t end, printed = 0;
    unsigned long sent = 0, served = 0;
    alb *lb;
    client *c;

    if (argc != 4) {
        fprintf(stderr, "usage: %s HOST[,HOST...] PORT SECONDS\n", argv[0]);
        return 2;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    lb = cluster_open(argv[1], argv[2], &error);
    if (lb == NULL) {
        fprintf(stderr, "%s\n", error.message);
        return 2;
    }
    if (alb_refresh(lb, 5000, &error) != ALB_OK) fprintf(stderr, "no list of nodes yet: %s\n", error.message);
    c = client_new(lb);
    for (end = time(NULL) + atoi(argv[3]); c != NULL && time(NULL) < end; sent++) {
        served += (unsigned long)client_request(c, "ListTables", "{}", 1);
        if (time(NULL) != printed && sent > 0) {
            print_nodes(lb);
            printed = time(NULL);
        }
    }
    printf("%lu of %lu requests were served\n", served, sent);
    client_free(c);
    alb_free(lb);
    curl_global_cleanup();
    return sent > 0 && served == sent ? 0 : 1;
}
