// SPDX-License-Identifier: Apache-2.0
#include "daemon/redactor.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[] = "/tmp/quaygate-key.XXXXXX";

static void write_key(size_t size, char byte, mode_t mode) {
    FILE *file;

    if (path[sizeof(path) - 2] == 'X')
        close(mkstemp(path));
    cr_assert_eq(chmod(path, 0600), 0); /* one that nobody may write, to who isn't root */
    file = fopen(path, "w");
    cr_assert_not_null(file);
    for (size_t i = 0; i < size; i++)
        fputc(byte, file);
    fclose(file);
    cr_assert_eq(chmod(path, mode), 0);
}

static void teardown(void) {
    (void) unlink(path);
}

TestSuite(redactor, .fini = teardown);

static uint32_t hash_of(Redactor *redactor, Span value) {
    unsigned char hash[PLACEHOLDER_HASH_BYTES];
    uint32_t number;

    cr_assert(redactor_hash(redactor, value, hash));
    memcpy(&number, hash, sizeof(number));
    return number;
}

/* RFC 4231 has no key of that size with a text of its own that fits a file: this is from another
 * implementation (Python's hmac: key b"k" * 32, b"value"). */
Test(redactor, is_hmac_sha256) {
    static const unsigned char expected[PLACEHOLDER_HASH_BYTES] = {0x1a, 0x88, 0xf3, 0xd1};
    unsigned char hash[PLACEHOLDER_HASH_BYTES];
    Redactor *redactor = NULL;
    const char *why;

    write_key(32, 'k', 0600);
    cr_assert_eq(redactor_new(path, &redactor, &why), 0);
    for (int i = 0; i < 2; i++) { /* one after the other, each by itself */
        cr_assert(redactor_hash(redactor, SPAN("value"), hash));
        cr_expect_eq(memcmp(hash, expected, sizeof(hash)), 0);
    }
    redactor_free(redactor);
}

Test(redactor, equal_values_only) {
    Redactor *a = NULL, *b = NULL;
    const char *why;

    cr_assert_eq(redactor_new(NULL, &a, &why), 0);
    cr_assert_eq(redactor_new(NULL, &b, &why), 0);
    cr_expect_eq(hash_of(a, SPAN("secret")), hash_of(a, SPAN("secret")));
    cr_expect_neq(hash_of(a, SPAN("secret")), hash_of(a, SPAN("secret2")));
    cr_expect_neq(hash_of(a, SPAN("secret")), hash_of(b, SPAN("secret")), "each start has a key of its own");
    redactor_free(a);
    redactor_free(b);
    cr_expect_null(redactor_free(NULL));
}

Test(redactor, swap) {
    Redactor *a = NULL, *b = NULL;
    const char *why;
    uint32_t of_a, of_b;

    cr_assert_eq(redactor_new(NULL, &a, &why), 0);
    cr_assert_eq(redactor_new(NULL, &b, &why), 0);
    of_a = hash_of(a, SPAN("x"));
    of_b = hash_of(b, SPAN("x"));
    redactor_swap(a, b);
    cr_expect_eq(hash_of(a, SPAN("x")), of_b);
    cr_expect_eq(hash_of(b, SPAN("x")), of_a);
    redactor_free(a);
    redactor_free(b);
}

Test(redactor, key_files) {
    static const struct {
        size_t size;
        mode_t mode;
        int r;
    } cases[] = {
        {REDACTOR_KEY_MIN, 0600, 0},
        {REDACTOR_KEY_MIN - 1, 0600, -EINVAL},
        {0, 0600, -EINVAL},
        {REDACTOR_KEY_MAX, 0400, 0},
        {REDACTOR_KEY_MAX + 1, 0600, -EINVAL},
        {REDACTOR_KEY_MIN, 0640, -EPERM},
        {REDACTOR_KEY_MIN, 0604, -EPERM},
    };
    Redactor *redactor = NULL;
    const char *why;

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        write_key(cases[i].size, 'k', cases[i].mode);
        cr_expect_eq(redactor_new(path, &redactor, &why), cases[i].r, "case %zu", i);
        cr_expect_eq(why == NULL, cases[i].r == 0, "case %zu", i);
        redactor = redactor_free(redactor);
    }
    cr_expect_eq(redactor_new("/nonexistent/key", &redactor, &why), -ENOENT);
    cr_expect_null(why);
    cr_expect_eq(redactor_new("/dev/zero", &redactor, &why), -EINVAL);
    cr_expect_eq(redactor_new("/tmp", &redactor, &why), -EINVAL);
}
