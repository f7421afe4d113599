// SPDX-License-Identifier: Apache-2.0
#include "credentials.h"

#include "body.h"

static const struct {
    const char *name;
    const char *field;
    const char *bad_base64;
} CREDENTIALS[] = {
    {"X-Registry-Auth", "header X-Registry-Auth", "header X-Registry-Auth is not base64"},
    {"X-Registry-Config", "header X-Registry-Config", "header X-Registry-Config is not base64"},
};

/* Both alphabets of RFC 4648: older docker-modem writes the first, everybody else the second. */
static int credentials_digit(char c) {
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

/* False: no base64. Padding may be left out; where it is, it is whole. */
static bool credentials_decode(Span text, char *out, size_t *ret_n) {
    size_t n_digits = text.size, n = 0;
    uint32_t bits = 0;

    while (n_digits > 0 && text.size - n_digits < 2 && text.data[n_digits - 1] == '=')
        n_digits--;
    if (n_digits % 4 == 1 || (n_digits < text.size && text.size % 4 != 0))
        return false;
    for (size_t i = 0; i < n_digits; i++) {
        int digit = credentials_digit(text.data[i]);

        if (digit < 0)
            return false;
        bits = (bits << 6) | (uint32_t) digit;
        if (i % 4 > 0)
            out[n++] = (char) (bits >> (6 - 2 * (i % 4)));
    }
    *ret_n = n;
    return true;
}

static Reason credentials_check_value(Arena *arena, Span value, size_t row, const char **ret_detail) {
    CLEANUP(body_free_p) Body *body = NULL;
    char *json = arena_alloc(arena, value.size + 1);
    const char *detail = NULL;
    size_t n;
    Reason reason;

    if (!json)
        return REASON_NO_MEMORY;
    *ret_detail = CREDENTIALS[row].bad_base64;
    if (!credentials_decode(value, json, &n))
        return REASON_HTTP_HEADER;
    reason = body_parse(arena, (Span){json, n}, &body, &detail);
    if (reason != REASON_OK)
        *ret_detail =
            arena_printf(arena, "%s: %s", CREDENTIALS[row].field, detail ? detail : reason_sentence(reason));
    return reason;
}

Reason credentials_check(Arena *arena, const Request *request, const char **ret_field,
                         const char **ret_detail) {
    for (size_t i = 0; i < request->n_headers; i++)
        for (size_t row = 0; row < ARRAY_SIZE(CREDENTIALS); row++) {
            Reason reason;

            if (!span_is(request->headers[i].name, CREDENTIALS[row].name) ||
                request->headers[i].value.size == 0)
                continue;
            reason = credentials_check_value(arena, request->headers[i].value, row, ret_detail);
            if (reason != REASON_OK) {
                *ret_field = CREDENTIALS[row].field;
                return reason;
            }
        }
    return REASON_OK;
}
