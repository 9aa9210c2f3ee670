// Plans as ranges and values, keys, tables, and how nodes fare.
#include "support.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <thread>

using namespace alternator_lb;

namespace {

constexpr int nodes = 9;

// Whether both plans visit the nodes in the same order; two ordinary ones of nine nodes do so once in 362,880 times.
bool same_order(Plan one, Plan other)
{
    bool same = true;
    for (int step = 0; step < nodes; step++) same &= one.next().id() == other.next().id();
    return same;
}

void a_range_takes_as_many_steps_as_it_is_told()
{
    const Balancer lb = open_fixed(nodes);
    for (const unsigned limit : {0U, 1U, 3U, 9U, 20U}) {
        Plan plan = lb.plan();
        unsigned steps = 0;
        std::set<NodeId> seen;
        for (const Attempt &attempt : plan.attempts(limit)) {
            CHECK_EQ(attempt.number(), ++steps);
            CHECK(attempt.node().listed() && attempt.node().seed() && !attempt.node().set_aside());
            seen.insert(attempt.node().id());
            attempt.report(Outcome::success, microseconds(500));
        }
        CHECK_EQ(steps, limit);
        CHECK_EQ(seen.size(), std::min<std::size_t>(limit, nodes));
    }
}

void a_loop_that_is_left_takes_no_further_step()
{
    const Balancer lb = open_fixed(nodes);
    lb.report(lb.next_node().id(), Outcome::success, microseconds(500)); // attempts are counted while some are reported
    Plan plan = lb.plan();
    const Plan before = plan;
    for (const Attempt &attempt : plan.attempts(nodes)) {
        CHECK_EQ(lb.health(attempt.node().id()).in_flight(), 1);
        attempt.report(Outcome::reset, microseconds(10));
        if (attempt.number() == 2) break;
    }
    Plan stepped = before;
    stepped.next();
    stepped.next();
    std::uint32_t in_flight = 0;
    for (const NodeId id : lb.nodes()) in_flight += lb.health(id).in_flight();
    CHECK_EQ(in_flight, 2); // those of `stepped`, and none of the loop's
}

void a_range_is_an_input_range_for_algorithms()
{
    const Balancer lb = open_fixed(nodes);
    using iterator = Attempts::iterator;
    static_assert(std::is_same_v<std::iterator_traits<iterator>::iterator_category, std::input_iterator_tag>);
    Plan plan = lb.plan();
    Attempts attempts = plan.attempts(nodes, std::nothrow);
    std::vector<NodeId> ids;
    std::transform(attempts.begin(), attempts.end(), std::back_inserter(ids),
                   [](const Attempt &attempt) { return attempt.node().id(); });
    std::sort(ids.begin(), ids.end());
    std::vector<NodeId> all = lb.nodes();
    std::sort(all.begin(), all.end());
    CHECK(ids == all);
    CHECK(attempts.status() == Status::ok);

    Plan other = lb.plan();
    Attempts two = other.attempts(2);
    iterator at = two.begin();
    CHECK(two.begin() == at && at != two.end()); // begin() again is no further step
    const NodeId first = at->node().id();
    CHECK_EQ((*at++).node().id(), first);
    CHECK(at->node().id() != first);
    CHECK(++at == two.end());
}

void a_plan_that_cannot_go_on_throws_or_ends_its_range()
{
    const Balancer lb = open_fixed(1);
    Plan plan = lb.plan();
    {
        Balancer moved_from = lb;
        const Balancer rest = std::move(moved_from);
        CHECK_THROWS(moved_from.plan(), ALB_ERR_INVALID_ARGUMENT); // NOLINT: what is left behind by a move is promised
    }
    std::fill_n(reinterpret_cast<char *>(&plan) + sizeof plan - sizeof(alb_plan), sizeof(alb_plan), '\x5a'); // no begun plan
    CHECK(plan.next(std::nothrow).status() == Status::invalid_argument);
    CHECK_THROWS(plan.next(), ALB_ERR_INVALID_ARGUMENT);
    Attempts quiet = plan.attempts(3, std::nothrow);
    CHECK(quiet.begin() == quiet.end());
    CHECK(quiet.status() == Status::invalid_argument);
    CHECK_THROWS(plan.attempts(3).begin(), ALB_ERR_INVALID_ARGUMENT);
}

void a_plan_is_a_value_that_goes_on_by_itself()
{
    const Balancer lb = open_fixed(nodes, {{"policy", "random"}});
    Plan plan = lb.plan();
    const NodeId first = plan.next().id();
    Plan copy = plan;
    std::set<NodeId> rest;
    for (int step = 1; step < nodes; step++) rest.insert(copy.next().id());
    CHECK_EQ(rest.size(), nodes - 1);
    CHECK_EQ(rest.count(first), 0);
    plan = lb.plan_after(first);
    for (int step = 1; step < nodes; step++) CHECK(plan.next().id() != first);
}

void nodes_are_views_with_a_nul_behind_them()
{
    const Balancer lb(Config{{"seeds", "127.0.0.1,[::1]:8043"}, {"discovery", "static"}, {"refresh.mode", "manual"}});
    const std::vector<NodeId> ids = lb.nodes();
    CHECK_EQ(ids.size(), 2);
    CHECK(lb.node(ids[0]).url() == "http://127.0.0.1:8000");
    CHECK(lb.node(ids[0]).host() == "127.0.0.1");
    CHECK(lb.node(ids[1]).url() == "http://[::1]:8043");
    CHECK_EQ(lb.node(ids[1]).port(), 8043);
    const Node node = lb.next_node();
    CHECK_EQ(node.url().data()[node.url().size()], 0);
    CHECK_EQ(node.host().data()[node.host().size()], 0);
}

void a_key_has_one_node_whatever_is_asked_for_it()
{
    const Balancer lb = open_fixed(nodes, {{"affinity", "any_write"}, {"table.users.key", "id"}});
    const Key key = Key::string("alice");
    const Plan wanted = lb.plan_for_key(key);
    CHECK_EQ(lb.node_for_key(key).id(), Plan(wanted).next().id());
    CHECK(same_order(wanted, lb.plan_for_request("PutItem", R"({"TableName":"users","Item":{"id":{"S":"alice"}}})")));
    ItemWrite write{"PutItem", "users"};
    write.key = key;
    CHECK(same_order(wanted, lb.plan_for_write(write)));
    write.facts = Write::condition_expression | Write::return_all_old;
    write.update_expression = "SET a = :a";
    CHECK(same_order(wanted, lb.plan_for_write(write)));
    Plan batch = lb.plan();
    batch.vote("users", key);
    CHECK_EQ(batch.next().id(), Plan(wanted).next().id());
    CHECK_THROWS(batch.vote("users", key), ALB_ERR_INVALID_ARGUMENT); // a step was taken
    CHECK(!same_order(wanted, lb.plan_for_key(Key::number("1"))));
    CHECK(!same_order(lb.plan_for_key(Key::binary("1")), lb.plan_for_key(Key::number("1"))));
    write.facts = static_cast<Write>(1U << 31);
    CHECK_THROWS(lb.plan_for_write(write), ALB_ERR_INVALID_ARGUMENT);
    CHECK_THROWS(lb.plan_for_key(Key::absent()), ALB_ERR_INVALID_ARGUMENT);
}

void a_key_has_a_token()
{
    CHECK_EQ(token_for_key(Key::string("alice")), token_for_key(Key::binary("alice")));
    CHECK(token_for_key(Key::string("")) != token_for_key(Key::string("a")));
    CHECK(token_for_key(Key::number("no number"), std::nothrow).status() == Status::invalid_argument);
    CHECK_THROWS(token_for_key(Key::number("no number")), ALB_ERR_INVALID_ARGUMENT);
}

void tables_are_asked_after_until_they_are_known()
{
    const Balancer lb = open_fixed(nodes, {{"affinity", "any_write"}});
    const auto need = [&](const char *table) {
        lb.plan_for_request("DeleteItem", std::string(R"({"TableName":")") + table + R"(","Key":{"id":{"S":"a"}}})");
        const std::optional<std::string> wanted = lb.table_key_next_wanted();
        CHECK(wanted && *wanted == table);
    };
    CHECK(!lb.table_key_next_wanted());
    need("set");
    lb.table_key_set("set", "id");
    CHECK(lb.table_key("set") == std::string("id"));
    need("fed");
    lb.table_key_feed("fed", 200, R"({"Table":{"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]}})");
    CHECK(lb.table_key("fed") == std::string("pk"));
    need("gone");
    const char refusal[] = R"({"__type":"x#NoSuchTable"})";
    const Error error = thrown_by(__FILE__, __LINE__, "feed", [&] { lb.table_key_feed("gone", 400, refusal); });
    CHECK(error.status() == Status::bad_response);
    CHECK_EQ(error.http_status(), 400);
    need("failed");
    lb.table_key_failed("failed", 0);
    lb.table_key_failed("failed", 400, "ResourceNotFoundException");
    CHECK(!lb.table_key("failed"));
    CHECK_THROWS(lb.table_key_set("set", ""), ALB_ERR_BAD_VALUE);
    char small[4];
    CHECK_EQ(lb.table_key("fed", small, sizeof small, std::nothrow).value(), 2);
    CHECK(lb.table_key_next_wanted(small, sizeof small, std::nothrow).status() == Status::invalid_argument);
}

void reports_make_a_nodes_health()
{
    const Balancer lb = open_fixed(3);
    lb.report(lb.next_node().id(), Outcome::success, microseconds(500)); // attempts are counted while some are reported
    // Of a node's reports in one tick of the core's clock the first one counts for its rate.
    std::this_thread::sleep_for(milliseconds(20));
    Plan plan = lb.plan();
    Attempts attempts = plan.attempts(2);
    auto attempt = attempts.begin();
    const NodeId first = attempt->node().id();
    CHECK_EQ(lb.health(first).in_flight(), 1);
    attempt->report(Outcome::refused, microseconds(300));
    const Health health = lb.health(first);
    CHECK_EQ(health.node_id(), first);
    CHECK(health.standing() == Standing::set_aside && health.cause() == Cause::refused);
    CHECK_EQ(health.in_flight(), 0);
    CHECK_EQ(health.strikes(), 1);
    CHECK(health.probe_in() <= milliseconds(30000));
    CHECK(lb.node(first).set_aside());
    CHECK_EQ(plan.retry_delay(Outcome::refused).count(), 0); // another node is left
    ++attempt;
    lb.report(attempt->node().id(), Outcome::server_error, microseconds(900));
    CHECK_EQ(lb.health(attempt->node().id()).failures_in_a_row(), 1);
    CHECK(lb.health(attempt->node().id()).failure_permille() > 0);
    attempt->report(Outcome::success, microseconds(800));
    const Health other = lb.health(attempt->node().id());
    CHECK(other.standing() == Standing::in_use && other.cause() == Cause::none);
    CHECK(other.estimate() > microseconds(0) && other.mean() > microseconds(0));
    CHECK_THROWS(plan.retry_delay(Outcome::success), ALB_ERR_INVALID_ARGUMENT);
    CHECK_THROWS(plan.hedge_delay(microseconds(0)), ALB_ERR_NOT_OFFERED);
}

void retries_end_when_their_budget_is_spent()
{
    const Balancer lb = open_fixed(3);
    int granted = 0;
    Status last = Status::ok;
    while (last == Status::ok && granted < 100000) {
        Plan plan = lb.plan();
        const Node node = plan.next();
        lb.report(node.id(), Outcome::throttled, microseconds(100));
        const Result<microseconds> wait = plan.retry_delay(Outcome::throttled, std::nothrow);
        last = wait.status();
        granted += wait.has_value();
    }
    CHECK(last == Status::budget_spent);
    CHECK(granted > 0);
}

void a_hedge_is_offered_when_it_is_asked_for()
{
    const Balancer lb = open_fixed(3, {{"hedge", "on"}});
    for (int request = 0; request < 300; request++) {
        const Node node = lb.next_node();
        lb.report(node.id(), Outcome::success, microseconds(1000));
    }
    Plan plan = lb.plan();
    const Node node = plan.next();
    CHECK(plan.hedge_delay(microseconds(0)) > microseconds(0));
    CHECK_EQ(plan.hedge_delay(microseconds(10000000)).count(), 0);
    lb.report(node.id(), Outcome::cancelled, microseconds(1));
}

} // namespace

int main()
{
    static const test tests[] = {
        TEST(a_range_takes_as_many_steps_as_it_is_told),
        TEST(a_loop_that_is_left_takes_no_further_step),
        TEST(a_range_is_an_input_range_for_algorithms),
        TEST(a_plan_that_cannot_go_on_throws_or_ends_its_range),
        TEST(a_plan_is_a_value_that_goes_on_by_itself),
        TEST(nodes_are_views_with_a_nul_behind_them),
        TEST(a_key_has_one_node_whatever_is_asked_for_it),
        TEST(a_key_has_a_token),
        TEST(tables_are_asked_after_until_they_are_known),
        TEST(reports_make_a_nodes_health),
        TEST(retries_end_when_their_budget_is_spent),
        TEST(a_hedge_is_offered_when_it_is_asked_for),
    };
    return RUN_TESTS(tests);
}
