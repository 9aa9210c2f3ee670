// Discovery by the program's own I/O, bodies, events and statistics: what comes back as text of any length.
#include "support.hpp"

using namespace alternator_lb;

namespace {

void a_program_with_an_io_of_its_own_makes_discovery()
{
    const Balancer lb(Config{{"seeds", "127.0.0.1"}, {"refresh.mode", "manual"}});
    const std::uint64_t before = __atomic_load_n(lb.generation(), __ATOMIC_ACQUIRE);
    CHECK(lb.refresh_due() == milliseconds(0));
    std::optional<Fetch> fetch = lb.discovery_next();
    CHECK(fetch && fetch->url() == "http://127.0.0.1:8000/localnodes" && fetch->timeout() > milliseconds(0));
    CHECK_EQ(fetch->url().data()[fetch->url().size()], 0);
    CHECK(!lb.discovery_next());
    while (fetch) {
        lb.discovery_feed(fetch->token(), 200, R"(["127.0.0.1","127.0.0.2"])");
        CHECK(lb.discovery_feed(fetch->token(), 200, "[]", std::nothrow).status() == Status::stale_token);
        fetch = lb.discovery_next();
    }
    CHECK_EQ(lb.nodes().size(), 2);
    CHECK(__atomic_load_n(lb.generation(), __ATOMIC_ACQUIRE) != before);
    CHECK(lb.refresh_due() > milliseconds(0));
    lb.refresh_soon();
    CHECK(lb.refresh_due() == milliseconds(0));
    fetch = lb.discovery_next();
    CHECK(fetch);
    CHECK_THROWS(lb.discovery_fail(fetch->token(), Outcome::success), ALB_ERR_INVALID_ARGUMENT);
    lb.discovery_fail(fetch->token(), Outcome::refused);
    CHECK_THROWS(lb.discovery_fail(fetch->token(), Outcome::refused), ALB_ERR_STALE_TOKEN);
    CHECK(!open_fixed(2).refresh_due());
}

void a_list_is_told_whole_or_as_far_as_it_fits()
{
    const Balancer lb = open_fixed(20);
    NodeId few[3] = {-1, -1, -1};
    CHECK_EQ(lb.nodes(few, 3), 20);
    const std::vector<NodeId> all = lb.nodes();
    CHECK_EQ(all.size(), 20);
    CHECK(std::equal(few, few + 3, all.begin()));
}

void bodies_are_compressed_and_come_back()
{
    const std::string body(20000, 'x');
    const Balancer lb = open_fixed(1, {{"compression", "gzip"}, {"compression.min_bytes", "100"}});
    CHECK(lb.wire_text(Wire::content_encoding) == "gzip");
    const std::optional<std::string> small = lb.compress(body);
    CHECK(small && small->size() < 1000);
    CHECK(decompress("gzip", *small, 20000) == body);
    CHECK(decompress("gzip", *small, 1000000) == body);
    CHECK(decompress("", body, 20000) == body);
    CHECK_THROWS(decompress("gzip", *small, 19999), ALB_ERR_TOO_LARGE);
    CHECK_THROWS(decompress("gzip", small->substr(0, small->size() - 1), 20000), ALB_ERR_BAD_RESPONSE);
    CHECK_THROWS(decompress("br", body, 20000), ALB_ERR_UNSUPPORTED);
    CHECK(!lb.compress("too short to be worth it"));
    CHECK(!lb.compress({}));
    CHECK(!open_fixed(1).compress(body));
    char room[10];
    CHECK_EQ(decompress("gzip", *small, room, sizeof room, 20000, std::nothrow).value(), 20000);
    CHECK(std::string_view(room, 10) == std::string(10, 'x'));
}

void texts_of_the_options_are_views()
{
    const Balancer lb = open_fixed(1, {{"headers.optimize", "on"}});
    CHECK(lb.wire_text(Wire::kept_headers).find("x-amz-target") != std::string_view::npos);
    CHECK(open_fixed(1).wire_text(Wire::kept_headers).empty());
    CHECK(lb.wire_text(static_cast<Wire>(99)).empty());
}

void events_come_one_by_one_whatever_their_length()
{
    const Balancer lb = open_fixed(2);
    std::uint64_t cursor = 0;
    while (lb.next_event(cursor)) continue;
    lb.report(lb.next_node().id(), Outcome::refused, microseconds(100));
    std::uint64_t other = cursor;
    const std::optional<std::string> event = lb.next_event(cursor);
    CHECK(event && event->front() == '{' && event->back() == '}');
    CHECK_TEXT(event->c_str(), "127.0.0.");
    char small[8];
    const std::size_t length = lb.next_event(other, small, sizeof small, std::nothrow).value();
    CHECK_EQ(length, event->size()); // it did not fit, and waits
    CHECK(lb.next_event(other) == event);

    // More than any first guess: a long name that does not answer, in a scope with a long one.
    std::string name = "seed";
    while (name.size() < 230) name += ".part-of-a-name";
    const Balancer far(Config{{"seeds", name}, {"refresh.mode", "manual"}, {"scope", "dc:" + std::string(200, 'd')}});
    for (std::optional<Fetch> fetch = far.discovery_next(); fetch; fetch = far.discovery_next())
        far.discovery_fail(fetch->token(), Outcome::refused);
    std::uint64_t start = 0;
    const std::optional<std::string> failure = far.next_event(start);
    CHECK(failure && failure->size() > 512 && failure->front() == '{' && failure->back() == '}');
    CHECK_TEXT(failure->c_str(), name.c_str());
}

void statistics_of_many_nodes_are_told_whole()
{
    const Balancer lb = open_fixed(200);
    const std::string json = lb.statistics();
    CHECK(json.size() > 4096 && json.front() == '{' && json.back() == '}');
    CHECK_TEXT(json.c_str(), "127.0.0.200");
    char small[16];
    CHECK(lb.statistics(small, sizeof small, std::nothrow).value() > 4096);
}

} // namespace

int main()
{
    static const test tests[] = {
        TEST(a_program_with_an_io_of_its_own_makes_discovery),
        TEST(a_list_is_told_whole_or_as_far_as_it_fits),
        TEST(bodies_are_compressed_and_come_back),
        TEST(texts_of_the_options_are_views),
        TEST(events_come_one_by_one_whatever_their_length),
        TEST(statistics_of_many_nodes_are_told_whole),
    };
    return RUN_TESTS(tests);
}
