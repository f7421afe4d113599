// SPDX-License-Identifier: Apache-2.0
#include "credentials.h"

#include "body.h"
#include "fields.h"

static const struct {
    Span name;
    const char *field;
    const char *bad_base64;
    bool map; /* of a registry's name to its credentials */
} CREDENTIALS[] = {
    {SPAN_INIT("X-Registry-Auth"), "header X-Registry-Auth", "header X-Registry-Auth is not base64", false},
    {SPAN_INIT("X-Registry-Config"), "header X-Registry-Config", "header X-Registry-Config is not base64",
     true},
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

typedef struct Credentials {
    Arena *arena;
    bool unknown_allowed;
    const char *field; /* "header X-Registry-Auth" */
    const char *detail;
} Credentials;

/* Keys and types are told, never what they hold; a key of the client's own may be a secret put there. */
static Reason credentials_refuse(Credentials *c, Reason reason, const char *what, const char *name) {
    c->detail = arena_printf(c->arena, "%s: %s%s%s", c->field, what, name ? " " : "", name ? name : "");
    return c->detail ? reason : REASON_NO_MEMORY;
}

/*
 * An auth config. Go takes a key in any case, and docker-py writes IdentityToken; so any one spelling of a
 * field is its only reading, and a second one is refused (T-030).
 */
static Reason credentials_judge_one(Credentials *c, const BodyNode *node) {
    const Field *root = fields_find("SystemAuth")->root, *field, *seen[16];
    const BodyNode *value;
    size_t n_seen = 0;
    void *iter = NULL;
    Span key;

    if (body_type(node) == BODY_TYPE_NULL)
        return REASON_OK;
    if (body_type(node) != BODY_TYPE_OBJECT)
        return credentials_refuse(c, REASON_FIELD_TYPE, body_type_name(body_type(node)),
                                  "where the engine takes an object");
    while (body_next(node, &iter, &key, &value)) {
        if (fields_lookup(root, key, &field) == FIELD_UNKNOWN) {
            if (!c->unknown_allowed)
                return credentials_refuse(c, REASON_FIELD_UNKNOWN, "a key that this release doesn't know",
                                          NULL);
            continue;
        }
        for (size_t i = 0; i < n_seen; i++)
            if (seen[i] == field)
                return credentials_refuse(c, REASON_JSON_AMBIGUOUS, "two spellings of", field->name.data);
        if (n_seen == ARRAY_SIZE(seen))
            return credentials_refuse(c, REASON_JSON_LIMIT, "too many keys", NULL);
        seen[n_seen++] = field;
        if (body_type(value) != BODY_TYPE_STRING && body_type(value) != BODY_TYPE_NULL)
            return credentials_refuse(c, REASON_FIELD_TYPE, "no string under", field->name.data);
    }
    return REASON_OK;
}

static Reason credentials_judge(Credentials *c, const BodyNode *root, bool map) {
    const BodyNode *value;
    void *iter = NULL;
    Reason reason = REASON_OK;
    Span key;

    if (!map || body_type(root) != BODY_TYPE_OBJECT)
        return credentials_judge_one(c, root); /* null, or the type is wrong in both */
    while (reason == REASON_OK && body_next(root, &iter, &key, &value))
        reason = credentials_judge_one(c, value);
    return reason;
}

static Reason credentials_check_value(Arena *arena, Span value, size_t row, bool unknown_allowed,
                                      const char **ret_detail) {
    Credentials c = {.arena = arena, .unknown_allowed = unknown_allowed, .field = CREDENTIALS[row].field};
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
    if (reason == REASON_OK)
        reason = credentials_judge(&c, body_root(body), CREDENTIALS[row].map);
    else
        (void) credentials_refuse(&c, reason, detail ? detail : reason_sentence(reason), NULL);
    if (reason != REASON_OK)
        *ret_detail = c.detail;
    return reason;
}

Reason credentials_check(Arena *arena, const Request *request, bool unknown_allowed, const char **ret_field,
                         const char **ret_detail) {
    for (size_t i = 0; i < request->n_headers; i++)
        for (size_t row = 0; row < ARRAY_SIZE(CREDENTIALS); row++) {
            Reason reason;

            if (!span_equals(request->headers[i].name, CREDENTIALS[row].name) ||
                request->headers[i].value.size == 0)
                continue;
            reason =
                credentials_check_value(arena, request->headers[i].value, row, unknown_allowed, ret_detail);
            if (reason != REASON_OK) {
                *ret_field = CREDENTIALS[row].field;
                return reason;
            }
        }
    return REASON_OK;
}
