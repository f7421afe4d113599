// SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>

#include "policy/credentials.h"

static Reason check(const char *name, const char *value, const char **ret_field, const char **ret_detail) {
    static Arena *arena;
    const Header headers[] = {{SPAN("Accept"), SPAN("{")}, {span_from(name), span_from(value)}};
    Request request = {.headers = headers, .n_headers = ARRAY_SIZE(headers)};

    if (!arena)
        arena = arena_new(1u << 20);
    return credentials_check(arena, &request, false, ret_field, ret_detail);
}

Test(credentials, values) {
    static const struct {
        const char *value;
        Reason reason;
        const char *detail;
    } cases[] = {
        {"", REASON_OK, NULL},
        {"e30=", REASON_OK, NULL}, /* {} */
        {"e30", REASON_OK, NULL},
        {"bnVsbA==", REASON_OK, NULL},                                         /* null */
        {"eyJ1c2VybmFtZSI6ImEiLCJwYXNzd29yZCI6Im9_b34-In0=", REASON_OK, NULL}, /* URL-safe */
        {"eyJ1c2VybmFtZSI6ImEiLCJwYXNzd29yZCI6Im9/b34+In0=", REASON_OK, NULL}, /* and not */
        {"e30==", REASON_HTTP_HEADER, "header X-Registry-Auth is not base64"},
        {"e", REASON_HTTP_HEADER, "header X-Registry-Auth is not base64"},
        {"e3 0=", REASON_HTTP_HEADER, "header X-Registry-Auth is not base64"},
        {"=e30", REASON_HTTP_HEADER, "header X-Registry-Auth is not base64"},
        {"{}", REASON_HTTP_HEADER, "header X-Registry-Auth is not base64"},
        {"eyJhIjoxLCJhIjoyfQ==", REASON_JSON_AMBIGUOUS, NULL}, /* {"a":1,"a":2} */
        {"e30gMQ==", REASON_JSON_SYNTAX, NULL},                /* {} 1 */
        {"eyJ1c2VybmFtZSI6ImEiLCJwYXNzd29yZCI6ImIiLCJlbWFpbCI6bnVsbH0=", REASON_OK,
         NULL},                                            /* {"username":"a","password":"b","email":null} */
        {"eyJJZGVudGl0eVRva2VuIjoiYSJ9", REASON_OK, NULL}, /* {"IdentityToken":"a"} */
        {"eyJ1c2VybmFtZSI6ImEiLCJVU0VSTkFNRSI6ImIifQ==", REASON_JSON_AMBIGUOUS,
         NULL}, /* {"username":"a","USERNAME":"b"} */
        {"eyJwYcW/c3dvcmQiOiJhIiwicGFzc3dvcmQiOiJiIn0=", REASON_JSON_AMBIGUOUS,
         NULL},                                                        /* {"paſsword":"a","password":"b"} */
        {"eyJ1c2VybmFtZSI6MX0=", REASON_FIELD_TYPE, NULL},             /* {"username":1} */
        {"eyJ1c2VybmFtZSI6eyJhIjoiYiJ9fQ==", REASON_FIELD_TYPE, NULL}, /* {"username":{"a":"b"}} */
        {"eyJodW50ZXIyIjoiYSJ9", REASON_FIELD_UNKNOWN, NULL},          /* {"hunter2":"a"} */
        {"W10=", REASON_FIELD_TYPE, NULL},                             /* [] */
        {"Imh1bnRlcjIi", REASON_JSON_SYNTAX, NULL},                    /* "hunter2" */
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *field = NULL, *detail = NULL;
        Reason reason = check("X-Registry-Auth", cases[i].value, &field, &detail);

        cr_expect_eq(reason, cases[i].reason, "'%s': %s", cases[i].value, reason_label(reason));
        if (reason == REASON_OK)
            continue;
        cr_expect_str_eq(field, "header X-Registry-Auth");
        cr_expect_not_null(strstr(detail, "header X-Registry-Auth"), "%s", detail);
        cr_expect_null(strstr(detail, "hunter2"), "quoted");
        if (cases[i].detail)
            cr_expect_str_eq(detail, cases[i].detail);
    }
}

Test(credentials, both_headers_and_no_other) {
    const char *field = NULL, *detail = NULL;

    cr_expect_eq(check("X-Registry-Config", "!", &field, &detail), REASON_HTTP_HEADER);
    cr_expect_str_eq(field, "header X-Registry-Config");
    cr_expect_eq(check("User-Agent", "!", &field, &detail), REASON_OK);
}

Test(credentials, config_is_a_map) {
    static const struct {
        const char *value;
        Reason reason;
    } cases[] = {
        {"e30=", REASON_OK},     /* {} */
        {"bnVsbA==", REASON_OK}, /* null */
        {"eyJyLmlvIjp7InVzZXJuYW1lIjoiYSJ9LCJSLklPIjp7InVzZXJuYW1lIjoiYiJ9LCJxIjpudWxsfQ==",
         REASON_OK}, /* {"r.io":{"username":"a"},"R.IO":{"username":"b"},"q":null} */
        {"eyJyIjp7ImF1dGgiOiJhIiwiQXV0aCI6ImIifX0=",
         REASON_JSON_AMBIGUOUS},                        /* {"r":{"auth":"a","Auth":"b"}} */
        {"eyJyIjoiYSJ9", REASON_FIELD_TYPE},            /* {"r":"a"} */
        {"eyJyIjp7IngiOiJhIn19", REASON_FIELD_UNKNOWN}, /* {"r":{"x":"a"}} */
        {"W3t9XQ==", REASON_FIELD_TYPE},                /* [{}] */
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *field = NULL, *detail = NULL;

        cr_expect_eq(check("X-Registry-Config", cases[i].value, &field, &detail), cases[i].reason, "%s",
                     cases[i].value);
    }
}
