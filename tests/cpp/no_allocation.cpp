// What runs once a request allocates nothing: counted by a malloc of the program's own, that of the library included.
#include "support.hpp"

extern "C" {
#include "count_allocations.h"
}

using namespace alternator_lb;

namespace {

constexpr int times = 10000;

// Runs it once for what is made at first sight, then counts.
template <class Work> void check_allocates_nothing(Work work)
{
    work();
    const unsigned long before = allocations();
    for (int round = 0; round < times; round++) work();
    CHECK_EQ(allocations() - before, 0);
}

void the_counter_counts()
{
    const unsigned long before = allocations();
    const std::string text(1000, 'x');
    CHECK(allocations() > before && text.size() == 1000);
}

void picks_and_plans_allocate_nothing()
{
    for (const char *policy : {"adaptive", "random", "round_robin"}) {
        const Balancer lb = open_fixed(9, {{"policy", policy}});
        check_allocates_nothing([&] { lb.report(lb.next_node().id(), Outcome::success, microseconds(300)); });
        check_allocates_nothing([&] {
            Plan plan = lb.plan();
            for (const Attempt &attempt : plan.attempts(3)) attempt.report(Outcome::success, microseconds(300));
        });
        check_allocates_nothing([&] {
            Balancer copy = lb;
            CHECK(copy.health(copy.next_node(std::nothrow)->id()).node_id() >= 0);
        });
    }
}

void routing_by_key_allocates_nothing()
{
    const Balancer lb = open_fixed(9, {{"affinity", "any_write"}, {"table.t.key", "id"}});
    check_allocates_nothing([&] {
        const Key key = Key::string("k");
        lb.plan_for_request("PutItem", R"({"TableName":"t","Item":{"id":{"S":"k"}}})").next();
        ItemWrite write{"PutItem", "t"};
        write.key = key;
        lb.plan_for_write(write).next();
        lb.plan_for_key(key).next();
        lb.node_for_key(key);
        Plan batch = lb.plan();
        batch.vote("t", key);
        batch.next();
    });
}

void an_error_without_exceptions_allocates_nothing()
{
    const Balancer lb = open_fixed(1);
    check_allocates_nothing([&] {
        CHECK(lb.node(99, std::nothrow).error().status() == Status::unknown_node);
        CHECK(lb.plan(std::nothrow)->retry_delay(Outcome::success, std::nothrow).status() == Status::invalid_argument);
    });
}

} // namespace

int main()
{
    static const test tests[] = {
        TEST(the_counter_counts),
        TEST(picks_and_plans_allocate_nothing),
        TEST(routing_by_key_allocates_nothing),
        TEST(an_error_without_exceptions_allocates_nothing),
    };
    return RUN_TESTS(tests);
}
