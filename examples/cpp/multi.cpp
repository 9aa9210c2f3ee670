// Writes items and reads them back, many requests at a time on one thread, and says which node served how many attempts.
//
//   multi HOST[,HOST...] [PORT] [ITEMS] [AT_A_TIME]
//
// HOST is any node, the others are discovered on the way. Requests are signed when AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are
// set. Exit status 0: every item was written and came back as it was. How requests are sent, retried and reported is in loop.cpp.
#include "loop.hpp"

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

using namespace alternator_lb;

namespace {

const char create_table[] = R"({"TableName":"multi","BillingMode":"PAY_PER_REQUEST",
    "AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],
    "KeySchema":[{"AttributeName":"id","KeyType":"HASH"}]})";

std::string key(int item) { return R"({"id":{"S":"item )" + std::to_string(item) + R"("})"; }
std::string square(int item) { return R"("square":{"N":")" + std::to_string(static_cast<long>(item) * item) + R"("})"; }

struct Tally {
    int items = 0;    // that came back as they were
    int retried = 0;  // requests that took more than one attempt
    int failed = 0;   // requests without a good answer

    void count(const char *what, const Loop::Answer &answer)
    {
        retried += answer.attempts > 1;
        if (answer.good()) return;
        failed++;
        std::fprintf(stderr, "%s: %ld %s\n", what, answer.http_status, answer.body.c_str());
    }
};

std::string credentials()
{
    const char *id = std::getenv("AWS_ACCESS_KEY_ID");
    const char *secret = std::getenv("AWS_SECRET_ACCESS_KEY");
    return id && secret ? std::string(id) + ":" + secret : std::string();
}

// The table, then all items, each read as soon as it is written.
Tally write_and_read(Loop &loop, int items)
{
    Tally tally;
    loop.request("CreateTable", create_table, true, [&](const Loop::Answer &answer) {
        if (answer.body.find("ResourceInUseException") == std::string::npos) tally.count("CreateTable", answer);
    });
    loop.run();
    for (int item = 0; item < items && tally.failed == 0; item++) {
        loop.request("PutItem", R"({"TableName":"multi","Item":)" + key(item) + "," + square(item) + "}}", true,
                     [&, item](const Loop::Answer &put) {
            tally.count("PutItem", put);
            if (!put.good()) return;
            loop.request("GetItem", R"({"TableName":"multi","ConsistentRead":true,"Key":)" + key(item) + "}}", true,
                         [&, item](const Loop::Answer &got) {
                tally.count("GetItem", got);
                tally.items += got.body.find(square(item)) != std::string::npos;
            });
        });
    }
    loop.run();
    return tally;
}

int run(int argc, char **argv)
{
    const int items = argc > 3 ? std::stoi(argv[3]) : 1000;
    const int width = argc > 4 ? std::stoi(argv[4]) : 32;
    if (items < 1 || width < 1) throw std::invalid_argument("ITEMS and AT_A_TIME are numbers from 1 on");
    const Balancer lb(Config{
        {"seeds", argv[1]},
        {"port", argc > 2 ? argv[2] : "8000"},
        {"refresh.mode", "manual"},
        {"retry.burst", std::to_string(width)}, // when a node dies, all that are under way there are to be tried again at once
    });
    Loop loop(lb, credentials(), static_cast<std::size_t>(width));
    const Tally tally = write_and_read(loop, items);

    for (const NodeId id : lb.nodes()) {
        const Health health = lb.health(id);
        const char *standing = health.standing() == Standing::set_aside ? "set aside" : "in use";
        std::printf("%s  %s, %.1f ms\n", lb.node(id).url().data(), standing, static_cast<double>(health.estimate().count()) / 1000);
    }
    std::printf("%d of %d items came back, %d requests were retried, %d failed\n", tally.items, items, tally.retried, tally.failed);
    return tally.items == items && tally.failed == 0 ? 0 : 1;
}

} // namespace

int main(int argc, char **argv)
{
    if (argc < 2) {
        std::fprintf(stderr, "usage: %s HOST[,HOST...] [PORT] [ITEMS] [AT_A_TIME]\n", argv[0]);
        return 2;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    int status = 2;
    try {
        status = run(argc, argv);
    } catch (const std::exception &error) { // alternator_lb::Error is one
        std::fprintf(stderr, "%s\n", error.what());
    }
    curl_global_cleanup();
    return status;
}
