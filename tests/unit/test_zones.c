// SPDX-License-Identifier: Apache-2.0
/* Against the host's own tzdata, and what libc says of each moment. */
#include "daemon/zones.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "policy/time_text.h"

static Arena *arena;
static PolicySet *set;
static DocErrors errors;

static void teardown(void) {
    set = policy_set_free(set);
    arena = arena_free(arena);
}

TestSuite(zones, .fini = teardown);

/* A policy `p` that allows SystemInfo at the hours of `when` in that zone. */
static bool settle(const char *when, const char *zone) {
    ApiVersions versions = api_versions_default();
    const DocNode *node;

    teardown();
    arena = arena_new(16u << 20);
    errors = (DocErrors){.arena = arena, .file = "f"};
    node = doc_parse(arena,
                     span_from(arena_printf(
                         arena, "p: {allow: [{operation: SystemInfo, when: '%s', zone: %s}]}", when, zone)),
                     &errors);
    set = policy_set_compile(node, &versions, &errors);
    cr_assert_not_null(set, "%s", errors.n ? errors.items[0].message : "");
    zones_settle(set, &errors);
    return errors.n == 0;
}

/* Up to when it is allowed at `now`; NULL: not at all. */
static const char *until(const char *now) {
    Request request = {.method = METHOD_GET, .operation = routes_find(SPAN("SystemInfo"))};
    int64_t found;

    cr_assert_null(time_text_parse(span_from(now), &request.now));
    found = policy_holds_until(policy_set_get(set, SPAN("p")), &request);
    return found ? time_text_show(arena, found) : NULL;
}

static void need_tzdata(void) {
    if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) < 0)
        cr_skip_test("the host has no tzdata");
}

Test(zones, berlin) {
    need_tzdata();
    cr_assert(settle("Mon-Fri 08:00-18:00", "Europe/Berlin"), "%s", errors.items[0].message);
    cr_expect_str_eq(until("2026-01-07T07:00:00Z"), "2026-01-07T17:00:00Z");
    cr_expect_null(until("2026-01-07T06:59:59Z"));
    cr_expect_str_eq(until("2026-07-01T06:00:00Z"), "2026-07-01T16:00:00Z");
    cr_expect_str_eq(until("2099-07-01T06:00:00Z"), "2099-07-01T16:00:00Z");
    cr_assert(settle("Sat-Sun", "Europe/Berlin"));
    cr_expect_str_eq(until("2026-03-29T00:30:00Z"), "2026-03-29T01:00:00Z", "the second of the change");
    cr_expect_str_eq(until("2026-03-29T01:00:00Z"), "2026-03-29T22:00:00Z");
}

/* Zones with odd clocks: half an hour of summer time, two changes within a month, a day left out, none at
 * all. */
Test(zones, each_moment_is_as_libc_says) {
    static const char *const names[] = {
        "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia", "Asia/Kathmandu",
        "America/St_Johns",    "Europe/London",     "Etc/GMT+12",   "local"};
    unsigned random = 1;

    need_tzdata();
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        const char *path = strcmp(names[i], "local") == 0
                               ? ":/etc/localtime"
                               : arena_printf(arena ? arena : (arena = arena_new(1u << 20)), ":%s", names[i]);
        char tz[64];

        snprintf(tz, sizeof(tz), "%s", path);
        if (strcmp(names[i], "local") == 0 && access("/etc/localtime", R_OK) < 0)
            continue;
        cr_assert(settle("00:00-12:00", names[i]), "%s", errors.items[0].message);
        setenv("TZ", tz, 1);
        tzset();
        for (unsigned k = 0; k < 20000; k++) {
            Request request = {.method = METHOD_GET, .operation = routes_find(SPAN("SystemInfo"))};
            struct tm tm;
            time_t at;

            random = random * 1103515245u + 12345u;
            at = (time_t) (TIME_CLOCK_FIRST +
                           (int64_t) ((double) random / 4294967296.0 * 3155760000.0 / 100 * 99));
            request.now = at;
            localtime_r(&at, &tm);
            cr_assert_eq(policy_holds_until(policy_set_get(set, SPAN("p")), &request) > 0, tm.tm_hour < 12,
                         "%s at %lld", names[i], (long long) at);
        }
        unsetenv("TZ");
    }
}

Test(zones, without_a_file) {
    cr_assert(settle("08:00-18:00", "UTC"));
    cr_expect_str_eq(until("2026-07-01T08:00:00Z"), "2026-07-01T18:00:00Z");
    cr_expect_null(until("2026-07-01T18:00:00Z"));
}

Test(zones, unknown) {
    static const struct {
        const char *zone, *part;
    } cases[] = {
        {"Europe/Brelin", "there is no such zone"},
        {"Europe", "there is no such zone"},
        {"Europe/Berlin/x", "there is no such zone"},
        {"utc0", "there is no such zone"},
    };

    need_tzdata();
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cr_expect_not(settle("Mon", cases[i].zone), "%s", cases[i].zone);
        cr_expect_not_null(strstr(errors.items[0].message, cases[i].part), "%s", errors.items[0].message);
        cr_expect_null(until("2026-07-06T18:00:00Z"), "what has no table holds nowhere");
    }
    cr_expect_not(settle("Mon", "zone1970"), "a file of another kind, or none");
}

/* The process's own zone is what it was, and `local` doesn't go by it. */
Test(zones, environment) {
    struct tm tm;
    time_t at = 1796148000;

    need_tzdata();
    setenv("TZ", "Asia/Tokyo", 1);
    tzset();
    cr_assert(settle("08:00-18:00", "Europe/Berlin"));
    cr_expect_str_eq(getenv("TZ"), "Asia/Tokyo");
    localtime_r(&at, &tm);
    cr_expect_eq(tm.tm_gmtoff, 9 * 3600);
    unsetenv("TZ");
    cr_assert(settle("08:00-18:00", "Europe/Berlin"));
    cr_expect_null(getenv("TZ"));
}

/* --- files that we write */

static char folder[] = "/tmp/quaygate-zones.XXXXXX";

static void put32(FILE *out, uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8)
        fputc((int) (value >> shift & 0xff), out);
}

static void put_header(FILE *out, char version, unsigned n_times, unsigned n_types) {
    const uint32_t counts[] = {0, 0, 0, n_times, n_types, 4 * n_types};

    fprintf(out, "TZif%c", version);
    for (int i = 0; i < 15; i++)
        fputc(0, out);
    for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
        put32(out, counts[i]);
}

static void put_types(FILE *out, unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        put32(out, 3600 * i);
        fputc(0, out);
        fputc((int) (4 * i), out);
    }
    fwrite("AAA\0BBB", 1, 4 * n, out);
}

/* RFC 9636: a zone that changes its clock so often, every thirty days from 2001 on. */
static const char *write_zone(const char *name, unsigned n_changes) {
    const char *path = arena_printf(arena, "%s/%s", folder, name);
    FILE *out = fopen(path, "w");

    cr_assert_not_null(out);
    put_header(out, '2', 0, 1);
    put_types(out, 1);
    put_header(out, '2', n_changes, 2);
    for (unsigned i = 0; i < n_changes; i++) {
        int64_t at = 978307200 + i * INT64_C(30) * 86400;

        put32(out, (uint32_t) (at >> 32));
        put32(out, (uint32_t) at);
    }
    for (unsigned i = 0; i < n_changes; i++)
        fputc(i % 2 == 0, out);
    put_types(out, 2);
    fputs(n_changes % 2 == 0 ? "\nAAA0\n" : "\nBBB-1\n", out);
    fclose(out);
    return path;
}

static void file_setup(void) {
    arena = arena_new(1u << 20);
    cr_assert_not_null(mkdtemp(folder));
}

static void file_teardown(void) {
    static const char *const names[] = {"few", "many", "cut", "long", "text", "old", "odd"};

    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        (void) unlink(arena_printf(arena, "%s/%s", folder, names[i]));
    (void) rmdir(folder);
    teardown();
}

TestSuite(zone_files, .init = file_setup, .fini = file_teardown);

Test(zone_files, changes) {
    const ZoneSpan *spans = NULL;
    size_t n = 0;

    cr_assert_null(zones_read(arena, write_zone("few", 3), &spans, &n));
    cr_assert_eq(n, 4);
    cr_expect_eq(spans[0].since, TIME_CLOCK_FIRST);
    cr_expect_eq(spans[0].ahead, 0);
    cr_expect_eq(spans[1].since, 978307200);
    cr_expect_eq(spans[1].ahead, 3600);
    cr_expect_eq(spans[3].since, 978307200 + 2 * 30 * 86400);
    cr_expect_eq(spans[3].ahead, 3600);
    cr_assert_null(zones_read(arena, write_zone("many", LIMIT_ZONE_SPANS - 1), &spans, &n));
    cr_expect_eq(n, LIMIT_ZONE_SPANS);
    cr_expect_str_eq(zones_read(arena, write_zone("long", LIMIT_ZONE_SPANS), &spans, &n),
                     "its clock changes too often");
}

/* The file of `few`, changed: written as `name`, cut or filled up to `size`. */
static const char *read_changed(const char *name, size_t size, size_t at, char byte) {
    char bytes[LIMIT_ZONE_FILE_BYTES + 1] = {0};
    const char *path = arena_printf(arena, "%s/%s", folder, name);
    const ZoneSpan *spans;
    FILE *file = fopen(write_zone("few", 3), "r");
    size_t n = fread(bytes, 1, sizeof(bytes), file);

    fclose(file);
    if (size > n)
        bytes[size - 1] = '\n';
    bytes[at] = byte;
    file = fopen(path, "w");
    fwrite(bytes, 1, size ? size : n, file);
    fclose(file);
    return zones_read(arena, path, &spans, &n);
}

Test(zone_files, that_are_none) {
    static const char none[] = "its file is none of a time zone";
    CLEANUP(arena_free_p) Arena *small = arena_new(64);
    const ZoneSpan *spans;
    size_t n;

    cr_expect_null(read_changed("odd", 0, 0, 'T'), "unchanged");
    cr_expect_str_eq(read_changed("text", 0, 0, 'X'), none);
    cr_expect_str_eq(read_changed("old", 0, 4, '\0'), none, "version 1 has no rules for the time to come");
    cr_expect_str_eq(read_changed("cut", 5, 0, 'T'), none);
    cr_expect_str_eq(read_changed("cut", 100, 0, 'T'), none);
    cr_expect_null(read_changed("long", LIMIT_ZONE_FILE_BYTES, 0, 'T'));
    cr_expect_str_eq(read_changed("long", LIMIT_ZONE_FILE_BYTES + 1, 0, 'T'), none);
    /* Whole by its ends, but nothing that libc could read: not UTC, but no zone. */
    cr_expect_str_eq(read_changed("odd", 0, 39, '\x7f'), none);
    cr_expect_str_eq(zones_read(arena, arena_printf(arena, "%s/gone", folder), &spans, &n) ? "no" : "yes",
                     "no");
    cr_expect_str_eq(zones_read(small, write_zone("few", 3), &spans, &n), "out of memory");
}
