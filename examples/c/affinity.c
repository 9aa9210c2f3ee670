/* Counts up one item a key, as lightweight transactions do, and says which node coordinated each. Started in two racks at once, both
 * processes meet on the same node for each key, while their reads stay in their own rack.
 *
 *   affinity HOST[,HOST...] PORT SCOPE KEYS        such as: affinity 10.0.0.1 8000 'rack:dc1/r1>dc:dc1' 100
 */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const create_table =
    "{\"TableName\":\"counters\",\"BillingMode\":\"PAY_PER_REQUEST\","
    "\"AttributeDefinitions\":[{\"AttributeName\":\"name\",\"AttributeType\":\"S\"}],"
    "\"KeySchema\":[{\"AttributeName\":\"name\",\"KeyType\":\"HASH\"}]}";

/* A handle whose writes go to the node of their key. */
static alb *open_with_affinity(const char *seeds, const char *port, const char *scope, alb_error *error)
{
    const char *const options[][2] = {
        { "seeds", seeds }, { "port", port }, { "scope", scope }, { "rack", "strict" }, { "affinity", "any_write" },
    };
    alb_config *config = alb_config_new();
    alb *lb = NULL;
    size_t i;

    for (i = 0; i < sizeof options / sizeof *options; i++)
        if (alb_config_set(config, options[i][0], ALB_NUL, options[i][1], ALB_NUL, error) != ALB_OK) break;
    if (i == sizeof options / sizeof *options) alb_new(ALB_ABI_VERSION, config, &lb, error);
    alb_config_free(config);
    return lb;
}

/* Adds 1 to the key's counter and reads it. Prints the key, the nodes that served both, and the count. */
static int count_up(client *c, int key)
{
    alb_node writer = ALB_NODE_INIT, reader = ALB_NODE_INIT;
    const char *hits;
    char json[256];

    snprintf(json, sizeof json,
             "{\"TableName\":\"counters\",\"Key\":{\"name\":{\"S\":\"key%d\"}},\"UpdateExpression\":\"ADD hits :one\","
             "\"ExpressionAttributeValues\":{\":one\":{\"N\":\"1\"}}}", key);
    if (!client_request(c, "UpdateItem", json, 0)) return 0;
    alb_node_get(c->lb, c->attempt[c->attempts - 1].node, &writer);
    snprintf(json, sizeof json, "{\"TableName\":\"counters\",\"Key\":{\"name\":{\"S\":\"key%d\"}}}", key);
    if (!client_request(c, "GetItem", json, 1)) return 0;
    alb_node_get(c->lb, c->attempt[c->attempts - 1].node, &reader);
    hits = strstr(c->answer, "\"hits\":{\"N\":\"");
    printf("key%d %s %s %d\n", key, writer.url, reader.url, hits != NULL ? atoi(hits + 13) : 0);
    return 1;
}

int main(int argc, char **argv)
{
    alb_error error = ALB_ERROR_INIT;
    client *c;
    alb *lb;
    int key, done = 0, keys;

    if (argc != 5) {
        fprintf(stderr, "usage: %s HOST[,HOST...] PORT SCOPE KEYS\n", argv[0]);
        return 2;
    }
    keys = atoi(argv[4]);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    lb = open_with_affinity(argv[1], argv[2], argv[3], &error);
    if (lb == NULL) {
        fprintf(stderr, "%s\n", error.message);
        return 2;
    }
    if (alb_refresh(lb, 5000, &error) != ALB_OK) fprintf(stderr, "no list of nodes yet: %s\n", error.message);
    c = client_new(lb);
    if (c != NULL) {
        client_request(c, "CreateTable", create_table, 1);
        /* What a write would do at its first sight of a table; here at once, so that no write goes elsewhere. */
        count_up(c, 0);
        client_learn_table_keys(c);
        for (key = 1; key <= keys && count_up(c, key); key++) done++;
        if (done < keys) fprintf(stderr, "%s %s\n", c->error, c->answer);
    }
    client_free(c);
    alb_free(lb);
    curl_global_cleanup();
    return done == keys ? 0 : 1;
}
