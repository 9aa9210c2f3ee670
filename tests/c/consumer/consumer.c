/* The least program that links, makes a handle and uses it. */
#include <alternator_lb.h>

#include <stdio.h>

int main(void)
{
    alb_config *config = alb_config_new();
    alb_error error = ALB_ERROR_INIT;
    alb_node node = ALB_NODE_INIT;
    alb *lb = NULL;
    int failed = 1;

    if (alb_config_set(config, "seeds", ALB_NUL, "127.0.0.1,127.0.0.2", ALB_NUL, &error) == ALB_OK
        && alb_config_set(config, "discovery", ALB_NUL, "static", ALB_NUL, &error) == ALB_OK
        && alb_new(ALB_ABI_VERSION, config, &lb, &error) == ALB_OK && alb_next_node(lb, &node) >= 0) {
        printf("alternator_lb %s picks %s\n", alb_version(), node.url);
        failed = 0;
    } else {
        fprintf(stderr, "%s\n", error.message);
    }
    alb_free(lb);
    alb_config_free(config);
    return failed;
}
