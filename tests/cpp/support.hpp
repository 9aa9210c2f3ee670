// The harness of tests/c for C++: its checks, and one for what is thrown.
#ifndef ALTERNATOR_LB_TESTS_SUPPORT_HPP
#define ALTERNATOR_LB_TESTS_SUPPORT_HPP

#include <alternator_lb.hpp>

#include <string>

extern "C" {
#include "support.h"
}

// Runs `call`, which must throw an Error of this status, and gives the error.
template <class Call> alternator_lb::Error thrown_by(const char *file, int line, const char *text, Call call)
{
    try {
        call();
    } catch (const alternator_lb::Error &error) {
        return error;
    }
    check_failed(file, line, (std::string("throws: ") + text).c_str());
    std::terminate();
}

#define CHECK_THROWS(expression, expected) \
    check_status(__FILE__, __LINE__, #expression, \
                 static_cast<alb_status>(thrown_by(__FILE__, __LINE__, #expression, [&] { (void)(expression); }).status()), expected)

// A load balancer over `count` nodes 127.0.0.1, 127.0.0.2, ... with discovery=static: no I/O, ever.
using Options = std::initializer_list<std::pair<std::string_view, std::string_view>>;
inline alternator_lb::Balancer open_fixed(int count, Options options = {})
{
    alternator_lb::Config config{{"seeds", seed_list(count)}, {"discovery", "static"}, {"refresh.mode", "manual"}};
    for (const auto &[key, value] : options) config.set(key, value);
    return alternator_lb::Balancer(config);
}

#endif
