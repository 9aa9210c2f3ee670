#ifndef ALTERNATOR_LB_H
#define ALTERNATOR_LB_H 
#include <stddef.h>
#include <stdint.h>
#define ALB_NUL SIZE_MAX
#define ALB_ABI_VERSION 1
#define ALB_URL_CAPACITY 2048
#define ALB_OK 0
#define ALB_ERR_INVALID_ARGUMENT -1
#define ALB_ERR_ABI_MISMATCH -2
#define ALB_ERR_UNKNOWN_OPTION -3
#define ALB_ERR_BAD_VALUE -4
#define ALB_ERR_NO_NODES -5
#define ALB_ERR_UNKNOWN_NODE -6
#define ALB_ERR_TIMEOUT -7
#define ALB_ERR_UNREACHABLE -8
#define ALB_ERR_TLS -9
#define ALB_ERR_BAD_RESPONSE -10
#define ALB_ERR_SCOPE_UNKNOWN -11
#define ALB_ERR_UNSUPPORTED -12
#define ALB_ERR_STALE_TOKEN -13
#define ALB_ERR_IO -14
#define ALB_ERR_PANIC -15
#define ALB_ERR_TOO_LARGE -16
#define ALB_ERR_BUDGET_SPENT -17
#define ALB_ERR_NOT_OFFERED -18
#define ALB_OUTCOME_SUCCESS 0
#define ALB_OUTCOME_CALLER_FAULT 1
#define ALB_OUTCOME_THROTTLED 2
#define ALB_OUTCOME_SERVER_ERROR 3
#define ALB_OUTCOME_REFUSED 4
#define ALB_OUTCOME_RESET 5
#define ALB_OUTCOME_TIMEOUT 6
#define ALB_OUTCOME_TLS_FAILURE 7
#define ALB_OUTCOME_CANCELLED 8
#define ALB_KEY_ABSENT 0
#define ALB_KEY_S 1
#define ALB_KEY_N 2
#define ALB_KEY_B 3
#define ALB_WRITE_CONDITION_EXPRESSION 1
#define ALB_WRITE_EXPECTED 2
#define ALB_WRITE_EXPECTED_MEMBERS 4
#define ALB_WRITE_RETURN_ALL_OLD 8
#define ALB_WRITE_RETURN_UPDATED_OLD 16
#define ALB_WRITE_RETURN_ALL_NEW 32
#define ALB_WRITE_ATTRIBUTE_UPDATES_ADD 64
#define ALB_WRITE_ATTRIBUTE_UPDATES_DELETE_VALUE 128
#define ALB_WIRE_CONTENT_ENCODING 1
#define ALB_WIRE_ACCEPT_ENCODING 2
#define ALB_WIRE_KEPT_HEADERS 3
#define ALB_NODE_LISTED 1
#define ALB_NODE_SEED 2
#define ALB_NODE_SET_ASIDE 4
#define ALB_HEALTH_IN_USE 0
#define ALB_HEALTH_WARMING_UP 1
#define ALB_HEALTH_SET_ASIDE 2
#define ALB_CAUSE_NONE 0
#define ALB_CAUSE_REFUSED 1
#define ALB_CAUSE_TLS_FAILURE 2
#define ALB_CAUSE_HUNG 3
#define ALB_CAUSE_FAILURES_IN_A_ROW 4
#define ALB_CAUSE_FAILURE_RATE 5
typedef struct alb alb;
typedef struct alb_config alb_config;
typedef int32_t alb_status;
typedef struct alb_error {
    uint32_t struct_size;
    alb_status code;
    int32_t http_status;
    int32_t os_errno;
    uint32_t flags;
    char node[116];
    char message[376];
} alb_error;
typedef struct alb_node {
    uint32_t struct_size;
    int32_t id;
    uint32_t flags;
    uint16_t port;
    uint16_t reserved;
    const char *url;
    size_t url_len;
    const char *host;
    size_t host_len;
} alb_node;
typedef struct alb_plan {
    uint64_t opaque[64];
} alb_plan;
typedef struct alb_health {
    uint32_t struct_size;
    int32_t node_id;
    uint32_t state;
    int32_t cause;
    uint32_t in_flight;
    uint32_t strikes;
    uint32_t failures_in_a_row;
    uint32_t failure_permille;
    uint64_t estimate_us;
    uint64_t mean_us;
    uint64_t probe_in_ms;
} alb_health;
#ifdef __cplusplus
extern "C" {
#endif
uint32_t alb_abi_version(void);
const char *alb_version(void);
const char *alb_status_name(alb_status status);
alb_config *alb_config_new(void);
alb_status alb_config_set(alb_config *config, const char *key, size_t key_len, const char *value, size_t value_len, alb_error *err);
void alb_config_free(alb_config *config);
alb_status alb_new(uint32_t abi_version, const alb_config *config, alb **out, alb_error *err);
alb *alb_retain(alb *lb);
void alb_free(alb *lb);
int32_t alb_next_node(alb *lb, alb_node *out);
alb_status alb_plan_start(alb *lb, alb_plan *plan);
alb_status alb_plan_after(alb *lb, int32_t node_id, alb_plan *plan);
int32_t alb_plan_next(alb *lb, alb_plan *plan, alb_node *out);
alb_status alb_report(alb *lb, int32_t node_id, int32_t outcome, uint64_t latency_us);
int64_t alb_retry_delay_us(alb *lb, const alb_plan *plan, int32_t outcome);
int64_t alb_hedge_delay_us(alb *lb, const alb_plan *plan, uint64_t elapsed_us);
int32_t alb_node_for_key(alb *lb, int32_t key_type, const uint8_t *key, size_t key_len, alb_node *out);
alb_status alb_plan_for_key(alb *lb, int32_t key_type, const uint8_t *key, size_t key_len, alb_plan *plan);
alb_status alb_token_for_key(int32_t key_type, const uint8_t *key, size_t key_len, int64_t *token);
alb_status alb_plan_for_request(alb *lb, const char *operation, size_t operation_len, const uint8_t *body, size_t body_len, alb_plan *plan);
alb_status alb_plan_for_write(alb *lb, const char *operation, size_t operation_len, const char *table, size_t table_len, int32_t key_type, const uint8_t *key, size_t key_len, uint32_t facts, const char *update_expression, size_t update_expression_len, alb_plan *plan);
alb_status alb_plan_vote(alb *lb, alb_plan *plan, const char *table, size_t table_len, int32_t key_type, const uint8_t *key, size_t key_len);
int32_t alb_table_key_next_wanted(alb *lb, char *table, size_t capacity);
int32_t alb_table_key(const alb *lb, const char *table, size_t table_len, char *key, size_t capacity);
alb_status alb_table_key_set(alb *lb, const char *table, size_t table_len, const char *key, size_t key_len, alb_error *err);
alb_status alb_table_key_feed(alb *lb, const char *table, size_t table_len, int32_t http_status, const uint8_t *body, size_t body_len, alb_error *err);
alb_status alb_table_key_failed(alb *lb, const char *table, size_t table_len, int32_t http_status, const char *code, size_t code_len);
size_t alb_nodes(const alb *lb, int32_t *ids, size_t capacity);
alb_status alb_node_get(const alb *lb, int32_t node_id, alb_node *out);
const uint64_t *alb_generation(const alb *lb);
alb_status alb_health_get(const alb *lb, int32_t node_id, alb_health *out);
alb_status alb_refresh(alb *lb, uint32_t timeout_ms, alb_error *err);
alb_status alb_refresh_soon(alb *lb);
uint32_t alb_refresh_due_ms(const alb *lb);
alb_status alb_check_scope(alb *lb, uint32_t timeout_ms, alb_error *err);
int32_t alb_scope_supported(alb *lb, uint32_t timeout_ms, alb_error *err);
int32_t alb_discovery_next(alb *lb, uint64_t *token, char *url, size_t capacity, uint32_t *timeout_ms, alb_error *err);
alb_status alb_discovery_feed(alb *lb, uint64_t token, int32_t http_status, const uint8_t *body, size_t body_len, alb_error *err);
alb_status alb_discovery_fail(alb *lb, uint64_t token, int32_t outcome, alb_error *err);
const char *alb_wire_text(const alb *lb, int32_t what);
int32_t alb_compress(const alb *lb, const uint8_t *body, size_t body_len, uint8_t *out, size_t capacity);
int32_t alb_decompress(const char *content_encoding, size_t content_encoding_len, const uint8_t *body, size_t body_len, uint8_t *out, size_t capacity, size_t limit, alb_error *err);
int32_t alb_next_event(alb *lb, uint64_t *cursor, char *json, size_t capacity);
int32_t alb_statistics(const alb *lb, char *json, size_t capacity);
#ifdef __cplusplus
}
#endif
#endif
#define ALB_ERROR_INIT { sizeof(alb_error), 0, 0, 0, 0, { 0 }, { 0 } }
#define ALB_NODE_INIT { sizeof(alb_node), -1, 0, 0, 0, NULL, 0, NULL, 0 }
#define ALB_HEALTH_INIT { sizeof(alb_health), -1, 0, 0, 0, 0, 0, 0, 0, 0, 0 }
