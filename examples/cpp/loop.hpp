// An event loop for DynamoDB requests to Alternator: libcurl's multi interface has many under way on one thread, signs them and
// keeps connections; the balancer says to which node each attempt goes, whether another one is granted, and what discovery fetches.
#ifndef LOOP_HPP
#define LOOP_HPP

#include <alternator_lb.hpp>
#include <curl/curl.h>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

class Loop {
public:
    // How a request ended.
    struct Answer {
        long http_status = 0; // 0: there was no whole answer, and `body` says why
        std::string body;
        unsigned attempts = 0;
        bool good() const { return http_status / 100 == 2; }
    };
    using Done = std::function<void(const Answer &)>;

    // The balancer has to be in refresh.mode `manual`. Without credentials ("key:secret") requests are not signed. At most `width`
    // of them are under way at a time.
    Loop(alternator_lb::Balancer balancer, std::string credentials, std::size_t width);
    ~Loop();
    Loop(const Loop &) = delete;
    Loop &operator=(const Loop &) = delete;

    // Queues a request; `done` hears of its end and may queue others. `repeatable`: doing it twice does no harm, so it is tried
    // again also when it is not known whether the first attempt was carried out.
    void request(std::string_view operation, std::string body, bool repeatable, Done done);

    // Runs until every request has ended.
    void run();

private:
    struct Transfer;
    using Clock = std::chrono::steady_clock;

    void send(std::unique_ptr<Transfer> transfer);
    void fetch_nodes();
    void perform(std::unique_ptr<Transfer> transfer, const char *url);
    void finish(CURL *easy, CURLcode code);
    void finish_request(std::unique_ptr<Transfer> transfer, CURLcode code);
    void finish_fetch(const Transfer &transfer, CURLcode code);
    int next_timer_ms() const;

    alternator_lb::Balancer balancer_;
    std::string credentials_;
    std::size_t width_;
    std::size_t in_flight_ = 0; // requests; fetches of discovery are not counted
    CURLM *multi_;
    std::deque<std::unique_ptr<Transfer>> queue_;
    std::vector<std::unique_ptr<Transfer>> waiting_; // for the time of their next attempt
    std::unordered_map<CURL *, std::unique_ptr<Transfer>> under_way_;
};

#endif
