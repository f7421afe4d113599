// SPDX-License-Identifier: Apache-2.0
#include "daemon/req_write.h"

#include <criterion/criterion.h>
#include <errno.h>

static void expect_head(const Request *request, const Span *body, const char *fields) {
    Arena *arena = arena_new(LIMIT_ARENA_BYTES);
    Buffer out = {0};
    char *text = arena_printf(arena, "%s /v1.41/x HTTP/1.1\r\nHost: docker\r\n%s\r\n",
                              method_name(request->method), fields);

    cr_assert_eq(req_write_head(&out, request, body), 0);
    cr_expect(span_is(buffer_span(&out), text), "got:\n%.*s\nnot:\n%s", SPAN_FMT(buffer_span(&out)), text);
    buffer_done(&out);
    arena_free(arena);
}

static Request request_of(Method method, const char *id) {
    return (Request){
        .method = method,
        .target = {.api_minor = 41, .path = SPAN("/x"), .n_segments = 1},
        .operation = id ? routes_find(span_from(id)) : NULL,
    };
}

Test(req_write, framing) {
    Request request = request_of(METHOD_GET, NULL);
    Span body = SPAN("{}");

    expect_head(&request, NULL, "");
    request.method = METHOD_POST;
    expect_head(&request, NULL, "Content-Length: 0\r\n"); /* T-053 */
    request.method = METHOD_PUT;
    expect_head(&request, NULL, "Content-Length: 0\r\n");
    request.framing = FRAMING_LENGTH;
    request.length = (1ull << 32) + 1;
    expect_head(&request, NULL, "Content-Length: 4294967297\r\n");
    request.length = UINT64_MAX;
    expect_head(&request, NULL, "Content-Length: 18446744073709551615\r\n");
    expect_head(&request, &body, "Content-Length: 2\r\n"); /* what was judged, not what was announced */
    request.framing = FRAMING_CHUNKED;
    expect_head(&request, NULL, "Transfer-Encoding: chunked\r\n");
    expect_head(&request, &body, "Content-Length: 2\r\n");
}

Test(req_write, fields_in_order) {
    const Header headers[] = {{SPAN("B"), SPAN("1")}, {SPAN("A"), SPAN("")}};
    Request request = request_of(METHOD_GET, NULL);

    request.headers = headers;
    request.n_headers = ARRAY_SIZE(headers);
    expect_head(&request, NULL, "B: 1\r\nA: \r\n");
}

/* T-066: only where the operation hijacks, and only if the client asked. */
Test(req_write, upgrade) {
    Request request = request_of(METHOD_POST, "ContainerAttach");

    cr_assert_not_null(request.operation);
    request.upgrade = SPAN("tcp");
    expect_head(&request, NULL, "Content-Length: 0\r\n");
    request.wants_upgrade = true;
    expect_head(&request, NULL, "Content-Length: 0\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n");
    request.operation = routes_find(SPAN("ContainerCreate"));
    expect_head(&request, NULL, "Content-Length: 0\r\n");
    request.operation = NULL;
    expect_head(&request, NULL, "Content-Length: 0\r\n");
}

Test(req_write, no_memory) {
    Request request = request_of(METHOD_GET, NULL);
    Buffer out = {0};

    request.target.path.size = LIMIT_BUFFER_BYTES; /* not looked at: there is no room for it */
    cr_expect_eq(req_write_head(&out, &request, NULL), -ENOMEM);
    cr_expect_eq(buffer_size(&out), 0);
    buffer_done(&out);
}
