/* A DynamoDB client for Alternator in one small file: libcurl sends and signs, libalternator_lb says to which node.
 * One client belongs to one thread at a time; any number of them share one `alb`. */
#ifndef CLIENT_H
#define CLIENT_H

#include <alternator_lb.h>
#include <curl/curl.h>

#define CLIENT_MAX_ATTEMPTS 5

typedef struct attempt {
    int32_t node;       /* id */
    int32_t outcome;    /* ALB_OUTCOME_* */
    uint64_t latency_us;
} attempt;

typedef struct client {
    alb *lb;
    CURL *curl;               /* reused, and with it the kept-alive connections to all nodes */
    char credentials[256];    /* "key:secret" from the environment; empty: requests are not signed */
    /* of the last request: */
    long http_status;         /* 0: there was no whole answer */
    char *answer;             /* body, NUL-terminated */
    size_t answer_len;
    char error[CURL_ERROR_SIZE];
    int attempts;
    attempt attempt[CLIENT_MAX_ATTEMPTS];
} client;

/* A handle on the cluster that has these nodes (host[,host...]) and listens on this port; NULL with the reason in error. */
alb *cluster_open(const char *seeds, const char *port, alb_error *error);

/* Makes a client that keeps a reference to `lb`; NULL when out of memory. */
client *client_new(alb *lb);
void client_free(client *c);

/* Sends one DynamoDB operation, with further attempts on other nodes. `repeatable`: doing it twice does no harm, so it is
 * tried again also when it is not known whether the first attempt was carried out. Returns 1 if the answer is a success;
 * if not, http_status, answer and error say why. */
int client_request(client *c, const char *operation, const char *json, int repeatable);

/* Describes the tables whose partition key the balancer would like to know (option affinity); returns how many it learned.
 * A service does this beside its requests; their answers do not wait for it. */
int client_learn_table_keys(client *c);

#endif
