// SPDX-License-Identifier: Apache-2.0
#include "query_redact.h"

#include "ascii.h"
#include "policy/param_form.h"

typedef enum Redaction {
    REDACT_NOT = 0,
    REDACT_ALWAYS,
    REDACT_URL,     /* only a URL that can carry a password or a token: user:password@host, ?token=… */
    REDACT_ADDRESS, /* the same where there is a URL: an image's digest has an @ too */
    REDACT_JSON,    /* only an object or a list of a body */
} Redaction;

/* Compared without case: what dockerd would not read may still be what somebody typed a secret into. */
static const struct {
    const char *key;
    Redaction redaction;
} query_secrets[] = {
    {"buildargs", REDACT_ALWAYS}, /* ImageBuild: {"TOKEN": "…"} */
    {"changes", REDACT_ALWAYS},   /* ImageCommit, ImageCreate: "ENV TOKEN=…" */
    {"remote", REDACT_URL},       /* ImageBuild */
    {"dockerfile", REDACT_URL},   /* likewise: Podman takes a URL there */
    {"fromSrc", REDACT_URL},      /* ImageCreate */
    {"fromImage", REDACT_ADDRESS},
    /* Of bodies, which dockerode repeats in the query. */
    {"Env", REDACT_ALWAYS},
    {"HostConfig", REDACT_ALWAYS}, /* LogConfig, driver options */
    {"Data", REDACT_ALWAYS},
    {"DriverOpts", REDACT_ALWAYS},
    {"TaskTemplate", REDACT_ALWAYS},
    {"Cmd", REDACT_ALWAYS},
    {"Entrypoint", REDACT_ALWAYS},
    {"Shell", REDACT_ALWAYS},
    {"OnBuild", REDACT_ALWAYS},
};

/*
 * Of a body's field a plain value (Image, Name) says what was asked for; an object may hold options, labels,
 * or a swarm's key (CAConfig).
 */
static Redaction query_of_unlisted(Span name) {
    return param_form_is_body_field(name) ? REDACT_JSON : REDACT_NOT;
}

static int query_hex(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes `key` once, into as many bytes as the longest name; longer ones aren't listed. */
static Redaction query_find_redaction(Span key) {
    char name[16];
    size_t n = 0;

    for (size_t i = 0; i < key.size; i++) {
        char c = key.data[i];

        if (c == '%') {
            int high = key.size - i > 2 ? query_hex(key.data[i + 1]) : -1;
            int low = high < 0 ? -1 : query_hex(key.data[i + 2]);

            if (low < 0)
                return REDACT_ALWAYS; /* who can say what it was meant to be */
            c = (char) (high << 4 | low);
            i += 2;
        }
        if (n == sizeof(name))
            return query_of_unlisted((Span){name, n});
        name[n++] = c;
    }
    for (size_t i = 0; i < ARRAY_SIZE(query_secrets); i++)
        if (span_is_nocase((Span){.data = name, .size = n}, query_secrets[i].key))
            return query_secrets[i].redaction;
    return query_of_unlisted((Span){name, n});
}

/* `@` or `?`, plain or escaped any number of times (%40, %2540). */
static bool query_url_has_secret(Span value) {
    for (size_t i = 0; i < value.size; i++) {
        Span rest = {.data = value.data + i + 1, .size = value.size - i - 1};

        if (value.data[i] == '@' || value.data[i] == '?')
            return true;
        if (value.data[i] != '%')
            continue;
        while (span_starts_with(rest, SPAN("25"))) {
            rest.data += 2;
            rest.size -= 2;
        }
        if (span_starts_with(rest, SPAN("40")) || span_starts_with(rest, SPAN("3f")) ||
            span_starts_with(rest, SPAN("3F")))
            return true;
    }
    return false;
}

/* `:/`, each of them plain or escaped: a scheme's end, which no image's name has. */
static bool query_has_address(Span value) {
    for (size_t i = 0; i < value.size; i++) {
        Span rest = {.data = value.data + i, .size = value.size - i};

        if (rest.data[0] == ':')
            rest = (Span){rest.data + 1, rest.size - 1};
        else if (span_starts_with(rest, SPAN("%3A")) || span_starts_with(rest, SPAN("%3a")))
            rest = (Span){rest.data + 3, rest.size - 3};
        else
            continue;
        if (span_starts_with(rest, SPAN("/")) || span_starts_with(rest, SPAN("%2F")) ||
            span_starts_with(rest, SPAN("%2f")))
            return true;
    }
    return false;
}

/* `{` or `[`, plain or escaped. */
static bool query_has_json(Span value) {
    static const char *const marks[] = {"{", "[", "%7B", "%7b", "%5B", "%5b"};

    for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
        if (memmem(value.data, value.size, marks[i], strlen(marks[i])))
            return true;
    return false;
}

static bool query_is_secret(Redaction redaction, Span value) {
    switch (redaction) {
    case REDACT_NOT:
        return false;
    case REDACT_URL:
        return query_url_has_secret(value);
    case REDACT_ADDRESS:
        return query_url_has_secret(value) && query_has_address(value);
    case REDACT_JSON:
        return query_has_json(value);
    case REDACT_ALWAYS:
        break;
    }
    return true;
}

static int query_redact_pair(Buffer *out, Span pair) {
    const char *equals = pair.size ? memchr(pair.data, '=', pair.size) : NULL;
    Span key = {.data = pair.data, .size = equals ? (size_t) (equals - pair.data) : pair.size};
    Redaction redaction = query_find_redaction(key);
    Span value;
    int r;

    if (!equals || redaction == REDACT_NOT)
        return buffer_append(out, pair);
    value = (Span){.data = equals + 1, .size = pair.size - key.size - 1};
    if (value.size == 0 || !query_is_secret(redaction, value))
        return buffer_append(out, pair);
    r = buffer_append(out, (Span){.data = key.data, .size = key.size + 1});
    return r < 0 ? r : buffer_append(out, SPAN("…"));
}

/* `;` separates pairs too for some readers: what follows one must not hide in a harmless key's value. */
int query_redact(Buffer *out, Span query) {
    size_t start = 0;

    if (query.size == 0) /* there may be no bytes to point to */
        return 0;
    for (size_t i = 0; i <= query.size; i++) {
        int r;

        if (i < query.size && query.data[i] != '&' && query.data[i] != ';')
            continue;
        r = query_redact_pair(out, (Span){.data = query.data + start, .size = i - start});
        if (r == 0 && i < query.size)
            r = buffer_append(out, (Span){.data = query.data + i, .size = 1});
        if (r < 0)
            return r;
        start = i + 1;
    }
    return 0;
}
