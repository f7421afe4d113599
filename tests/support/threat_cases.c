// SPDX-License-Identifier: Apache-2.0
#include "threat_cases.h"

#include <stdlib.h>

#define REPEAT_MAX (16u << 20)

static int digit_value(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* `\xNN` is a byte; nothing else is an escape, so that JSON's own stand as they are sent. */
static bool decode_append(Buffer *out, Span text) {
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];

        if (c == '\\' && i + 3 < text.size && text.data[i + 1] == 'x' && digit_value(text.data[i + 2]) >= 0 &&
            digit_value(text.data[i + 3]) >= 0) {
            c = (char) (digit_value(text.data[i + 2]) * 16 + digit_value(text.data[i + 3]));
            i += 3;
        }
        if (buffer_append(out, (Span){&c, 1}) < 0)
            return false;
    }
    return true;
}

static bool case_flush(ThreatCase *item) {
    Span head = buffer_span(&item->head), mark = SPAN("$LENGTH");

    for (size_t i = 0; i < head.size;) {
        Span rest = {head.data + i, head.size - i};
        bool is_mark = span_starts_with(rest, mark);

        if (is_mark ? buffer_printf(&item->request, "%zu", buffer_size(&item->body)) < 0
                    : buffer_append(&item->request, (Span){rest.data, 1}) < 0)
            return false;
        i += is_mark ? mark.size : 1;
    }
    if (buffer_append(&item->request, buffer_span(&item->body)) < 0)
        return false;
    buffer_clear(&item->head);
    buffer_clear(&item->body);
    return true;
}

/* A head line behind a body begins the next request. */
static bool case_add_head(ThreatCase *item, Span text) {
    if (buffer_size(&item->body) > 0 && !case_flush(item))
        return false;
    return decode_append(&item->head, text) && buffer_append(&item->head, SPAN("\r\n")) == 0;
}

static bool case_add_repeated(ThreatCase *item, Span rest) {
    size_t n = 0, i = 0;

    for (; i < rest.size && rest.data[i] >= '0' && rest.data[i] <= '9' && n <= REPEAT_MAX; i++)
        n = n * 10 + (size_t) (rest.data[i] - '0');
    if (i == 0 || i + 1 >= rest.size || rest.data[i] != ' ' || n > REPEAT_MAX)
        return false;
    while (n-- > 0)
        if (!decode_append(&item->body, (Span){rest.data + i + 1, rest.size - i - 1}))
            return false;
    return true;
}

static bool case_add_json(ThreatCase *item, Span line) {
    static const char *const heads[] = {"Host: docker", "Content-Type: application/json", "Connection: close",
                                        "Content-Length: $LENGTH", ""};

    if (!case_flush(item) || !decode_append(&item->head, line) ||
        buffer_append(&item->head, SPAN(" HTTP/1.1\r\n")) < 0)
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
        if (!case_add_head(item, span_from(heads[i])))
            return false;
    return true;
}

static Span behind(Span line, size_t n) {
    return line.size > n ? (Span){line.data + n, line.size - n} : (Span){"", 0};
}

static bool case_take_bytes(ThreatCase *item, Span line, bool *ret_ok) {
    Span rest = behind(line, 2);
    bool bare = line.size == 1;

    if (span_starts_with(line, SPAN("json "))) {
        *ret_ok = case_add_json(item, behind(line, 5));
        return true;
    }
    if (!bare && (line.size < 3 || line.data[1] != ' '))
        return false;
    switch (line.data[0]) {
    case '>':
        *ret_ok = case_add_head(item, rest);
        return true;
    case '=':
        *ret_ok = decode_append(&item->body, rest) && buffer_append(&item->body, SPAN("\r\n")) == 0;
        return true;
    case '+':
        *ret_ok = !bare && decode_append(&item->body, rest);
        return true;
    case '*':
        *ret_ok = case_add_repeated(item, rest);
        return true;
    default:
        return false;
    }
}

static bool case_take_key(ThreatCase *item, Span key, Span value) {
    if (span_is(key, "case"))
        item->id = value;
    else if (span_is(key, "check"))
        item->check = value;
    else if (span_is(key, "policy"))
        item->policy = value;
    else if (span_is(key, "why"))
        item->why = value;
    else if (span_is(key, "expect") && (span_is(value, "allow") || span_is(value, "deny")))
        item->allow = span_is(value, "allow");
    else if (span_is(key, "requests") && value.size == 1 && digit_value(value.data[0]) > 0)
        item->n_requests = (size_t) digit_value(value.data[0]);
    else
        return span_is(key, "threats");
    return true;
}

static bool case_take_line(ThreatCase *item, Span line, const char **ret_why) {
    const char *colon = memchr(line.data, ':', line.size);
    size_t n = colon ? (size_t) (colon - line.data) : 0;
    bool ok = true;

    *ret_why = "no memory, or not a number of repetitions";
    if (case_take_bytes(item, line, &ok))
        return ok;
    *ret_why = "not a line of a case";
    return colon && case_take_key(item, (Span){line.data, n}, behind(line, n + 2));
}

static size_t count_cases(Span text) {
    size_t n = 0;

    for (size_t i = 0; i < text.size; i++)
        if ((i == 0 || text.data[i - 1] == '\n') &&
            span_starts_with((Span){text.data + i, text.size - i}, SPAN("case: ")))
            n++;
    return n;
}

bool threat_cases_read(Arena *arena, Span text, ThreatCases *ret, unsigned *ret_line, const char **ret_why) {
    ThreatCase *item = NULL;
    unsigned number = 0;

    *ret = (ThreatCases){.items = arena_alloc_array(arena, count_cases(text) + 1, sizeof(ThreatCase))};
    *ret_why = "no memory";
    for (size_t begin = 0; ret->items && begin < text.size;) {
        const char *end = memchr(text.data + begin, '\n', text.size - begin);
        Span line = {text.data + begin, end ? (size_t) (end - text.data) - begin : text.size - begin};

        begin += line.size + 1;
        *ret_line = ++number;
        if (line.size == 0 || line.data[0] == '#')
            continue;
        if (span_starts_with(line, SPAN("case: "))) {
            if (item && !case_flush(item))
                return false;
            item = &ret->items[ret->n++];
            *item = (ThreatCase){.policy = SPAN("corpus"), .n_requests = 1, .line = number};
        }
        *ret_why = "before the first case";
        if (!item || !case_take_line(item, line, ret_why))
            return false;
    }
    return item && case_flush(item);
}

void threat_cases_done(ThreatCases *cases) {
    for (size_t i = 0; i < cases->n; i++) {
        buffer_done(&cases->items[i].request);
        buffer_done(&cases->items[i].head);
        buffer_done(&cases->items[i].body);
    }
}
