// SPDX-License-Identifier: Apache-2.0
#include "zones.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "file.h"

#define ZONES_FOLDER "/usr/share/zoneinfo/"
#define ZONES_LOCAL "/etc/localtime"
#define ZONES_STEP 86400 /* no zone changes its clock twice within a day */

static const char NO_MEMORY[] = "out of memory";
static const char NO_ZONE[] = "its file is none of a time zone";

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

/* Of the process's zone. */
static const char *zones_collect(Arena *arena, const ZoneSpan **ret, size_t *ret_n) {
    ZoneSpan *spans = arena_alloc_array(arena, LIMIT_ZONE_SPANS, sizeof(*spans));
    size_t n = 0;

    if (!spans)
        return NO_MEMORY;
    spans[n++] = (ZoneSpan){.since = TIME_CLOCK_FIRST, .ahead = zones_ahead(TIME_CLOCK_FIRST)};
    for (time_t at = TIME_CLOCK_FIRST; at < TIME_CLOCK_LAST; at += ZONES_STEP) {
        int ahead = zones_ahead(at + ZONES_STEP);

        if (ahead == spans[n - 1].ahead)
            continue;
        if (n == LIMIT_ZONE_SPANS)
            return "its clock changes too often";
        spans[n++] = (ZoneSpan){.since = zones_find_change(at, at + ZONES_STEP), .ahead = ahead};
    }
    *ret = spans;
    *ret_n = n;
    return NULL;
}

/* A zone file begins with TZif and a version, and ends with a line of its own since version 2 (RFC 9636). */
static const char *zones_load(const char *path, Buffer *file) {
    int r = file_read(path, LIMIT_ZONE_FILE_BYTES, file);
    Span text = buffer_span(file);

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
        return NO_ZONE;
    return NULL;
}

/* What libc can't read is UTC to it: then the zone's name for its time isn't among those of the file. */
static bool zones_is_known(Span file) {
    time_t first = TIME_CLOCK_FIRST;
    struct tm tm;

    return localtime_r(&first, &tm) && tm.tm_zone && tm.tm_zone[0] &&
           memmem(file.data, file.size, tm.tm_zone, strlen(tm.tm_zone) + 1);
}

const char *zones_read(Arena *arena, const char *path, const ZoneSpan **ret, size_t *ret_n) {
    CLEANUP(buffer_done) Buffer file = {0};
    const char *wrong = zones_load(path, &file), *tz;

    if (wrong)
        return wrong;
    tz = arena_printf(arena, ":%s", path);
    if (!tz || setenv("TZ", tz, 1) < 0)
        return NO_MEMORY;
    tzset();
    return zones_is_known(buffer_span(&file)) ? zones_collect(arena, ret, ret_n) : NO_ZONE;
}

static const char *zones_look(void *ctx UNUSED, Arena *arena, const char *name, const ZoneSpan **ret,
                              size_t *ret_n) {
    static const ZoneSpan utc = {.since = TIME_CLOCK_FIRST};
    const char *path = strcmp(name, "local") == 0
                           ? ZONES_LOCAL
                           : arena_printf(arena, ZONES_FOLDER "%.*s", SPAN_FMT(span_from(name)));

    if (strcmp(name, "UTC") != 0)
        return path ? zones_read(arena, path, ret, ret_n) : NO_MEMORY;
    *ret = &utc;
    *ret_n = 1;
    return NULL;
}

void zones_settle(PolicySet *set, DocErrors *errors) {
    const char *before = getenv("TZ");
    char *kept = before ? strdup(before) : NULL;

    if (kept || !before)
        policy_set_zones(set, zones_look, NULL, errors);
    else
        doc_error(errors, (DocMark){1, 1}, NO_MEMORY);
    if (kept)
        (void) setenv("TZ", kept, 1); /* without memory it stays: nobody goes by it */
    else
        (void) unsetenv("TZ");
    tzset();
    free(kept);
}
