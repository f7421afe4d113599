// SPDX-License-Identifier: Apache-2.0
#include "zones.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "file.h"

#define ZONES_FOLDER "/usr/share/zoneinfo/"
#define ZONES_LOCAL "/etc/localtime"
#define ZONES_STEP 86400 /* no zone changes its clock twice within a day */

static const char NO_MEMORY[] = "out of memory";

static int zones_ahead(time_t at) {
    struct tm tm;

    return localtime_r(&at, &tm) ? (int) tm.tm_gmtoff : 0; /* it fails for years that no int holds */
}

/* The first moment after `low` at which the clock is as at `high`. */
static time_t zones_find_change(time_t low, time_t high) {
    int ahead = zones_ahead(high);

    while (high - low > 1) {
        time_t middle = low + (high - low) / 2;

        if (zones_ahead(middle) == ahead)
            high = middle;
        else
            low = middle;
    }
    return high;
}

/* Of the process's zone; how many, at most LIMIT_ZONE_SPANS + 1. */
static size_t zones_collect(ZoneSpan spans[static LIMIT_ZONE_SPANS]) {
    size_t n = 0;

    spans[n++] = (ZoneSpan){.since = TIME_KNOWN_FIRST, .ahead = zones_ahead(TIME_KNOWN_FIRST)};
    for (time_t at = TIME_KNOWN_FIRST; at < TIME_KNOWN_LAST; at += ZONES_STEP) {
        int ahead = zones_ahead(at + ZONES_STEP);

        if (ahead == spans[n - 1].ahead)
            continue;
        if (n == LIMIT_ZONE_SPANS)
            return n + 1;
        spans[n++] = (ZoneSpan){.since = zones_find_change(at, at + ZONES_STEP), .ahead = ahead};
    }
    return n;
}

static const char *zones_copy(Arena *arena, const ZoneSpan *spans, size_t n, const ZoneSpan **ret,
                              size_t *ret_n) {
    ZoneSpan *copy;

    if (n > LIMIT_ZONE_SPANS)
        return "its clock changes too often";
    copy = arena_alloc_array(arena, n, sizeof(*copy));
    if (!copy)
        return NO_MEMORY;
    memcpy(copy, spans, n * sizeof(*copy));
    *ret = copy;
    *ret_n = n;
    return NULL;
}

/* A zone file begins with TZif and a version, and ends with a line of its own since version 2 (RFC 9636). */
static const char *zones_check_file(const char *path) {
    CLEANUP(buffer_done) Buffer file = {0};
    int r = file_read(path, LIMIT_ZONE_FILE_BYTES, &file);
    Span text = buffer_span(&file);

    if (r == -ENOMEM)
        return NO_MEMORY;
    if (r == -ENOENT || r == -ENOTDIR || r == -EISDIR)
        return strcmp(path, ZONES_LOCAL) == 0 ? "the host has no " ZONES_LOCAL ": name the zone"
                                              : "there is no such zone in " ZONES_FOLDER
                                                " (the package tzdata brings them)";
    if (r < 0)
        return "its file can't be read";
    if (text.size < 6 || text.size > LIMIT_ZONE_FILE_BYTES || !span_starts_with(text, SPAN("TZif")) ||
        text.data[4] < '2' || text.data[text.size - 1] != '\n')
        return "its file is none of a time zone";
    return NULL;
}

static const char *zones_look(void *ctx, Arena *arena, const char *name, const ZoneSpan **ret,
                              size_t *ret_n) {
    static const ZoneSpan utc = {.since = TIME_KNOWN_FIRST};
    bool local = strcmp(name, "local") == 0;
    ZoneSpan *spans = ctx;
    char path[sizeof(":" ZONES_FOLDER) + LIMIT_ZONE_NAME_BYTES];
    const char *wrong;

    if (strcmp(name, "UTC") == 0)
        return zones_copy(arena, &utc, 1, ret, ret_n);
    (void) snprintf(path, sizeof(path), ":%s%s", local ? ZONES_LOCAL : ZONES_FOLDER, local ? "" : name);
    wrong = zones_check_file(path + 1);
    if (wrong)
        return wrong;
    if (setenv("TZ", path, 1) < 0)
        return NO_MEMORY;
    tzset();
    return zones_copy(arena, spans, zones_collect(spans), ret, ret_n);
}

void zones_settle(PolicySet *set, DocErrors *errors) {
    const char *before = getenv("TZ");
    char *kept = before ? strdup(before) : NULL;
    ZoneSpan *spans = calloc(LIMIT_ZONE_SPANS, sizeof(*spans));

    if (spans && (kept || !before))
        policy_set_zones(set, zones_look, spans, errors);
    else
        doc_error(errors, (DocMark){1, 1}, NO_MEMORY);
    if (kept)
        (void) setenv("TZ", kept, 1); /* without memory it stays: nobody goes by it */
    else
        (void) unsetenv("TZ");
    tzset();
    free(spans);
    free(kept);
}
