// SPDX-License-Identifier: Apache-2.0
/* The media type alone; what the other fields do is seen in test_request.c, through request_seal. */
#include "policy/headers.h"

#include <criterion/criterion.h>

Test(headers, media_types) {
    static const struct {
        Span value;
        bool good, plain;
        const char *name;
    } cases[] = {
        {SPAN("application/json"), true, true, "application/json"},
        {SPAN("Application/JSON"), true, true, "Application/JSON"},
        {SPAN("application/json;charset=utf-8"), true, true, "application/json"},
        {SPAN("application/json \t; charset=\"UTF-8\""), true, true, "application/json"},
        {SPAN("application/json; charset=latin1"), true, false, "application/json"},
        {SPAN("application/json; charset=utf-8; q=1"), true, false, "application/json"},
        {SPAN("application/vnd.docker.raw-stream"), true, true, "application/vnd.docker.raw-stream"},
        {SPAN(""), false, false, NULL},
        {SPAN("/"), false, false, NULL},
        {SPAN("json"), false, false, NULL},
        {SPAN("application/"), false, false, NULL},
        {SPAN("/json"), false, false, NULL},
        {SPAN("a/b/c"), false, false, NULL},
        {SPAN("a /b"), false, false, NULL},
        {SPAN("a/b;"), false, false, NULL},
        {SPAN("a/b;;c=d"), false, false, NULL},
        {SPAN("a/b; c"), false, false, NULL},
        {SPAN("a/b; c="), false, false, NULL},
        {SPAN("a/b; =d"), false, false, NULL},
        {SPAN("a/b; c=\""), false, false, NULL},
        {SPAN("a/b; c=\"d"), false, false, NULL},
        {SPAN("a/b; c=\"d;e\""), false, false, NULL}, /* legal, and nobody needs it */
        {SPAN("a/b\xC2\xA0"), false, false, NULL},    /* which Go's TrimSpace takes off */
        {SPAN("a/\xE2\x84\xAA"), false, false, NULL}, /* the Kelvin sign, Go's ToLower makes it a k */
        {SPAN("a/b,c/d"), false, false, NULL},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        MediaType type = {0};

        cr_expect_eq(headers_parse_media(cases[i].value, &type), cases[i].good, "%s", cases[i].value.data);
        cr_expect_eq(type.plain, cases[i].plain, "%s", cases[i].value.data);
        cr_expect(span_is(type.name, cases[i].name), "%s", cases[i].value.data);
    }
}
