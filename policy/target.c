// SPDX-License-Identifier: Apache-2.0
#include "target.h"

#include <errno.h>
#include <stdio.h>

#include "text.h"

/*
 * `where` is quoted, unless empty. No value of the query ever is: what is refused is written to the audit
 * record, and the value could be a password in `buildargs`.
 */
static Reason target_refuse(Arena *arena, Reason reason, const char *what, Span where,
                            const char **ret_detail) {
    const char *shown = text_show(arena, where, LIMIT_VALUE_SHOWN);
    const char *detail = NULL;

    if (shown)
        detail = *shown ? arena_printf(arena, "target: %s: \"%s\"", what, shown)
                        : arena_printf(arena, "target: %s", what);
    if (!detail)
        return REASON_NO_MEMORY;
    *ret_detail = detail;
    return reason;
}

/*
 * `%40` and `%3A` as `@` and `:`: docker-py quotes the first in an image's digest, other clients both.
 * Neither separates segments nor means anything to dockerd's router, which sees the decoded path. No
 * other escape is needed in a path, and each other one could be read in two ways (T-001, T-002).
 * In place: nothing gets longer, and what is quoted is still ahead.
 */
static Reason target_decode_path(Arena *arena, char *path, size_t size, Span *ret, const char **ret_detail) {
    size_t n = bytes_of((Span){.data = path, .size = size}, BYTE_PATH);

    for (size_t i = n; i < size; i++) {
        Span rest = {.data = path + i, .size = size - i};

        if (path[i] != '%' && !byte_is(path[i], BYTE_PATH))
            return target_refuse(arena, REASON_TARGET_PATH, "no byte for a path", rest, ret_detail);
        if (path[i] != '%') {
            path[n++] = path[i];
            continue;
        }
        rest.size = rest.size < 3 ? rest.size : 3;
        if (span_is(rest, "%40"))
            path[n++] = '@';
        else if (span_is_nocase(rest, "%3A"))
            path[n++] = ':';
        else
            return target_refuse(arena, REASON_TARGET_PATH, "an escape that no path needs", rest, ret_detail);
        i += 2;
    }
    *ret = (Span){.data = path, .size = n};
    return REASON_OK;
}

/*
 * True for what dockerd, or podman, might take for a version: `v` and a digit or a dot. Anything else
 * that starts so (`version`, `volumes`) is a route.
 */
static bool target_looks_versioned(Span path) {
    return path.size >= 3 && path.data[0] == '/' && path.data[1] == 'v' &&
           ((path.data[2] >= '0' && path.data[2] <= '9') || path.data[2] == '.');
}

/* Cuts `/v1.NN` off the path: that shape only, since dockerd reads many others as the same (T-005). */
static Reason target_take_version(Arena *arena, Span *path, unsigned *ret_minor, const char **ret_detail) {
    static const char SHAPE[] = "/v1.00/"; /* 0: any digit */
    Span rest;

    if (!target_looks_versioned(*path))
        return REASON_OK;
    for (size_t i = 0; i < sizeof(SHAPE) - 1; i++) {
        bool fits = i < path->size && (SHAPE[i] == '0' ? path->data[i] >= '0' && path->data[i] <= '9'
                                                       : path->data[i] == SHAPE[i]);

        if (!fits)
            return target_refuse(arena, REASON_TARGET_VERSION, "an API version is /v1.NN/", *path,
                                 ret_detail);
    }
    rest = (Span){.data = path->data + sizeof(SHAPE) - 2, .size = path->size - (sizeof(SHAPE) - 2)};
    *ret_minor = (unsigned) (path->data[4] - '0') * 10 + (unsigned) (path->data[5] - '0');
    /* 1.00 would read as "no version" from here on; two prefixes are a route of nobody. */
    if (*ret_minor == 0 || target_looks_versioned(rest))
        return target_refuse(arena, REASON_TARGET_VERSION, "an API version is /v1.NN/, once", *path,
                             ret_detail);
    *path = rest;
    return REASON_OK;
}

/* Segments as dockerd's router would see them without cleaning the path: it would redirect (T-003). */
static Reason target_split_path(Arena *arena, Target *target, const char **ret_detail) {
    Span path = target->path;
    size_t start = 1;

    if (path.size == 1 && target->api_minor == 0) /* "/": canonical, and nobody's route */
        return REASON_OK;
    for (size_t i = 1; i <= path.size; i++) {
        Span segment;

        if (i < path.size && path.data[i] != '/')
            continue;
        segment = (Span){.data = path.data + start, .size = i - start};
        if (segment.size == 0) /* "//", or the trailing slash that GET /networks/ could do with (T-004) */
            return target_refuse(arena, REASON_TARGET_PATH, "an empty segment", path, ret_detail);
        if (span_is(segment, ".") || span_is(segment, ".."))
            return target_refuse(arena, REASON_TARGET_PATH, "a dot segment", path, ret_detail);
        if (target->n_segments == LIMIT_PATH_SEGMENTS)
            return target_refuse(arena, REASON_TARGET_TOO_LARGE, "too many segments", path, ret_detail);
        target->n_segments++;
        start = i + 1;
    }
    return REASON_OK;
}

/* `white`: tab and line ends are welcome, as in the Dockerfile lines of `changes`. */
static bool target_is_text(Span text, bool white) {
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char) text.data[i];

        if ((c < 0x20 || c == 0x7F) && !(white && (c == '\t' || c == '\n' || c == '\r')))
            return false;
    }
    return text_is_utf8(text);
}

static Reason target_parse_pair(Arena *arena, Span raw, QueryPair *ret, const char **ret_detail) {
    const char *equals = memchr(raw.data, '=', raw.size);
    size_t n_key = equals ? (size_t) (equals - raw.data) : raw.size;
    Span key = {.data = raw.data, .size = n_key};
    Span value = equals ? (Span){.data = equals + 1, .size = raw.size - n_key - 1} : (Span){0};
    int r;

    r = text_percent_decode(arena, key, true, &ret->key);
    if (r == 0)
        r = text_percent_decode(arena, value, true, &ret->value);
    if (r == -ENOMEM)
        return REASON_NO_MEMORY;
    if (r < 0)
        return target_refuse(arena, REASON_TARGET_QUERY, "a bad escape in the query, at", key, ret_detail);
    if (ret->key.size == 0)
        return target_refuse(arena, REASON_TARGET_QUERY, "a query value without a key", key, ret_detail);
    if (!target_is_text(ret->key, false) || !target_is_text(ret->value, true))
        return target_refuse(arena, REASON_TARGET_QUERY, "control bytes or no UTF-8 in the query, at", key,
                             ret_detail);
    return REASON_OK;
}

/*
 * Splits at `&` only. A raw `;` is where Go's releases differ (T-022), so it is refused. Pairs of no
 * bytes (`a=1&&b=2`) mean nothing to any reader and are not written again.
 */
static Reason target_parse_query(Arena *arena, Span raw, Target *target, const char **ret_detail) {
    QueryPair *pairs = NULL;
    size_t n_max = raw.size > 0 ? 1 : 0;

    for (size_t i = 0; i < raw.size; i++) {
        unsigned char c = (unsigned char) raw.data[i];

        if (c <= 0x20 || c >= 0x7F || c == ';')
            return target_refuse(arena, REASON_TARGET_QUERY, "no byte for a query",
                                 (Span){.data = raw.data + i, .size = 1}, ret_detail);
        if (c == '&' && n_max < LIMIT_QUERY_PAIRS)
            n_max++;
    }
    if (n_max > 0 && !(pairs = arena_alloc_array(arena, n_max, sizeof(*pairs))))
        return REASON_NO_MEMORY;
    target->query = pairs;
    for (size_t start = 0; start < raw.size;) {
        const char *end = memchr(raw.data + start, '&', raw.size - start);
        Span pair = {.data = raw.data + start,
                     .size = end ? (size_t) (end - raw.data) - start : raw.size - start};
        Reason reason;

        start += pair.size + 1;
        if (pair.size == 0)
            continue;
        if (target->n_query == n_max)
            return target_refuse(arena, REASON_TARGET_TOO_LARGE, "too many query parameters", (Span){0},
                                 ret_detail);
        reason = target_parse_pair(arena, pair, &pairs[target->n_query], ret_detail);
        if (reason != REASON_OK)
            return reason;
        target->n_query++;
    }
    return REASON_OK;
}

Reason target_parse(Arena *arena, Span raw, Target *ret, const char **ret_detail) {
    const char *mark;
    size_t path_size;
    char *copy;
    Reason reason;

    *ret = (Target){0};
    if (raw.size > LIMIT_TARGET_BYTES)
        return target_refuse(arena, REASON_TARGET_TOO_LARGE, "too long", (Span){0}, ret_detail);
    /* T-008: dockerd takes `http://x/containers/create` for its path, whatever the scheme. */
    if (raw.size == 0 || raw.data[0] != '/')
        return target_refuse(arena, REASON_TARGET_FORM, "doesn't start with /", (Span){0}, ret_detail);
    if (memchr(raw.data, '#', raw.size))
        return target_refuse(arena, REASON_TARGET_FORM, "a fragment", (Span){0}, ret_detail);

    copy = arena_copy(arena, raw);
    if (!copy)
        return REASON_NO_MEMORY;
    mark = memchr(copy, '?', raw.size);
    path_size = mark ? (size_t) (mark - copy) : raw.size;
    if (mark)
        ret->raw_query = (Span){.data = mark + 1, .size = raw.size - path_size - 1};

    reason = target_decode_path(arena, copy, path_size, &ret->path, ret_detail);
    if (reason == REASON_OK)
        reason = target_take_version(arena, &ret->path, &ret->api_minor, ret_detail);
    ret->asked_minor = ret->api_minor;
    if (reason == REASON_OK)
        reason = target_split_path(arena, ret, ret_detail);
    if (reason == REASON_OK)
        reason = target_parse_query(arena, ret->raw_query, ret, ret_detail);
    return reason;
}

static char *target_put_version(char *out, unsigned minor) {
    memcpy(out, "/v1.", 4);
    out += 4;
    if (minor > 99) /* no request has one; an engine may */
        *out++ = (char) ('0' + minor / 100 % 10);
    *out++ = (char) ('0' + minor / 10 % 10);
    *out++ = (char) ('0' + minor % 10);
    return out;
}

size_t target_room(const Target *target) {
    size_t bytes = sizeof("/v1.000") - 1 + 3 * target->path.size; /* an encoded byte is three */

    for (size_t i = 0; i < target->n_query; i++) /* `?` or `&`, and `=` */
        bytes += 3 * (target->query[i].key.size + target->query[i].value.size) + 2;
    return bytes;
}

char *target_put(char *out, const Target *target) {
    if (target->api_minor > 0)
        out = target_put_version(out, target->api_minor);
    out = text_put_encoded(out, target->path, BYTE_PATH);
    for (size_t i = 0; i < target->n_query; i++) {
        *out++ = i == 0 ? '?' : '&';
        out = text_put_encoded(out, target->query[i].key, BYTE_UNRESERVED);
        *out++ = '=';
        out = text_put_encoded(out, target->query[i].value, BYTE_UNRESERVED);
    }
    return out;
}

char *target_format(Arena *arena, const Target *target) {
    char *out = arena_alloc(arena, target_room(target) + 1);

    if (out)
        target_put(out, target);
    return out;
}

bool target_query_get(const Target *target, const char *key, Span *ret_value) {
    for (size_t i = 0; i < target->n_query; i++) {
        if (span_is(target->query[i].key, key)) {
            *ret_value = target->query[i].value;
            return true;
        }
    }
    return false;
}
