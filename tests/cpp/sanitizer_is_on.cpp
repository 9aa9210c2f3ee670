// Two defects that the sanitizers have to find, so that their silence in the other tests says something.
//   sanitizer_is_on address|undefined
#include <alternator_lb.hpp>

#include <climits>
#include <cstring>

int main(int argc, char **argv)
{
    const bool address = argc > 1 && std::strcmp(argv[1], "address") == 0;
    if (address) {
        // The balancer is asked after it was freed.
        auto *lb = new alternator_lb::Balancer(alternator_lb::Config{{"seeds", "127.0.0.1"}, {"discovery", "static"}});
        delete lb;
        return lb->get() == nullptr;
    }
    const int largest = INT_MAX - 1 + argc / 2;
    return largest + argc < 0;
}
