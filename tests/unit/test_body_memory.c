// SPDX-License-Identifier: Apache-2.0
#include "policy/body_memory.h"

#include <criterion/criterion.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy/body.h"
#include "tests/support/bodies.h"

static Arena *arena;

static void setup(void) {
    body_seed(1);
    arena = arena_new(LIMIT_ARENA_BYTES);
}

static void teardown(void) {
    arena = arena_free(arena);
}

TestSuite(body_memory, .init = setup, .fini = teardown);

/* What one piece of `size` bytes counts. */
static size_t piece_size(size_t size) {
    void *piece = malloc(size);
    size_t usable = malloc_usable_size(piece);

    free(piece);
    return usable + sizeof(size_t);
}

Test(body_memory, the_last_byte_and_one_past) {
    for (size_t short_of = 0; short_of < 2; short_of++) {
        void *a, *b;

        cr_assert(body_memory_begin(2 * piece_size(100) - short_of, 1));
        a = body_memory_take(100);
        cr_expect_not(body_memory_is_short());
        b = body_memory_take(100);
        cr_expect_not_null(a);
        cr_expect_not_null(b, "jansson takes no failure well");
        cr_expect_eq(body_memory_is_short(), short_of == 1);
        body_memory_give(b);
        body_memory_give(a);
        cr_expect_eq(body_memory_is_short(), short_of == 1, "given back, it has been too much all the same");
        cr_expect_eq(body_memory_end(), short_of == 1 ? REASON_JSON_LIMIT : REASON_OK);
    }
}

Test(body_memory, what_is_given_back_counts_no_more) {
    cr_assert(body_memory_begin(piece_size(100), 1));
    for (size_t i = 0; i < 100; i++) {
        void *a = body_memory_take(100);

        cr_assert_not_null(a);
        body_memory_give(a);
    }
    body_memory_give(NULL);
    cr_expect_eq(body_memory_end(), REASON_OK);
}

/* More than there is address space for: as if the system had no more. (AddressSanitizer ends there instead.)
 */
#ifndef __SANITIZE_ADDRESS__
Test(body_memory, without_memory_it_says_so) {
    const size_t none = SIZE_MAX / 4;
    void *a;

    cr_expect_not(body_memory_begin(SIZE_MAX, none));
    cr_assert(body_memory_begin(SIZE_MAX, 100));
    cr_expect_null(body_memory_take(none));
    cr_expect(body_memory_is_short());
    a = body_memory_take(100);
    cr_expect_not_null(a);
    body_memory_give(a);
    cr_expect_eq(body_memory_end(), REASON_NO_MEMORY);
}
#endif

Test(body_memory, nothing_is_counted_outside) {
    void *a, *b;

    cr_assert(body_memory_begin(0, 1));
    a = body_memory_take(1);
    cr_expect(body_memory_is_short());
    body_memory_give(a);
    cr_expect_eq(body_memory_end(), REASON_JSON_LIMIT);
    a = body_memory_take(100);
    cr_expect_not_null(a);
    cr_assert(body_memory_begin(piece_size(100), 1)); /* the one before is forgotten */
    b = body_memory_take(100);
    cr_expect_not_null(b);
    cr_expect_eq(body_memory_end(), REASON_OK);
    body_memory_give(a);
    body_memory_give(b);
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

/*
 * jansson does not look whether the text of a token could grow: where the limit made that fail, a lost byte
 * ended in a write past the end, or in its assertion. So the limit is brought to each byte of a token.
 */
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

Test(body_memory, no_shape_takes_more) {
    static const size_t sizes[] = {2u << 10, 16u << 10, 64u << 10, 256u << 10, 1u << 20};
    size_t n, n_taken = 0, n_refused = 0;
    const BodyShape *shapes = body_shapes_nasty(&n);

    for (size_t i = 0; i < n * ARRAY_SIZE(sizes); i++) {
        const BodyShape *shape = &shapes[i / ARRAY_SIZE(sizes)];
        Span text = body_shape_write(shape, sizes[i % ARRAY_SIZE(sizes)]);
        const char *detail;
        size_t bytes;
        Reason reason = parse(text, &detail, &bytes);

        cr_expect(reason == REASON_OK || reason == REASON_JSON_LIMIT, "%s: %s", shape->name,
                  reason_label(reason));
        cr_expect(reason == REASON_OK || text.size > 4096, "%s: %zu bytes are refused", shape->name,
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
Test(body_memory, published_ports_are_limited_by_keys_alone) {
    const size_t n_ports = (LIMIT_JSON_KEYS - 4) / 4;
    char *text = malloc(n_ports * 80 + 100), *out = text;
    const char *detail;
    size_t bytes;

    out += sprintf(out, "{\"Image\":\"a\",\"ExposedPorts\":{");
    for (size_t i = 0; i < n_ports; i++)
        out += sprintf(out, "%s\"%zu/tcp\":{}", i > 0 ? "," : "", 8000 + i);
    out += sprintf(out, "},\"HostConfig\":{\"PortBindings\":{");
    for (size_t i = 0; i < n_ports; i++)
        out += sprintf(out, "%s\"%zu/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"%zu\"}]", i > 0 ? "," : "",
                       8000 + i, 8000 + i);
    out += sprintf(out, "}}}");
    cr_expect_eq(parse((Span){text, (size_t) (out - text)}, &detail, &bytes), REASON_OK, "%s", detail);
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
            cr_expect_leq(bytes, LIMIT_JSON_MEMORY_TIMES * size + (16u << 10), "%s, %zu: %zu", names[i], size,
                          bytes);
            free((char *) (uintptr_t) text.data);
        }
}
