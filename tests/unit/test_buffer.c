// SPDX-License-Identifier: Apache-2.0
#include "daemon/buffer.h"

#include <criterion/criterion.h>

#include "policy/limits.h"

Test(buffer, keeps_order_over_growth_and_consumption) {
    Buffer buffer = {0};
    uint64_t written = 0, read = 0;
    unsigned state = 1;

    while (read < 200000) {
        state = state * 1103515245u + 12345u;
        unsigned n = (state >> 16) % 700;
        char *room = buffer_reserve(&buffer, n);
        cr_assert_not_null(room);
        for (unsigned i = 0; i < n; i++)
            room[i] = (char) (written++ % 251);
        buffer_commit(&buffer, n);
        Span span = buffer_span(&buffer);
        size_t take = span.size < n ? span.size : (state >> 8) % (n + 1);
        for (size_t i = 0; i < take; i++)
            cr_assert_eq((unsigned char) span.data[i], read++ % 251);
        buffer_consume(&buffer, take);
        cr_assert_eq(buffer_size(&buffer), written - read);
    }
    buffer_done(&buffer);
}

Test(buffer, printf_and_release) {
    Buffer buffer = {0};

    cr_assert_eq(buffer_printf(&buffer, "%s-%d", "x", 42), 0);
    cr_expect(span_is(buffer_span(&buffer), "x-42"));
    buffer_release(&buffer);
    cr_expect_not_null(buffer.data, "it isn't empty");
    buffer_consume(&buffer, 4);
    buffer_release(&buffer);
    cr_expect_null(buffer.data);
    cr_expect(span_is(buffer_span(&buffer), ""));
}

/* With room for all of it and its NUL, for one byte less, for none; and what stood before stays. */
Test(buffer, printf_fits_or_grows) {
    for (size_t left = 0; left < 12; left++) {
        Buffer buffer = {0};
        size_t used;

        cr_assert_not_null(buffer_reserve(&buffer, 1));
        used = buffer.capacity - left;
        memset(buffer_reserve(&buffer, used), 'a', used);
        buffer_commit(&buffer, used);
        cr_assert_eq(buffer_printf(&buffer, "%s-%d", "bcdef", 42), 0);
        cr_expect_eq(buffer_size(&buffer), used + 8);
        cr_expect(span_is((Span){buffer_span(&buffer).data + used - 1, 9}, "abcdef-42"), "%zu", left);
        cr_expect_eq(buffer_span(&buffer).data[0], 'a');
        buffer_done(&buffer);
    }
}

Test(buffer, no_more_than_its_numbers_tell) {
    Buffer buffer = {0};

    cr_expect_null(buffer_reserve(&buffer, (size_t) LIMIT_BUFFER_BYTES + 1));
    cr_expect_null(buffer_reserve(&buffer, SIZE_MAX));
    cr_expect_null(buffer.data);
    if (buffer_reserve(&buffer,
                       LIMIT_BUFFER_BYTES)) { /* where there is so much to be had, for it isn't touched */
        cr_expect_eq(buffer.capacity, LIMIT_BUFFER_BYTES);
        buffer_commit(&buffer, LIMIT_BUFFER_BYTES);
        cr_expect_eq(buffer_size(&buffer), LIMIT_BUFFER_BYTES);
        cr_expect_null(buffer_reserve(&buffer, 1));
    }
    buffer_done(&buffer);
    cr_assert_eq(buffer_append(&buffer, SPAN("x")), 0);
    cr_expect_null(buffer_reserve(&buffer, LIMIT_BUFFER_BYTES), "with the one that waits it is one too many");
    cr_expect(span_is(buffer_span(&buffer), "x"));
    buffer_done(&buffer);
}
