// Both ways to hear of an error, and who owns what.
#include "support.hpp"

#include <cerrno>
#include <cstdio>
#include <type_traits>

using namespace alternator_lb;

namespace {

void an_option_that_is_refused_throws_what_is_accepted()
{
    Config config;
    const Error error = thrown_by(__FILE__, __LINE__, "set", [&] { config.set("port", "70000"); });
    CHECK(error.status() == Status::bad_value);
    CHECK_TEXT(error.what(), "port");
    CHECK_TEXT(error.what(), "70000");
    CHECK_TEXT(error.what(), "65535");
    CHECK_THROWS(config.set("prot", "8000"), ALB_ERR_UNKNOWN_OPTION);
    CHECK_THROWS(Config({{"seeds", "10.0.0.1"}, {"port", "x"}}), ALB_ERR_BAD_VALUE);
}

void the_same_error_comes_back_where_nothing_may_be_thrown()
{
    Config config;
    static_assert(noexcept(config.set("port", "x", std::nothrow)));
    const Result<void> refused = config.set("port", "70000", std::nothrow);
    CHECK(!refused);
    CHECK(refused.status() == Status::bad_value);
    CHECK_TEXT(refused.error().what(), "70000");
    CHECK_THROWS(refused.value(), ALB_ERR_BAD_VALUE);
    const Result<void> taken = config.set("port", "8043", std::nothrow);
    CHECK(taken.has_value() && taken.status() == Status::ok && taken.error().status() == Status::ok);
    taken.value();
}

void a_balancer_without_seeds_is_refused_either_way()
{
    Config config;
    CHECK_THROWS(Balancer(config), ALB_ERR_BAD_VALUE);
    Result<Balancer> opened = Balancer::open(config, std::nothrow);
    CHECK(!opened && opened.status() == Status::bad_value);
    CHECK_TEXT(opened.error().what(), "seeds");
    config.set("seeds", "127.0.0.1");
    opened = Balancer::open(config, std::nothrow);
    CHECK(opened && opened.status() == Status::ok);
    CHECK_EQ(opened->nodes().size(), 1);
}

void an_error_with_nothing_to_say_says_its_name()
{
    const Balancer lb = open_fixed(1);
    const Result<Node> unknown = lb.node(77, std::nothrow);
    CHECK(unknown.status() == Status::unknown_node);
    CHECK_TEXT(unknown.error().what(), "ALB_ERR_UNKNOWN_NODE");
    CHECK(unknown.error().node().empty() && unknown.error().http_status() == 0 && unknown.error().os_errno() == 0);
    CHECK_THROWS(lb.node(77), ALB_ERR_UNKNOWN_NODE);
    CHECK_THROWS(lb.health(77), ALB_ERR_UNKNOWN_NODE);
    CHECK_THROWS(lb.report(77, Outcome::success, microseconds(1)), ALB_ERR_UNKNOWN_NODE);
    CHECK_THROWS(lb.plan_after(77), ALB_ERR_UNKNOWN_NODE);
    CHECK(name(Status::timeout) == "ALB_ERR_TIMEOUT");
}

void a_refresh_that_fails_names_the_seed()
{
    const Balancer lb(Config{{"seeds", "127.91.0.1:9"}, {"refresh.mode", "manual"}});
    const Error error = thrown_by(__FILE__, __LINE__, "refresh", [&] { lb.refresh(milliseconds(5000)); });
    CHECK(error.status() == Status::unreachable);
    CHECK(error.node().find("127.91.0.1") != std::string_view::npos);
    const Result<bool> asked = lb.scope_supported(milliseconds(5000), std::nothrow);
    CHECK(asked.status() == Status::unreachable);
    CHECK_EQ(asked.error().os_errno(), ECONNREFUSED);
    CHECK_THROWS(lb.scope_supported(milliseconds(5000)), ALB_ERR_UNREACHABLE);
}

void a_time_that_is_negative_is_none_and_one_that_is_too_long_the_longest()
{
    const Balancer lb(Config{{"seeds", "127.91.0.1:9"}, {"refresh.mode", "manual"}});
    CHECK(lb.refresh(milliseconds(-5), std::nothrow).status() == Status::timeout);
    CHECK(lb.refresh(milliseconds::max(), std::nothrow).status() == Status::unreachable);
    const Balancer fixed = open_fixed(1);
    const Node node = fixed.next_node();
    fixed.report(node.id(), Outcome::success, microseconds(-1));
    fixed.report(node.id(), Outcome::success, microseconds::max());
}

void copies_are_the_same_load_balancer_and_the_last_one_frees_it()
{
    Balancer lb = open_fixed(3);
    const Node node = lb.next_node();
    Balancer copy = lb;
    CHECK(copy.get() == lb.get());
    lb = open_fixed(1);
    CHECK(copy.node(node.id()).url() == node.url());
    Balancer moved = std::move(copy);
    CHECK(moved && !copy); // NOLINT: what is left behind by a move is promised
    CHECK(copy.next_node(std::nothrow).status() == Status::invalid_argument);
    CHECK(copy.nodes().empty() && copy.wire_text(Wire::accept_encoding).empty() && copy.generation() == nullptr);
    copy = moved;
    moved = Balancer::adopt(alb_retain(copy.get()));
    CHECK(moved.next_node().listed());
    CHECK_EQ(moved.nodes().size(), 3);
}

void a_configuration_that_was_moved_from_is_refused()
{
    Config config{{"seeds", "127.0.0.1"}};
    Config taken = std::move(config);
    CHECK(config.set("port", "1", std::nothrow).status() == Status::invalid_argument); // NOLINT: as above
    CHECK_THROWS(Balancer(config), ALB_ERR_INVALID_ARGUMENT);
    config = std::move(taken);
    CHECK(Balancer(config).next_node().port() == 8000);
}

void texts_may_hold_what_is_no_text()
{
    Config config;
    using namespace std::string_view_literals;
    CHECK_THROWS(config.set("seeds", "127.0.0.1\0evil"sv), ALB_ERR_INVALID_ARGUMENT);
    CHECK_THROWS(config.set("seeds", "\xff\xfe"), ALB_ERR_INVALID_ARGUMENT);
    CHECK_THROWS(config.set("", ""), ALB_ERR_UNKNOWN_OPTION);
    CHECK_THROWS(config.set({}, {}), ALB_ERR_UNKNOWN_OPTION);
}

void an_error_carries_what_the_system_said()
{
    Config config{{"seeds", "127.0.0.1"}, {"scheme", "https"}, {"tls.ca_file", "/nowhere/ca.pem"}};
    const Error error = Balancer::open(config, std::nothrow).error();
    CHECK(error.status() == Status::io);
    CHECK_TEXT(error.what(), "/nowhere/ca.pem");
    alb_error detail = ALB_ERROR_INIT;
    detail.code = ALB_ERR_IO;
    detail.os_errno = 2;
    detail.http_status = 503;
    std::snprintf(detail.node, sizeof detail.node, "10.0.0.1");
    const Error made(detail);
    CHECK(made.os_errno() == 2 && made.http_status() == 503 && made.node() == "10.0.0.1");
}

void versions_are_those_of_the_c_header()
{
    CHECK_EQ(abi_version(), ALB_ABI_VERSION);
    CHECK(version() == EXPECTED_VERSION);
}

static_assert(std::is_nothrow_copy_constructible_v<Error>, "the standard asks this of exceptions");
static_assert(std::is_nothrow_copy_constructible_v<Balancer> && std::is_nothrow_move_assignable_v<Balancer>);
static_assert(std::is_trivially_copyable_v<Plan> && std::is_trivially_copyable_v<Node> && std::is_trivially_copyable_v<Attempt>);
static_assert(!std::is_copy_constructible_v<Config>);

} // namespace

int main()
{
    static const test tests[] = {
        TEST(an_option_that_is_refused_throws_what_is_accepted),
        TEST(the_same_error_comes_back_where_nothing_may_be_thrown),
        TEST(a_balancer_without_seeds_is_refused_either_way),
        TEST(an_error_with_nothing_to_say_says_its_name),
        TEST(a_refresh_that_fails_names_the_seed),
        TEST(a_time_that_is_negative_is_none_and_one_that_is_too_long_the_longest),
        TEST(copies_are_the_same_load_balancer_and_the_last_one_frees_it),
        TEST(a_configuration_that_was_moved_from_is_refused),
        TEST(texts_may_hold_what_is_no_text),
        TEST(an_error_carries_what_the_system_said),
        TEST(versions_are_those_of_the_c_header),
    };
    return RUN_TESTS(tests);
}
