/* The rows of tests/vectors as C tables, which generate_vectors.py writes. Lists of texts end in NULL. */
#ifndef ALTERNATOR_LB_TESTS_VECTORS_H
#define ALTERNATOR_LB_TESTS_VECTORS_H

#include <stddef.h>
#include <stdint.h>

struct key {
    int32_t type;
    const uint8_t *value;
    size_t length;
};

/* The nodes that a plan tries first. */
struct plan_vector {
    const char *section;
    const char *nodes; /* separated by commas */
    const char *scheme;
    const char *port;
    const char *order;
    struct key key;
    const char *const *urls;
    const char *const *list; /* the whole list in its order, or NULL */
};

/* A key, and the key that was made for its hash. */
struct hash_vector {
    struct key key;
    struct key same_hash;
};

/* What Go draws below `bound`, one after the other, from the seed that is the key's hash. */
struct draw_vector {
    struct key key;
    int bound;
    const int *draws;
    int count;
};

struct token_vector {
    struct key key;
    int64_t token;
};

/* How a client sorts the nodes. */
struct order_vector {
    const char *nodes;
    const char *port;
    const char *order;
    const char *const *urls;
};

/* An answer to /localnodes and the list that it makes. */
struct answer_vector {
    const char *port;
    const char *body;
    const char *const *urls;
};

/* A scope and the query that asks for it. */
struct scope_vector {
    const char *scope;
    const char *query;
};

/* The nodes that the keys of a batch vote for, those with more votes first, and the plan that follows. */
struct batch_vector {
    const char *nodes;
    const char *const *voters; /* URLs; the first gets the most votes, or all get one */
    int by_votes;
    const char *const *urls;
};

extern const struct plan_vector plan_vectors[];
extern const size_t plan_vector_count;
extern const struct hash_vector hash_vectors[];
extern const size_t hash_vector_count;
extern const struct draw_vector draw_vectors[];
extern const size_t draw_vector_count;
extern const struct token_vector token_vectors[];
extern const size_t token_vector_count;
extern const struct order_vector order_vectors[];
extern const size_t order_vector_count;
extern const struct answer_vector answer_vectors[];
extern const size_t answer_vector_count;
extern const struct scope_vector scope_vectors[];
extern const size_t scope_vector_count;

extern const struct batch_vector batch_vectors[];
extern const size_t batch_vector_count;

/* How many of the keys user_0 to user_999 begin with another node when these nodes are sorted by host instead of URL. */
extern const char *const disagreement_nodes;
extern const int disagreement_count;

/* Attribute values in JSON, one of each type that no key can have; the last one is NULL. */
extern const char *const unsupported_values[];

#endif
