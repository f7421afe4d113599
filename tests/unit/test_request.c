// SPDX-License-Identifier: Apache-2.0
#include "policy/request.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* A head as a parser hands it on. Lines end with \n here; no validation, that is what is tested. */
static RawHead *parse(Arena *arena, const char *head) {
    RawHead *raw = arena_alloc(arena, sizeof(*raw));
    const char *line = head, *end = strchr(line, '\n');
    const char *target = strchr(line, ' ') + 1, *version = strchr(target, ' ') + 1;

    raw->method = (Span){.data = line, .size = (size_t) (target - line) - 1};
    raw->target = (Span){.data = target, .size = (size_t) (version - target) - 1};
    raw->http_minor = (unsigned) (end[-1] - '0');
    for (line = end + 1; (end = strchr(line, '\n')); line = end + 1) {
        const char *colon = memchr(line, ':', (size_t) (end - line));
        Header *header = &raw->headers[raw->n_headers++];

        cr_assert_not_null(colon, "%s", line);
        header->name = (Span){.data = line, .size = (size_t) (colon - line)};
        for (colon++; *colon == ' '; colon++)
            ;
        header->value = (Span){.data = colon, .size = (size_t) (end - colon)};
    }
    return raw;
}

static Reason seal(Arena *arena, const char *head, Request *ret) {
    const char *detail = NULL;
    Reason reason = request_seal(arena, parse(arena, head), ret, &detail);

    cr_expect_eq(detail == NULL, reason == REASON_OK || reason == REASON_NO_MEMORY, "%s", head);
    return reason;
}

#define FULL_ID "ad72107350c24c4b46c729095f4d7e58432fe2bacdfb07e3821bc78d9a06f901"
#define CLI_28 "Host: api.moby.localhost\nUser-Agent: Docker-Client/28.2.2 (linux)\n"
#define CLI_20 "Host: docker\nUser-Agent: Docker-Client/20.10.24 (linux)\n"
#define DOCKER_PY                                                                                            \
    "Host: localhost\nUser-Agent: docker-sdk-python/7.0.0\nAccept-Encoding: gzip, deflate\nAccept: */*\n"    \
    "Connection: keep-alive\n"
#define COMPOSE_1                                                                                            \
    "Host: localhost\nUser-Agent: docker-compose/1.29.2 docker-py/5.0.0 Linux/5.10\n"                        \
    "Accept-Encoding: gzip, deflate\nAccept: */*\nConnection: keep-alive\n"
#define DOCKERODE "Host: localhost\nConnection: close\n"

/* What real clients send: `sent` is what the engine gets of the fields. */
Test(request, clients_pass) {
    static const struct {
        const char *head;
        const char *id;
        const char *sent;
    } cases[] = {
        {"HEAD /_ping HTTP/1.1\n" CLI_28, "SystemPingHead", "User-Agent: Docker-Client/28.2.2 (linux)\n"},
        {"POST /v1.43/containers/create?name=cap1 HTTP/1.1\n" CLI_28
         "Content-Length: 1485\nContent-Type: application/json\n",
         "ContainerCreate", "User-Agent: Docker-Client/28.2.2 (linux)\nContent-Type: application/json\n"},
        {"POST /v1.43/containers/" FULL_ID "/attach?stderr=1&stdout=1&stream=1 HTTP/1.1\n" CLI_28
         "Content-Length: 0\nConnection: Upgrade\nContent-Type: text/plain\nUpgrade: tcp\n",
         "ContainerAttach", "User-Agent: Docker-Client/28.2.2 (linux)\n"},
        {"POST /v1.43/containers/" FULL_ID "/start HTTP/1.1\n" CLI_28 "Content-Length: 0\n", "ContainerStart",
         "User-Agent: Docker-Client/28.2.2 (linux)\n"},
        {"POST /v1.43/containers/cap2/exec HTTP/1.1\n" CLI_28
         "Content-Length: 184\nContent-Type: application/json\n",
         "ContainerExec", "User-Agent: Docker-Client/28.2.2 (linux)\nContent-Type: application/json\n"},
        {"POST /v1.43/exec/" FULL_ID "/start HTTP/1.1\n" CLI_28
         "Content-Length: 29\nConnection: Upgrade\nContent-Type: application/json\nUpgrade: tcp\n",
         "ExecStart", "User-Agent: Docker-Client/28.2.2 (linux)\nContent-Type: application/json\n"},
        {"GET /v1.43/containers/cap2/archive?path=%2Fetc%2Fhostname HTTP/1.1\n" CLI_28, "ContainerArchive",
         "User-Agent: Docker-Client/28.2.2 (linux)\n"},
        {"DELETE /v1.43/containers/cap2?force=1 HTTP/1.1\n" CLI_28, "ContainerDelete",
         "User-Agent: Docker-Client/28.2.2 (linux)\n"},
        {"POST /v1.43/volumes/create HTTP/1.1\n" CLI_28
         "Content-Length: 31\nContent-Type: application/json\n",
         "VolumeCreate", "User-Agent: Docker-Client/28.2.2 (linux)\nContent-Type: application/json\n"},
        {"POST /v1.43/images/create?fromImage=alpine&tag=3 HTTP/1.1\n" CLI_28
         "Content-Length: 0\nX-Registry-Auth: e30=\n",
         "ImageCreate", "User-Agent: Docker-Client/28.2.2 (linux)\nX-Registry-Auth: e30=\n"},
        {"POST /v1.41/containers/x/stop?t=1 HTTP/1.1\n" CLI_20
         "Content-Length: 0\nContent-Type: text/plain\n",
         "ContainerStop", "User-Agent: Docker-Client/20.10.24 (linux)\n"},
        {"PUT /v1.41/containers/x/archive?path=%2F HTTP/1.1\n" CLI_20
         "Transfer-Encoding: chunked\nContent-Type: text/plain\n",
         "PutContainerArchive", "User-Agent: Docker-Client/20.10.24 (linux)\nContent-Type: text/plain\n"},
        {"POST /v1.41/build?t=a HTTP/1.1\n" CLI_20
         "Transfer-Encoding: chunked\nContent-Type: application/x-tar\nX-Registry-Config: e30=\n",
         "ImageBuild",
         "User-Agent: Docker-Client/20.10.24 (linux)\nContent-Type: application/x-tar\nX-Registry-Config: "
         "e30=\n"},
        {"POST /v1.41/build?remote=client-session HTTP/1.1\n" CLI_20
         "Content-Length: 0\nContent-Type: application/x-tar\n",
         "ImageBuild", "User-Agent: Docker-Client/20.10.24 (linux)\n"},
        {"POST /v1.41/images/load?quiet=0 HTTP/1.1\n" CLI_20
         "Transfer-Encoding: chunked\nContent-Type: application/x-tar\n",
         "ImageLoad", "User-Agent: Docker-Client/20.10.24 (linux)\nContent-Type: application/x-tar\n"},
        {"POST /session HTTP/1.1\nHost: docker\nUser-Agent: Go-http-client/1.1\nConnection: "
         "Upgrade\nUpgrade: h2c\n"
         "X-Docker-Expose-Session-Uuid: 1\nX-Docker-Expose-Session-Name: n\n"
         "X-Docker-Expose-Session-Grpc-Method: /moby.filesync.v1.FileSync/DiffCopy\n",
         "Session",
         "User-Agent: Go-http-client/1.1\nX-Docker-Expose-Session-Uuid: 1\nX-Docker-Expose-Session-Name: n\n"
         "X-Docker-Expose-Session-Grpc-Method: /moby.filesync.v1.FileSync/DiffCopy\n"},
        {"POST /v1.41/containers/create?name=x HTTP/1.1\n" DOCKER_PY
         "Content-Type: application/json\nContent-Length: 1200\n",
         "ContainerCreate",
         "User-Agent: docker-sdk-python/7.0.0\nAccept: */*\nContent-Type: application/json\n"},
        {"POST /v1.41/containers/x/start HTTP/1.1\n" DOCKER_PY "Content-Length: 0\n", "ContainerStart",
         "User-Agent: docker-sdk-python/7.0.0\nAccept: */*\n"},
        {"GET /v1.41/images/alpine%40sha256:0123/json HTTP/1.1\n" DOCKER_PY, "ImageInspect",
         "User-Agent: docker-sdk-python/7.0.0\nAccept: */*\n"},
        {"GET /v1.25/events?filters=%7B%22label%22%3A+%5B%22a%3Db%22%5D%7D HTTP/1.1\n" COMPOSE_1,
         "SystemEvents", "User-Agent: docker-compose/1.29.2 docker-py/5.0.0 Linux/5.10\nAccept: */*\n"},
        {"POST /v1.41/build?t=a HTTP/1.1\n" COMPOSE_1
         "Transfer-Encoding: chunked\nContent-Type: application/tar\n",
         "ImageBuild",
         "User-Agent: docker-compose/1.29.2 docker-py/5.0.0 Linux/5.10\nAccept: */*\nContent-Type: "
         "application/tar\n"},
        {"POST /containers/x/start HTTP/1.1\nContent-Type: application/json\nContent-Length: 2\n" DOCKERODE,
         "ContainerStart", ""},
        {"POST /containers/x/stop?t=10 HTTP/1.1\nContent-Type: application/json\nContent-Length: "
         "8\n" DOCKERODE,
         "ContainerStop", ""},
        {"GET /containers/json?all=true HTTP/1.1\n" DOCKERODE, "ContainerList", ""},
        {"GET /_ping HTTP/1.1\nHost: localhost\nUser-Agent: curl/7.88.1\nAccept: */*\n", "SystemPing",
         "User-Agent: curl/7.88.1\nAccept: */*\n"},
        {"POST /v1.41/containers/create HTTP/1.1\nHost: x\nUser-Agent: curl/7.88.1\nAccept: */*\n"
         "Content-Type: application/json\nContent-Length: 2048\nExpect: 100-continue\n",
         "ContainerCreate", "User-Agent: curl/7.88.1\nAccept: */*\nContent-Type: application/json\n"},
        {"GET /containers/x/attach/ws?stream=1 HTTP/1.1\nHost: x\nUpgrade: websocket\nConnection: Upgrade\n"
         "Sec-WebSocket-Key: a\nSec-WebSocket-Version: 13\nOrigin: http://evil\n",
         "ContainerAttachWebsocket", "Sec-WebSocket-Key: a\nSec-WebSocket-Version: 13\n"},
        {"GET /_ping HTTP/1.0\n", "SystemPing", ""},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_ARENA_BYTES);
        const char *sent = "";
        Request request;

        cr_assert_eq(seal(arena, cases[i].head, &request), REASON_OK, "%s", cases[i].head);
        cr_assert_not_null(request.operation, "%s", cases[i].head);
        cr_expect_str_eq(request.operation->id, cases[i].id, "%s", cases[i].head);
        for (size_t k = 0; k < request.n_headers; k++)
            sent = arena_printf(arena, "%s%.*s: %.*s\n", sent, SPAN_FMT(request.headers[k].name),
                                SPAN_FMT(request.headers[k].value));
        cr_expect_str_eq(sent, cases[i].sent, "%s", cases[i].head);
    }
}

#define CREATE "POST /v1.41/containers/create HTTP/1.1\nHost: d\n"
#define JSON "Content-Type: application/json\n"
#define START "POST /v1.41/containers/a/start HTTP/1.1\nHost: d\n"
#define STOP "POST /v1.41/containers/a/stop HTTP/1.1\nHost: d\n"
#define BUILD "POST /v1.41/build HTTP/1.1\nHost: d\n"
#define PING "GET /_ping HTTP/1.1\nHost: d\n"
#define UNKNOWN "POST /libpod/containers/create HTTP/1.1\nHost: d\n"

typedef struct Case {
    const char *head;
    Reason reason;
} Case;

static void check_cases(const Case *cases, size_t n) {
    for (size_t i = 0; i < n; i++) {
        CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_ARENA_BYTES);
        Request request;
        Reason reason = seal(arena, cases[i].head, &request);

        cr_expect_eq(reason, cases[i].reason, "%s: %s", cases[i].head, reason_label(reason));
    }
}

Test(request, lines) {
    static const Case cases[] = {
        {"OPTIONS /_ping HTTP/1.1\nHost: d\n", REASON_HTTP_METHOD},
        {"get /_ping HTTP/1.1\nHost: d\n", REASON_HTTP_METHOD}, /* T-014 */
        {"CONNECT d:80 HTTP/1.1\nHost: d\n", REASON_HTTP_METHOD},
        {"PATCH /_ping HTTP/1.1\nHost: d\n", REASON_HTTP_METHOD},
        {"GET /_ping HTTP/1.2\nHost: d\n", REASON_HTTP_VERSION}, /* T-060 */
        {"GET http://d/_ping HTTP/1.1\nHost: d\n", REASON_TARGET_FORM},
        {"GET //_ping HTTP/1.1\nHost: d\n", REASON_TARGET_PATH},
        {"GET /v1/_ping HTTP/1.1\nHost: d\n", REASON_TARGET_VERSION},
        {"GET /_ping?a=%zz HTTP/1.1\nHost: d\n", REASON_TARGET_QUERY},
        {"GET /nobody HTTP/1.1\nHost: d\n", REASON_OK}, /* the policy's to deny */
    };

    check_cases(cases, ARRAY_SIZE(cases));
}

Test(request, hosts) {
    static const Case cases[] = {
        {"GET /_ping HTTP/1.1\n", REASON_HTTP_HOST}, /* T-061 */
        {"GET /_ping HTTP/1.1\nHost:\n", REASON_OK},
        {"GET /_ping HTTP/1.1\nHost: d\nHost: d\n", REASON_HTTP_HOST},
        {"GET /_ping HTTP/1.1\nHost: d\nhost: e\n", REASON_HTTP_HOST},
        {"GET /_ping HTTP/1.1\nHost: /var/run/docker.sock\n", REASON_HTTP_HOST},
        {"GET /_ping HTTP/1.1\nHost: %2Fvar%2Frun%2Fdocker.sock\n", REASON_OK},
        {"GET /_ping HTTP/1.1\nHost: a b\n", REASON_HTTP_HOST},
        {"GET /_ping HTTP/1.1\nHost: u@d\n", REASON_HTTP_HOST},
        {"GET /_ping HTTP/1.1\nHost: d:2375\n", REASON_OK},
        {"GET /_ping HTTP/1.1\nHost: d:\n", REASON_OK},
        {"GET /_ping HTTP/1.1\nHost: d:x\n", REASON_HTTP_HOST},
        {"GET /_ping HTTP/1.1\nHost: d:237500\n", REASON_HTTP_HOST},
        {"GET /_ping HTTP/1.1\nHost: 127.0.0.1:1\n", REASON_OK},
        {"GET /_ping HTTP/1.1\nHost: [::1]:2375\n", REASON_OK},
        {"GET /_ping HTTP/1.1\nHost: [::1]\n", REASON_OK},
        {"GET /_ping HTTP/1.1\nHost: [::1\n", REASON_HTTP_HOST},
        {"GET /_ping HTTP/1.1\nHost: []\n", REASON_HTTP_HOST},
        {"GET /_ping HTTP/1.1\nHost: [::1]x\n", REASON_HTTP_HOST},
        {"GET /_ping HTTP/1.1\nHost: caf\xC3\xA9\n", REASON_HTTP_HOST},
        {"GET /_ping HTTP/1.0\nHost: d\nHost: d\n", REASON_HTTP_HOST},
    };

    check_cases(cases, ARRAY_SIZE(cases));
}

Test(request, framing) {
    static const Case cases[] = {
        {CREATE JSON "Content-Length: 5\nTransfer-Encoding: chunked\n", REASON_HTTP_FRAMING}, /* T-050 */
        {CREATE JSON "Transfer-Encoding: chunked\nContent-Length: 5\n", REASON_HTTP_FRAMING},
        {CREATE JSON "Transfer-Encoding: chunked\n", REASON_OK}, /* T-051 */
        {CREATE JSON "Transfer-Encoding: CHUNKED\n", REASON_OK},
        {CREATE JSON "Transfer-Encoding: gzip, chunked\n", REASON_HTTP_FRAMING},
        {CREATE JSON "Transfer-Encoding: chunked, chunked\n", REASON_HTTP_FRAMING},
        {CREATE JSON "Transfer-Encoding: identity\n", REASON_HTTP_FRAMING},
        {CREATE JSON "Transfer-Encoding:\n", REASON_HTTP_FRAMING},
        {CREATE JSON "Transfer-Encoding: chunked;x\n", REASON_HTTP_FRAMING},
        {CREATE JSON "Transfer-Encoding: \"chunked\"\n", REASON_HTTP_FRAMING},
        {CREATE JSON "Transfer-Encoding: chunked\nTransfer-Encoding: chunked\n", REASON_HTTP_FRAMING},
        {"POST /v1.41/containers/create HTTP/1.0\n" JSON "Transfer-Encoding: chunked\n", REASON_HTTP_FRAMING},
        {CREATE JSON "Content-Length: 5\n", REASON_OK}, /* T-052 */
        {CREATE JSON "Content-Length: 0000000000000000005\n", REASON_OK},
        {CREATE JSON "Content-Length: 00000000000000000005\n", REASON_HTTP_FRAMING},
        {CREATE JSON "Content-Length: 9223372036854775807\n", REASON_OK},
        {CREATE JSON "Content-Length: 9223372036854775808\n", REASON_HTTP_FRAMING},
        {CREATE JSON "Content-Length:\n", REASON_HTTP_FRAMING},
        {CREATE JSON "Content-Length: +5\n", REASON_HTTP_FRAMING},
        {CREATE JSON "Content-Length: -5\n", REASON_HTTP_FRAMING},
        {CREATE JSON "Content-Length: 5, 5\n", REASON_HTTP_FRAMING},
        {CREATE JSON "Content-Length: 0x5\n", REASON_HTTP_FRAMING},
        {CREATE JSON "Content-Length: 5_0\n", REASON_HTTP_FRAMING},
        {CREATE JSON "Content-Length: 5 \n", REASON_HTTP_FRAMING},
        {CREATE JSON "Content-Length: 5\nContent-Length: 5\n", REASON_HTTP_FRAMING},
        {CREATE JSON "Content-Length: 5\ncontent-length: 6\n", REASON_HTTP_FRAMING},
    };

    check_cases(cases, ARRAY_SIZE(cases));
}

Test(request, fields) {
    static const Case cases[] = {
        {PING "X-A: b\n", REASON_OK},
        {PING "x_a: b\n", REASON_OK},
        {PING ": b\n", REASON_HTTP_HEADER}, /* T-058 */
        {PING "X A: b\n", REASON_HTTP_HEADER},
        {PING "X-A : b\n", REASON_HTTP_HEADER},
        {PING "X(A): b\n", REASON_HTTP_HEADER},
        {PING "caf\xC3\xA9: b\n", REASON_HTTP_HEADER},
        {PING "X-A: caf\xC3\xA9\n", REASON_OK},
        {PING "X-A: a\tb\n", REASON_OK},
        {PING "X-A: a\x01z\n", REASON_HTTP_HEADER},
        {PING "X-A: a\rb\n", REASON_HTTP_HEADER},
        {PING "X-A: a\x7F\n", REASON_HTTP_HEADER},
        {PING "Expect: 100-continue\n", REASON_OK}, /* T-062 */
        {PING "Expect: 100-Continue\n", REASON_OK},
        {PING "Expect: 200-ok\n", REASON_HTTP_EXPECT},
        {PING "Expect:\n", REASON_HTTP_EXPECT},
        {PING "Expect: 100-continue\nExpect: 100-continue\n", REASON_HTTP_HEADER},
        {PING "Authorization: a\nAuthorization: b\n", REASON_HTTP_HEADER},
        {PING "X-Registry-Auth: a\nX-Registry-Auth: b\n", REASON_HTTP_HEADER},
        {PING "X-Registry-Config: a\nX-Registry-Config: b\n", REASON_HTTP_HEADER},
        {PING "Content-Type: text/plain\nContent-Type: text/plain\n", REASON_HTTP_HEADER},
        {PING "Upgrade: tcp\nUpgrade: tcp\n", REASON_HTTP_HEADER},
        {PING "Upgrade: HTTP/2.0\n", REASON_OK},
        {PING "Upgrade:\n", REASON_HTTP_HEADER},
        {PING "Upgrade: tcp, h2c\n", REASON_HTTP_HEADER},
        {PING "Upgrade: /2.0\n", REASON_HTTP_HEADER},
        {PING "Upgrade: HTTP/\n", REASON_HTTP_HEADER},
        {PING "Content-Encoding: gzip\n", REASON_CONTENT_ENCODING}, /* T-044 */
        {PING "Content-Encoding: identity\n", REASON_CONTENT_ENCODING},
        {PING "Content-Encoding:\n", REASON_CONTENT_ENCODING},
    };

    check_cases(cases, ARRAY_SIZE(cases));
}

Test(request, content_types) {
    static const Case cases[] = {
        {STOP "Content-Type: application/x-www-form-urlencoded\n", REASON_CONTENT_TYPE}, /* T-023 */
        {STOP "Content-Type: Application/X-WWW-Form-URLEncoded; charset=utf-8\n", REASON_CONTENT_TYPE},
        {STOP "Content-Type: application/x-www-form-urlencoded ;\n", REASON_CONTENT_TYPE},
        {STOP "Content-Type: application/x-www-form-urlencoded\xC2\xA0\n", REASON_CONTENT_TYPE},
        {BUILD "Content-Type: multipart/form-data; boundary=x\nContent-Length: 9\n",
         REASON_CONTENT_TYPE}, /* T-024 */
        {BUILD "Content-Type: Multipart/Mixed; boundary=x\n", REASON_CONTENT_TYPE},
        {UNKNOWN "Content-Type: application/x-www-form-urlencoded\nContent-Length: 9\n", REASON_CONTENT_TYPE},
        {UNKNOWN "Content-Type: multipart/form-data\n", REASON_CONTENT_TYPE},
        {PING "Content-Type: application/x-www-form-urlencoded\n", REASON_CONTENT_TYPE},
        {UNKNOWN "Content-Type: text/yaml\nContent-Length: 9\n", REASON_OK},
        {PING "Content-Type:\n", REASON_CONTENT_TYPE},
        {PING "Content-Type: text\n", REASON_CONTENT_TYPE},
        {PING "Content-Type: text/\n", REASON_CONTENT_TYPE},
        {PING "Content-Type: text/plain, application/json\n", REASON_CONTENT_TYPE},
        {PING "Content-Type: text/plain; charset\n", REASON_CONTENT_TYPE},
        {PING "Content-Type: text/plain; charset=\"a b\"\n", REASON_CONTENT_TYPE},
        {PING "Content-Type: text/plain; charset=utf-8; format=flowed\n", REASON_OK},
        {CREATE "Content-Length: 9\n", REASON_CONTENT_TYPE}, /* T-043 */
        {CREATE "Content-Length: 9\nContent-Type: text/plain\n", REASON_CONTENT_TYPE},
        {CREATE "Content-Length: 9\nContent-Type: application/jsonx\n", REASON_CONTENT_TYPE},
        {CREATE "Content-Length: 9\nContent-Type: application/json; charset=latin1\n", REASON_CONTENT_TYPE},
        {CREATE "Content-Length: 9\nContent-Type: application/json; a=b\n", REASON_CONTENT_TYPE},
        {CREATE "Content-Length: 9\nContent-Type: Application/JSON;charset=UTF-8\n", REASON_OK},
        {CREATE "Content-Length: 9\nContent-Type: application/json; charset=\"utf-8\"\n", REASON_OK},
        {BUILD "Content-Length: 9\n", REASON_OK},
        {BUILD "Content-Length: 9\nContent-Type: application/octet-stream\n", REASON_OK},
        {BUILD "Content-Length: 9\nContent-Type: application/x-gzip\n", REASON_CONTENT_TYPE},
        {BUILD "Content-Length: 9\nContent-Type: text/html\n", REASON_CONTENT_TYPE},
        {STOP "Content-Length: 0\nContent-Type: text/plain\n", REASON_OK},
    };

    check_cases(cases, ARRAY_SIZE(cases));
}

Test(request, bodies) {
    static const Case cases[] = {
        {CREATE JSON, REASON_OK}, /* decide() says that it is missing (T-045, T-053) */
        {CREATE JSON "Content-Length: 0\n", REASON_OK},
        {"POST /v1.41/commit?container=a HTTP/1.1\nHost: d\n", REASON_OK},
        {"POST /v1.41/commit?container=a HTTP/1.1\nHost: d\nContent-Length: 2\n", REASON_CONTENT_TYPE},
        {"POST /v1.41/commit?container=a HTTP/1.1\nHost: d\n" JSON "Content-Length: 2\n", REASON_OK},
        {PING "Content-Length: 0\n", REASON_OK}, /* T-029 */
        {PING "Content-Length: 1\n", REASON_BODY_UNEXPECTED},
        {PING JSON "Content-Length: 2\n", REASON_BODY_UNEXPECTED},
        {PING "Transfer-Encoding: chunked\n", REASON_BODY_UNEXPECTED},
        {"HEAD /_ping HTTP/1.1\nHost: d\nContent-Length: 1\n", REASON_BODY_UNEXPECTED},
        {"DELETE /containers/a HTTP/1.1\nHost: d\n" JSON "Content-Length: 2\n", REASON_BODY_UNEXPECTED},
        {"GET /nobody HTTP/1.1\nHost: d\nContent-Length: 1\n", REASON_BODY_UNEXPECTED},
        {UNKNOWN "Transfer-Encoding: chunked\n", REASON_OK},
        {STOP "Content-Length: 1\n", REASON_BODY_UNEXPECTED},
        {STOP "Content-Length: 1\nContent-Type: text/plain\n", REASON_BODY_UNEXPECTED},
        {STOP "Transfer-Encoding: chunked\n", REASON_BODY_UNEXPECTED},
        {STOP JSON "Transfer-Encoding: chunked\n", REASON_BODY_UNEXPECTED},
        {STOP JSON "Content-Length: 4096\n", REASON_OK},
        {STOP JSON "Content-Length: 4097\n", REASON_BODY_UNEXPECTED},
        {START JSON "Content-Length: 7\n", REASON_OK}, /* T-070 */
        {START JSON "Content-Length: 8\n", REASON_BODY_UNEXPECTED},
        {START JSON "Transfer-Encoding: chunked\n", REASON_BODY_UNEXPECTED},
        {START "Content-Length: 2\n", REASON_BODY_UNEXPECTED},
    };

    cr_assert_eq(LIMIT_SKIPPED_BODY_BYTES, 4096);
    cr_assert_eq(LIMIT_SKIPPED_START_BYTES, 7);
    check_cases(cases, ARRAY_SIZE(cases));
}

Test(request, what_is_sealed) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_ARENA_BYTES);
    Request request;

    cr_assert_eq(seal(arena, CREATE "content-type: application/json\nContent-Length: 42\n", &request),
                 REASON_OK);
    cr_expect_eq(request.method, METHOD_POST);
    cr_expect_eq(request.target.api_minor, 41);
    cr_expect_eq(request.framing, FRAMING_LENGTH);
    cr_expect_eq(request.length, 42);
    cr_expect_eq(request.skip_bytes, 0);
    cr_expect(request_has_body(&request));
    cr_expect(request.keep_alive);
    cr_expect(span_is(request.headers[0].name, "Content-Type"), "our spelling");

    cr_assert_eq(seal(arena, STOP JSON "Content-Length: 10\n", &request), REASON_OK);
    cr_expect_eq(request.framing, FRAMING_NONE, "the engine gets no body");
    cr_expect_eq(request.skip_bytes, 10);
    cr_expect_not(request_has_body(&request));
    cr_expect(span_is(request.object, "a"));

    cr_assert_eq(seal(arena, BUILD "Transfer-Encoding: chunked\n", &request), REASON_OK);
    cr_expect_eq(request.framing, FRAMING_CHUNKED);
    cr_expect(request_has_body(&request));
}

#define ATTACH "POST /v1.41/containers/c/attach HTTP/1.1\nHost: d\n"
#define EXEC "POST /v1.41/exec/e/start HTTP/1.1\nHost: d\n"
#define SESSION "POST /v1.41/session HTTP/1.1\nHost: d\n"
#define GRPC "POST /v1.41/grpc HTTP/1.1\nHost: d\n"
#define WS "GET /v1.41/containers/c/attach/ws HTTP/1.1\nHost: d\n"

Test(request, connection) {
    static const struct {
        const char *head;
        bool keep_alive, http_1_0, expect, upgrade;
        const char *protocol;
    } cases[] = {
        {PING, true, false, false, false, ""},
        {PING "Connection: close\n", false, false, false, false, ""},
        {PING "Connection: Upgrade,CLOSE\n", false, false, false, false, ""},
        {PING "Connection: Upgrade\nConnection: close\n", false, false, false, false, ""},
        {PING "Connection: closed\n", true, false, false, false, ""},
        {PING "Connection: Host, Content-Length\n", true, false, false, false, ""}, /* T-059 */
        {PING "Expect: 100-continue\n", true, false, true, false, ""},
        {PING "Upgrade: foo\n", true, false, false, true, ""},
        /* T-066: presence counts, and the word that goes on is ours */
        {ATTACH "Upgrade: foo\n", true, false, false, true, "tcp"},
        {ATTACH "Upgrade: TCP\n", true, false, false, true, "tcp"},
        {ATTACH "Upgrade: h2c\n", true, false, false, true, "tcp"},
        {EXEC "Upgrade: websocket\n", true, false, false, true, "tcp"},
        {SESSION "Upgrade: h2c\n", true, false, false, true, "h2c"},
        {SESSION "Upgrade: H2C\n", true, false, false, true, "h2c"},
        {SESSION "Upgrade: tcp\n", true, false, false, false, "h2c"},
        {SESSION, true, false, false, false, ""},
        {GRPC "Upgrade: h2c\n", true, false, false, true, "h2c"},
        {GRPC "Upgrade: h2\n", true, false, false, false, "h2c"},
        {WS "Upgrade: WebSocket\n", true, false, false, true, "websocket"},
        {WS "Upgrade: tcp\n", true, false, false, false, "websocket"},
        {"GET /unknown HTTP/1.1\nHost: d\nUpgrade: foo\n", true, false, false, true, ""},
        {"GET /_ping HTTP/1.0\nConnection: keep-alive\nExpect: 100-continue\n", false, true, false, false,
         ""},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_ARENA_BYTES);
        Request request;

        cr_assert_eq(seal(arena, cases[i].head, &request), REASON_OK, "%s", cases[i].head);
        cr_expect_eq(request.keep_alive, cases[i].keep_alive, "%s", cases[i].head);
        cr_expect_eq(request.http_1_0, cases[i].http_1_0, "%s", cases[i].head);
        cr_expect_eq(request.expect_continue, cases[i].expect, "%s", cases[i].head);
        cr_expect_eq(request.wants_upgrade, cases[i].upgrade, "%s", cases[i].head);
        cr_expect(span_is(request.upgrade, cases[i].protocol), "%s", cases[i].head);
    }
}

/* Each operation that leaves HTTP has a word for it. */
Test(request, each_upgrade_has_a_protocol) {
    size_t n, n_found = 0;
    const Operation *operations = routes_all(&n);

    for (size_t i = 0; i < n; i++) {
        CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_ARENA_BYTES);
        char head[256];
        const char *path = operations[i].path, *name = strstr(path, "{id}");
        Request request;

        if (operations[i].reply != REPLY_HIJACK && operations[i].reply != REPLY_UPGRADE)
            continue;
        snprintf(head, sizeof(head), "%s /v1.44%.*s%s%s HTTP/1.1\nHost: d\nUpgrade: x\n",
                 method_name(operations[i].method), (int) (name ? name - path : (int) strlen(path)), path,
                 name ? "c" : "", name ? name + 4 : "");
        cr_assert_eq(seal(arena, head, &request), REASON_OK, "%s", head);
        cr_assert_eq(request.operation, &operations[i], "%s", head);
        cr_expect_gt(request.upgrade.size, 0, "%s", operations[i].id);
        n_found++;
    }
    cr_expect_eq(n_found, 5);
}

Test(request, what_nobody_reads_is_not_sent) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_ARENA_BYTES);
    Request request;

    cr_assert_eq(seal(arena,
                      START
                      "X-Registry-Auth: a\nX-Registry-Config: a\nAuthorization: a\nAccept-Encoding: gzip\n"
                      "Connection: X-A\nX-A: b\nTE: trailers\nTrailer: X-B\nKeep-Alive: 5\nCookie: a\n"
                      "X-HTTP-Method-Override: DELETE\nX-Docker-Expose-Session-Uuid: 1\n"
                      "Sec-WebSocket-Key: a\nProxy-Connection: close\nX-Forwarded-For: a\nOrigin: a\n",
                      &request),
                 REASON_OK);
    cr_expect_eq(request.n_headers, 0);
    cr_assert_eq(seal(arena, UNKNOWN "X-Registry-Auth: a\nX-Docker-Expose-Session-Uuid: 1\n", &request),
                 REASON_OK);
    cr_expect_eq(request.n_headers, 0);
}

Test(request, refusals_keep_what_was_understood) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_ARENA_BYTES);
    Request request;

    cr_assert_eq(seal(arena, START "Host: again\n", &request), REASON_HTTP_HOST);
    cr_expect_eq(request.method, METHOD_POST);
    cr_expect(span_is(request.target.path, "/containers/a/start"));
    cr_assert_not_null(request.operation);
    cr_expect_str_eq(request.operation->id, "ContainerStart");
    cr_assert_eq(seal(arena, "DELETE //x HTTP/1.1\n", &request), REASON_TARGET_PATH);
    cr_expect_eq(request.method, METHOD_DELETE);
    cr_expect_null(request.operation);
    cr_assert_eq(seal(arena, "BREW /_ping HTTP/1.1\n", &request), REASON_HTTP_METHOD);
    cr_expect(span_is(request.target.path, "/_ping"));
    cr_expect_null(request.operation);
}

Test(request, header_limit_holds_and_one_past_it_fails) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_ARENA_BYTES);
    RawHead *raw = parse(arena, PING);
    const char *detail = NULL;
    Request request;

    while (raw->n_headers < LIMIT_HEADERS)
        raw->headers[raw->n_headers++] = (Header){SPAN("Accept"), SPAN("*/*")};
    cr_expect_eq(request_seal(arena, raw, &request, &detail), REASON_OK);
    cr_expect_eq(request.n_headers, LIMIT_HEADERS - 1);
    raw->n_headers++;
    cr_expect_eq(request_seal(arena, raw, &request, &detail), REASON_HEADERS_TOO_LARGE);
}

Test(request, no_memory_is_a_refusal) {
    CLEANUP(arena_free_p) Arena *plenty = arena_new(LIMIT_ARENA_BYTES);
    RawHead *raw = parse(plenty, CREATE JSON "Content-Length: 5\nUpgrade: tcp\nUser-Agent: x\n");
    size_t n_ok = 0;

    for (size_t limit = 0; limit < 1024; limit += 16) {
        CLEANUP(arena_free_p) Arena *arena = arena_new(limit);
        const char *detail = NULL;
        Request request;
        Reason reason = request_seal(arena, raw, &request, &detail);

        cr_expect(reason == REASON_OK || reason == REASON_NO_MEMORY, "%zu: %s", limit, reason_label(reason));
        n_ok += reason == REASON_OK;
    }
    cr_expect_gt(n_ok, 0);
    cr_expect_lt(n_ok, 64);
}
