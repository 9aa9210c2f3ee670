/* What alb_config_set() and alb_new() refuse, and what they say then. */
#include "support.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static alb_status set(const char *key, const char *value, alb_error *error)
{
    alb_config *config = alb_config_new();
    alb_status status = alb_config_set(config, key, ALB_NUL, value, ALB_NUL, error);
    alb_config_free(config);
    return status;
}

static alb_status set_bytes(const char *key, size_t key_len, const char *value, size_t value_len)
{
    alb_config *config = alb_config_new();
    alb_error error = ALB_ERROR_INIT;
    alb_status status = alb_config_set(config, key, key_len, value, value_len, &error);
    CHECK_EQ(error.code, status);
    CHECK((status == ALB_OK) == (error.message[0] == 0));
    alb_config_free(config);
    return status;
}

static void unknown_option_is_named(void)
{
    static const char *const unknown[] = { "sedes", "", "port ", "PORT", "refresh", "refresh.", "alternator.port" };
    size_t i;
    for (i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        alb_error error = ALB_ERROR_INIT;
        CHECK_STATUS(set(unknown[i], "1", &error), ALB_ERR_UNKNOWN_OPTION);
        CHECK_EQ(error.code, ALB_ERR_UNKNOWN_OPTION);
        CHECK_TEXT(error.message, unknown[i]);
    }
}

static void bad_value_names_the_option_the_value_and_what_is_accepted(void)
{
    static const struct {
        const char *key, *value, *accepted;
    } bad[] = {
        { "port", "0", "65535" },
        { "port", "65536", "65535" },
        { "port", "-1", "65535" },
        { "port", "80x", "65535" },
        { "port", "", "65535" },
        { "port", "99999999999999999999", "65535" },
        { "scheme", "ftp", "https" },
        { "discovery", "dns", "static" },
        { "refresh.mode", "magic", "manual" },
        { "refresh.active_ms", "soon", "" },
        { "refresh.active_ms", "-5", "" },
        { "policy", "best", "round_robin" },
        { "health", "maybe", "off" },
        { "tls.verify", "no", "no_hostname" },
        { "scope", "planet", "cluster" },
        { "scope", "rack:dc1", "rack:" },
        { "scope", "dc:", "dc:" },
    };
    size_t i;
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        alb_error error = ALB_ERROR_INIT;
        CHECK_STATUS(set(bad[i].key, bad[i].value, &error), ALB_ERR_BAD_VALUE);
        CHECK_EQ(error.code, ALB_ERR_BAD_VALUE);
        CHECK_TEXT(error.message, bad[i].key);
        CHECK_TEXT(error.message, bad[i].value);
        CHECK_TEXT(error.message, bad[i].accepted);
    }
}

static void bad_seeds_are_refused_by_name(void)
{
    static const char *const bad[] = {
        "", ",", "host:0", "host:65536", "host:", "host:http", ":8000", "[::1", "[::1]x", "two words", "http://host",
        "host/path", "user@host", "good.example,bad host", "ho\nst",
    };
    size_t i;
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        alb_error error = ALB_ERROR_INIT;
        if (set("seeds", bad[i], &error) != ALB_ERR_BAD_VALUE) check_failed(__FILE__, __LINE__, bad[i]);
        CHECK_TEXT(error.message, "seeds");
    }
}

static void every_written_form_of_a_seed_is_accepted(void)
{
    static const char *const good[] = {
        "host", "host.example", "host:1", "host:65535", "127.0.0.1", "127.0.0.1:8043", "::1", "[::1]", "[::1]:8000",
        "a,b,c", "a:1,b:2", " a , b ",
    };
    size_t i;
    for (i = 0; i < sizeof good / sizeof *good; i++) {
        alb *lb = open_handle("seeds", good[i], "discovery", "static", NULL);
        CHECK(alb_next_node(lb, NULL) >= 0);
        alb_free(lb);
    }
}

static void seeds_are_required(void)
{
    alb_config *config = alb_config_new();
    alb_error error = ALB_ERROR_INIT;
    alb *lb = NULL;
    CHECK_STATUS(alb_new(ALB_ABI_VERSION, config, &lb, &error), ALB_ERR_BAD_VALUE);
    CHECK_TEXT(error.message, "seeds");
    CHECK(lb == NULL);
    alb_config_free(config);
}

static void another_abi_version_is_refused(void)
{
    static const uint32_t others[] = { 0, ALB_ABI_VERSION + 1, UINT32_MAX };
    alb_config *config = alb_config_new();
    size_t i;
    CHECK_STATUS(alb_config_set(config, "seeds", ALB_NUL, "a", ALB_NUL, NULL), ALB_OK);
    for (i = 0; i < sizeof others / sizeof *others; i++) {
        alb_error error = ALB_ERROR_INIT;
        alb *lb = NULL;
        CHECK_STATUS(alb_new(others[i], config, &lb, &error), ALB_ERR_ABI_MISMATCH);
        CHECK_EQ(error.code, ALB_ERR_ABI_MISMATCH);
        CHECK(lb == NULL);
    }
    alb_config_free(config);
}

static void text_that_is_not_utf8_is_refused(void)
{
    static const char *const not_utf8[] = { "\xff", "a\xc0\x80", "\xed\xa0\x80", "caf\xe9", "\xf0\x9f\x98" };
    size_t i;
    for (i = 0; i < sizeof not_utf8 / sizeof *not_utf8; i++) {
        CHECK_STATUS(set_bytes(not_utf8[i], ALB_NUL, "1", 1), ALB_ERR_INVALID_ARGUMENT);
        CHECK_STATUS(set_bytes("seeds", ALB_NUL, not_utf8[i], ALB_NUL), ALB_ERR_INVALID_ARGUMENT);
        CHECK_STATUS(set_bytes("seeds", 5, not_utf8[i], strlen(not_utf8[i])), ALB_ERR_INVALID_ARGUMENT);
    }
}

static void interior_nul_is_refused(void)
{
    CHECK_STATUS(set_bytes("seeds", ALB_NUL, "a\0b", 3), ALB_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(set_bytes("seeds", ALB_NUL, "a\0", 2), ALB_ERR_INVALID_ARGUMENT);
    CHECK_STATUS(set_bytes("se\0ds", 5, "a", 1), ALB_ERR_INVALID_ARGUMENT);
}

static void absurd_lengths_are_refused_without_reading(void)
{
    static const size_t absurd[] = { SIZE_MAX - 1, SIZE_MAX / 2, SIZE_MAX / 2 + 1 };
    size_t i;
    for (i = 0; i < sizeof absurd / sizeof *absurd; i++) {
        CHECK_STATUS(set_bytes("seeds", absurd[i], "a", 1), ALB_ERR_INVALID_ARGUMENT);
        CHECK_STATUS(set_bytes("seeds", 5, "a", absurd[i]), ALB_ERR_INVALID_ARGUMENT);
    }
}

static void text_with_a_length_needs_no_terminator(void)
{
    static const char text[] = { 'p', 'o', 'r', 't', '8', '0', '0', '1', 's', 'e', 'e', 'd', 's', 'h', 'o', 's', 't' };
    char *exact = malloc(sizeof text); /* on the heap, where valgrind sees a byte too far */
    alb_config *config = alb_config_new();
    alb_node node = ALB_NODE_INIT;
    alb *lb = NULL;

    memcpy(exact, text, sizeof text);
    CHECK_STATUS(alb_config_set(config, exact, 4, exact + 4, 4, NULL), ALB_OK);
    CHECK_STATUS(alb_config_set(config, exact + 8, 5, exact + 13, 4, NULL), ALB_OK);
    CHECK_STATUS(alb_new(ALB_ABI_VERSION, config, &lb, NULL), ALB_OK);
    free(exact);
    alb_config_free(config);
    CHECK(alb_next_node(lb, &node) >= 0);
    CHECK_EQ(strcmp(node.url, "http://host:8001"), 0);
    alb_free(lb);
}

static void one_config_makes_many_handles_and_the_last_value_counts(void)
{
    alb_config *config = alb_config_new();
    alb_node node = ALB_NODE_INIT;
    alb *first = NULL;
    alb *second = NULL;
    CHECK_STATUS(alb_config_set(config, "seeds", ALB_NUL, "one", ALB_NUL, NULL), ALB_OK);
    CHECK_STATUS(alb_config_set(config, "discovery", ALB_NUL, "static", ALB_NUL, NULL), ALB_OK);
    CHECK_STATUS(alb_new(ALB_ABI_VERSION, config, &first, NULL), ALB_OK);
    CHECK_STATUS(alb_config_set(config, "seeds", ALB_NUL, "two", ALB_NUL, NULL), ALB_OK);
    CHECK_STATUS(alb_new(ALB_ABI_VERSION, config, &second, NULL), ALB_OK);
    alb_config_free(config);

    CHECK(alb_next_node(first, &node) >= 0);
    CHECK_EQ(strcmp(node.host, "one"), 0);
    CHECK(alb_next_node(second, &node) >= 0);
    CHECK_EQ(strcmp(node.host, "two"), 0);
    alb_free(first);
    alb_free(second);
}

static void refused_value_leaves_the_config_as_it_was(void)
{
    alb_config *config = alb_config_new();
    alb_node node = ALB_NODE_INIT;
    alb *lb = NULL;
    CHECK_STATUS(alb_config_set(config, "seeds", ALB_NUL, "host", ALB_NUL, NULL), ALB_OK);
    CHECK_STATUS(alb_config_set(config, "port", ALB_NUL, "1234", ALB_NUL, NULL), ALB_OK);
    CHECK_STATUS(alb_config_set(config, "port", ALB_NUL, "0", ALB_NUL, NULL), ALB_ERR_BAD_VALUE);
    CHECK_STATUS(alb_new(ALB_ABI_VERSION, config, &lb, NULL), ALB_OK);
    alb_config_free(config);
    CHECK(alb_next_node(lb, &node) >= 0);
    CHECK_EQ(node.port, 1234);
    alb_free(lb);
}

static void missing_tls_file_is_an_io_error_that_names_the_file(void)
{
    alb_config *config = alb_config_new();
    alb_error error = ALB_ERROR_INIT;
    alb *lb = NULL;
    CHECK_STATUS(alb_config_set(config, "seeds", ALB_NUL, "host", ALB_NUL, NULL), ALB_OK);
    CHECK_STATUS(alb_config_set(config, "scheme", ALB_NUL, "https", ALB_NUL, NULL), ALB_OK);
    CHECK_STATUS(alb_config_set(config, "tls.ca_file", ALB_NUL, "/nonexistent/ca.pem", ALB_NUL, NULL), ALB_OK);
    CHECK_STATUS(alb_new(ALB_ABI_VERSION, config, &lb, &error), ALB_ERR_IO);
    CHECK_TEXT(error.message, "/nonexistent/ca.pem");
    CHECK(lb == NULL);
    alb_config_free(config);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(unknown_option_is_named),
        TEST(bad_value_names_the_option_the_value_and_what_is_accepted),
        TEST(bad_seeds_are_refused_by_name),
        TEST(every_written_form_of_a_seed_is_accepted),
        TEST(seeds_are_required),
        TEST(another_abi_version_is_refused),
        TEST(text_that_is_not_utf8_is_refused),
        TEST(interior_nul_is_refused),
        TEST(absurd_lengths_are_refused_without_reading),
        TEST(text_with_a_length_needs_no_terminator),
        TEST(one_config_makes_many_handles_and_the_last_value_counts),
        TEST(refused_value_leaves_the_config_as_it_was),
        TEST(missing_tls_file_is_an_io_error_that_names_the_file),
    };
    return RUN_TESTS(tests);
}
