/* What bodies cost through the C ABI: compressed by level and size, and decompressed.
 *
 *   wire [ROUNDS]        rounds of up to 2,000 calls (default 10) */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KB = 1000, MB = 1000000, MIDDLE = 16 * KB };

static uint8_t body[MB];
static uint8_t packed[MB];
static size_t packed_len;
static __thread uint8_t room[MB]; /* each thread writes to one of its own */

/* Items with text that is half words and half numbers, so that about a third of it stays. */
static void fill_body(void)
{
    static const char *const words[] = { "order", "pending", "customer", "warehouse", "shipped", "address", "total", "note" };
    unsigned long state = 42;
    size_t used = 0;
    while (used < MB) {
        char item[128];
        size_t len, copied;
        state = state * 6364136223846793005ul + 1442695040888963407ul;
        len = (size_t)snprintf(item, sizeof item, "{\"%s_%lu\":{\"S\":\"%s %s %lx\"}},", words[state >> 61], state >> 57 & 15,
                               words[state >> 58 & 7], words[state >> 55 & 7], state >> 32);
        copied = len < MB - used ? len : MB - used;
        memcpy(body + used, item, copied);
        used += copied;
    }
}

static void compress_1_kb(alb *lb)
{
    alb_compress(lb, body, KB, room, KB);
}

static void compress_16_kb(alb *lb)
{
    alb_compress(lb, body, MIDDLE, room, MIDDLE);
}

static void compress_1_mb(alb *lb)
{
    alb_compress(lb, body, MB, room, MB);
}

static void decompress_it(alb *lb)
{
    (void)lb;
    alb_decompress("gzip", 4, packed, packed_len, room, MB, MB, NULL);
}

static void pack(alb *lb, size_t len)
{
    int32_t length = alb_compress(lb, body, len, packed, len);
    if (length <= 0) fail("a body does not get shorter");
    packed_len = (size_t)length;
}

int main(int argc, char **argv)
{
    static const char *const levels[] = { "1", "6", "9" };
    static const struct operation compressions[] = {
        { "empty call", empty_call, 2000 },
        { "compress 1 KB", compress_1_kb, 2000 },
        { "compress 16 KB", compress_16_kb, 200 },
        { "compress 1 MB", compress_1_mb, 5 },
    };
    static const struct operation decompression_1_kb = { "decompress to 1 KB", decompress_it, 2000 };
    static const struct operation decompression_16_kb = { "decompress to 16 KB", decompress_it, 1000 };
    static const struct operation decompression_1_mb = { "decompress to 1 MB", decompress_it, 20 };
    int rounds = rounds_wanted(argc, argv);
    size_t level;

    fill_body();
    for (level = 0; level < 3; level++) {
        alb *lb = open_static(1, "compression", "gzip", "compression.min_bytes", "0", "compression.level", levels[level], NULL);
        pack(lb, MB);
        printf("\nlevel %s: 1 MB becomes %zu KB\n", levels[level], packed_len / KB);
        measure(lb, compressions, sizeof compressions / sizeof *compressions, rounds);
        if (level == 1) {
            pack(lb, KB);
            measure(lb, &decompression_1_kb, 1, rounds);
            pack(lb, MIDDLE);
            measure(lb, &decompression_16_kb, 1, rounds);
            pack(lb, MB);
            measure(lb, &decompression_1_mb, 1, rounds);
        }
        alb_free(lb);
    }
    return 0;
}
