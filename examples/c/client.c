#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

alb *cluster_open(const char *seeds, const char *port, alb_error *error)
{
    alb_config *config = alb_config_new();
    alb *lb = NULL;
    if (alb_config_set(config, "seeds", ALB_NUL, seeds, ALB_NUL, error) == ALB_OK
        && alb_config_set(config, "port", ALB_NUL, port, ALB_NUL, error) == ALB_OK)
        alb_new(ALB_ABI_VERSION, config, &lb, error);
    alb_config_free(config);
    return lb;
}

client *client_new(alb *lb)
{
    const char *key = getenv("AWS_ACCESS_KEY_ID");
    const char *secret = getenv("AWS_SECRET_ACCESS_KEY");
    client *c = calloc(1, sizeof *c);
    if (c == NULL) return NULL;
    c->curl = curl_easy_init();
    c->answer = calloc(1, 1);
    c->lb = alb_retain(lb);
    if (c->curl == NULL || c->answer == NULL) {
        client_free(c);
        return NULL;
    }
    if (key != NULL && secret != NULL) snprintf(c->credentials, sizeof c->credentials, "%s:%s", key, secret);
    return c;
}

void client_free(client *c)
{
    if (c == NULL) return;
    curl_easy_cleanup(c->curl);
    alb_free(c->lb);
    free(c->answer);
    free(c);
}

/* Appends a piece of the answer's body; any other value than `length` makes libcurl end the transfer with an error. */
static size_t receive(char *piece, size_t one, size_t length, void *context)
{
    client *c = context;
    char *grown = realloc(c->answer, c->answer_len + length + 1);
    (void)one;
    if (grown == NULL) return 0;
    c->answer = grown;
    memcpy(grown + c->answer_len, piece, length);
    c->answer_len += length;
    grown[c->answer_len] = 0;
    return length;
}

/* What the balancer needs to know: was it the request, the node, or the way to the node? */
static int32_t outcome_of(client *c, CURLcode code)
{
    curl_off_t connected_us = 0;
    if (code == CURLE_OK) {
        if (c->http_status / 100 == 2) return ALB_OUTCOME_SUCCESS;
        if (strstr(c->answer, "RequestLimitExceeded") || strstr(c->answer, "ProvisionedThroughputExceeded"))
            return ALB_OUTCOME_THROTTLED;
        return c->http_status < 500 ? ALB_OUTCOME_CALLER_FAULT : ALB_OUTCOME_SERVER_ERROR;
    }
    switch (code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST: return ALB_OUTCOME_REFUSED;
    case CURLE_OPERATION_TIMEDOUT: /* CURLINFO_CONNECT_TIME is 0 also on a connection that is used again */
        curl_easy_getinfo(c->curl, CURLINFO_PRETRANSFER_TIME_T, &connected_us);
        return connected_us > 0 ? ALB_OUTCOME_TIMEOUT : ALB_OUTCOME_REFUSED;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_PEER_FAILED_VERIFICATION: return ALB_OUTCOME_TLS_FAILURE;
    default: return ALB_OUTCOME_RESET;
    }
}

/* One attempt on one node. libcurl computes signature and Host header anew in every transfer, from that node's URL. */
static int32_t try_node(client *c, const alb_node *node, struct curl_slist *headers, const char *json)
{
    curl_off_t total_us = 0;
    int32_t outcome;
    CURLcode code;

    curl_easy_reset(c->curl); /* options only: connections stay open */
    curl_easy_setopt(c->curl, CURLOPT_URL, node->url);
    curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, json);
    curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, c);
    curl_easy_setopt(c->curl, CURLOPT_ERRORBUFFER, c->error);
    curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c->curl, CURLOPT_CONNECTTIMEOUT_MS, 1000L);
    curl_easy_setopt(c->curl, CURLOPT_TIMEOUT_MS, 12000L); /* the server gives up after 10 s and says so */
    if (c->credentials[0] != 0) {
        curl_easy_setopt(c->curl, CURLOPT_AWS_SIGV4, "aws:amz:us-east-1:dynamodb");
        curl_easy_setopt(c->curl, CURLOPT_USERPWD, c->credentials);
    }

    c->http_status = 0;
    c->answer_len = 0;
    c->answer[0] = 0;
    c->error[0] = 0;
    code = curl_easy_perform(c->curl);
    if (code == CURLE_OK) curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &c->http_status);
    curl_easy_getinfo(c->curl, CURLINFO_TOTAL_TIME_T, &total_us);
    outcome = outcome_of(c, code);
    alb_report(c->lb, node->id, outcome, (uint64_t)total_us);
    c->attempt[c->attempts].node = node->id;
    c->attempt[c->attempts].outcome = outcome;
    c->attempt[c->attempts].latency_us = (uint64_t)total_us;
    c->attempts++;
    return outcome;
}

/* Whether the request may be sent again: at once if it was certainly not carried out, else if repeating it is harmless. */
static int may_try_again(int32_t outcome, int repeatable)
{
    switch (outcome) {
    case ALB_OUTCOME_REFUSED:
    case ALB_OUTCOME_TLS_FAILURE:
    case ALB_OUTCOME_THROTTLED: return 1;
    case ALB_OUTCOME_SERVER_ERROR:
    case ALB_OUTCOME_RESET:
    case ALB_OUTCOME_TIMEOUT: return repeatable;
    default: return 0;
    }
}

int client_request(client *c, const char *operation, const char *json, int repeatable)
{
    static const struct timespec pause = { 0, 50 * 1000 * 1000 };
    struct curl_slist *headers;
    char target[128];
    int32_t outcome = ALB_OUTCOME_CANCELLED;
    alb_plan plan;

    snprintf(target, sizeof target, "X-Amz-Target: DynamoDB_20120810.%s", operation);
    headers = curl_slist_append(NULL, "Content-Type: application/x-amz-json-1.0");
    curl_slist_append(headers, target);

    c->attempts = 0;
    alb_plan_for_request(c->lb, operation, ALB_NUL, (const uint8_t *)json, strlen(json), &plan);
    while (c->attempts < CLIENT_MAX_ATTEMPTS) {
        alb_node node = ALB_NODE_INIT;
        if (alb_plan_next(c->lb, &plan, &node) < 0) break;
        outcome = try_node(c, &node, headers, json);
        if (!may_try_again(outcome, repeatable)) break;
        if (outcome == ALB_OUTCOME_THROTTLED) nanosleep(&pause, NULL);
    }
    curl_slist_free_all(headers);
    return outcome == ALB_OUTCOME_SUCCESS;
}

int client_learn_table_keys(client *c)
{
    char table[256], json[300];
    int learned = 0;

    while (alb_table_key_next_wanted(c->lb, table, sizeof table) > 0) {
        snprintf(json, sizeof json, "{\"TableName\":\"%s\"}", table);
        client_request(c, "DescribeTable", json, 1);
        if (c->http_status == 0) alb_table_key_failed(c->lb, table, ALB_NUL, 0, NULL, 0);
        else if (alb_table_key_feed(c->lb, table, ALB_NUL, (int32_t)c->http_status, (const uint8_t *)c->answer,
                                    c->answer_len, NULL) == ALB_OK)
            learned++;
    }
    return learned;
}
