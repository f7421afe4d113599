// SPDX-License-Identifier: Apache-2.0
#include "policy/header_name.h"

#include <criterion/criterion.h>

static const struct {
    HeaderName name;
    const char *spelling;
} names[] = {
#define HEADER_NAME(id, letter, spelling) {HEADER_##id, spelling},
#include "policy/header_names.def"
#undef HEADER_NAME
};

Test(header_name, each_is_found_in_any_case) {
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        Span spelling = span_from(names[i].spelling);
        char text[64];

        cr_expect_eq(header_name(spelling), names[i].name, "%s", names[i].spelling);
        cr_expect(span_equals(header_spelling(names[i].name), spelling));
        for (size_t n = 0; n < spelling.size; n++)
            text[n] = ascii_lower(spelling.data[n]);
        cr_expect_eq(header_name((Span){text, spelling.size}), names[i].name, "%s in small letters",
                     spelling.data);
        for (size_t n = 0; n < spelling.size; n++)
            text[n] = text[n] >= 'a' && text[n] <= 'z' ? (char) (text[n] - 'a' + 'A') : text[n];
        cr_expect_eq(header_name((Span){text, spelling.size}), names[i].name, "%s in capitals",
                     spelling.data);
    }
}

Test(header_name, what_differs_in_one_byte_is_another) {
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        Span spelling = span_from(names[i].spelling);
        char text[64];

        for (size_t at = 0; at < spelling.size; at++)
            for (unsigned byte = 0; byte < 256; byte++) {
                memcpy(text, spelling.data, spelling.size);
                text[at] = (char) byte;
                cr_assert_eq(header_name((Span){text, spelling.size}),
                             ascii_lower(text[at]) == ascii_lower(spelling.data[at]) ? names[i].name
                                                                                     : HEADER_OTHER,
                             "%s with %x at %zu", spelling.data, byte, at);
            }
        memcpy(text, spelling.data, spelling.size);
        text[spelling.size] = 'x';
        cr_expect_eq(header_name((Span){text, spelling.size + 1}), HEADER_OTHER, "%s and one more",
                     spelling.data);
        cr_expect_eq(header_name((Span){text, spelling.size - 1}), HEADER_OTHER, "%s but one", spelling.data);
    }
}

Test(header_name, families_and_strangers) {
    cr_expect_eq(header_name(SPAN("X-Docker-Expose-Session-Uuid")), HEADER_X_DOCKER_EXPOSE_SESSION_);
    cr_expect_eq(header_name(SPAN("x-docker-expose-session-")), HEADER_X_DOCKER_EXPOSE_SESSION_);
    cr_expect_eq(header_name(SPAN("X-Docker-Expose-Session")), HEADER_OTHER);
    cr_expect_eq(header_spelling(HEADER_X_DOCKER_EXPOSE_SESSION_).size, 0);
    cr_expect_eq(header_spelling(HEADER_OTHER).size, 0);
    cr_expect_eq(header_name((Span){0}), HEADER_OTHER);
    cr_expect_eq(header_name(SPAN("X")), HEADER_OTHER);
}
