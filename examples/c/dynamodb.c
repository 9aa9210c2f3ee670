/* Creates a table, puts, updates and gets an item on an Alternator cluster, and says which node served each attempt.
 *
 *   dynamodb HOST[,HOST...] [PORT]
 *
 * HOST is any node, the others are discovered. Requests are signed when AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are
 * set. How a request is sent, signed, retried and reported is in client.c. */
#include "client.h"

#include <stdio.h>
#include <string.h>

static const char *const create_table =
    "{\"TableName\":\"visits\",\"BillingMode\":\"PAY_PER_REQUEST\","
    "\"AttributeDefinitions\":[{\"AttributeName\":\"page\",\"AttributeType\":\"S\"}],"
    "\"KeySchema\":[{\"AttributeName\":\"page\",\"KeyType\":\"HASH\"}]}";
static const char *const put_item =
    "{\"TableName\":\"visits\",\"Item\":{\"page\":{\"S\":\"/index.html\"},\"hits\":{\"N\":\"0\"}}}";
static const char *const update_item =
    "{\"TableName\":\"visits\",\"Key\":{\"page\":{\"S\":\"/index.html\"}},"
    "\"UpdateExpression\":\"ADD hits :one\",\"ExpressionAttributeValues\":{\":one\":{\"N\":\"1\"}}}";
static const char *const get_item =
    "{\"TableName\":\"visits\",\"Key\":{\"page\":{\"S\":\"/index.html\"}},\"ConsistentRead\":true}";

static const char *outcome_name(int32_t outcome)
{
    static const char *const names[] = { "success", "caller's fault", "throttled", "server error", "refused",
                                         "reset",   "timeout",        "TLS failure", "cancelled" };
    return outcome >= 0 && outcome <= ALB_OUTCOME_CANCELLED ? names[outcome] : "unknown";
}

/* Prints the attempts of the client's last request, then its answer or what went wrong. */
static void print_request(const client *c, const char *operation)
{
    int i;
    for (i = 0; i < c->attempts; i++) {
        alb_node node = ALB_NODE_INIT;
        alb_node_get(c->lb, c->attempt[i].node, &node);
        printf("%-12s %s  %s, %.1f ms\n", i == 0 ? operation : "  again", node.url,
               outcome_name(c->attempt[i].outcome), (double)c->attempt[i].latency_us / 1000);
    }
    printf("             %s\n", c->http_status != 0 ? c->answer : c->error);
}

static int request(client *c, const char *operation, const char *json, int repeatable)
{
    int done = client_request(c, operation, json, repeatable);
    print_request(c, operation);
    return done;
}

int main(int argc, char **argv)
{
    alb_error error = ALB_ERROR_INIT;
    alb *lb = NULL;
    client *c = NULL;
    int done = 0;

    if (argc < 2) {
        fprintf(stderr, "usage: %s HOST[,HOST...] [PORT]\n", argv[0]);
        return 2;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    lb = cluster_open(argv[1], argc > 2 ? argv[2] : "8000", &error);
    if (lb == NULL) {
        fprintf(stderr, "%s\n", error.message);
        return 2;
    }
    /* Not needed, as requests discover the nodes on the way; but so a wrong HOST is told at once and by name. */
    if (alb_refresh(lb, 5000, &error) != ALB_OK) fprintf(stderr, "no list of nodes yet: %s\n", error.message);

    c = client_new(lb);
    if (c != NULL) {
        /* That the table exists is as good as making it; adding 1 twice is not as good as once. */
        done = (request(c, "CreateTable", create_table, 1) || strstr(c->answer, "ResourceInUseException") != NULL)
            && request(c, "PutItem", put_item, 1)
            && request(c, "UpdateItem", update_item, 0)
            && request(c, "GetItem", get_item, 1);
    }
    client_free(c);
    alb_free(lb);
    curl_global_cleanup();
    return done ? 0 : 1;
}
