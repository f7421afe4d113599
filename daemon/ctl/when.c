// SPDX-License-Identifier: Apache-2.0
#include "when.h"

#include <stdio.h>

#include "policy/time_text.h"

#define USEC UINT64_C(1000000)
#define DAY (86400 * USEC)

static const char WHEN_WRONG[] =
    "is no time: 2026-12-01T18:00:00Z, 2026-12-01, today, yesterday, or how long ago (90s, 15m, 1h, 2d, 3w)";

static bool when_unit(char c, uint64_t *ret) {
    static const struct {
        char letter;
        uint64_t usec;
    } units[] = {{'s', USEC}, {'m', 60 * USEC}, {'h', 3600 * USEC}, {'d', DAY}, {'w', 7 * DAY}};

    for (size_t i = 0; i < ARRAY_SIZE(units); i++)
        if (units[i].letter == c) {
            *ret = units[i].usec;
            return true;
        }
    return false;
}

/* How long ago; false: it isn't written so. */
static bool when_ago(const char *text, uint64_t *ret) {
    uint64_t total = 0, unit;

    do {
        uint64_t n = 0;
        const char *p = text;

        for (; *p >= '0' && *p <= '9'; p++)
            if (__builtin_mul_overflow(n, UINT64_C(10), &n) ||
                __builtin_add_overflow(n, (uint64_t) (*p - '0'), &n))
                return false;
        if (p == text || !when_unit(*p, &unit) || __builtin_mul_overflow(n, unit, &n) ||
            __builtin_add_overflow(total, n, &total))
            return false;
        text = p + 1;
    } while (*text);
    *ret = total;
    return true;
}

const char *when_parse(const char *text, uint64_t now, uint64_t *ret) {
    static const struct {
        const char *word;
        uint64_t days;
    } words[] = {{"today", 0}, {"yesterday", 1}};
    char date[sizeof("2026-12-01T00:00:00Z")];
    int64_t seconds;
    uint64_t ago;

    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (strcmp(text, words[i].word) == 0) {
            *ret = now - now % DAY - words[i].days * DAY;
            return NULL;
        }
    if (strcmp(text, "now") == 0) {
        *ret = now;
        return NULL;
    }
    if (when_ago(text, &ago)) {
        *ret = ago < now ? now - ago : 0;
        return NULL;
    }
    if (strlen(text) == sizeof("2026-12-01") - 1) {
        (void) snprintf(date, sizeof(date), "%sT00:00:00Z", text);
        text = date;
    }
    if (time_text_parse(span_from(text), &seconds))
        return WHEN_WRONG;
    *ret = (uint64_t) seconds * USEC;
    return NULL;
}
