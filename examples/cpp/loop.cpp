#include "loop.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>

using namespace alternator_lb;

namespace {

constexpr unsigned max_attempts = 5;

// What the balancer needs to know: was it the request, the node, or the way to the node?
Outcome outcome_of(CURL *easy, CURLcode code, const Loop::Answer &answer)
{
    switch (code) {
    case CURLE_OK:
        if (answer.good()) return Outcome::success;
        if (answer.body.find("RequestLimitExceeded") != std::string::npos
            || answer.body.find("ProvisionedThroughputExceeded") != std::string::npos)
            return Outcome::throttled;
        return answer.http_status < 500 ? Outcome::caller_fault : Outcome::server_error;
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST: return Outcome::refused;
    case CURLE_OPERATION_TIMEDOUT: {
        curl_off_t connected_us = 0;
        curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &connected_us);
        return connected_us > 0 ? Outcome::timeout : Outcome::refused;
    }
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_PEER_FAILED_VERIFICATION: return Outcome::tls_failure;
    default: return Outcome::reset;
    }
}

// Whether the request may be sent again: at once if it was certainly not carried out, else if repeating it is harmless.
bool may_try_again(Outcome outcome, bool repeatable)
{
    switch (outcome) {
    case Outcome::refused:
    case Outcome::tls_failure:
    case Outcome::throttled: return true;
    case Outcome::server_error:
    case Outcome::reset:
    case Outcome::timeout: return repeatable;
    default: return false;
    }
}

size_t receive(char *piece, size_t, size_t length, void *body)
{
    static_cast<std::string *>(body)->append(piece, length);
    return length;
}

} // namespace

// One request through all its attempts, or one fetch of discovery.
struct Loop::Transfer {
    Transfer() : easy(curl_easy_init())
    {
        if (easy == nullptr) throw std::bad_alloc();
    }
    ~Transfer()
    {
        curl_easy_cleanup(easy);
        curl_slist_free_all(headers);
    }
    Transfer(const Transfer &) = delete;
    Transfer &operator=(const Transfer &) = delete;

    CURL *easy;
    curl_slist *headers = nullptr;
    char error[CURL_ERROR_SIZE] = "";
    Answer answer;
    // of a request:
    std::string body;
    bool repeatable = false;
    Done done;
    std::optional<Plan> plan;
    NodeId node = -1;
    Clock::time_point not_before;
    // of a fetch:
    std::optional<Fetch> fetch;
};

Loop::Loop(Balancer balancer, std::string credentials, std::size_t width)
    : balancer_(std::move(balancer)), credentials_(std::move(credentials)), width_(width), multi_(curl_multi_init())
{
    if (multi_ == nullptr) throw std::bad_alloc();
}

Loop::~Loop()
{
    for (const auto &[easy, transfer] : under_way_) {
        curl_multi_remove_handle(multi_, easy);
        if (!transfer->fetch) balancer_.report(transfer->node, Outcome::cancelled, microseconds(0), std::nothrow).has_value();
    }
    curl_multi_cleanup(multi_);
}

void Loop::request(std::string_view operation, std::string body, bool repeatable, Done done)
{
    auto transfer = std::make_unique<Transfer>();
    const std::string target = "X-Amz-Target: DynamoDB_20120810." + std::string(operation);
    transfer->headers = curl_slist_append(nullptr, "Content-Type: application/x-amz-json-1.0");
    curl_slist_append(transfer->headers, target.c_str());
    transfer->plan = balancer_.plan_for_request(operation, body);
    transfer->body = std::move(body);
    transfer->repeatable = repeatable;
    transfer->done = std::move(done);
    queue_.push_back(std::move(transfer));
}

// One attempt on the next node of the plan. libcurl computes signature and Host header anew, from that node's URL.
void Loop::send(std::unique_ptr<Transfer> transfer)
{
    const Node node = transfer->plan->next();
    CURL *easy = transfer->easy;
    transfer->node = node.id();
    transfer->answer.attempts++;
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, transfer->body.c_str());
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, 1000L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 12000L); // the server gives up after 10 s and says so
    if (!credentials_.empty()) {
        curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, "aws:amz:us-east-1:dynamodb");
        curl_easy_setopt(easy, CURLOPT_USERPWD, credentials_.c_str());
    }
    in_flight_++;
    perform(std::move(transfer), node.url().data());
}

// What discovery wants to know goes over the same loop, so that no request ever waits for it.
void Loop::fetch_nodes()
{
    while (std::optional<Fetch> fetch = balancer_.discovery_next()) {
        auto transfer = std::make_unique<Transfer>();
        transfer->fetch = fetch;
        curl_easy_setopt(transfer->easy, CURLOPT_TIMEOUT_MS, static_cast<long>(fetch->timeout().count()));
        perform(std::move(transfer), fetch->url().data());
    }
}

void Loop::perform(std::unique_ptr<Transfer> transfer, const char *url)
{
    CURL *easy = transfer->easy;
    transfer->answer.http_status = 0;
    transfer->answer.body.clear();
    transfer->error[0] = '\0';
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer->answer.body);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error);
    curl_multi_add_handle(multi_, easy);
    under_way_.emplace(easy, std::move(transfer));
}

void Loop::finish(CURL *easy, CURLcode code)
{
    curl_multi_remove_handle(multi_, easy);
    std::unique_ptr<Transfer> transfer = std::move(under_way_.extract(easy).mapped());
    if (code == CURLE_OK) curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &transfer->answer.http_status);
    if (transfer->fetch) finish_fetch(*transfer, code);
    else finish_request(std::move(transfer), code);
}

void Loop::finish_fetch(const Transfer &transfer, CURLcode code)
{
    // The token may be stale by now: another fetch has told what this one was to tell. That is no error.
    const std::uint64_t token = transfer.fetch->token();
    const Result<void> taken =
        code == CURLE_OK
            ? balancer_.discovery_feed(token, static_cast<int>(transfer.answer.http_status), transfer.answer.body, std::nothrow)
            : balancer_.discovery_fail(token, outcome_of(transfer.easy, code, transfer.answer), std::nothrow);
    if (!taken && taken.status() != Status::stale_token) throw taken.error();
}

void Loop::finish_request(std::unique_ptr<Transfer> transfer, CURLcode code)
{
    const Outcome outcome = outcome_of(transfer->easy, code, transfer->answer);
    curl_off_t total_us = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_TOTAL_TIME_T, &total_us);
    balancer_.report(transfer->node, outcome, microseconds(total_us));
    in_flight_--;

    if (may_try_again(outcome, transfer->repeatable) && transfer->answer.attempts < max_attempts) {
        if (const Result<microseconds> wait = transfer->plan->retry_delay(outcome, std::nothrow)) {
            transfer->not_before = Clock::now() + *wait;
            waiting_.push_back(std::move(transfer));
            return;
        }
    }
    if (code != CURLE_OK) transfer->answer.body = transfer->error[0] ? transfer->error : curl_easy_strerror(code);
    transfer->done(transfer->answer);
}

// How long the loop may sleep: until an attempt is due, or discovery.
int Loop::next_timer_ms() const
{
    std::int64_t timer = 1000;
    if (const std::optional<milliseconds> due = balancer_.refresh_due()) timer = std::min<std::int64_t>(timer, due->count());
    for (const auto &transfer : waiting_) {
        const auto rest = std::chrono::ceil<milliseconds>(transfer->not_before - Clock::now());
        timer = std::min<std::int64_t>(timer, rest.count());
    }
    return static_cast<int>(std::max<std::int64_t>(timer, 0));
}

void Loop::run()
{
    while (!queue_.empty() || !waiting_.empty() || in_flight_ > 0) {
        fetch_nodes();
        const auto due = std::partition(waiting_.begin(), waiting_.end(),
                                        [now = Clock::now()](const auto &transfer) { return transfer->not_before > now; });
        std::move(due, waiting_.end(), std::front_inserter(queue_)); // whoever waited goes first
        waiting_.erase(due, waiting_.end());
        while (!queue_.empty() && in_flight_ < width_) {
            std::unique_ptr<Transfer> transfer = std::move(queue_.front());
            queue_.pop_front();
            send(std::move(transfer));
        }
        int running = 0;
        CURLMcode code = curl_multi_perform(multi_, &running);
        int left = 0;
        while (const CURLMsg *message = curl_multi_info_read(multi_, &left)) {
            if (message->msg == CURLMSG_DONE) finish(message->easy_handle, message->data.result);
        }
        const bool room = !queue_.empty() && in_flight_ < width_;
        if (code == CURLM_OK && !room) code = curl_multi_poll(multi_, nullptr, 0, next_timer_ms(), nullptr);
        if (code != CURLM_OK) throw std::runtime_error(curl_multi_strerror(code));
    }
}
