// Against a cluster: refresh, the scope's checks, and what they say when they fail.
#include "support.hpp"

using namespace alternator_lb;

namespace {

constexpr milliseconds patience(20000);

Balancer open_live(std::string_view scope)
{
    return Balancer(Config{{"seeds", required_env("ALB_CLUSTER_SEED")},
                           {"port", required_env("ALB_CLUSTER_PORT")},
                           {"scope", scope},
                           {"refresh.mode", "manual"}});
}

void a_refresh_finds_the_nodes()
{
    const Balancer lb = open_live("cluster");
    CHECK_EQ(lb.nodes().size(), 1);
    lb.refresh(patience);
    CHECK_EQ(lb.nodes().size(), std::stoul(required_env("ALB_CLUSTER_NODES")));
}

void the_cluster_says_which_scopes_it_knows()
{
    CHECK(open_live("cluster").scope_supported(patience));
    open_live("rack:dc1/r1").check_scope(patience);
    const Error error = thrown_by(__FILE__, __LINE__, "check_scope", [] { open_live("dc:nowhere").check_scope(patience); });
    CHECK(error.status() == Status::scope_unknown);
    CHECK_TEXT(error.what(), "nowhere");
    CHECK(open_live("dc:nowhere").refresh(patience, std::nothrow).status() == Status::scope_unknown);
}

} // namespace

int main()
{
    static const test tests[] = {
        TEST(a_refresh_finds_the_nodes),
        TEST(the_cluster_says_which_scopes_it_knows),
    };
    return RUN_TESTS(tests);
}
