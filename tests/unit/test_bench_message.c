// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/message.h"

#include <criterion/criterion.h>

/* Gives it `text` in pieces of `step` bytes, as a connection would; what it left untaken. How many messages
 * ended. */
static unsigned feed(const char *text, size_t step, size_t *ret_rest) {
    Message message = {0};
    size_t size = strlen(text), have = 0, from = 0;
    unsigned n = 0;

    while (have < size) {
        have = have + step < size ? have + step : size;
        for (bool end = true; end && from < have;) {
            from += message_take(&message, (Span){text + from, have - from}, &end);
            n += end;
        }
    }
    *ret_rest = size - from;
    return n;
}

Test(bench_message, ends_where_it_ends_however_it_comes) {
    static const struct {
        const char *text;
        unsigned n;
    } cases[] = {
        {"GET / HTTP/1.1\r\nHost: d\r\n\r\n", 1},
        {"GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n", 2},
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOKHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", 2},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: "
         "chunked\r\n\r\n2\r\nab\r\n10;x=y\r\n0123456789abcdef\r\n0\r\n\r\n",
         1},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", 2},
        {"HTTP/1.1 200 OK\r\nX-Content-Length: 9\r\nContent-Lengthy: 9\r\nContent-Length: 3\r\n\r\nabc", 1},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        for (size_t step = 1; step <= 200; step++) {
            size_t rest;

            cr_expect_eq(feed(cases[i].text, step, &rest), cases[i].n, "%zu by %zu", i, step);
            cr_expect_eq(rest, 0, "%zu by %zu", i, step);
        }
}

Test(bench_message, does_not_end_before_it_does) {
    static const char *const cases[] = {
        "GET / HTTP/1.1\r\nHost: d\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r",
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        for (size_t step = 1; step <= 100; step++) {
            size_t rest;

            cr_expect_eq(feed(cases[i], step, &rest), 0, "%zu by %zu", i, step);
        }
}
