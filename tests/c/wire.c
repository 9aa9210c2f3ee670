/* Compressed bodies and headers to keep, as a C program uses them. */
#include "support.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static alb *open_wire(const char *compression, const char *min_bytes, const char *response_compression, const char *keep)
{
    return open_handle("seeds", "127.0.0.1", "discovery", "static", "refresh.mode", "manual", "compression", compression,
                       "compression.min_bytes", min_bytes, "response_compression", response_compression, "headers.optimize",
                       keep == NULL ? "off" : "on", "headers.keep", keep == NULL ? "" : keep, NULL);
}

static void texts_of_headers_follow_the_options(void)
{
    alb *lb = open_wire("none", "0", "none", NULL);
    CHECK(strcmp(alb_wire_text(lb, ALB_WIRE_CONTENT_ENCODING), "") == 0);
    CHECK(strcmp(alb_wire_text(lb, ALB_WIRE_ACCEPT_ENCODING), "") == 0);
    CHECK(strcmp(alb_wire_text(lb, ALB_WIRE_KEPT_HEADERS), "") == 0);
    alb_free(lb);
    lb = open_wire("gzip", "0", "gzip,deflate", "X-Trace");
    CHECK(strcmp(alb_wire_text(lb, ALB_WIRE_CONTENT_ENCODING), "gzip") == 0);
    CHECK(strcmp(alb_wire_text(lb, ALB_WIRE_ACCEPT_ENCODING), "gzip, deflate") == 0);
    CHECK(strcmp(alb_wire_text(lb, ALB_WIRE_KEPT_HEADERS),
                 "host,x-amz-target,content-type,content-length,transfer-encoding,content-encoding,accept-encoding,connection,"
                 "expect,user-agent,authorization,x-amz-date,x-amz-security-token,x-trace") == 0);
    CHECK(alb_wire_text(lb, 0) == NULL && alb_wire_text(lb, 4) == NULL && alb_wire_text(lb, INT32_MIN) == NULL);
    alb_free(lb);
}

static void what_is_compressed_comes_out_as_it_was(void)
{
    static const char *const codings[] = { "gzip", "deflate" };
    enum { LEN = 300000 };
    uint8_t *body = malloc(LEN), *sent = malloc(LEN), *found = malloc(LEN);
    int coding;
    size_t i;
    CHECK(body != NULL && sent != NULL && found != NULL);
    for (i = 0; i < LEN; i++) body[i] = (uint8_t)(i * i >> 7 & 0x3f);
    for (coding = 0; coding < 2; coding++) {
        alb *lb = open_wire(codings[coding], "1024", "none", NULL);
        size_t len;
        for (len = 0; len <= LEN; len = len * 3 + 1) {
            int32_t length = alb_compress(lb, body, len, sent, len);
            CHECK(len < 1024 ? length == 0 : length > 0 && (size_t)length < len);
            if (length == 0) continue;
            CHECK_EQ(alb_decompress(codings[coding], ALB_NUL, sent, (size_t)length, found, len, len, NULL), len);
            CHECK(memcmp(body, found, len) == 0);
        }
        alb_free(lb);
    }
    free(body);
    free(sent);
    free(found);
}

static void what_gets_no_shorter_is_sent_as_it_is(void)
{
    static const uint8_t body[] = "{\"TableName\":\"users\",\"Key\":{\"id\":{\"S\":\"alice\"}}}";
    static uint8_t zeroes[5000];
    uint8_t out[5000];
    alb *lb = open_wire("deflate", "0", "none", NULL);
    int32_t length = alb_compress(lb, zeroes, sizeof zeroes, out, sizeof out);
    CHECK(length > 0 && length < 50);
    CHECK_EQ(alb_compress(lb, body, sizeof body - 1, out, sizeof out), 0);
    CHECK_EQ(alb_compress(lb, NULL, 0, out, sizeof out), 0);
    CHECK_EQ(alb_compress(lb, zeroes, sizeof zeroes, out, (size_t)length), 0);
    CHECK_EQ(alb_compress(lb, zeroes, sizeof zeroes, out, (size_t)length + 1), length);
    CHECK_EQ(alb_compress(lb, zeroes, sizeof zeroes, NULL, 0), 0);
    CHECK_EQ(alb_compress(lb, zeroes, SIZE_MAX, out, sizeof out), ALB_ERR_INVALID_ARGUMENT);
    alb_free(lb);
}

static void failures_say_what_is_wrong(void)
{
    static const uint8_t zlib[] = { 0x78, 0x9c, 0x4b, 0x4c, 0x4a, 0x06, 0x00, 0x02, 0x4d, 0x01, 0x27 }; /* "abc" */
    alb_error error = ALB_ERROR_INIT;
    uint8_t out[3] = { 0 };
    CHECK_EQ(alb_decompress("deflate", ALB_NUL, zlib, sizeof zlib, out, sizeof out, 3, &error), 3);
    CHECK(memcmp(out, "abc", 3) == 0);
    CHECK_EQ(error.code, ALB_OK);
    CHECK_EQ(alb_decompress("deflate", 7, zlib, sizeof zlib, NULL, 0, SIZE_MAX, &error), 3);
    CHECK_EQ(alb_decompress("deflate", 7, zlib, sizeof zlib, out, SIZE_MAX, 3, &error), 3);
    CHECK_EQ(alb_decompress("deflate", ALB_NUL, zlib, sizeof zlib - 1, out, sizeof out, 3, &error), ALB_ERR_BAD_RESPONSE);
    CHECK_TEXT(error.message, "cut off after 10 bytes");
    CHECK_EQ(alb_decompress("deflate", ALB_NUL, zlib + 2, sizeof zlib - 2, out, sizeof out, 3, &error), ALB_ERR_BAD_RESPONSE);
    CHECK_TEXT(error.message, "deflate means zlib");
    CHECK_EQ(alb_decompress("deflate", ALB_NUL, zlib, sizeof zlib, out, sizeof out, 2, &error), ALB_ERR_TOO_LARGE);
    CHECK_TEXT(error.message, "limit of 2 bytes");
    CHECK_EQ(alb_decompress("br", ALB_NUL, zlib, sizeof zlib, out, sizeof out, 3, &error), ALB_ERR_UNSUPPORTED);
    CHECK_TEXT(error.message, "'br'");
    CHECK_EQ(alb_decompress("gzip", ALB_NUL, zlib, SIZE_MAX, out, sizeof out, 3, &error), ALB_ERR_INVALID_ARGUMENT);
    CHECK_TEXT(error.message, "body");
    CHECK_EQ(alb_decompress("", 0, NULL, 0, NULL, 0, 0, &error), 0);
}

/* 16 MiB of zeroes in one gzip member, 64 times over: a gibibyte in about a mebibyte. */
static void a_gibibyte_of_zeroes_is_left_at_the_limit(void)
{
    enum { MEMBER = 16 << 20, MEMBERS = 64, LIMIT = 1 << 20 };
    uint8_t *zeroes = calloc(1, MEMBER);
    uint8_t *bomb = malloc(2 << 20);
    alb *lb = open_wire("gzip", "0", "none", NULL);
    struct rusage before, after;
    alb_error error = ALB_ERROR_INIT;
    int32_t member;
    int i;
    CHECK(zeroes != NULL && bomb != NULL);
    member = alb_compress(lb, zeroes, MEMBER, bomb, 2 << 20);
    CHECK(member > 0 && member * MEMBERS <= 2 << 20);
    for (i = 1; i < MEMBERS; i++) memcpy(bomb + i * member, bomb, (size_t)member);
    free(zeroes);
    getrusage(RUSAGE_SELF, &before);
    CHECK_EQ(alb_decompress("gzip", ALB_NUL, bomb, (size_t)(member * MEMBERS), NULL, 0, LIMIT, &error), ALB_ERR_TOO_LARGE);
    getrusage(RUSAGE_SELF, &after);
    CHECK(after.ru_maxrss - before.ru_maxrss < 8 << 10);
    CHECK_EQ(alb_decompress("gzip", ALB_NUL, bomb, (size_t)(member * 3), NULL, 0, 3 * MEMBER, &error), 3 * MEMBER);
    free(bomb);
    alb_free(lb);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(texts_of_headers_follow_the_options),
        TEST(what_is_compressed_comes_out_as_it_was),
        TEST(what_gets_no_shorter_is_sent_as_it_is),
        TEST(failures_say_what_is_wrong),
        TEST(a_gibibyte_of_zeroes_is_left_at_the_limit),
    };
    return RUN_TESTS(tests);
}
