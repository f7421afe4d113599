// SPDX-License-Identifier: Apache-2.0
#include "scan.h"

#include <errno.h>

#include "policy/json_scan.h"
#include "policy/text.h"

typedef enum ScanPart {
    SCAN_TOP,
    SCAN_CLIENT,
    SCAN_REQUEST,
    SCAN_RESPONSE,
} ScanPart;

typedef enum ScanKind {
    SCAN_STRING,
    SCAN_UINT,
    SCAN_OBJECT,
} ScanKind;

typedef struct ScanMember {
    Span key;
    ScanPart part;
    ScanKind kind;
    unsigned char what; /* the number's bit, or the object's part */
    unsigned short offset;
} ScanMember;

#define TEXT(part, key, member)                                                                              \
    { SPAN_INIT(key), part, SCAN_STRING, 0, offsetof(ScanRecord, member) }
#define NUMBER(part, key, member, bit)                                                                       \
    { SPAN_INIT(key), part, SCAN_UINT, bit, offsetof(ScanRecord, member) }
#define OBJECT(key, inside)                                                                                  \
    { SPAN_INIT(key), SCAN_TOP, SCAN_OBJECT, inside, 0 }

/* In the order in which the daemon writes them: the next is looked for behind the last. */
static const ScanMember SCAN_MEMBERS[] = {
    NUMBER(SCAN_TOP, "seq", seq, SCAN_SEQ),
    TEXT(SCAN_TOP, "time", time),
    TEXT(SCAN_TOP, "event", event),
    TEXT(SCAN_TOP, "id", id),
    TEXT(SCAN_TOP, "listener", listener),
    TEXT(SCAN_TOP, "policy", policy),
    TEXT(SCAN_TOP, "policy_hash", policy_hash),
    OBJECT("client", SCAN_CLIENT),
    NUMBER(SCAN_CLIENT, "pid", pid, SCAN_PID),
    NUMBER(SCAN_CLIENT, "uid", uid, SCAN_UID),
    NUMBER(SCAN_CLIENT, "gid", gid, SCAN_GID),
    TEXT(SCAN_CLIENT, "exe", exe),
    TEXT(SCAN_CLIENT, "container", container),
    TEXT(SCAN_CLIENT, "address", address),
    TEXT(SCAN_CLIENT, "unit", unit),
    OBJECT("request", SCAN_REQUEST),
    TEXT(SCAN_REQUEST, "method", method),
    TEXT(SCAN_REQUEST, "path", path),
    TEXT(SCAN_REQUEST, "query", query),
    TEXT(SCAN_REQUEST, "operation", operation),
    NUMBER(SCAN_REQUEST, "bytes", request_bytes, SCAN_REQUEST_BYTES),
    TEXT(SCAN_TOP, "verdict", verdict),
    TEXT(SCAN_TOP, "end", end),
    TEXT(SCAN_TOP, "rule", rule),
    TEXT(SCAN_TOP, "field", field),
    TEXT(SCAN_TOP, "value", value),
    TEXT(SCAN_TOP, "where", where),
    TEXT(SCAN_TOP, "reason", reason),
    TEXT(SCAN_TOP, "allow_with", allow_with),
    NUMBER(SCAN_TOP, "repeats", repeats, SCAN_REPEATS),
    OBJECT("response", SCAN_RESPONSE),
    NUMBER(SCAN_RESPONSE, "status", status, SCAN_STATUS),
    NUMBER(SCAN_RESPONSE, "bytes", response_bytes, SCAN_RESPONSE_BYTES),
    NUMBER(SCAN_TOP, "duration_us", duration_us, SCAN_DURATION),
    TEXT(SCAN_TOP, "action", action),
    TEXT(SCAN_TOP, "message", message),
    TEXT(SCAN_TOP, "signature", signature),
    TEXT(SCAN_TOP, "prev", prev),
    TEXT(SCAN_TOP, "hash", hash),
};

typedef struct Scan {
    JsonScan json;
    ScanRecord *record;
    size_t next; /* of SCAN_MEMBERS */
    uint64_t seen;
} Scan;

/* --- values */

static bool scan_skip(JsonScan *json, unsigned depth);

static bool scan_skip_members(JsonScan *json, char close, unsigned depth) {
    bool escaped;
    Span key;

    json->p++;
    json_scan_space(json);
    if (json_scan_byte(json, close))
        return true;
    do {
        if (close == '}' && (!json_scan_string(json, &key, &escaped) || (json_scan_space(json), false) ||
                             !json_scan_byte(json, ':')))
            return false;
        if (!scan_skip(json, depth + 1))
            return false;
    } while (json_scan_byte(json, ','));
    return json_scan_byte(json, close);
}

static bool scan_skip(JsonScan *json, unsigned depth) {
    char c = json_scan_peek(json);
    bool good, escaped;
    Span inside;

    if (c == '{' || c == '[')
        return depth < SCAN_DEPTH && scan_skip_members(json, c == '{' ? '}' : ']', depth);
    good = c == '"' ? json_scan_string(json, &inside, &escaped) : json_scan_literal(json);
    json_scan_space(json);
    return good;
}

static bool scan_string(Scan *scan, const ScanMember *member) {
    Span *to = (Span *) (void *) ((char *) scan->record + member->offset);
    bool escaped;

    if (json_scan_peek(&scan->json) != '"')
        return scan_skip(&scan->json, 1);
    if (!json_scan_string(&scan->json, to, &escaped))
        return false;
    json_scan_space(&scan->json);
    return true;
}

static bool scan_uint(Scan *scan, const ScanMember *member) {
    const char *begin = scan->json.p;
    uint64_t value = 0;
    const char *p;

    if (!scan_skip(&scan->json, 1))
        return false;
    for (p = begin; p < scan->json.p && *p >= '0' && *p <= '9'; p++)
        if (__builtin_mul_overflow(value, UINT64_C(10), &value) ||
            __builtin_add_overflow(value, (uint64_t) (*p - '0'), &value))
            return true;
    if (p == begin || (p < scan->json.p && (*p == '.' || ascii_lower(*p) == 'e')))
        return true; /* of another type, or none that we write: unknown */
    memcpy((char *) scan->record + member->offset, &value, sizeof(value));
    scan->record->known |= UINT64_C(1) << member->what;
    return true;
}

/* --- members */

static const ScanMember *scan_find(Scan *scan, ScanPart part, Span key) {
    for (size_t i = 0; i < ARRAY_SIZE(SCAN_MEMBERS); i++) {
        size_t at = scan->next + i;

        if (at >= ARRAY_SIZE(SCAN_MEMBERS))
            at -= ARRAY_SIZE(SCAN_MEMBERS);
        if (SCAN_MEMBERS[at].part == part && span_equals(SCAN_MEMBERS[at].key, key)) {
            scan->next = at + 1;
            return &SCAN_MEMBERS[at];
        }
    }
    return NULL;
}

static bool scan_object(Scan *scan, ScanPart part);

static bool scan_value(Scan *scan, const ScanMember *member) {
    switch (member->kind) {
    case SCAN_STRING:
        return scan_string(scan, member);
    case SCAN_UINT:
        return scan_uint(scan, member);
    case SCAN_OBJECT:
        break;
    }
    return json_scan_peek(&scan->json) == '{' ? scan_object(scan, (ScanPart) member->what)
                                              : scan_skip(&scan->json, 1);
}

static bool scan_member(Scan *scan, ScanPart part) {
    const ScanMember *member;
    uint64_t bit;
    bool escaped;
    Span key;

    if (!json_scan_string(&scan->json, &key, &escaped))
        return false;
    json_scan_space(&scan->json);
    if (!json_scan_byte(&scan->json, ':'))
        return false;
    if (escaped) /* no member of ours; and none may pass as another */
        return false;
    member = scan_find(scan, part, key);
    if (!member)
        return scan_skip(&scan->json, 1);
    bit = UINT64_C(1) << (member - SCAN_MEMBERS);
    if (scan->seen & bit)
        return false;
    scan->seen |= bit;
    return scan_value(scan, member);
}

static bool scan_object(Scan *scan, ScanPart part) {
    if (!json_scan_byte(&scan->json, '{'))
        return false;
    if (json_scan_byte(&scan->json, '}'))
        return true;
    do
        if (!scan_member(scan, part))
            return false;
    while (json_scan_byte(&scan->json, ','));
    return json_scan_byte(&scan->json, '}');
}

_Static_assert(ARRAY_SIZE(SCAN_MEMBERS) <= 64, "a bit a member");

bool scan_record(Span line, ScanRecord *ret) {
    Scan scan = {.json = {line.data, line.data + line.size}, .record = ret};

    *ret = (ScanRecord){.line = line};
    json_scan_space(&scan.json);
    return scan_object(&scan, SCAN_TOP) && scan.json.p == scan.json.end && ret->event.size > 0;
}

/* --- text */

static size_t scan_put_rune(char *to, uint32_t rune) {
    if (rune < 0x80) {
        to[0] = (char) rune;
        return 1;
    }
    if (rune < 0x800) {
        to[0] = (char) (0xC0 | rune >> 6);
        to[1] = (char) (0x80 | (rune & 0x3F));
        return 2;
    }
    if (rune < 0x10000) {
        to[0] = (char) (0xE0 | rune >> 12);
        to[1] = (char) (0x80 | (rune >> 6 & 0x3F));
        to[2] = (char) (0x80 | (rune & 0x3F));
        return 3;
    }
    to[0] = (char) (0xF0 | rune >> 18);
    to[1] = (char) (0x80 | (rune >> 12 & 0x3F));
    to[2] = (char) (0x80 | (rune >> 6 & 0x3F));
    to[3] = (char) (0x80 | (rune & 0x3F));
    return 4;
}

/* Four digits that scan_record has seen to be there. */
static uint32_t scan_unit(const char *p) {
    uint32_t unit = 0;

    for (int i = 0; i < 4; i++) {
        char c = ascii_lower(p[i]);

        unit = unit << 4 | (uint32_t) (c >= 'a' ? c - 'a' + 10 : c - '0');
    }
    return unit;
}

/* At a backslash; how many bytes it is. */
static size_t scan_escape(const char *p, size_t size, uint32_t *ret) {
    static const char letters[] = "bfnrt", meant[] = "\b\f\n\r\t";
    const char *letter = strchr(letters, p[1]);

    if (p[1] != 'u') {
        *ret = letter && p[1] ? (unsigned char) meant[letter - letters] : (unsigned char) p[1];
        return 2;
    }
    *ret = scan_unit(p + 2);
    if (*ret >= 0xD800 && *ret < 0xDC00 && size >= 12 && p[6] == '\\' && p[7] == 'u') {
        uint32_t low = scan_unit(p + 8);

        if (low >= 0xDC00 && low < 0xE000) {
            *ret = 0x10000 + ((*ret - 0xD800) << 10) + (low - 0xDC00);
            return 12;
        }
    }
    if (*ret >= 0xD800 && *ret < 0xE000)
        *ret = 0xFFFD;
    return 6;
}

int scan_text(Buffer *out, Span inside) {
    char *to = buffer_reserve(out, inside.size + 1); /* an escape is longer than what it says */
    size_t n = 0;

    if (!to)
        return -ENOMEM;
    for (size_t i = 0; i < inside.size;) {
        uint32_t rune;

        if (inside.data[i] != '\\') {
            to[n++] = inside.data[i++];
            continue;
        }
        i += scan_escape(inside.data + i, inside.size - i, &rune);
        n += scan_put_rune(to + n, rune);
    }
    buffer_commit(out, n);
    return 0;
}

/* --- time */

static bool scan_digits(const char *p, size_t n, unsigned *ret) {
    *ret = 0;
    for (size_t i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9')
            return false;
        *ret = *ret * 10 + (unsigned) (p[i] - '0');
    }
    return true;
}

/* Days since 1970 of the Gregorian calendar; years from March, so that a leap day is a year's last. */
static int64_t scan_days(unsigned year, unsigned month, unsigned day) {
    int64_t y = (int64_t) year - (month <= 2), era = y / 400, of_era = y - era * 400;
    int64_t of_year = (153 * ((int64_t) month + (month > 2 ? -3 : 9)) + 2) / 5 + (int64_t) day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

uint64_t scan_time(Span text) {
    unsigned year, month, day, hour, minute, second, usec;
    const char *p = text.data;
    int64_t seconds;

    if (text.size != 27 || p[4] != '-' || p[7] != '-' || p[10] != 'T' || p[13] != ':' || p[16] != ':' ||
        p[19] != '.' || p[26] != 'Z' || !scan_digits(p, 4, &year) || !scan_digits(p + 5, 2, &month) ||
        !scan_digits(p + 8, 2, &day) || !scan_digits(p + 11, 2, &hour) || !scan_digits(p + 14, 2, &minute) ||
        !scan_digits(p + 17, 2, &second) || !scan_digits(p + 20, 6, &usec))
        return 0;
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 ||
        second > 60)
        return 0;
    seconds = scan_days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
    return (uint64_t) seconds * 1000000u + usec;
}
