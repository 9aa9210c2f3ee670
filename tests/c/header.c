/* The header alone, as the first thing in a file, with every constant, initialiser and type used once. Compiled by
 * each compiler and standard that ctest knows, with all warnings as errors; never run. */
#include <alternator_lb.h>

alb_status use_of_everything(void);

alb_status use_of_everything(void)
{
    static const int32_t codes[] = {
        ALB_OK, ALB_ERR_INVALID_ARGUMENT, ALB_ERR_ABI_MISMATCH, ALB_ERR_UNKNOWN_OPTION, ALB_ERR_BAD_VALUE,
        ALB_ERR_NO_NODES, ALB_ERR_UNKNOWN_NODE, ALB_ERR_TIMEOUT, ALB_ERR_UNREACHABLE, ALB_ERR_TLS,
        ALB_ERR_BAD_RESPONSE, ALB_ERR_SCOPE_UNKNOWN, ALB_ERR_UNSUPPORTED, ALB_ERR_STALE_TOKEN, ALB_ERR_IO,
        ALB_ERR_PANIC, ALB_ERR_BUDGET_SPENT, ALB_ERR_NOT_OFFERED, ALB_OUTCOME_SUCCESS, ALB_OUTCOME_CALLER_FAULT, ALB_OUTCOME_THROTTLED,
        ALB_OUTCOME_SERVER_ERROR, ALB_OUTCOME_REFUSED, ALB_OUTCOME_RESET, ALB_OUTCOME_TIMEOUT,
        ALB_OUTCOME_TLS_FAILURE, ALB_OUTCOME_CANCELLED, ALB_CAUSE_NONE, ALB_CAUSE_REFUSED, ALB_CAUSE_TLS_FAILURE,
        ALB_CAUSE_HUNG, ALB_CAUSE_FAILURES_IN_A_ROW, ALB_CAUSE_FAILURE_RATE,
    };
    static const uint32_t flags = ALB_NODE_LISTED | ALB_NODE_SEED | ALB_NODE_SET_ASIDE;
    static const uint32_t states[] = { ALB_HEALTH_IN_USE, ALB_HEALTH_WARMING_UP, ALB_HEALTH_SET_ASIDE };
    alb_error error = ALB_ERROR_INIT;
    alb_node node = ALB_NODE_INIT;
    alb_health health = ALB_HEALTH_INIT;
    alb_plan plan;
    alb_config *config = alb_config_new();
    alb *lb = 0;
    alb_status status = alb_config_set(config, "seeds", ALB_NUL, "127.0.0.1", ALB_NUL, &error);

    if (status == ALB_OK) status = alb_new(ALB_ABI_VERSION, config, &lb, &error);
    if (status == ALB_OK) status = alb_plan_start(lb, &plan);
    if (status == ALB_OK && alb_plan_next(lb, &plan, &node) >= 0) status = (node.flags & flags) ? codes[0] : codes[5];
    if (status == ALB_OK) status = alb_health_get(lb, node.id, &health);
    if (status == ALB_OK && health.state == states[2]) status = codes[5];
    alb_free(lb);
    alb_config_free(config);
    return status;
}
