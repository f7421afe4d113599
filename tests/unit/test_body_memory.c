// SPDX-License-Identifier: Apache-2.0
#include "policy/body_memory.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy/body.h"
#include "tests/support/suite_arena.h"
#include "tests/support/bodies.h"

/* malloc, as policy/ sees it: the linker is told to. */
static size_t n_to_pass = SIZE_MAX; /* then one fails */
static bool fails_ever_after;
static size_t n_failed;
static size_t taken_bytes; /* bytes, whatever was given back */

extern void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

void *__wrap_malloc(size_t size) {
    if (size > SIZE_MAX / 2) /* nobody has it, and AddressSanitizer would end there */
        return NULL;
    if (n_to_pass > 0) {
        n_to_pass -= n_to_pass < SIZE_MAX;
        taken_bytes += size;
        return __real_malloc(size);
    }
    n_to_pass = fails_ever_after ? 0 : SIZE_MAX;
    n_failed++;
    return NULL;
}

static void allocations_fail(size_t after, bool ever_after) {
    n_to_pass = after;
    fails_ever_after = ever_after;
    n_failed = 0;
}

static void allocations_pass(void) {
    n_to_pass = SIZE_MAX;
}

TestSuite(body_memory, .init = suite_arena_make, .fini = suite_arena_free);

/* What `n` pieces of `size` bytes count; above it is a piece of its own, up to here part of a block. */
#define ALONE 4096u

static size_t pieces_size(size_t n, size_t size) {
    BodyMemory *memory = body_memory_new(SIZE_MAX, 0);
    size_t used;

    body_memory_begin_text(memory);
    for (size_t i = 0; i < n; i++)
        cr_assert_not_null(body_memory_take(size));
    cr_assert_eq(body_memory_end(), REASON_OK);
    used = body_memory_used(memory);
    body_memory_free(memory);
    return used;
}

static BodyMemory *begin(size_t limit) {
    BodyMemory *memory = body_memory_new(limit, 0);

    cr_assert_not_null(memory);
    body_memory_begin_text(memory);
    return memory;
}

Test(body_memory, the_last_byte_and_one_past) {
    for (size_t short_of = 0; short_of < 2; short_of++) {
        BodyMemory *memory = begin(pieces_size(2, ALONE) - short_of);
        void *a = body_memory_take(ALONE), *b = body_memory_take(ALONE);

        cr_expect_not_null(a);
        cr_expect_eq(b != NULL, short_of == 0);
        body_memory_give(a);
        cr_expect_not_null(body_memory_take(ALONE));
        cr_expect_eq(body_memory_end(), short_of == 1 ? REASON_JSON_LIMIT : REASON_OK,
                     "given back, it has been too much all the same");
        body_memory_free(memory);
    }
}

/* Of pieces that share a block: what is counted is what was taken of the system. */
Test(body_memory, small_pieces_up_to_the_limit) {
    for (size_t limit = 4096; limit < 8192; limit += 100) {
        BodyMemory *memory = begin(limit);
        size_t n = 0;

        for (void *piece; (piece = body_memory_take(40)); n++)
            memset(piece, 0xFF, 40);
        cr_expect_gt(40 * n, limit - limit / 8, "%zu pieces of %zu bytes", n, limit);
        cr_expect_leq(body_memory_used(memory), limit);
        cr_expect_eq(body_memory_end(), REASON_JSON_LIMIT);
        body_memory_free(memory);
    }
}

/* Tables that grow, once they are large. */
Test(body_memory, what_is_large_and_given_back_is_taken_again) {
    static const size_t sizes[] = {513, 600, ALONE};

    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        BodyMemory *memory = begin(pieces_size(3, sizes[i]));
        void *first = body_memory_take(sizes[i]), *last = body_memory_take(sizes[i]);

        for (size_t n = 0; n < 100; n++) {
            char *a = body_memory_take(sizes[i]);

            cr_assert(a && a != first && a != last);
            memset(a, 0xFF, sizes[i]);
            body_memory_give(a);
        }
        body_memory_give(NULL);
        cr_expect_eq(body_memory_end(), REASON_OK, "%zu bytes", sizes[i]);
        body_memory_free(memory);
    }
}

Test(body_memory, a_piece_is_of_one_memory) {
    BodyMemory *memories[3];
    char *pieces[3][300], other = 0;

    for (size_t m = 0; m < 3; m++) {
        memories[m] = begin(SIZE_MAX);
        for (size_t i = 0; i < 300; i++)
            pieces[m][i] = body_memory_take(i + 1);
        cr_assert_eq(body_memory_end(), REASON_OK);
    }
    for (size_t m = 0; m < 3; m++)
        for (size_t i = 0; i < 300; i++)
            cr_assert_eq(body_memory_find(pieces[m][i]), memories[m]);
    for (size_t m = 0; m < 3; m++)
        body_memory_free(memories[(m + 1) % 3]);
#ifndef __SANITIZE_ADDRESS__
    cr_expect_null(body_memory_find(&other));
#else
    (void) other;
#endif
}

/* Each is as long as it was asked for, whatever is taken and given back around it. */
Test(body_memory, pieces_do_not_overlap) {
    enum { N = 500 };
    static struct {
        unsigned char *data;
        size_t size;
    } pieces[N];
    BodyMemory *memory = begin(SIZE_MAX);
    unsigned random = 1;

    for (size_t i = 0; i < 50u * N; i++) {
        size_t at = i * 7919 % N;

        for (size_t k = 0; k < pieces[at].size; k++)
            cr_assert_eq(pieces[at].data[k], (unsigned char) at, "piece %zu of %zu bytes", at,
                         pieces[at].size);
        body_memory_give(pieces[at].data);
        random = random * 1103515245u + 12345u;
        pieces[at].size = (random >> 16) % ((random >> 8) % 8 == 0 ? 1500 : 100);
        pieces[at].data = body_memory_take(pieces[at].size);
        cr_assert_not_null(pieces[at].data);
        cr_assert_eq((uintptr_t) pieces[at].data % sizeof(double), 0);
        memset(pieces[at].data, (int) at, pieces[at].size);
    }
    cr_expect_eq(body_memory_end(), REASON_OK);
    body_memory_free(memory);
}

Test(body_memory, without_memory_it_says_so) {
    BodyMemory *memory;

    allocations_fail(0, true);
    cr_expect_null(body_memory_new(SIZE_MAX, 0));
    allocations_pass();
    memory = begin(SIZE_MAX);
    allocations_fail(0, true);
    cr_expect_null(body_memory_take(SIZE_MAX));
    cr_expect_null(body_memory_take(1));
    allocations_pass();
    cr_expect_not_null(body_memory_take(1));
    cr_expect_eq(body_memory_end(), REASON_NO_MEMORY, "it has been too little all the same");
    body_memory_free(memory);
}

Test(body_memory, nothing_is_counted_outside) {
    BodyMemory *memory = begin(0), *other;
    void *a;

    cr_expect_null(body_memory_take(1));
    cr_expect_eq(body_memory_end(), REASON_JSON_LIMIT);
    a = body_memory_take(100); /* the system's */
    cr_expect_not_null(a);
    other = begin(pieces_size(1, ALONE)); /* the one before is forgotten */
    cr_expect_not_null(body_memory_take(ALONE));
    cr_expect_eq(body_memory_end(), REASON_OK);
    body_memory_give(a);
    /* an edit's: of the same memory, without its limit */
    body_memory_begin_edit(other);
    cr_expect_not_null(body_memory_take(ALONE));
    cr_expect_eq(body_memory_end(), REASON_OK);
    body_memory_free(memory);
    body_memory_free(other);
}

/* *ret_bytes: by how much the heap grew; 0 under sanitizers and valgrind, whose heaps don't say. */
static Reason parse(Span text, const char **ret_detail, size_t *ret_bytes) {
    CLEANUP(body_free_p) Body *body = NULL;
    struct mallinfo2 before = mallinfo2(), after;
    Reason reason;

    *ret_detail = NULL;
    reason = body_parse(arena, text, &body, ret_detail);
    after = mallinfo2();
    *ret_bytes = after.uordblks + after.hblkhd - before.uordblks - before.hblkhd;
    return reason;
}

static size_t memory_limit(size_t size) {
    return LIMIT_JSON_MEMORY_TIMES * size + LIMIT_JSON_MEMORY_BASE;
}

/* Empty objects, and as many spaces as it takes: each makes room for 16 bytes. */
Test(body_memory, a_body_at_the_limit_and_one_past) {
    const BodyShape *shapes = body_shapes_nasty(&(size_t){0}); /* the first: empty objects */
    const size_t n_objects = 10000, n_text = 3 * n_objects + 1;
    size_t refused = n_text, taken = n_text + (256u << 10), bytes;
    const char *detail;
    Span text;

    while (taken - refused > 1) {
        size_t size = refused + (taken - refused) / 2;
        char *padded = malloc(size);

        text = body_shape_write(&shapes[0], n_text);
        memset(padded, ' ', size);
        memcpy(padded, text.data, text.size);
        free((char *) (uintptr_t) text.data);
        text = (Span){.data = padded, .size = size};
        if (parse(text, &detail, &bytes) == REASON_OK) {
            cr_expect_leq(bytes, memory_limit(size));
            taken = size;
        } else {
            cr_expect_eq(parse(text, &detail, &bytes), REASON_JSON_LIMIT);
            cr_expect_str_eq(detail, "too much memory for its size");
            cr_expect_lt(bytes, 4096, "%zu bytes are left", bytes);
            refused = size;
        }
        free(padded);
    }
    cr_expect_gt(refused, n_text, "the text alone is refused");
    cr_expect_lt(taken, n_text + (256u << 10), "there is a size at which it is taken");
}

/* Many empty objects, spaces, then `tail`, in an array; to be freed. */
static Span tailed(size_t n_objects, size_t n_spaces, const char *tail) {
    size_t size = 3 * n_objects + n_spaces + strlen(tail) + 2;
    char *text = malloc(size), *out = text;

    *out++ = '[';
    for (size_t i = 0; i < n_objects; i++, out += 3)
        memcpy(out, "{},", 3);
    memset(out, ' ', n_spaces);
    memcpy(out + n_spaces, tail, strlen(tail));
    out[n_spaces + strlen(tail)] = ']';
    return (Span){.data = text, .size = size};
}

static bool is_taken(size_t n_spaces, const char *tail) {
    const char *detail;
    size_t bytes;
    Span text = tailed(10000, n_spaces, tail);
    Reason reason = parse(text, &detail, &bytes);

    cr_expect(reason == REASON_OK || reason == REASON_JSON_LIMIT, "%s", detail);
    free((char *) (uintptr_t) text.data);
    return reason == REASON_OK;
}

/* An allocation that fails for the limit is one that fails; it is brought to each byte of a token. */
Test(body_memory, the_limit_may_come_within_a_token) {
    static const char *const tails[] = {
        "123456789012345",
        "1234567890123456",
        "\"aaaaaaaaaaaaaa\"",
        "\"aaaaaaaaaaaaaaa\"",
        "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
        "{\"aaaaaaaaaaaaaaaaaaaa\":1}",
    };

    for (size_t i = 0; i < ARRAY_SIZE(tails); i++) {
        size_t refused = 0, taken = 256u << 10;

        while (taken - refused > 1) {
            size_t n = refused + (taken - refused) / 2;

            if (is_taken(n, tails[i]))
                taken = n;
            else
                refused = n;
        }
        for (size_t n = refused - 40; n < refused + 8; n++)
            (void) is_taken(
                n, tails[i]); /* one or the other: a piece of the heap may be larger than asked for */
        cr_expect_not(is_taken(refused - 40, tails[i]), "%s", tails[i]);
        cr_expect(is_taken(refused + 40, tails[i]), "%s", tails[i]);
    }
}

/* `text` with every allocation failing in turn: it alone, or all from it on. */
static void parse_without_memory(const char *text) {
    for (size_t i = 0; i < 2; i++)
        for (size_t after = 0, n = 1; n > 0; after++) {
            CLEANUP(body_free_p) Body *body = NULL;
            const char *detail = NULL;
            Reason reason;

            allocations_fail(after, i == 1);
            reason = body_parse(arena, span_from(text), &body, &detail);
            n = n_failed;
            allocations_pass();
            cr_assert_eq(reason, n > 0 ? REASON_NO_MEMORY : REASON_OK, "%s: %zu of %zu fail: %s", text, n,
                         after, detail);
            cr_assert_eq(body != NULL, n == 0);
        }
}

/* `size` bytes of it, or a few more. */
static char *repeat(char *out, const char *piece, size_t size) {
    for (size_t i = 0; i < size; i += strlen(piece))
        out = stpcpy(out, piece);
    return out;
}

/* Wherever in a token a block is full, or the text of the token grows. */
Test(body_memory, the_system_may_have_no_more_within_a_token) {
    static const char *const pieces[] = {"a", "\\n", "\u00e9", "\U0001F600", "\\ud83d\\ude00"};
    static const size_t sizes[] = {1, 14, 15, 16, 30, 31, 62, 200, 511, 600, 3000};
    char text[8192];

    for (size_t p = 0; p < ARRAY_SIZE(pieces); p++)
        for (size_t s = 0; s < ARRAY_SIZE(sizes); s++)
            for (size_t pad = 0; pad < 24; pad++) {
                char *out = stpcpy(text, "[");

                for (size_t i = 0; i < pad; i++)
                    out = stpcpy(out, "1,");
                out = repeat(stpcpy(out, "{\""), pieces[p], sizes[s]);
                out = repeat(stpcpy(out, "\":1234567890123456},\""), pieces[p], sizes[s]);
                (void) stpcpy(out, "\",[{}]]");
                parse_without_memory(text);
            }
}

Test(body_memory, the_system_may_have_no_more_for_an_edit) {
    for (size_t after = 0, n = 1; n > 0; after++) {
        CLEANUP(body_free_p) Body *body = NULL;
        const char *detail = NULL;
        BodyNode *root;
        int r = 0;

        cr_assert_eq(body_parse(arena, SPAN("{\"a\":[{},{},{}]}"), &body, &detail), REASON_OK);
        root = body_edit_root(body);
        allocations_fail(after, false);
        for (size_t i = 0; i < 200 && r == 0; i++) {
            char key[8];

            (void) snprintf(key, sizeof(key), "a%zu", i % 150);
            r = body_set_string(root, key, "a text of some forty bytes, so that memory goes");
        }
        if (r == 0)
            r = body_append_string(body_set_array(root, "a"), "x");
        n = n_failed;
        allocations_pass();
        cr_assert_eq(r, n > 0 ? -ENOMEM : 0, "%zu fail after %zu", n, after);
        if (n == 0)
            cr_expect_eq(body_size(root), 151);
    }
}

/* Tables grow by doubling: what one was before is a half of it, and so on. A sanitizer's malloc a piece has
 * our own words before each as well. */
#ifdef __SANITIZE_ADDRESS__
#define GROWN_TIMES 4
#else
#define GROWN_TIMES 2
#endif

Test(body_memory, no_shape_takes_more) {
    static const size_t sizes[] = {256, 2u << 10, 16u << 10, 64u << 10, 256u << 10, 1u << 20};
    size_t n, n_taken = 0, n_refused = 0;
    const BodyShape *shapes = body_shapes_nasty(&n);

    for (size_t i = 0; i < n * ARRAY_SIZE(sizes); i++) {
        const BodyShape *shape = &shapes[i / ARRAY_SIZE(sizes)];
        Span text = body_shape_write(shape, sizes[i % ARRAY_SIZE(sizes)]);
        const char *detail;
        size_t bytes, before = taken_bytes;
        Reason reason = parse(text, &detail, &bytes);

        cr_expect(reason == REASON_OK || reason == REASON_JSON_LIMIT, "%s: %s", shape->name,
                  reason_label(reason));
        cr_expect_leq(taken_bytes - before, GROWN_TIMES * memory_limit(text.size), "%s, %zu bytes: %zu",
                      shape->name, text.size, taken_bytes - before);
        cr_expect(reason == REASON_OK || text.size > 256, "%s: %zu bytes are refused", shape->name,
                  text.size);
        if (reason == REASON_OK)
            cr_expect_leq(bytes, memory_limit(text.size), "%s: %zu bytes of %zu", shape->name, bytes,
                          text.size);
        n_taken += reason == REASON_OK;
        n_refused += reason == REASON_JSON_LIMIT && strstr(detail, "memory");
        free((char *) (uintptr_t) text.data);
    }
    cr_expect_gt(n_taken, n);
    cr_expect_gt(n_refused, 5);
}

/* `docker run -p 8000-12095:8000-12095`: what takes most memory for its size of all that clients send. */
static char *ports_write(char *out, size_t n_ports) {
    out = stpcpy(out, "{\"Image\":\"a\",\"ExposedPorts\":{");
    for (size_t i = 0; i < n_ports; i++)
        out += sprintf(out, "%s\"%zu/tcp\":{}", i > 0 ? "," : "", 8000 + i);
    out = stpcpy(out, "},\"HostConfig\":{\"PortBindings\":{");
    for (size_t i = 0; i < n_ports; i++)
        out += sprintf(out, "%s\"%zu/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"%zu\"}]", i > 0 ? "," : "",
                       8000 + i, 8000 + i);
    return stpcpy(out, "}}}");
}

/* It takes most just when the tables of both maps have doubled, beyond a power of two. */
Test(body_memory, published_ports_are_limited_by_keys_alone) {
    const size_t n_most = (LIMIT_JSON_KEYS - 4) / 4;
    char *text = malloc(n_most * 80 + 100);

    for (size_t power = 1; power <= LIMIT_JSON_KEYS / 4; power *= 2)
        for (size_t n = power; n < power + 6; n++) {
            size_t n_ports = n < n_most ? n : n_most, size = (size_t) (ports_write(text, n_ports) - text),
                   bytes;
            const char *detail;

            cr_expect_eq(parse((Span){text, size}, &detail, &bytes), REASON_OK, "%zu ports: %s", n_ports,
                         detail);
            cr_expect_leq(bytes, memory_limit(size));
        }
    free(text);
}

Test(body_memory, what_docker_sends_is_taken) {
    static const char *const names[] = {"create", "create labels"};

    for (size_t size = 2048; size <= 512u << 10; size *= 2)
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
            Span text = body_shape_write(body_shape_find(names[i]), size);
            const char *detail;
            size_t bytes;

            cr_expect_eq(parse(text, &detail, &bytes), REASON_OK, "%s, %zu: %s", names[i], size, detail);
            cr_expect_leq(bytes, LIMIT_JSON_MEMORY_TIMES * size, "%s, %zu: %zu", names[i], size, bytes);
            free((char *) (uintptr_t) text.data);
        }
}
