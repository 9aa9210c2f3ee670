/* Sizes and offsets that the ABI fixes: a program compiled against any header of this major version relies on them. */
#include "support.h"

static void error_layout_is_fixed(void)
{
    CHECK_EQ(sizeof(alb_error), 512);
    CHECK_EQ(offsetof(alb_error, struct_size), 0);
    CHECK_EQ(offsetof(alb_error, code), 4);
    CHECK_EQ(offsetof(alb_error, http_status), 8);
    CHECK_EQ(offsetof(alb_error, os_errno), 12);
    CHECK_EQ(offsetof(alb_error, flags), 16);
    CHECK_EQ(offsetof(alb_error, node), 20);
    CHECK_EQ(sizeof(((alb_error *)0)->node), 116);
    CHECK_EQ(offsetof(alb_error, message), 136);
    CHECK_EQ(sizeof(((alb_error *)0)->message), 376);
}

static void node_layout_is_fixed(void)
{
    size_t word = sizeof(void *);
    CHECK_EQ(offsetof(alb_node, struct_size), 0);
    CHECK_EQ(offsetof(alb_node, id), 4);
    CHECK_EQ(offsetof(alb_node, flags), 8);
    CHECK_EQ(offsetof(alb_node, port), 12);
    CHECK_EQ(offsetof(alb_node, reserved), 14);
    CHECK_EQ(offsetof(alb_node, url), 16);
    CHECK_EQ(offsetof(alb_node, url_len), 16 + word);
    CHECK_EQ(offsetof(alb_node, host), 16 + 2 * word);
    CHECK_EQ(offsetof(alb_node, host_len), 16 + 3 * word);
    CHECK_EQ(sizeof(alb_node), 16 + 4 * word);
}

static void plan_layout_is_fixed(void)
{
    CHECK_EQ(sizeof(alb_plan), 512);
}

static void health_layout_is_fixed(void)
{
    CHECK_EQ(offsetof(alb_health, struct_size), 0);
    CHECK_EQ(offsetof(alb_health, node_id), 4);
    CHECK_EQ(offsetof(alb_health, state), 8);
    CHECK_EQ(offsetof(alb_health, cause), 12);
    CHECK_EQ(offsetof(alb_health, in_flight), 16);
    CHECK_EQ(offsetof(alb_health, strikes), 20);
    CHECK_EQ(offsetof(alb_health, failures_in_a_row), 24);
    CHECK_EQ(offsetof(alb_health, failure_permille), 28);
    CHECK_EQ(offsetof(alb_health, estimate_us), 32);
    CHECK_EQ(offsetof(alb_health, mean_us), 40);
    CHECK_EQ(offsetof(alb_health, probe_in_ms), 48);
    CHECK_EQ(sizeof(alb_health), 56);
}

static void initialisers_set_the_size_and_nothing_else(void)
{
    alb_error error = ALB_ERROR_INIT;
    alb_node node = ALB_NODE_INIT;
    alb_health health = ALB_HEALTH_INIT;
    CHECK_EQ(error.struct_size, sizeof error);
    CHECK_EQ(error.code, ALB_OK);
    CHECK_EQ(error.message[0], 0);
    CHECK_EQ(node.struct_size, sizeof node);
    CHECK_EQ(node.id, -1);
    CHECK(node.url == NULL && node.host == NULL);
    CHECK_EQ(health.struct_size, sizeof health);
    CHECK_EQ(health.node_id, -1);
}

static void header_and_library_are_of_the_same_abi(void)
{
    CHECK_EQ(alb_abi_version(), ALB_ABI_VERSION);
    CHECK_TEXT(alb_version(), EXPECTED_VERSION);
}

static void every_status_has_a_name_of_its_own(void)
{
    int32_t first;
    int32_t second;
    CHECK(alb_status_name(ALB_OK) != NULL);
    for (first = ALB_OK; first >= ALB_ERR_NOT_OFFERED; first--) {
        CHECK_TEXT(alb_status_name(first), "ALB_");
        for (second = first - 1; second >= ALB_ERR_NOT_OFFERED; second--)
            CHECK(alb_status_name(first) != alb_status_name(second));
    }
    CHECK(alb_status_name(INT32_MIN) != NULL && alb_status_name(INT32_MAX) != NULL);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(error_layout_is_fixed),
        TEST(node_layout_is_fixed),
        TEST(plan_layout_is_fixed),
        TEST(health_layout_is_fixed),
        TEST(initialisers_set_the_size_and_nothing_else),
        TEST(header_and_library_are_of_the_same_abi),
        TEST(every_status_has_a_name_of_its_own),
    };
    return RUN_TESTS(tests);
}
