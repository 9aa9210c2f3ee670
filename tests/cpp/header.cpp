// The header alone, as the first thing in a file, each template used in both ways. Compiled by each compiler and standard that
// ctest knows, with all warnings as errors, and without exceptions; never run.
#include <alternator_lb.hpp>

bool use_of_everything(const alternator_lb::Balancer &lb);

bool use_of_everything(const alternator_lb::Balancer &lb)
{
    using namespace alternator_lb;
    Plan plan = lb.plan();
    for (const Attempt &attempt : plan.attempts(3)) attempt.report(Outcome::success, microseconds(1));
    for (const Attempt &attempt : plan.attempts(3, std::nothrow)) {
        if (!attempt.report(Outcome::success, microseconds(1), std::nothrow)) return false;
    }
    const Result<Node> node = plan.next(std::nothrow);
    return node && node->url() == node.value().url() && !lb.nodes().empty() && !lb.statistics().empty();
}
