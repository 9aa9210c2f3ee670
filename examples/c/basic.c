/* Discovers the nodes of an Alternator cluster and picks ten times.
 *
 *   basic HOST[,HOST...] [PORT]
 */
#include <alternator_lb.h>

#include <stdio.h>

/* Sets an option, whose text ends with NUL; when it is refused, the error says which, why, and what is accepted. */
static int set(alb_config *config, const char *key, const char *value)
{
    alb_error error = ALB_ERROR_INIT;
    if (alb_config_set(config, key, ALB_NUL, value, ALB_NUL, &error) == ALB_OK) return 1;
    fprintf(stderr, "%s\n", error.message);
    return 0;
}

int main(int argc, char **argv)
{
    alb_config *config = alb_config_new();
    alb_error error = ALB_ERROR_INIT;
    alb_status status = ALB_ERR_BAD_VALUE;
    alb *lb = NULL;
    int i;

    if (argc < 2) {
        fprintf(stderr, "usage: %s HOST[,HOST...] [PORT]\n", argv[0]);
        alb_config_free(config);
        return 2;
    }
    if (set(config, "seeds", argv[1]) && set(config, "port", argc > 2 ? argv[2] : "8000"))
        status = alb_new(ALB_ABI_VERSION, config, &lb, &error);
    alb_config_free(config); /* the handle has its own copy */
    if (status != ALB_OK) {
        fprintf(stderr, "%s\n", error.message);
        return 2;
    }

    /* Ask a seed for the list of nodes now. Without this call the first picks give seeds, and the list comes with them. */
    status = alb_refresh(lb, 5000, &error);
    if (status != ALB_OK) fprintf(stderr, "%s: %s\n", alb_status_name(status), error.message);
    printf("%zu nodes\n", alb_nodes(lb, NULL, 0));

    for (i = 0; i < 10; i++) {
        alb_node node = ALB_NODE_INIT;
        int32_t id = alb_next_node(lb, &node);
        if (id < 0) {
            fprintf(stderr, "%s\n", alb_status_name(id));
            break;
        }
        printf("%s\n", node.url); /* valid until alb_free() */
        /* Send the request here, then: alb_report(lb, id, ALB_OUTCOME_SUCCESS, microseconds) */
    }
    alb_free(lb);
    return status == ALB_OK ? 0 : 1;
}
