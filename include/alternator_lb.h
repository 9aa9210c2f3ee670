/** @file alternator_lb.h
 *  libalternator_lb: client-side load balancing for ScyllaDB Alternator, the DynamoDB API on many nodes.
 *
 *  The library knows which nodes are alive, chooses the one for each request, and the next one for a retry. Requests themselves are
 *  the program's, made with whatever HTTP client or SDK it has.
 *
 *  @code
 *  alb_error err = ALB_ERROR_INIT;
 *  alb_config *config = alb_config_new();
 *  alb *lb = NULL;
 *  alb_config_set(config, "seeds", ALB_NUL, "10.0.0.1,10.0.0.2", ALB_NUL, &err);
 *  if (alb_new(ALB_ABI_VERSION, config, &lb, &err) != ALB_OK) { fprintf(stderr, "%s\n", err.message); exit(1); }
 *  alb_config_free(config);
 *
 *  alb_plan plan;                        // one request:
 *  alb_plan_start(lb, &plan);
 *  alb_node node = ALB_NODE_INIT;
 *  int32_t id = alb_plan_next(lb, &plan, &node);            // send it to node.url; a retry takes the next step
 *  alb_report(lb, id, ALB_OUTCOME_SUCCESS, 1800);           // how it ended, and after how many microseconds
 *  alb_free(lb);
 *  @endcode
 *
 *  Threads:   every function may be called from any number of threads at once; configurations and plans belong to one at a time. The
 *             library starts no thread unless the option refresh.mode is `thread`. Picking takes no lock, allocates nothing and makes
 *             no syscall; in the default mode `inline` one pick a second refreshes the list after it has chosen its node.
 *  Fork:      every handle may be used in the child of a fork. The child has random streams, connections and, in `thread` mode, a
 *             thread of its own, and never waits for a lock that a thread of the parent held. (Other libraries in the process may
 *             not allow as much.)
 *  Process:   installs no signal handler, logger, panic hook or crypto provider; reads no environment variable; writes nothing but
 *             the file that tls.keylog_file names, and a line on standard error should a defect of its own be caught.
 *  Strings:   inputs are pointer and length, ALB_NUL as a length means NUL-terminated. Strings that come back are NUL-terminated
 *             UTF-8 and live until the handle is freed, or for ever; none is to be freed.
 *  NULL:      for a required pointer is ALB_ERR_INVALID_ARGUMENT; the _free functions accept it.
 *  Stability: within one ALB_ABI_VERSION functions, numbers and structs are only added, and structs grow only at their end.
 */

#ifndef ALTERNATOR_LB_H
#define ALTERNATOR_LB_H

#include <stddef.h>
#include <stdint.h>

/** As a length: the text is NUL-terminated. */
#define ALB_NUL SIZE_MAX

/** The version of the ABI that this header describes; alb_new() refuses another. */
#define ALB_ABI_VERSION 1

/** Enough for any URL of alb_discovery_next(), its NUL included. */
#define ALB_URL_CAPACITY 2048

/** It worked. */
#define ALB_OK 0

/** A required pointer is NULL or misaligned, a struct_size is too small, a text is not UTF-8 or holds a NUL, a length is absurd. */
#define ALB_ERR_INVALID_ARGUMENT -1

/** The program was compiled for another version of the ABI. */
#define ALB_ERR_ABI_MISMATCH -2

/** There is no option of that name. */
#define ALB_ERR_UNKNOWN_OPTION -3

/** The option does not accept that value, contradicts another one, or is missing. */
#define ALB_ERR_BAD_VALUE -4

/** There is no node to choose. */
#define ALB_ERR_NO_NODES -5

/** No node of this handle has that id. */
#define ALB_ERR_UNKNOWN_NODE -6

/** The time that the caller allowed ran out. */
#define ALB_ERR_TIMEOUT -7

/** No seed and no node could be reached. */
#define ALB_ERR_UNREACHABLE -8

/** The TLS handshake failed. */
#define ALB_ERR_TLS -9

/** Something answered, but nothing usable. */
#define ALB_ERR_BAD_RESPONSE -10

/** The cluster knows no node in that datacenter or rack. */
#define ALB_ERR_SCOPE_UNKNOWN -11

/** The servers, or the library, do not support what was asked. */
#define ALB_ERR_UNSUPPORTED -12

/** The token is not, or no longer, that of an open request. */
#define ALB_ERR_STALE_TOKEN -13

/** A file that an option names could not be used, or the refresh thread could not be started. */
#define ALB_ERR_IO -14

/** A defect of the library was caught. The handle goes on with the list it had. */
#define ALB_ERR_PANIC -15

/** More comes out of a compressed body than the caller allows. */
#define ALB_ERR_TOO_LARGE -16

/** There were too many retries or hedges of late (options retry.percent, hedge.percent and those beside them). */
#define ALB_ERR_BUDGET_SPENT -17

/** No hedge is offered for this request. */
#define ALB_ERR_NOT_OFFERED -18

/** The attempt was answered with success. */
#define ALB_OUTCOME_SUCCESS 0

/** It was answered with a 4xx that is the request's own fault. */
#define ALB_OUTCOME_CALLER_FAULT 1

/** It was answered with a request to slow down (RequestLimitExceeded, ThrottlingException). */
#define ALB_OUTCOME_THROTTLED 2

/** It was answered with a 5xx. */
#define ALB_OUTCOME_SERVER_ERROR 3

/** No connection could be made: refused, no route, not made in time, name not found. Sets the node aside. The request did not reach
 *  the node, and can be made again whatever it does; so one on a connection that was made before is ALB_OUTCOME_TIMEOUT or _RESET.
 *  With libcurl: CURLE_OPERATION_TIMEDOUT while CURLINFO_PRETRANSFER_TIME_T is 0 (not CONNECT_TIME, which is 0 also on a connection that
 *  is used again).
 */
#define ALB_OUTCOME_REFUSED 4

/** The connection was lost after it was made. */
#define ALB_OUTCOME_RESET 5

/** A connection was made, but no whole answer came in time. */
#define ALB_OUTCOME_TIMEOUT 6

/** The TLS handshake failed. */
#define ALB_OUTCOME_TLS_FAILURE 7

/** The caller gave the attempt up. */
#define ALB_OUTCOME_CANCELLED 8

/** The item does not have the key's attribute, or its name is not known. */
#define ALB_KEY_ABSENT 0

/** A string key: the value is UTF-8. */
#define ALB_KEY_S 1

/** A number key: the value is the text as it stands on the wire. */
#define ALB_KEY_N 2

/** A binary key: the value is the bytes themselves, not their base64. */
#define ALB_KEY_B 3

/** Of a write: it has a ConditionExpression that is not empty. */
#define ALB_WRITE_CONDITION_EXPRESSION 1

/** Of a write: it has the parameter Expected, be it empty or not. */
#define ALB_WRITE_EXPECTED 2

/** Of a write: its Expected has a member. */
#define ALB_WRITE_EXPECTED_MEMBERS 4

/** Of a write: ReturnValues is ALL_OLD. */
#define ALB_WRITE_RETURN_ALL_OLD 8

/** Of a write: ReturnValues is UPDATED_OLD. */
#define ALB_WRITE_RETURN_UPDATED_OLD 16

/** Of a write: ReturnValues is ALL_NEW. (NONE and UPDATED_NEW have no bit.) */
#define ALB_WRITE_RETURN_ALL_NEW 32

/** Of a write: an entry of AttributeUpdates has the Action ADD. */
#define ALB_WRITE_ATTRIBUTE_UPDATES_ADD 64

/** Of a write: an entry of AttributeUpdates has the Action DELETE and a Value. */
#define ALB_WRITE_ATTRIBUTE_UPDATES_DELETE_VALUE 128

/** For alb_wire_text(): the value of Content-Encoding that belongs to what alb_compress() makes. */
#define ALB_WIRE_CONTENT_ENCODING 1

/** For alb_wire_text(): the value of Accept-Encoding to send. */
#define ALB_WIRE_ACCEPT_ENCODING 2

/** For alb_wire_text(): the names of the headers to keep, in lower case, separated by commas without spaces. */
#define ALB_WIRE_KEPT_HEADERS 3

/** In alb_node.flags: the node is in the list that requests are routed over, or in that which keys choose among. */
#define ALB_NODE_LISTED 1

/** In alb_node.flags: the node was given as a seed. */
#define ALB_NODE_SEED 2

/** In alb_node.flags: the node is chosen only when all others were tried, until a probe finds it well. */
#define ALB_NODE_SET_ASIDE 4

/** In alb_health.state: requests go there. */
#define ALB_HEALTH_IN_USE 0

/** In alb_health.state: it came back a moment ago, and with policy `adaptive` gets less than its share yet. */
#define ALB_HEALTH_WARMING_UP 1

/** In alb_health.state: chosen only when all others were tried, until a probe finds it well. */
#define ALB_HEALTH_SET_ASIDE 2

/** In alb_health.cause: it is not set aside. */
#define ALB_CAUSE_NONE 0

/** In alb_health.cause: no connection could be made. */
#define ALB_CAUSE_REFUSED 1

/** In alb_health.cause: the TLS handshake failed. */
#define ALB_CAUSE_TLS_FAILURE 2

/** In alb_health.cause: an attempt timed out, and nothing was heard of the node since it had begun. */
#define ALB_CAUSE_HUNG 3

/** In alb_health.cause: several attempts in a row failed, and those at other nodes did not. */
#define ALB_CAUSE_FAILURES_IN_A_ROW 4

/** In alb_health.cause: most attempts of late failed, and those at other nodes did not. */
#define ALB_CAUSE_FAILURE_RATE 5

/** A load balancer for one cluster: counted references, any number of threads. */
typedef struct alb alb;

/** Options for alb_new(): one owner, one thread at a time. */
typedef struct alb_config alb_config;

/** ALB_OK, or a negative number of the ALB_ERR_ list. Numbers are never changed and never reused. */
typedef int32_t alb_status;

/** What went wrong. The caller owns it, sets struct_size (see ALB_ERROR_INIT) and may pass NULL instead everywhere.
 *
 *  A call that takes one writes it in any case: code ALB_OK and an empty message on success. Texts are NUL-terminated UTF-8, cut
 *  where they do not fit, and hold no secret. A struct_size below 512 leaves it untouched.
 */
typedef struct alb_error {
    /** sizeof(alb_error), set by the caller. */
    uint32_t struct_size;
    /** The status that the call returns. */
    alb_status code;
    /** The HTTP status of the last answer, or 0. */
    int32_t http_status;
    /** The system's error number, or 0. */
    int32_t os_errno;
    /** Reserved, 0. */
    uint32_t flags;
    /** The node or seed concerned, or empty. */
    char node[116];
    /** One sentence that names the cause and, for an option, what is accepted. */
    char message[376];
} alb_error;

/** A node. The caller owns the struct and sets struct_size (see ALB_NODE_INIT); the strings are the handle's and live until it is freed. */
typedef struct alb_node {
    /** sizeof(alb_node), set by the caller; less is ALB_ERR_INVALID_ARGUMENT. */
    uint32_t struct_size;
    /** The node's number: the same for the life of the handle, also when the node leaves and returns. */
    int32_t id;
    /** ALB_NODE_ bits. */
    uint32_t flags;
    /** The TCP port. */
    uint16_t port;
    /** Reserved, 0. */
    uint16_t reserved;
    /** scheme://host:port, NUL-terminated; the port is always there, IPv6 is in brackets. */
    const char *url;
    /** Length of url without its NUL. */
    size_t url_len;
    /** The host as it stands in the URL, NUL-terminated. */
    const char *host;
    /** Length of host without its NUL. */
    size_t host_len;
} alb_node;

/** The nodes of one request in the order to try them: storage that the caller owns, whatever it held before alb_plan_start().
 *
 *  It needs no destructor, may be copied and forgotten, and must not be used by two threads at once.
 */
typedef struct alb_plan {
    /** The library's. */
    uint64_t opaque[64];
} alb_plan;

/** How a node fares. The caller owns the struct and sets struct_size (see ALB_HEALTH_INIT). */
typedef struct alb_health {
    /** sizeof(alb_health), set by the caller; less is ALB_ERR_INVALID_ARGUMENT. */
    uint32_t struct_size;
    /** The node's number. */
    int32_t node_id;
    /** One of ALB_HEALTH_. */
    uint32_t state;
    /** Why it is set aside: one of ALB_CAUSE_. */
    int32_t cause;
    /** Attempts that began and have not ended; those that are never reported are forgotten after about a minute. */
    uint32_t in_flight;
    /** How often it was set aside, or failed a probe, in a row. */
    uint32_t strikes;
    /** Failed attempts since the last success. */
    uint32_t failures_in_a_row;
    /** Their share of late, in thousandths. */
    uint32_t failure_permille;
    /** What a request to it is expected to take, in microseconds; 0 before the first report. */
    uint64_t estimate_us;
    /** The same over all nodes. */
    uint64_t mean_us;
    /** When its next probe is due, in milliseconds; 0 if it is not set aside, or now. */
    uint64_t probe_in_ms;
} alb_health;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/* Versions and names ------------------------------------------------------------------------------------------------------ */

/** The version of the ABI that the library offers.
 *
 *  @return     a number; programs compare it with ALB_ABI_VERSION
 *  Blocking:   never.   Threads: any number at once.   Fork: safe in the child.   Since: 0.1
 */
uint32_t alb_abi_version(void);

/** The version of the library, such as "0.1.0".
 *
 *  @return     static text
 *  Blocking:   never.   Threads: any number at once.   Fork: safe in the child.   Since: 0.1
 */
const char *alb_version(void);

/** The name of a status, such as "ALB_ERR_TIMEOUT".
 *
 *  @param status  any number
 *  @return     static text; "ALB_ERR_UNKNOWN" for a number that is no status
 *  Blocking:   never.   Threads: any number at once.   Fork: safe in the child.   Since: 0.1
 */
const char *alb_status_name(alb_status status);

/* Configuration ----------------------------------------------------------------------------------------------------------- */

/** Makes a configuration with every option at its default.
 *
 *  @return     the configuration, to be freed with alb_config_free(); never NULL
 *  Blocking:   never.   Threads: any number at once.   Fork: safe in the child.   Since: 0.1
 */
alb_config *alb_config_new(void);

/** Sets an option. docs/CONFIGURATION.md lists them; `seeds` is the only required one.
 *
 *  @param config     from alb_config_new()
 *  @param key        name of the option
 *  @param key_len    its length in bytes, or ALB_NUL
 *  @param value      the value as text
 *  @param value_len  its length in bytes, or ALB_NUL
 *  @param err        [out, nullable] names the option, the value and what is accepted
 *  @return     ALB_OK, ALB_ERR_INVALID_ARGUMENT, ALB_ERR_UNKNOWN_OPTION, ALB_ERR_BAD_VALUE, ALB_ERR_PANIC; after an error the option
 *              is as it was
 *  Blocking:   never.   Threads: one at a time for one configuration.   Fork: safe in the child.   Since: 0.1
 */
alb_status alb_config_set(alb_config *config, const char *key, size_t key_len, const char *value, size_t value_len, alb_error *err);

/** Frees a configuration. Handles made from it stay as they are.
 *
 *  @param config  from alb_config_new(), or NULL; not used afterwards
 *  Blocking:   never.   Threads: one at a time for one configuration.   Fork: safe in the child.   Since: 0.1
 */
void alb_config_free(alb_config *config);

/* Handles ----------------------------------------------------------------------------------------------------------------- */

/** Makes a load balancer. Its list is the seeds until discovery, or alb_refresh(), has found the nodes.
 *
 *  @param abi_version  ALB_ABI_VERSION
 *  @param config       the options; copied, and still the caller's to free
 *  @param out          [out] receives the handle, to be freed with alb_free(); NULL after an error
 *  @param err          [out, nullable] what is wrong
 *  @return     ALB_OK, ALB_ERR_INVALID_ARGUMENT, ALB_ERR_ABI_MISMATCH, ALB_ERR_BAD_VALUE, ALB_ERR_IO, ALB_ERR_PANIC
 *  Blocking:   no network; reads the files that the options tls.* name.   Threads: any number at once; starts one thread with
 *              `refresh.mode` `thread`, none otherwise.   Fork: safe in the child.   Since: 0.1
 */
alb_status alb_new(uint32_t abi_version, const alb_config *config, alb **out, alb_error *err);

/** Takes another reference to a handle, to be given back with alb_free().
 *
 *  @param lb  a live handle
 *  @return     the same handle; NULL for NULL
 *  Blocking:   never.   Threads: any number at once.   Fork: safe in the child.   Since: 0.1
 */
alb *alb_retain(alb *lb);

/** Gives back a reference; the last one frees the handle, every string of its nodes, and ends its thread.
 *
 *  @param lb  a live handle, or NULL; not used afterwards with the last reference
 *  Blocking:   never; with `refresh.mode` `thread` the last one waits for a request of discovery, up to discovery.timeout_ms.
 *  Threads:    any number at once, but no call may still use the handle when the last reference goes.   Fork: safe in the child,
 *              where each handle has references of its own.   Since: 0.1
 */
void alb_free(alb *lb);

/* Picking nodes ----------------------------------------------------------------------------------------------------------- */

/** Chooses the node for the next request: the first step of a plan.
 *
 *  @param lb   the handle
 *  @param out  [out, nullable] receives the node
 *  @return     node id >= 0, or ALB_ERR_INVALID_ARGUMENT, ALB_ERR_NO_NODES, ALB_ERR_PANIC
 *  Blocking:   never in `manual` and `thread` mode. In `inline` mode one caller per refresh period, after it has chosen its node, waits
 *              for one request of discovery, up to refresh.inline_budget_ms, and for the system's look-up of a seed that is a name.
 *  Threads:    any number at once; no lock, no allocation, no syscall but for that one caller.   Fork: safe in the child.   Since: 0.1
 */
int32_t alb_next_node(alb *lb, alb_node *out);

/** Begins a plan: the order in which one request tries nodes.
 *
 *  @param lb    the handle
 *  @param plan  [out] the caller's storage, whatever it held
 *  @return     ALB_OK, ALB_ERR_INVALID_ARGUMENT, ALB_ERR_PANIC
 *  Blocking:   never.   Threads: any number at once, one for one plan.   Fork: safe in the child.   Since: 0.1
 */
alb_status alb_plan_start(alb *lb, alb_plan *plan);

/** Begins a plan whose first step was a node that alb_next_node() gave: for callers that need a plan only once a retry comes.
 *
 *  @param lb       the handle
 *  @param node_id  the node that was tried
 *  @param plan     [out] the caller's storage, whatever it held
 *  @return     ALB_OK, ALB_ERR_INVALID_ARGUMENT, ALB_ERR_UNKNOWN_NODE, ALB_ERR_PANIC
 *  Blocking:   never.   Threads: any number at once, one for one plan.   Fork: safe in the child.   Since: 0.1
 */
alb_status alb_plan_after(alb *lb, int32_t node_id, alb_plan *plan);

/** Takes the plan's next step. No node comes twice until all of the list were tried; then the plan starts over, so it has no end.
 *
 *  Call it for each attempt, the first and each retry. The list may change meanwhile.
 *
 *  @param lb    the handle that the plan was started with
 *  @param plan  a plan begun with one of the other alb_plan_ functions
 *  @param out   [out, nullable] receives the node
 *  @return     node id >= 0, or ALB_ERR_INVALID_ARGUMENT (also for a plan that was not begun), ALB_ERR_NO_NODES, ALB_ERR_PANIC
 *  Blocking:   as alb_next_node().   Threads: any number at once, one for one plan.   Fork: safe in the child.   Since: 0.1
 */
int32_t alb_plan_next(alb *lb, alb_plan *plan, alb_node *out);

/** Says how an attempt ended. Report every attempt, also those that were given up: health and statistics live on it.
 *
 *  @param lb          the handle
 *  @param node_id     the node that was tried
 *  @param outcome     one of ALB_OUTCOME_
 *  @param latency_us  from the start of the attempt to its end, in microseconds
 *  @return     ALB_OK, ALB_ERR_INVALID_ARGUMENT, ALB_ERR_UNKNOWN_NODE, ALB_ERR_PANIC
 *  Blocking:   never on I/O; a failure that may change the list waits for a lock held for microseconds, with thousands of nodes for milliseconds.
 *  Threads:    any number at once.   Fork: safe in the child.   Since: 0.1
 */
alb_status alb_report(alb *lb, int32_t node_id, int32_t outcome, uint64_t latency_us);

/* Retries and hedges ------------------------------------------------------------------------------------------------------ */

/** Asks whether a request may be tried again now that its last attempt has ended, and after which wait. Whether it is safe to make it
 *  twice only the caller knows. If it may, wait, take the plan's next step and send it there.
 *
 *  No wait when the node alone failed and another one is left. A random part of a growing back-off when the node asked for less, or when
 *  all were tried. Nothing is granted when there were too many retries of late (options retry.*): so a cluster that fails as a whole
 *  gets a fifth more requests at most, not three times as many.
 *
 *  @param lb       the handle
 *  @param plan     the plan of the request, with a step taken
 *  @param outcome  one of ALB_OUTCOME_, but ALB_OUTCOME_SUCCESS. Whether it is worth a retry is the caller's to know: _CALLER_FAULT and
 *                  _CANCELLED seldom are
 *  @return     the wait in microseconds, or ALB_ERR_INVALID_ARGUMENT, ALB_ERR_BUDGET_SPENT, ALB_ERR_PANIC
 *  Blocking:   never.   Threads: any number at once, one for one plan.   Fork: safe in the child.   Since: 0.1
 */
int64_t alb_retry_delay_us(alb *lb, const alb_plan *plan, int32_t outcome);

/** Asks whether a request whose first attempt is under way may be sent to a second node as well, and when: the answer that comes first
 *  counts. For requests that may be made twice only. Off unless option `hedge` is `on`.
 *
 *  Ask when the first attempt starts, with 0 elapsed. When the wait is over and no answer is there, ask again with the time that has
 *  elapsed: at 0 take the plan's next step and send it there too. Report both attempts; the one that is given up as ALB_OUTCOME_CANCELLED.
 *
 *  @param lb          the handle
 *  @param plan        the plan of the request, with one step taken
 *  @param elapsed_us  since the first attempt started, in microseconds
 *  @return     the wait from now on in microseconds, 0 for now; or ALB_ERR_INVALID_ARGUMENT, ALB_ERR_NOT_OFFERED (switched off, too
 *              little known, no other node, already hedged, or the cluster is under strain), ALB_ERR_BUDGET_SPENT, ALB_ERR_PANIC
 *  Blocking:   never.   Threads: any number at once, one for one plan.   Fork: safe in the child.   Since: 0.1
 */
int64_t alb_hedge_delay_us(alb *lb, const alb_plan *plan, uint64_t elapsed_us);

/* Picking by partition key ------------------------------------------------------------------------------------------------ */

/** Chooses the node for a partition key: the same one in every process and in the official clients that sort nodes alike (option
 *  affinity.order), as long as all know the same nodes and none is set aside. Nodes set aside are passed over, so only their keys move. With a rack as
 *  scope these are the nodes of its datacenter if the option affinity is set (option affinity.scope).
 *
 *  @param lb        the handle
 *  @param key_type  ALB_KEY_S, ALB_KEY_N or ALB_KEY_B
 *  @param key       the key's value
 *  @param key_len   its length in bytes
 *  @param out       [out, nullable] receives the node
 *  @return     node id >= 0, or ALB_ERR_INVALID_ARGUMENT, ALB_ERR_NO_NODES, ALB_ERR_PANIC
 *  Blocking:   as alb_next_node().   Threads: any number at once; no lock, no allocation.   Fork: safe in the child.   Since: 0.1
 */
int32_t alb_node_for_key(alb *lb, int32_t key_type, const uint8_t *key, size_t key_len, alb_node *out);

/** Begins a plan for a partition key: its first step is the node of alb_node_for_key(), and the order of all others is the key's too.
 *
 *  @param lb        the handle
 *  @param key_type  ALB_KEY_S, ALB_KEY_N or ALB_KEY_B
 *  @param key       the key's value
 *  @param key_len   its length in bytes
 *  @param plan      [out] the caller's storage, whatever it held
 *  @return     ALB_OK, ALB_ERR_INVALID_ARGUMENT, ALB_ERR_PANIC
 *  Blocking:   never.   Threads: any number at once, one for one plan.   Fork: safe in the child.   Since: 0.1
 */
alb_status alb_plan_for_key(alb *lb, int32_t key_type, const uint8_t *key, size_t key_len, alb_plan *plan);

/** The ScyllaDB token of a partition key: where its partition lies on the ring. Nothing is normalised: the numbers 1 and 1.0 are two keys.
 *
 *  @param key_type  ALB_KEY_S, ALB_KEY_N or ALB_KEY_B
 *  @param key       the key's value
 *  @param key_len   its length in bytes
 *  @param token     [out] receives the token
 *  @return     ALB_OK, ALB_ERR_INVALID_ARGUMENT (also for a text that is no number), ALB_ERR_PANIC
 *  Blocking:   never.   Threads: any number at once.   Fork: safe in the child.   Since: 0.1
 */
alb_status alb_token_for_key(int32_t key_type, const uint8_t *key, size_t key_len, int64_t *token);

/* Plans for requests ------------------------------------------------------------------------------------------------------ */

/** Begins a plan for a DynamoDB request: for the partition key where the options affinity and affinity.rule send such a request to the
 *  node of its key, an ordinary one otherwise. A BatchWriteItem goes to the nodes of its items' keys, those of most items first.
 *
 *  Routing never fails a request: what can't be read, or names a table whose key is not known, gets an ordinary plan and is counted in
 *  alb_statistics(). Tables get known by the options table.NAME.key and by alb_table_key_next_wanted().
 *
 *  @param lb             the handle
 *  @param operation      the operation's name, such as PutItem, or the value of the header X-Amz-Target
 *  @param operation_len  its length in bytes, or ALB_NUL
 *  @param body           [nullable if body_len is 0] the JSON text that is sent, before it is compressed
 *  @param body_len       its length in bytes; beyond 16 MiB, which servers refuse, it is not read
 *  @param plan           [out] the caller's storage, whatever it held
 *  @return     ALB_OK, ALB_ERR_INVALID_ARGUMENT, ALB_ERR_PANIC
 *  Blocking:   never; time is linear in the body, about 1 us for 1 KB.   Threads: any number at once, one for one plan; no allocation but
 *              at a table's first sight.   Fork: safe in the child.   Since: 0.1
 */
alb_status alb_plan_for_request(alb *lb, const char *operation, size_t operation_len, const uint8_t *body, size_t body_len, alb_plan *plan);

/** The same for a write of one item (PutItem, UpdateItem, DeleteItem) by its parameters, for callers that do not hold its text.
 *
 *  @param lb                     the handle
 *  @param operation              the operation's name; others than these three get an ordinary plan
 *  @param operation_len          its length in bytes, or ALB_NUL
 *  @param table                  the table's name or ARN
 *  @param table_len              its length in bytes, or ALB_NUL
 *  @param key_type               ALB_KEY_S, ALB_KEY_N or ALB_KEY_B of the attribute that alb_table_key() names; ALB_KEY_ABSENT if the item
 *                                has no such attribute, or if that name is not known
 *  @param key                    [nullable with ALB_KEY_ABSENT] the key's value
 *  @param key_len                its length in bytes
 *  @param facts                  ALB_WRITE_ bits
 *  @param update_expression      [nullable] the UpdateExpression
 *  @param update_expression_len  its length in bytes, or ALB_NUL
 *  @param plan                   [out] the caller's storage, whatever it held
 *  @return     ALB_OK, ALB_ERR_INVALID_ARGUMENT (also for other bits), ALB_ERR_PANIC
 *  Blocking:   never.   Threads: as alb_plan_for_request().   Fork: safe in the child.   Since: 0.1
 */
alb_status alb_plan_for_write(alb *lb, const char *operation, size_t operation_len, const char *table, size_t table_len, int32_t key_type, const uint8_t *key, size_t key_len, uint32_t facts, const char *update_expression, size_t update_expression_len, alb_plan *plan);

/** Adds the vote of one item of a BatchWriteItem to a plan, for callers that do not hold the request's text. The plan then tries the
 *  nodes of most items first. With another value of the option affinity than any_write nothing changes.
 *
 *  @param lb         the handle
 *  @param plan       a plan begun with alb_plan_start() and not used yet; votes for more than 56 nodes are not told apart
 *  @param table      the table's name or ARN
 *  @param table_len  its length in bytes, or ALB_NUL
 *  @param key_type   as in alb_plan_for_write()
 *  @param key        [nullable with ALB_KEY_ABSENT] the key's value
 *  @param key_len    its length in bytes
 *  @return     ALB_OK, ALB_ERR_INVALID_ARGUMENT (also for a plan that was used or is that of a key), ALB_ERR_PANIC
 *  Blocking:   never.   Threads: as alb_plan_for_request().   Fork: safe in the child.   Since: 0.1
 */
alb_status alb_plan_vote(alb *lb, alb_plan *plan, const char *table, size_t table_len, int32_t key_type, const uint8_t *key, size_t key_len);

/* Partition keys of tables ------------------------------------------------------------------------------------------------ */

/** Names a table whose partition key a request needed and which is not known: the caller makes a DescribeTable for it, off the path of
 *  its requests, and brings the answer by alb_table_key_feed(), alb_table_key_set() or alb_table_key_failed(). A table is given to one
 *  caller at a time; who does not answer within 30 s gives it up. Failed ones come again, after 0.1 s doubling to 30 s with +-20 %, or after
 *  5 minutes where asking sooner is of no use, when a request needs them. What is known comes again after an hour, or at once when a
 *  request does not have the attribute.
 *
 *  @param lb        the handle
 *  @param table     [out] receives the table's name, NUL-terminated
 *  @param capacity  the room there, at least 256 bytes
 *  @return     length of the name, 0 if no table is wanted now, or ALB_ERR_INVALID_ARGUMENT, ALB_ERR_PANIC
 *  Blocking:   never on I/O; when a table is wanted, waits for a lock held for microseconds.   Threads: any number at once.
 *  Fork: safe in the child.   Since: 0.1
 */
int32_t alb_table_key_next_wanted(alb *lb, char *table, size_t capacity);

/** The name of a table's partition key attribute, as far as it is known.
 *
 *  @param lb         the handle
 *  @param table      the table's name or ARN
 *  @param table_len  its length in bytes, or ALB_NUL
 *  @param key        [out] receives the name, NUL-terminated; cut if it does not fit
 *  @param capacity   the room there, in bytes; 256 are always enough
 *  @return     length of the whole name, 0 if it is not known, or ALB_ERR_INVALID_ARGUMENT, ALB_ERR_PANIC
 *  Blocking:   never.   Threads: any number at once; no lock, no allocation.   Fork: safe in the child.   Since: 0.1
 */
int32_t alb_table_key(const alb *lb, const char *table, size_t table_len, char *key, size_t capacity);

/** Tells the partition key of a table, as DescribeTable says it (KeyType HASH). One set by option stays.
 *
 *  @param lb         the handle
 *  @param table      the table's name or ARN
 *  @param table_len  its length in bytes, or ALB_NUL
 *  @param key        the name of the attribute
 *  @param key_len    its length in bytes, or ALB_NUL
 *  @param err        [out, nullable] receives the reason of a failure
 *  @return     ALB_OK, ALB_ERR_INVALID_ARGUMENT, ALB_ERR_BAD_VALUE (a name that no table or attribute has, or 4096 tables are known),
 *              ALB_ERR_PANIC
 *  Blocking:   never on I/O; waits for locks held for microseconds.   Threads: any number at once.   Fork: safe in the child.   Since: 0.1
 */
alb_status alb_table_key_set(alb *lb, const char *table, size_t table_len, const char *key, size_t key_len, alb_error *err);

/** Brings the answer to a DescribeTable as it came: learns the key, or takes in why there is none.
 *
 *  @param lb           the handle
 *  @param table        the table asked for
 *  @param table_len    its length in bytes, or ALB_NUL
 *  @param http_status  the status of the answer
 *  @param body         its body, decompressed; more than 1 MiB is refused
 *  @param body_len     the body's length in bytes
 *  @param err          [out, nullable] receives the reason of a failure
 *  @return     ALB_OK if the key was learned, or ALB_ERR_INVALID_ARGUMENT, ALB_ERR_BAD_RESPONSE, ALB_ERR_BAD_VALUE (as in
 *              alb_table_key_set()), ALB_ERR_PANIC
 *  Blocking:   as alb_table_key_set().   Threads: any number at once.   Fork: safe in the child.   Since: 0.1
 */
alb_status alb_table_key_feed(alb *lb, const char *table, size_t table_len, int32_t http_status, const uint8_t *body, size_t body_len, alb_error *err);

/** Says that a DescribeTable failed, for callers that hold an exception and not the answer.
 *
 *  @param lb           the handle
 *  @param table        the table asked for
 *  @param table_len    its length in bytes, or ALB_NUL
 *  @param http_status  the status of the answer, or 0 if none came
 *  @param code         [nullable] the error's code, such as ResourceNotFoundException
 *  @param code_len     its length in bytes, or ALB_NUL
 *  @return     ALB_OK, ALB_ERR_INVALID_ARGUMENT, ALB_ERR_PANIC
 *  Blocking:   as alb_table_key_set().   Threads: any number at once.   Fork: safe in the child.   Since: 0.1
 */
alb_status alb_table_key_failed(alb *lb, const char *table, size_t table_len, int32_t http_status, const char *code, size_t code_len);

/* The list of nodes ------------------------------------------------------------------------------------------------------- */

/** Tells the ids of the nodes of the scope, those set aside included, in the order of their URLs. With a rack as scope further nodes of
 *  its datacenter may get requests (options rack and affinity.scope). Every node that a handle has seen has an id: they count up from 0
 *  to the first for which alb_node_get() says ALB_ERR_UNKNOWN_NODE.
 *
 *  @param lb        the handle
 *  @param ids       [out] room for ids; may be NULL if capacity is 0
 *  @param capacity  how many fit
 *  @return     how many there are, which may be more than fit; 0 also for a NULL handle, or ids that are NULL or misaligned
 *  Blocking:   never.   Threads: any number at once.   Fork: safe in the child.   Since: 0.1
 */
size_t alb_nodes(const alb *lb, int32_t *ids, size_t capacity);

/** Describes a node by its id, also one that has left the list.
 *
 *  @param lb       the handle
 *  @param node_id  an id that this handle gave
 *  @param out      [out] receives the node
 *  @return     ALB_OK, ALB_ERR_INVALID_ARGUMENT, ALB_ERR_UNKNOWN_NODE, ALB_ERR_PANIC
 *  Blocking:   never.   Threads: any number at once.   Fork: safe in the child.   Since: 0.1
 */
alb_status alb_node_get(const alb *lb, int32_t node_id, alb_node *out);

/** A word that changes whenever the list, or what is set aside, does, and when refreshes begin to fail. Reading it atomically is cheaper than any call.
 *
 *  @param lb  the handle
 *  @return     a pointer that is valid until the handle is freed; NULL for NULL
 *  Blocking:   never.   Threads: any number at once.   Fork: safe in the child, where it goes on by itself.   Since: 0.1
 */
const uint64_t *alb_generation(const alb *lb);

/* Health ------------------------------------------------------------------------------------------------------------------ */

/** Tells how a node fares. Cheap enough to ask for every node each second: nothing is locked and nothing allocated.
 *
 *  @param lb       the handle
 *  @param node_id  an id that this handle gave
 *  @param out      [out] receives the node's health
 *  @return     ALB_OK, ALB_ERR_INVALID_ARGUMENT, ALB_ERR_UNKNOWN_NODE, ALB_ERR_PANIC
 *  Blocking:   never.   Threads: any number at once.   Fork: safe in the child.   Since: 0.1
 */
alb_status alb_health_get(const alb *lb, int32_t node_id, alb_health *out);

/* Discovery --------------------------------------------------------------------------------------------------------------- */

/** Asks the cluster for its nodes now, on this thread, and probes the nodes set aside whose time has come. Joins a round that is
 *  under way on another thread. A failure leaves the last good list in place.
 *
 *  @param lb          the handle
 *  @param timeout_ms  the longest wait, in milliseconds
 *  @param err         [out, nullable] the last reason, the node or seed that gave it, the HTTP status or system's error number that it met;
 *                     ALB_ERR_TIMEOUT names no node
 *  @return     ALB_OK, ALB_ERR_INVALID_ARGUMENT, ALB_ERR_TIMEOUT, ALB_ERR_UNREACHABLE (also when nothing usable was answered),
 *              ALB_ERR_SCOPE_UNKNOWN, ALB_ERR_PANIC
 *  Blocking:   up to timeout_ms, and the system's look-up of a seed that is a name.
 *  Threads:    any number at once.   Fork: safe in the child.   Since: 0.1
 */
alb_status alb_refresh(alb *lb, uint32_t timeout_ms, alb_error *err);

/** Makes a round of discovery due at once, and leaves it to whoever makes its steps: the caller of alb_discovery_next(), the next pick
 *  in `inline` mode, or the thread. No effect on a round that is under way, or with a static list.
 *
 *  @param lb  the handle
 *  @return     ALB_OK, ALB_ERR_INVALID_ARGUMENT, ALB_ERR_PANIC
 *  Blocking:   as alb_refresh_due_ms().   Threads: any number at once.   Fork: safe in the child.   Since: 0.1
 */
alb_status alb_refresh_soon(alb *lb);

/** Tells when discovery has work to do next: for callers in `manual` mode that have a timer of their own.
 *
 *  @param lb  the handle
 *  @return     milliseconds from now, rounded up; 0 = now; UINT32_MAX = never, or a NULL handle
 *  Blocking:   never on I/O; waits for a lock held for microseconds, with thousands of nodes for milliseconds.   Threads: any number at once.
 *  Fork:       safe in the child.   Since: 0.1
 */
uint32_t alb_refresh_due_ms(const alb *lb);

/** Checks that the cluster knows every datacenter and rack of the option `scope`.
 *
 *  @param lb          the handle
 *  @param timeout_ms  the longest wait, in milliseconds
 *  @param err         [out, nullable] which one is not known, or why it could not be asked
 *  @return     ALB_OK, ALB_ERR_SCOPE_UNKNOWN, ALB_ERR_UNSUPPORTED, ALB_ERR_INVALID_ARGUMENT, ALB_ERR_TIMEOUT, ALB_ERR_UNREACHABLE,
 *              ALB_ERR_TLS, ALB_ERR_BAD_RESPONSE, ALB_ERR_PANIC
 *  Blocking:   up to timeout_ms, and the system's look-up of a seed that is a name.
 *  Threads:    any number at once.   Fork: safe in the child.   Since: 0.1
 */
alb_status alb_check_scope(alb *lb, uint32_t timeout_ms, alb_error *err);

/** Asks whether the servers can be asked by datacenter and rack (ScyllaDB 2025.1 and later can).
 *
 *  @param lb          the handle
 *  @param timeout_ms  the longest wait, in milliseconds
 *  @param err         [out, nullable] why it could not be asked
 *  @return     1 if they can, 0 if not, or a negative status as alb_check_scope()
 *  Blocking:   as alb_check_scope().   Threads: any number at once.   Fork: safe in the child.   Since: 0.1
 */
int32_t alb_scope_supported(alb *lb, uint32_t timeout_ms, alb_error *err);

/* Discovery by the caller's own I/O --------------------------------------------------------------------------------------- */

/** For event loops, in `manual` mode: when alb_refresh_due_ms() says 0, ask here what to fetch, GET it without credentials and without
 *  following redirects, and bring what came with alb_discovery_feed() or alb_discovery_fail(); repeat while there is something.
 *  Several requests may be open: a further one is offered when the last one has stalled.
 *
 *  @param lb          the handle
 *  @param token       [out] names the request
 *  @param url         [out] receives the URL
 *  @param capacity    its room in bytes, at least ALB_URL_CAPACITY
 *  @param timeout_ms  [out] the longest wait for the whole answer, in milliseconds
 *  @param err         [out, nullable] what is wrong
 *  @return     the length of the URL; 0 if there is nothing to fetch now; or ALB_ERR_INVALID_ARGUMENT, ALB_ERR_PANIC
 *  Blocking:   never on I/O; waits for a lock held for microseconds, with thousands of nodes for milliseconds.   Threads: any number at once.
 *  Fork:       safe in the child, where the parent's tokens are stale.   Since: 0.1
 */
int32_t alb_discovery_next(alb *lb, uint64_t *token, char *url, size_t capacity, uint32_t *timeout_ms, alb_error *err);

/** Brings the answer to a request of alb_discovery_next(), whatever its status.
 *
 *  @param lb           the handle
 *  @param token        the request
 *  @param http_status  the status of the answer, 100 to 599
 *  @param body         its body, decoded; may be NULL if body_len is 0
 *  @param body_len     its length in bytes; of more than 1 MiB bring the first 1 MiB and a byte
 *  @param err          [out, nullable] what is wrong with the call; a useless answer is no error here but an event
 *  @return     ALB_OK, ALB_ERR_INVALID_ARGUMENT, ALB_ERR_STALE_TOKEN, ALB_ERR_PANIC
 *  Blocking:   never on I/O; waits for a lock held for microseconds, with thousands of nodes for milliseconds.   Threads: any number at once.
 *  Fork:       safe in the child, where the parent's tokens are stale.   Since: 0.1
 */
alb_status alb_discovery_feed(alb *lb, uint64_t token, int32_t http_status, const uint8_t *body, size_t body_len, alb_error *err);

/** Says that a request of alb_discovery_next() got no answer.
 *
 *  @param lb       the handle
 *  @param token    the request
 *  @param outcome  ALB_OUTCOME_REFUSED, _RESET, _TIMEOUT, _TLS_FAILURE or _CANCELLED
 *  @param err      [out, nullable] what is wrong with the call
 *  @return     ALB_OK, ALB_ERR_INVALID_ARGUMENT, ALB_ERR_STALE_TOKEN, ALB_ERR_PANIC
 *  Blocking:   never on I/O; waits for a lock held for microseconds, with thousands of nodes for milliseconds.   Threads: any number at once.
 *  Fork:       safe in the child, where the parent's tokens are stale.   Since: 0.1
 */
alb_status alb_discovery_fail(alb *lb, uint64_t token, int32_t outcome, alb_error *err);

/* Bodies and headers on the wire ------------------------------------------------------------------------------------------ */

/** Tells what the options say of headers: the same for the life of the handle, so ask once; empty where requests are left alone.
 *
 *  ALB_WIRE_CONTENT_ENCODING: `gzip` or `deflate`, to be set where alb_compress() made something; empty if it never does.
 *  ALB_WIRE_ACCEPT_ENCODING:  such as `gzip, deflate`, to be set unless the request has one; answers then come compressed.
 *  ALB_WIRE_KEPT_HEADERS:     such as `host,x-amz-target,...`, to be compared without regard to case. All others are removed before
 *                             the request is signed; afterwards, a header that the signature's SignedHeaders name has to stay.
 *
 *  @param lb    the handle
 *  @param what  an ALB_WIRE_ number
 *  @return     the text, borrowed until the handle is freed; NULL for a NULL handle and for other numbers
 *  Blocking:   never.   Threads: any number at once.   Fork: safe in the child.   Since: 0.1
 */
const char *alb_wire_text(const alb *lb, int32_t what);

/** Compresses the body of a request by the options compression, compression.min_bytes and compression.level: once a request,
 *  before it is signed, and not where it has a Content-Encoding already. The result needs that header and a new Content-Length.
 *
 *  @param lb        the handle
 *  @param body      the body; may be NULL if body_len is 0
 *  @param body_len  its length in bytes
 *  @param out       [out] receives the compressed body; must not overlap the body
 *  @param capacity  its room in bytes: body_len is always enough; less asks for a body that is shorter yet
 *  @return     the length of the compressed body, less than body_len and capacity; 0 if the body is to be sent as it is, by the
 *              options or because it does not get that short; or ALB_ERR_INVALID_ARGUMENT, ALB_ERR_PANIC
 *  Blocking:   CPU time alone: at level 6 about 16 us for 1 KB and 14 ms for 1 MB, a fifth of the latter at level 1, three times
 *              as much at level 9. Takes 400 KB from malloc until it returns.   Threads: any number at once.
 *  Fork:       safe in the child.   Since: 0.1
 */
int32_t alb_compress(const alb *lb, const uint8_t *body, size_t body_len, uint8_t *out, size_t capacity);

/** Decompresses the body of an answer, for programs without a decoder: gives all of it, its checksums verified, or an error.
 *
 *  @param content_encoding      the value of the header: gzip, x-gzip, deflate (the zlib format; raw deflate is refused), identity,
 *                               or up to four of them separated by commas, which are undone from the last on. Case and parameters
 *                               do not matter; empty and identity copy.
 *  @param content_encoding_len  its length in bytes, or ALB_NUL
 *  @param body                  the body; may be NULL if body_len is 0
 *  @param body_len              its length in bytes
 *  @param out                   [out] receives what comes out; may be NULL if capacity is 0; must not overlap the body
 *  @param capacity              its room in bytes
 *  @param limit                 the most bytes that may come out: small bodies can inflate to huge ones
 *  @param err                   [out, nullable] what is wrong
 *  @return     the length of what comes out; if that is more than capacity, out holds only the beginning, and a second call with as
 *              much room gives all; or ALB_ERR_INVALID_ARGUMENT, ALB_ERR_BAD_RESPONSE (cut off, corrupt or in another format),
 *              ALB_ERR_UNSUPPORTED (another coding), ALB_ERR_TOO_LARGE (more than the limit), ALB_ERR_PANIC
 *  Blocking:   CPU time alone: 1 to 3 ms for 1 MB that comes out, and never more than limit and body_len together allow. Takes
 *              60 KB for each coding from malloc until it returns.   Threads: any number at once.
 *  Fork:       safe in the child.   Since: 0.1
 */
int32_t alb_decompress(const char *content_encoding, size_t content_encoding_len, const uint8_t *body, size_t body_len, uint8_t *out, size_t capacity, size_t limit, alb_error *err);

/* Events and statistics --------------------------------------------------------------------------------------------------- */

/** Reads the next thing that happened: refreshes, fall-backs, nodes that came, went, or were set aside, each with its reason. The
 *  handle keeps the last 256 events; each reader has a cursor. docs/STATISTICS.md describes them.
 *
 *  @param lb        the handle
 *  @param cursor    [in, out] 0 at first; moves on with each event that is written
 *  @param json      [out] receives one JSON object, NUL-terminated
 *  @param capacity  its room in bytes
 *  @return     the length of the object; 0 if there is no further event; a length >= capacity says that the object did not fit and
 *              waits for a larger buffer; or ALB_ERR_INVALID_ARGUMENT, ALB_ERR_PANIC
 *  Blocking:   never on I/O; waits for a lock held for microseconds, with thousands of nodes for milliseconds.   Threads: any number at once, one for one cursor.
 *  Fork:       safe in the child, whose events begin anew.   Since: 0.1
 */
int32_t alb_next_event(alb *lb, uint64_t *cursor, char *json, size_t capacity);

/** Writes the statistics: scope, refresh, and each node's standing and outcomes. docs/STATISTICS.md describes the members.
 *
 *  @param lb        the handle
 *  @param json      [out] receives one JSON object, NUL-terminated, cut if it does not fit; may be NULL if capacity is 0
 *  @param capacity  its room in bytes
 *  @return     the length of the whole object, or ALB_ERR_INVALID_ARGUMENT, ALB_ERR_PANIC
 *  Blocking:   never on I/O; waits for a lock held for microseconds, with thousands of nodes for milliseconds.   Threads: any number at once.
 *  Fork:       safe in the child.   Since: 0.1
 */
int32_t alb_statistics(const alb *lb, char *json, size_t capacity);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* ALTERNATOR_LB_H */

/** An alb_error ready for use: alb_error err = ALB_ERROR_INIT; */
#define ALB_ERROR_INIT { sizeof(alb_error), 0, 0, 0, 0, { 0 }, { 0 } }
/** An alb_node ready for use: alb_node node = ALB_NODE_INIT; */
#define ALB_NODE_INIT { sizeof(alb_node), -1, 0, 0, 0, NULL, 0, NULL, 0 }
/** An alb_health ready for use: alb_health health = ALB_HEALTH_INIT; */
#define ALB_HEALTH_INIT { sizeof(alb_health), -1, 0, 0, 0, 0, 0, 0, 0, 0, 0 }
