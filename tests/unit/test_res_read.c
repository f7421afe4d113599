// SPDX-License-Identifier: Apache-2.0
#include "daemon/res_read.h"

#include <criterion/criterion.h>
#include <stdio.h>

typedef struct Answer {
    Reason reason;
    ResponseHead head;
} Answer;

static Answer answer_of(const char *text, bool head_request) {
    static char kept[4096]; /* spans of the head point here */
    static Reader *reader;  /* and so do its fields */
    Answer answer = {0};
    const char *detail = NULL;
    size_t size = 0;

    reader_free(reader);
    reader = reader_new(READER_RESPONSE);
    snprintf(kept, sizeof(kept), "%s", text);
    if (reader_head(reader, span_from(kept), sizeof(kept), &size, &answer.reason, &detail) == READ_HEAD)
        answer.reason = res_read_head(reader, head_request, &answer.head, &detail);
    return answer;
}

Test(res_read, framing) {
    static const struct {
        const char *text;
        bool head_request;
        Framing framing;
        uint64_t length;
        bool until_close, reusable, hijackable;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", false, FRAMING_LENGTH, 5, false, true, false},
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false, FRAMING_LENGTH, 0, false, true, false},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n", false, FRAMING_CHUNKED, 0, false, true,
         false},
        {"HTTP/1.1 200 OK\r\n\r\n", false, FRAMING_NONE, 0, true, false, true},
        {"HTTP/1.1 404 Not Found\r\n\r\n", false, FRAMING_NONE, 0, true, false, false},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true, FRAMING_NONE, 0, false, true, false},
        {"HTTP/1.1 200 OK\r\n\r\n", true, FRAMING_NONE, 0, false, true, false},
        {"HTTP/1.1 204 No Content\r\n\r\n", false, FRAMING_NONE, 0, false, true, false},
        {"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", false, FRAMING_NONE, 0, false, true,
         false},
        {"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n", false, FRAMING_NONE, 0,
         false, true, false},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: x, close\r\n\r\n", false, FRAMING_LENGTH, 5,
         false, false, false},
        {"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", false, FRAMING_LENGTH, 5, false, false, false},
        {"HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: Keep-Alive\r\n\r\n", false, FRAMING_LENGTH, 5,
         false, true, false},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        Answer answer = answer_of(cases[i].text, cases[i].head_request);
        cr_expect_eq(answer.reason, REASON_OK, "case %zu", i);
        cr_expect_eq(answer.head.framing, cases[i].framing, "case %zu", i);
        cr_expect_eq(answer.head.length, cases[i].length, "case %zu", i);
        cr_expect_eq(answer.head.until_close, cases[i].until_close, "case %zu", i);
        cr_expect_eq(answer.head.reusable, cases[i].reusable, "case %zu", i);
        cr_expect_eq(answer.head.hijackable, cases[i].hijackable, "case %zu", i);
    }
}

Test(res_read, refused) {
    static const char *const texts[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
        "HTTP/1.1 999 Odd\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\nX: y\n\n",
    };

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        cr_expect_neq(answer_of(texts[i], false).reason, REASON_OK, "text %zu", i);
}

Test(res_read, relays_only_what_is_end_to_end) {
    Answer answer =
        answer_of("HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nServer: Docker/20\r\nLocation: /x\r\n"
                  "Connection: close\r\nKeep-Alive: 5\r\nContent-Length: 1\r\nOstype: linux\r\n\r\n",
                  false);

    cr_assert_eq(answer.head.n_headers, 2);
    cr_expect(span_is(answer.head.headers[0]->name, "Api-Version"));
    cr_expect(span_is(answer.head.headers[1]->name, "Ostype"));
}

Test(res_read, interim) {
    cr_expect(answer_of("HTTP/1.1 100 Continue\r\n\r\n", false).head.interim);
    cr_expect(answer_of("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", false).head.interim);
    cr_expect_not(answer_of("HTTP/1.1 101 UPGRADED\r\n\r\n", false).head.interim);
}
