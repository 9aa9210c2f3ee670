// The least C++ program that links, makes a load balancer and uses it.
#include <alternator_lb.hpp>

#include <iostream>

int main()
try {
    const alternator_lb::Balancer lb(alternator_lb::Config{{"seeds", "127.0.0.1,127.0.0.2"}, {"discovery", "static"}});
    std::cout << "alternator_lb " << alternator_lb::version() << " picks " << lb.next_node().url() << '\n';
    return 0;
} catch (const std::exception &error) {
    std::cerr << error.what() << '\n';
    return 1;
}
