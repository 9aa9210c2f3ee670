/** @file alternator_lb.hpp
 *  libalternator_lb for C++17: the C ABI of alternator_lb.h with owners, values, ranges and durations. Header-only.
 *
 *  @code
 *  using namespace alternator_lb;
 *  Balancer lb(Config{{"seeds", "10.0.0.1,10.0.0.2"}});
 *
 *  Plan plan = lb.plan_for_request("GetItem", json);        // one request:
 *  for (Attempt attempt : plan.attempts(3)) {
 *      auto [outcome, latency] = send(attempt.node().url(), json);
 *      attempt.report(outcome, latency);
 *      if (outcome == Outcome::success) break;
 *      auto wait = plan.retry_delay(outcome, std::nothrow);      // nothing is granted while too much is retried
 *      if (!wait) break;
 *      std::this_thread::sleep_for(*wait);
 *  }
 *  @endcode
 *
 *  Errors:    by choice. A function throws Error; given std::nothrow as its last argument it is noexcept and returns Result<T>,
 *             which holds the value or the error. With -fno-exceptions, what would throw ends the program.
 *  Memory:    picks, plans, reports and whatever takes std::nothrow allocate nothing. What returns std::string or std::vector does.
 *  Lifetimes: a Balancer is a counted reference: its copies are the same load balancer. Nodes, plans, attempts and texts that it
 *             gave are views that live as long as one of them.
 *  Texts:     std::string_view of any bytes goes in; UTF-8 comes out, with a NUL behind its end, so that data() serves C functions.
 *  Durations: what is negative counts as none, what is too large as the largest.
 *  The rest, such as what blocks and for how long, threads and fork, is the C function's that each comment names: alternator_lb.h.
 */

#ifndef ALTERNATOR_LB_HPP
#define ALTERNATOR_LB_HPP

#include <alternator_lb.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <initializer_list>
#include <iterator>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace alternator_lb {

using std::chrono::microseconds;
using std::chrono::milliseconds;

/** A node's number: the same for the life of the load balancer. */
using NodeId = std::int32_t;

/* Numbers with names ------------------------------------------------------------------------------------------------------ */

/** What a call came to: the ALB_ERR_ numbers. */
enum class Status : alb_status {
    ok = ALB_OK,
    invalid_argument = ALB_ERR_INVALID_ARGUMENT,
    abi_mismatch = ALB_ERR_ABI_MISMATCH,
    unknown_option = ALB_ERR_UNKNOWN_OPTION,
    bad_value = ALB_ERR_BAD_VALUE,
    no_nodes = ALB_ERR_NO_NODES,
    unknown_node = ALB_ERR_UNKNOWN_NODE,
    timeout = ALB_ERR_TIMEOUT,
    unreachable = ALB_ERR_UNREACHABLE,
    tls = ALB_ERR_TLS,
    bad_response = ALB_ERR_BAD_RESPONSE,
    scope_unknown = ALB_ERR_SCOPE_UNKNOWN,
    unsupported = ALB_ERR_UNSUPPORTED,
    stale_token = ALB_ERR_STALE_TOKEN,
    io = ALB_ERR_IO,
    panic = ALB_ERR_PANIC,
    too_large = ALB_ERR_TOO_LARGE,
    budget_spent = ALB_ERR_BUDGET_SPENT,
    not_offered = ALB_ERR_NOT_OFFERED,
};

/** How an attempt ended: the ALB_OUTCOME_ numbers. */
enum class Outcome : std::int32_t {
    success = ALB_OUTCOME_SUCCESS,
    caller_fault = ALB_OUTCOME_CALLER_FAULT,
    throttled = ALB_OUTCOME_THROTTLED,
    server_error = ALB_OUTCOME_SERVER_ERROR,
    refused = ALB_OUTCOME_REFUSED,
    reset = ALB_OUTCOME_RESET,
    timeout = ALB_OUTCOME_TIMEOUT,
    tls_failure = ALB_OUTCOME_TLS_FAILURE,
    cancelled = ALB_OUTCOME_CANCELLED,
};

/** How a node stands: the ALB_HEALTH_ numbers. */
enum class Standing : std::uint32_t {
    in_use = ALB_HEALTH_IN_USE,
    warming_up = ALB_HEALTH_WARMING_UP,
    set_aside = ALB_HEALTH_SET_ASIDE,
};

/** Why a node is set aside: the ALB_CAUSE_ numbers. */
enum class Cause : std::int32_t {
    none = ALB_CAUSE_NONE,
    refused = ALB_CAUSE_REFUSED,
    tls_failure = ALB_CAUSE_TLS_FAILURE,
    hung = ALB_CAUSE_HUNG,
    failures_in_a_row = ALB_CAUSE_FAILURES_IN_A_ROW,
    failure_rate = ALB_CAUSE_FAILURE_RATE,
};

/** What Balancer::wire_text() is asked for: the ALB_WIRE_ numbers. */
enum class Wire : std::int32_t {
    content_encoding = ALB_WIRE_CONTENT_ENCODING,
    accept_encoding = ALB_WIRE_ACCEPT_ENCODING,
    kept_headers = ALB_WIRE_KEPT_HEADERS,
};

/** What makes a write read before it writes: the ALB_WRITE_ bits, to be joined by |. */
enum class Write : std::uint32_t {
    plain = 0,
    condition_expression = ALB_WRITE_CONDITION_EXPRESSION,
    expected = ALB_WRITE_EXPECTED,
    expected_members = ALB_WRITE_EXPECTED_MEMBERS,
    return_all_old = ALB_WRITE_RETURN_ALL_OLD,
    return_updated_old = ALB_WRITE_RETURN_UPDATED_OLD,
    return_all_new = ALB_WRITE_RETURN_ALL_NEW,
    attribute_updates_add = ALB_WRITE_ATTRIBUTE_UPDATES_ADD,
    attribute_updates_delete_value = ALB_WRITE_ATTRIBUTE_UPDATES_DELETE_VALUE,
};

constexpr Write operator|(Write one, Write other) noexcept
{
    return static_cast<Write>(static_cast<std::uint32_t>(one) | static_cast<std::uint32_t>(other));
}

/** The name of a status, such as "ALB_ERR_TIMEOUT". As alb_status_name(). */
inline std::string_view name(Status status) noexcept { return alb_status_name(static_cast<alb_status>(status)); }

/** The version of the library that is loaded, such as "0.1.0". As alb_version(). */
inline std::string_view version() noexcept { return alb_version(); }

/** The version of the ABI that it offers; a Balancer is refused unless it is ALB_ABI_VERSION. As alb_abi_version(). */
inline std::uint32_t abi_version() noexcept { return alb_abi_version(); }

/* Errors ------------------------------------------------------------------------------------------------------------------ */

/** What went wrong. Copying it allocates nothing. */
class Error : public std::exception {
public:
    explicit Error(const alb_error &detail) noexcept : detail_(detail) {}

    Status status() const noexcept { return static_cast<Status>(detail_.code); }
    /** One sentence: for an option, its name, the value and what is accepted. The status's name where there is no more to say. */
    const char *what() const noexcept override { return detail_.message[0] ? detail_.message : alb_status_name(detail_.code); }
    /** The node or seed concerned, or empty. */
    std::string_view node() const noexcept { return detail_.node; }
    /** The HTTP status received, or 0. */
    int http_status() const noexcept { return detail_.http_status; }
    /** The system's error number, or 0. */
    int os_errno() const noexcept { return detail_.os_errno; }

private:
    alb_error detail_;
};

namespace detail {

[[noreturn]] inline void raise(const Error &error)
{
#if defined(__cpp_exceptions)
    throw error;
#else
    static_cast<void>(error);
    std::terminate();
#endif
}

inline alb_error failure(std::int64_t status) noexcept
{
    alb_error error = ALB_ERROR_INIT;
    error.code = static_cast<alb_status>(status);
    return error;
}

/* An empty view may hold no pointer, which the C functions refuse where a text is required. */
inline const char *text(std::string_view view) noexcept { return view.data() ? view.data() : ""; }
inline const std::uint8_t *bytes(std::string_view view) noexcept { return reinterpret_cast<const std::uint8_t *>(text(view)); }

inline std::uint32_t count(milliseconds duration) noexcept
{
    if (duration.count() < 0) return 0;
    return duration.count() > INT64_C(0xffffffff) ? UINT32_MAX : static_cast<std::uint32_t>(duration.count());
}

inline std::uint64_t count(microseconds duration) noexcept
{
    return duration.count() < 0 ? 0 : static_cast<std::uint64_t>(duration.count());
}

inline microseconds duration(std::uint64_t us) noexcept
{
    return microseconds(us > static_cast<std::uint64_t>(INT64_MAX) ? INT64_MAX : static_cast<std::int64_t>(us));
}

} // namespace detail

/** A value, or the error that stands in its place. */
template <class T> class [[nodiscard]] Result {
public:
    Result(T value) noexcept : held_(std::in_place_index<0>, std::move(value)) {}
    Result(const alb_error &error) noexcept : held_(std::in_place_index<1>, error) {}

    bool has_value() const noexcept { return held_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }
    /** The value; only where there is one. */
    T &operator*() & noexcept { return *std::get_if<0>(&held_); }
    const T &operator*() const & noexcept { return *std::get_if<0>(&held_); }
    T &&operator*() && noexcept { return std::move(*std::get_if<0>(&held_)); }
    T *operator->() noexcept { return std::get_if<0>(&held_); }
    const T *operator->() const noexcept { return std::get_if<0>(&held_); }
    /** The value; throws the error where there is none. */
    T &value() & { return check(), **this; }
    const T &value() const & { return check(), **this; }
    T &&value() && { return check(), *std::move(*this); }
    T value_or(T other) const { return has_value() ? **this : std::move(other); }

    Status status() const noexcept { return has_value() ? Status::ok : static_cast<Status>(std::get_if<1>(&held_)->code); }
    /** The error; Status::ok where there is none. */
    Error error() const noexcept { return Error(has_value() ? detail::failure(ALB_OK) : *std::get_if<1>(&held_)); }

private:
    void check() const
    {
        if (!has_value()) detail::raise(error());
    }
    std::variant<T, alb_error> held_;
};

/** That it worked, or the error. */
template <> class [[nodiscard]] Result<void> {
public:
    Result() noexcept = default;
    Result(const alb_error &error) noexcept : error_(error) {}

    bool has_value() const noexcept { return !error_; }
    explicit operator bool() const noexcept { return has_value(); }
    /** Throws the error if there is one. */
    void value() const
    {
        if (error_) detail::raise(Error(*error_));
    }
    Status status() const noexcept { return error_ ? static_cast<Status>(error_->code) : Status::ok; }
    /** The error; Status::ok where there is none. */
    Error error() const noexcept { return Error(error_ ? *error_ : detail::failure(ALB_OK)); }

private:
    std::optional<alb_error> error_;
};

namespace detail {

inline Result<void> done(alb_status status) noexcept
{
    if (status == ALB_OK) return {};
    return failure(status);
}

inline Result<void> done(alb_status status, const alb_error &error) noexcept
{
    if (status == ALB_OK) return {};
    return error;
}

/* Of calls that return a length, or a negative status. */
inline Result<std::size_t> length(std::int64_t answer) noexcept
{
    if (answer < 0) return failure(answer);
    return static_cast<std::size_t>(answer);
}

/* Of calls that return a wait, or a negative status. */
inline Result<microseconds> wait(std::int64_t answer) noexcept
{
    if (answer < 0) return failure(answer);
    return microseconds(answer);
}

} // namespace detail

/* Configuration ----------------------------------------------------------------------------------------------------------- */

/** The options for a Balancer: docs/CONFIGURATION.md lists them, `seeds` is the only required one. One thread at a time. */
class Config {
public:
    Config() : config_(alb_config_new()) {}
    /** With options set: Config{{"seeds", "10.0.0.1"}, {"port", "8043"}}. Throws as set(). */
    Config(std::initializer_list<std::pair<std::string_view, std::string_view>> options) : Config()
    {
        for (const auto &[key, value] : options) set(key, value);
    }
    Config(Config &&other) noexcept : config_(std::exchange(other.config_, nullptr)) {}
    Config &operator=(Config &&other) noexcept { return std::swap(config_, other.config_), *this; }
    ~Config() { alb_config_free(config_); }

    /** Sets an option; after an error it is as it was. As alb_config_set(). */
    Config &set(std::string_view key, std::string_view value) { return set(key, value, std::nothrow).value(), *this; }
    Result<void> set(std::string_view key, std::string_view value, std::nothrow_t) noexcept
    {
        alb_error error = ALB_ERROR_INIT;
        return detail::done(alb_config_set(config_, detail::text(key), key.size(), detail::text(value), value.size(), &error),
                            error);
    }

    const alb_config *get() const noexcept { return config_; }

private:
    alb_config *config_;
};

/* Nodes, keys, health ----------------------------------------------------------------------------------------------------- */

/** A node, seen as it was when it was asked for. */
class Node {
public:
    NodeId id() const noexcept { return node_.id; }
    /** scheme://host:port; the port is always there, IPv6 is in brackets. */
    std::string_view url() const noexcept { return {node_.url, node_.url_len}; }
    /** The host as it stands in the URL. */
    std::string_view host() const noexcept { return {node_.host, node_.host_len}; }
    std::uint16_t port() const noexcept { return node_.port; }
    /** It is in the list that requests are routed over, or in that which keys choose among. */
    bool listed() const noexcept { return (node_.flags & ALB_NODE_LISTED) != 0; }
    /** It was given as a seed. */
    bool seed() const noexcept { return (node_.flags & ALB_NODE_SEED) != 0; }
    /** It is chosen only when all others were tried, until a probe finds it well. */
    bool set_aside() const noexcept { return (node_.flags & ALB_NODE_SET_ASIDE) != 0; }

private:
    friend class Balancer;
    friend class Plan;
    Node() noexcept = default;
    alb_node node_ = ALB_NODE_INIT;
};

/** How a node fares, seen as it was when it was asked for. The members of alb_health. */
class Health {
public:
    NodeId node_id() const noexcept { return health_.node_id; }
    Standing standing() const noexcept { return static_cast<Standing>(health_.state); }
    Cause cause() const noexcept { return static_cast<Cause>(health_.cause); }
    std::uint32_t in_flight() const noexcept { return health_.in_flight; }
    std::uint32_t strikes() const noexcept { return health_.strikes; }
    std::uint32_t failures_in_a_row() const noexcept { return health_.failures_in_a_row; }
    std::uint32_t failure_permille() const noexcept { return health_.failure_permille; }
    microseconds estimate() const noexcept { return detail::duration(health_.estimate_us); }
    microseconds mean() const noexcept { return detail::duration(health_.mean_us); }
    milliseconds probe_in() const noexcept { return milliseconds(health_.probe_in_ms); }

private:
    friend class Balancer;
    Health() noexcept = default;
    alb_health health_ = ALB_HEALTH_INIT;
};

/** A partition key's value: a view of bytes that stay the caller's. */
class Key {
public:
    /** UTF-8. */
    static constexpr Key string(std::string_view value) noexcept { return {ALB_KEY_S, value}; }
    /** The number's text as it stands on the wire. */
    static constexpr Key number(std::string_view value) noexcept { return {ALB_KEY_N, value}; }
    /** The bytes themselves, not their base64. */
    static constexpr Key binary(std::string_view value) noexcept { return {ALB_KEY_B, value}; }
    /** The item does not have the key's attribute, or its name is not known. */
    static constexpr Key absent() noexcept { return {ALB_KEY_ABSENT, {}}; }

    std::int32_t type() const noexcept { return type_; }
    std::string_view value() const noexcept { return value_; }

private:
    constexpr Key(std::int32_t type, std::string_view value) noexcept : type_(type), value_(value) {}
    std::int32_t type_;
    std::string_view value_;
};

/** The ScyllaDB token of a partition key. As alb_token_for_key(). */
inline Result<std::int64_t> token_for_key(Key key, std::nothrow_t) noexcept
{
    std::int64_t token = 0;
    const alb_status status = alb_token_for_key(key.type(), detail::bytes(key.value()), key.value().size(), &token);
    if (status != ALB_OK) return detail::failure(status);
    return token;
}
inline std::int64_t token_for_key(Key key) { return token_for_key(key, std::nothrow).value(); }

/* Plans ------------------------------------------------------------------------------------------------------------------- */

/** One attempt of a plan: a node that counts one request more until report() says how it ended. */
class Attempt {
public:
    const Node &node() const noexcept { return node_; }
    /** 1 for the first attempt that its range gave. */
    unsigned number() const noexcept { return number_; }

    /** Says how it ended: once, also when it was given up. As alb_report(). */
    void report(Outcome outcome, microseconds latency) const { report(outcome, latency, std::nothrow).value(); }
    Result<void> report(Outcome outcome, microseconds latency, std::nothrow_t) const noexcept
    {
        return detail::done(alb_report(lb_, node_.id(), static_cast<std::int32_t>(outcome), detail::count(latency)));
    }

private:
    friend class Attempts;
    Attempt(alb *lb, const Node &node, unsigned number) noexcept : lb_(lb), node_(node), number_(number) {}
    alb *lb_;
    Node node_;
    unsigned number_;
};

class Attempts;

/** The nodes of one request in the order to try them: a value of some 500 bytes that may be copied and forgotten. A copy goes on by
 *  itself from where the plan was. One thread at a time. */
class Plan {
public:
    /** Takes the next step. No node comes twice until all of the list were tried; then the plan starts over. As alb_plan_next(). */
    Node next() { return next(std::nothrow).value(); }
    Result<Node> next(std::nothrow_t) noexcept
    {
        Node node;
        const std::int32_t id = alb_plan_next(lb_, &plan_, &node.node_);
        if (id < 0) return detail::failure(id);
        return node;
    }

    /** The next `limit` steps as a range. A step is taken when the loop comes to it, so that leaving the loop takes no more.
     *  With std::nothrow the range ends where there is no node to choose, and its status() says so. */
    Attempts attempts(unsigned limit) &;
    Attempts attempts(unsigned limit, std::nothrow_t) & noexcept;
    Attempts attempts(unsigned limit) && = delete;                          /* the range looks at the plan */
    Attempts attempts(unsigned limit, std::nothrow_t) && = delete;

    /** Whether the request may be tried again, and after which wait. As alb_retry_delay_us(). */
    microseconds retry_delay(Outcome outcome) const { return retry_delay(outcome, std::nothrow).value(); }
    Result<microseconds> retry_delay(Outcome outcome, std::nothrow_t) const noexcept
    {
        return detail::wait(alb_retry_delay_us(lb_, &plan_, static_cast<std::int32_t>(outcome)));
    }

    /** Whether the request may be sent to a second node while the first has not answered, and when. As alb_hedge_delay_us(). */
    microseconds hedge_delay(microseconds elapsed) const { return hedge_delay(elapsed, std::nothrow).value(); }
    Result<microseconds> hedge_delay(microseconds elapsed, std::nothrow_t) const noexcept
    {
        return detail::wait(alb_hedge_delay_us(lb_, &plan_, detail::count(elapsed)));
    }

    /** Adds the vote of one item of a BatchWriteItem, before the first step. As alb_plan_vote(). */
    void vote(std::string_view table, Key key) { vote(table, key, std::nothrow).value(); }
    Result<void> vote(std::string_view table, Key key, std::nothrow_t) noexcept
    {
        return detail::done(alb_plan_vote(lb_, &plan_, detail::text(table), table.size(), key.type(), detail::bytes(key.value()),
                                          key.value().size()));
    }

private:
    friend class Attempts;
    friend class Balancer;
    explicit Plan(alb *lb) noexcept : lb_(lb) {}
    alb *lb_;
    alb_plan plan_; /* written by the function that begins it */
};

/** A bounded range over the attempts of a plan. Its iterators are input iterators: one pass. */
class Attempts {
public:
    class iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = Attempt;
        using difference_type = std::ptrdiff_t;
        using pointer = const Attempt *;
        using reference = const Attempt &;

        iterator() noexcept = default;
        reference operator*() const noexcept { return *attempts_->current_; }
        pointer operator->() const noexcept { return &*attempts_->current_; }
        iterator &operator++() { return attempts_->advance(), *this; }
        /* What the iterator pointed at stays readable through the result, as *i++ needs it. */
        class Past {
        public:
            explicit Past(const Attempt &attempt) noexcept : attempt_(attempt) {}
            const Attempt &operator*() const noexcept { return attempt_; }

        private:
            Attempt attempt_;
        };
        Past operator++(int)
        {
            Past past(**this);
            ++*this;
            return past;
        }
        friend bool operator==(const iterator &one, const iterator &other) noexcept { return one.at_end() == other.at_end(); }
        friend bool operator!=(const iterator &one, const iterator &other) noexcept { return !(one == other); }

    private:
        friend class Attempts;
        explicit iterator(Attempts *attempts) noexcept : attempts_(attempts) {}
        bool at_end() const noexcept { return attempts_ == nullptr || !attempts_->current_; }
        Attempts *attempts_ = nullptr;
    };

    /** Takes the first step, when it is called for the first time. */
    iterator begin()
    {
        if (taken_ == 0) advance();
        return iterator(this);
    }
    iterator end() const noexcept { return {}; }
    /** Why the range ended before its limit; Status::ok if it did not. */
    Status status() const noexcept { return status_; }

private:
    friend class Plan;
    Attempts(Plan &plan, unsigned limit, bool throws) noexcept : plan_(&plan), limit_(limit), throws_(throws) {}

    void advance()
    {
        current_.reset();
        if (taken_ == limit_ || status_ != Status::ok) return;
        Result<Node> node = plan_->next(std::nothrow);
        if (node) {
            current_.emplace(Attempt(plan_->lb_, *node, ++taken_));
            return;
        }
        status_ = node.status();
        if (throws_) detail::raise(node.error());
    }

    Plan *plan_;
    unsigned limit_;
    unsigned taken_ = 0;
    bool throws_;
    Status status_ = Status::ok;
    std::optional<Attempt> current_;
};

inline Attempts Plan::attempts(unsigned limit) & { return {*this, limit, true}; }
inline Attempts Plan::attempts(unsigned limit, std::nothrow_t) & noexcept { return {*this, limit, false}; }

/** A write of one item by its parameters, for callers that do not hold its text. */
struct ItemWrite {
    std::string_view operation;               /**< PutItem, UpdateItem or DeleteItem; others get an ordinary plan */
    std::string_view table;                   /**< its name or ARN */
    Key key = Key::absent();                  /**< of the attribute that Balancer::table_key() names */
    Write facts = Write::plain;               /**< what makes it read before it writes */
    std::string_view update_expression = {};  /**< the UpdateExpression, if there is one */
};

/** A GET that discovery asks the caller to make: see Balancer::discovery_next(). */
class Fetch {
public:
    std::uint64_t token() const noexcept { return token_; }
    std::string_view url() const noexcept { return {url_, length_}; }
    /** The longest wait for the whole answer. */
    milliseconds timeout() const noexcept { return milliseconds(timeout_ms_); }

private:
    friend class Balancer;
    Fetch() noexcept = default;
    std::uint64_t token_ = 0;
    std::size_t length_ = 0;
    std::uint32_t timeout_ms_ = 0;
    char url_[ALB_URL_CAPACITY];
};

/* The load balancer ------------------------------------------------------------------------------------------------------- */

/** A load balancer for one cluster. Any number of threads may call any function of one object, but for assignment; a copy is
 *  another reference to the same. One that was moved from answers with Status::invalid_argument. */
class Balancer {
public:
    /** As alb_new(): no network, but the files that the options tls.* name. */
    explicit Balancer(const Config &config) : Balancer(open(config, std::nothrow).value()) {}
    static Result<Balancer> open(const Config &config, std::nothrow_t) noexcept
    {
        alb_error error = ALB_ERROR_INIT;
        alb *lb = nullptr;
        if (alb_new(ALB_ABI_VERSION, config.get(), &lb, &error) != ALB_OK) return error;
        return adopt(lb);
    }
    /** Takes over a reference to a handle of the C ABI. */
    static Balancer adopt(alb *lb) noexcept { return Balancer(lb); }

    Balancer(const Balancer &other) noexcept : lb_(alb_retain(other.lb_)) {}
    Balancer(Balancer &&other) noexcept : lb_(std::exchange(other.lb_, nullptr)) {}
    Balancer &operator=(Balancer other) noexcept { return std::swap(lb_, other.lb_), *this; }
    ~Balancer() { alb_free(lb_); }

    explicit operator bool() const noexcept { return lb_ != nullptr; }
    /** The handle, still this object's. */
    alb *get() const noexcept { return lb_; }

    /* Picking nodes */

    /** Chooses the node for the next request: the first step of a plan. As alb_next_node(). */
    Node next_node() const { return next_node(std::nothrow).value(); }
    Result<Node> next_node(std::nothrow_t) const noexcept
    {
        Node node;
        const std::int32_t id = alb_next_node(lb_, &node.node_);
        if (id < 0) return detail::failure(id);
        return node;
    }

    /** Chooses the node for a partition key. As alb_node_for_key(). */
    Node node_for_key(Key key) const { return node_for_key(key, std::nothrow).value(); }
    Result<Node> node_for_key(Key key, std::nothrow_t) const noexcept
    {
        Node node;
        const std::int32_t id = alb_node_for_key(lb_, key.type(), detail::bytes(key.value()), key.value().size(), &node.node_);
        if (id < 0) return detail::failure(id);
        return node;
    }

    /** Says how an attempt at a node ended, for callers without an Attempt. As alb_report(). */
    void report(NodeId node, Outcome outcome, microseconds latency) const { report(node, outcome, latency, std::nothrow).value(); }
    Result<void> report(NodeId node, Outcome outcome, microseconds latency, std::nothrow_t) const noexcept
    {
        return detail::done(alb_report(lb_, node, static_cast<std::int32_t>(outcome), detail::count(latency)));
    }

    /* Beginning plans */

    /** As alb_plan_start(). */
    Plan plan() const { return plan(std::nothrow).value(); }
    Result<Plan> plan(std::nothrow_t) const noexcept
    {
        Plan plan(lb_);
        return begun(alb_plan_start(lb_, &plan.plan_), plan);
    }

    /** A plan whose first step was a node that next_node() gave. As alb_plan_after(). */
    Plan plan_after(NodeId node) const { return plan_after(node, std::nothrow).value(); }
    Result<Plan> plan_after(NodeId node, std::nothrow_t) const noexcept
    {
        Plan plan(lb_);
        return begun(alb_plan_after(lb_, node, &plan.plan_), plan);
    }

    /** As alb_plan_for_key(). */
    Plan plan_for_key(Key key) const { return plan_for_key(key, std::nothrow).value(); }
    Result<Plan> plan_for_key(Key key, std::nothrow_t) const noexcept
    {
        Plan plan(lb_);
        return begun(alb_plan_for_key(lb_, key.type(), detail::bytes(key.value()), key.value().size(), &plan.plan_), plan);
    }

    /** A plan for a DynamoDB request: `operation` such as PutItem, or the value of X-Amz-Target; `body` the JSON text before it is
     *  compressed. As alb_plan_for_request(). */
    Plan plan_for_request(std::string_view operation, std::string_view body) const
    {
        return plan_for_request(operation, body, std::nothrow).value();
    }
    Result<Plan> plan_for_request(std::string_view operation, std::string_view body, std::nothrow_t) const noexcept
    {
        Plan plan(lb_);
        return begun(alb_plan_for_request(lb_, detail::text(operation), operation.size(), detail::bytes(body), body.size(),
                                          &plan.plan_),
                     plan);
    }

    /** As alb_plan_for_write(). */
    Plan plan_for_write(const ItemWrite &write) const { return plan_for_write(write, std::nothrow).value(); }
    Result<Plan> plan_for_write(const ItemWrite &write, std::nothrow_t) const noexcept
    {
        Plan plan(lb_);
        const std::string_view key = write.key.value();
        return begun(alb_plan_for_write(lb_, detail::text(write.operation), write.operation.size(), detail::text(write.table),
                                        write.table.size(), write.key.type(), detail::bytes(key), key.size(),
                                        static_cast<std::uint32_t>(write.facts), write.update_expression.data(),
                                        write.update_expression.size(), &plan.plan_),
                     plan);
    }

    /* Partition keys of tables */

    /** A table that is to be described, if there is one: answer by one of the next three. As alb_table_key_next_wanted(). */
    std::optional<std::string> table_key_next_wanted() const
    {
        char table[256];
        const std::size_t length = table_key_next_wanted(table, sizeof table, std::nothrow).value();
        return length == 0 ? std::nullopt : std::optional<std::string>(std::in_place, table, length);
    }
    Result<std::size_t> table_key_next_wanted(char *table, std::size_t capacity, std::nothrow_t) const noexcept
    {
        return detail::length(alb_table_key_next_wanted(lb_, table, capacity));
    }

    /** Tells the name of a table's partition key. As alb_table_key_set(). */
    void table_key_set(std::string_view table, std::string_view key) const { table_key_set(table, key, std::nothrow).value(); }
    Result<void> table_key_set(std::string_view table, std::string_view key, std::nothrow_t) const noexcept
    {
        alb_error error = ALB_ERROR_INIT;
        return detail::done(alb_table_key_set(lb_, detail::text(table), table.size(), detail::text(key), key.size(), &error),
                            error);
    }

    /** Brings the answer to a DescribeTable as it came. As alb_table_key_feed(). */
    void table_key_feed(std::string_view table, int http_status, std::string_view body) const
    {
        table_key_feed(table, http_status, body, std::nothrow).value();
    }
    Result<void> table_key_feed(std::string_view table, int http_status, std::string_view body, std::nothrow_t) const noexcept
    {
        alb_error error = ALB_ERROR_INIT;
        return detail::done(alb_table_key_feed(lb_, detail::text(table), table.size(), http_status, detail::bytes(body),
                                               body.size(), &error),
                            error);
    }

    /** Says that a DescribeTable failed; `code` is the error's, such as ResourceNotFoundException. As alb_table_key_failed(). */
    void table_key_failed(std::string_view table, int http_status, std::string_view code = {}) const
    {
        table_key_failed(table, http_status, code, std::nothrow).value();
    }
    Result<void> table_key_failed(std::string_view table, int http_status, std::string_view code, std::nothrow_t) const noexcept
    {
        return detail::done(alb_table_key_failed(lb_, detail::text(table), table.size(), http_status, detail::text(code),
                                                 code.size()));
    }

    /** The name of a table's partition key, as far as it is known. As alb_table_key(): 256 bytes are always enough. */
    std::optional<std::string> table_key(std::string_view table) const
    {
        char key[256];
        const std::size_t length = table_key(table, key, sizeof key, std::nothrow).value();
        return length == 0 ? std::nullopt : std::optional<std::string>(std::in_place, key, length);
    }
    Result<std::size_t> table_key(std::string_view table, char *key, std::size_t capacity, std::nothrow_t) const noexcept
    {
        return detail::length(alb_table_key(lb_, detail::text(table), table.size(), key, capacity));
    }

    /* The list of nodes and their health */

    /** The nodes of the scope, those set aside included, in the order of their URLs. As alb_nodes(). */
    std::vector<NodeId> nodes() const
    {
        std::vector<NodeId> ids(nodes(nullptr, 0));
        std::size_t found = nodes(ids.data(), ids.size());
        while (found > ids.size()) { /* the list has grown meanwhile */
            ids.resize(found);
            found = nodes(ids.data(), ids.size());
        }
        ids.resize(found);
        return ids;
    }
    /** Writes as many as fit; returns how many there are. */
    std::size_t nodes(NodeId *ids, std::size_t capacity) const noexcept { return alb_nodes(lb_, ids, capacity); }

    /** A node by its number, also one that has left the list. As alb_node_get(). */
    Node node(NodeId id) const { return node(id, std::nothrow).value(); }
    Result<Node> node(NodeId id, std::nothrow_t) const noexcept
    {
        Node node;
        const alb_status status = alb_node_get(lb_, id, &node.node_);
        if (status != ALB_OK) return detail::failure(status);
        return node;
    }

    /** As alb_health_get(). */
    Health health(NodeId id) const { return health(id, std::nothrow).value(); }
    Result<Health> health(NodeId id, std::nothrow_t) const noexcept
    {
        Health health;
        const alb_status status = alb_health_get(lb_, id, &health.health_);
        if (status != ALB_OK) return detail::failure(status);
        return health;
    }

    /** A word that changes whenever the list does, to be read atomically. As alb_generation(). */
    const std::uint64_t *generation() const noexcept { return alb_generation(lb_); }

    /* Discovery */

    /** Asks the cluster for its nodes now. As alb_refresh(). */
    void refresh(milliseconds timeout) const { refresh(timeout, std::nothrow).value(); }
    Result<void> refresh(milliseconds timeout, std::nothrow_t) const noexcept
    {
        alb_error error = ALB_ERROR_INIT;
        return detail::done(alb_refresh(lb_, detail::count(timeout), &error), error);
    }

    /** Makes a round of discovery due at once. As alb_refresh_soon(). */
    void refresh_soon() const { refresh_soon(std::nothrow).value(); }
    Result<void> refresh_soon(std::nothrow_t) const noexcept { return detail::done(alb_refresh_soon(lb_)); }

    /** When discovery has work to do next; nothing if never. As alb_refresh_due_ms(). */
    std::optional<milliseconds> refresh_due() const noexcept
    {
        const std::uint32_t due = alb_refresh_due_ms(lb_);
        return due == UINT32_MAX ? std::nullopt : std::optional<milliseconds>(due);
    }

    /** Checks that the cluster knows every datacenter and rack of the option `scope`. As alb_check_scope(). */
    void check_scope(milliseconds timeout) const { check_scope(timeout, std::nothrow).value(); }
    Result<void> check_scope(milliseconds timeout, std::nothrow_t) const noexcept
    {
        alb_error error = ALB_ERROR_INIT;
        return detail::done(alb_check_scope(lb_, detail::count(timeout), &error), error);
    }

    /** Whether the servers can be asked by datacenter and rack. As alb_scope_supported(). */
    bool scope_supported(milliseconds timeout) const { return scope_supported(timeout, std::nothrow).value(); }
    Result<bool> scope_supported(milliseconds timeout, std::nothrow_t) const noexcept
    {
        alb_error error = ALB_ERROR_INIT;
        const std::int32_t answer = alb_scope_supported(lb_, detail::count(timeout), &error);
        if (answer < 0) return error;
        return answer == 1;
    }

    /** For event loops, in `manual` mode: what to fetch now, if anything. As alb_discovery_next(). */
    std::optional<Fetch> discovery_next() const { return discovery_next(std::nothrow).value(); }
    Result<std::optional<Fetch>> discovery_next(std::nothrow_t) const noexcept
    {
        alb_error error = ALB_ERROR_INIT;
        Fetch fetch;
        const std::int32_t length =
            alb_discovery_next(lb_, &fetch.token_, fetch.url_, sizeof fetch.url_, &fetch.timeout_ms_, &error);
        if (length < 0) return error;
        if (length == 0) return std::optional<Fetch>();
        fetch.length_ = static_cast<std::size_t>(length);
        return std::optional<Fetch>(fetch);
    }

    /** Brings the answer to a Fetch, whatever its status. As alb_discovery_feed(). */
    void discovery_feed(std::uint64_t token, int http_status, std::string_view body) const
    {
        discovery_feed(token, http_status, body, std::nothrow).value();
    }
    Result<void> discovery_feed(std::uint64_t token, int http_status, std::string_view body, std::nothrow_t) const noexcept
    {
        alb_error error = ALB_ERROR_INIT;
        return detail::done(alb_discovery_feed(lb_, token, http_status, detail::bytes(body), body.size(), &error), error);
    }

    /** Says that a Fetch got no answer. As alb_discovery_fail(). */
    void discovery_fail(std::uint64_t token, Outcome outcome) const { discovery_fail(token, outcome, std::nothrow).value(); }
    Result<void> discovery_fail(std::uint64_t token, Outcome outcome, std::nothrow_t) const noexcept
    {
        alb_error error = ALB_ERROR_INIT;
        return detail::done(alb_discovery_fail(lb_, token, static_cast<std::int32_t>(outcome), &error), error);
    }

    /* Bodies and headers on the wire */

    /** What the options say of headers; empty where requests are left alone. As alb_wire_text(). */
    std::string_view wire_text(Wire what) const noexcept
    {
        const char *text = alb_wire_text(lb_, static_cast<std::int32_t>(what));
        return text ? text : "";
    }

    /** The compressed body of a request; nothing if it is to be sent as it is. As alb_compress(). */
    std::optional<std::string> compress(std::string_view body) const
    {
        std::string out(body.size(), '\0');
        out.resize(compress(body, out.data(), out.size(), std::nothrow).value());
        return out.empty() ? std::nullopt : std::optional<std::string>(std::move(out));
    }
    /** 0 if it is to be sent as it is. */
    Result<std::size_t> compress(std::string_view body, char *out, std::size_t capacity, std::nothrow_t) const noexcept
    {
        return detail::length(alb_compress(lb_, detail::bytes(body), body.size(), reinterpret_cast<std::uint8_t *>(out), capacity));
    }

    /* Events and statistics */

    /** The next event behind `cursor`, which begins as 0 and moves on: a JSON object. As alb_next_event(). */
    std::optional<std::string> next_event(std::uint64_t &cursor) const
    {
        std::string json(512, '\0');
        std::size_t length = next_event(cursor, json.data(), json.size(), std::nothrow).value();
        while (length >= json.size()) { /* it waits for room, its NUL included */
            json.resize(length + 1);
            length = next_event(cursor, json.data(), json.size(), std::nothrow).value();
        }
        json.resize(length);
        return length == 0 ? std::nullopt : std::optional<std::string>(std::move(json));
    }
    Result<std::size_t> next_event(std::uint64_t &cursor, char *json, std::size_t capacity, std::nothrow_t) const noexcept
    {
        return detail::length(alb_next_event(lb_, &cursor, json, capacity));
    }

    /** Scope, refresh, and each node's standing and outcomes: a JSON object. As alb_statistics(). */
    std::string statistics() const
    {
        std::string json(4096, '\0');
        std::size_t length = statistics(json.data(), json.size(), std::nothrow).value();
        while (length >= json.size()) { /* it was cut, and may have grown meanwhile */
            json.resize(length + 256);
            length = statistics(json.data(), json.size(), std::nothrow).value();
        }
        json.resize(length);
        return json;
    }
    Result<std::size_t> statistics(char *json, std::size_t capacity, std::nothrow_t) const noexcept
    {
        return detail::length(alb_statistics(lb_, json, capacity));
    }

private:
    explicit Balancer(alb *lb) noexcept : lb_(lb) {}
    static Result<Plan> begun(alb_status status, const Plan &plan) noexcept
    {
        if (status != ALB_OK) return detail::failure(status);
        return plan;
    }
    alb *lb_;
};

/** Decompresses the body of an answer into `out`; returns its length, which may be more than fits: then a second call with as
 *  much room gives all. `limit` is the most that may come out. As alb_decompress(). */
inline Result<std::size_t> decompress(std::string_view content_encoding, std::string_view body, char *out, std::size_t capacity,
                                      std::size_t limit, std::nothrow_t) noexcept
{
    alb_error error = ALB_ERROR_INIT;
    const std::int32_t length =
        alb_decompress(detail::text(content_encoding), content_encoding.size(), detail::bytes(body), body.size(),
                       reinterpret_cast<std::uint8_t *>(out), capacity, limit, &error);
    if (length < 0) return error;
    return static_cast<std::size_t>(length);
}
inline std::string decompress(std::string_view content_encoding, std::string_view body, std::size_t limit)
{
    std::string out(body.size() < limit / 4 ? body.size() * 4 : limit, '\0');
    std::size_t length = decompress(content_encoding, body, out.data(), out.size(), limit, std::nothrow).value();
    const bool cut = length > out.size();
    out.resize(length);
    if (cut) length = decompress(content_encoding, body, out.data(), out.size(), limit, std::nothrow).value();
    return out;
}

} // namespace alternator_lb

#endif
