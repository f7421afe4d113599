// SPDX-License-Identifier: Apache-2.0
#include "frame.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "policy/text.h"

#define NAME_COLUMNS 44u

typedef struct Frame {
    Buffer *out;
    Arena *arena;
    const BodyNode *now, *before;
    double seconds; /* between them */
    FrameSize size;
    size_t n_rows;
    const FrameStyle *style;
    int r;
} Frame;

/* --- what the answer says */

static int64_t frame_number(const BodyNode *object, const char *key) {
    const BodyNode *node = body_member(object, key);

    return node && body_type(node) == BODY_TYPE_INTEGER ? body_integer(node) : 0;
}

static bool frame_bool(const BodyNode *object, const char *key) {
    const BodyNode *node = body_member(object, key);

    return node && body_type(node) == BODY_TYPE_BOOL && body_bool(node);
}

/* As many columns as characters: what is wide, or none, only shifts what stands behind it. */
static const char *frame_text(const Frame *f, const BodyNode *object, const char *key, size_t columns) {
    const BodyNode *node = body_member(object, key);
    const char *text =
        node && body_type(node) == BODY_TYPE_STRING ? text_show(f->arena, body_string(node), columns) : NULL;

    return text ? text : "-";
}

static const BodyNode *frame_list(const BodyNode *object, const char *key, size_t *ret_n) {
    const BodyNode *node = body_member(object, key);
    bool is_list = node && body_type(node) == BODY_TYPE_ARRAY;

    *ret_n = is_list ? body_size(node) : 0;
    return is_list ? node : NULL;
}

/* A second; −1 where there was no frame before, or the daemon has begun anew since. */
static double frame_rate(const Frame *f, int64_t now, int64_t before) {
    return f->before && f->seconds > 0 && now >= before ? (double) (now - before) / f->seconds : -1;
}

/* --- lines */

static size_t frame_cut(const char *text, size_t columns) {
    size_t size = strlen(text), i = 0;

    for (size_t n = 0; i < size && (columns == 0 || n < columns); n++) {
        uint32_t rune;
        size_t taken = text_take_rune(text + i, size - i, &rune);

        i += taken ? taken : 1;
    }
    return i;
}

static void frame_line(Frame *f, const char *style, const char *format, ...) PRINTF_LIKE(3, 4);

static void frame_line(Frame *f, const char *style, const char *format, ...) {
    char line[1024];
    va_list args;

    if (f->r < 0 || (f->size.rows > 0 && f->n_rows >= f->size.rows))
        return;
    va_start(args, format);
    (void) vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    f->n_rows++;
    f->r = buffer_printf(f->out, "%s%.*s%s\n", style, (int) frame_cut(line, f->size.columns), line,
                         style[0] ? f->style->reset : "");
}

static const char *frame_show_rate(const Frame *f, double rate) {
    const char *text = rate < 0 ? "" : arena_printf(f->arena, " (%.1f/s)", rate);

    return text ? text : "";
}

static const char *frame_show_bytes(const Frame *f, int64_t bytes) {
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    double size = (double) bytes;
    size_t unit = 0;
    const char *text;

    while (size >= 1024 && unit + 1 < ARRAY_SIZE(units)) {
        size /= 1024;
        unit++;
    }
    text = arena_printf(f->arena, unit == 0 ? "%.0f %s" : "%.1f %s", size, units[unit]);
    return text ? text : "?";
}

static const char *frame_show_age(const Frame *f, int64_t seconds) {
    const char *text =
        seconds >= 86400
            ? arena_printf(f->arena, "%" PRId64 "d%02" PRId64 "h", seconds / 86400, seconds % 86400 / 3600)
        : seconds >= 3600
            ? arena_printf(f->arena, "%" PRId64 "h%02" PRId64 "m", seconds / 3600, seconds % 3600 / 60)
        : seconds >= 60 ? arena_printf(f->arena, "%" PRId64 "m%02" PRId64 "s", seconds / 60, seconds % 60)
                        : arena_printf(f->arena, "%" PRId64 "s", seconds);

    return text ? text : "?";
}

static const char *frame_show_count(const Frame *f, int64_t count, bool is_rough) {
    const char *text = arena_printf(f->arena, "%s%" PRId64, is_rough ? "~" : "", count);

    return text ? text : "?";
}

/* --- its parts */

static void frame_write_head(Frame *f) {
    bool up = frame_bool(f->now, "engine_up"), writable = frame_bool(f->now, "audit_writable");

    frame_line(f, f->style->bold, "quaygate %s   up %s", frame_text(f, f->now, "version", 32),
               frame_show_age(f, frame_number(f->now, "uptime_seconds")));
    frame_line(f, up ? "" : f->style->alarm, "engine    %s", up ? "answers" : "DOESN'T ANSWER");
    frame_line(f, writable ? "" : f->style->alarm, "audit     %s, %" PRId64 " records lost",
               writable ? "is written" : "CAN'T BE WRITTEN", frame_number(f->now, "audit_lost"));
}

static void frame_write_requests(Frame *f) {
    static const char *const verdicts[] = {"allow", "deny", "observe", "invalid", "error"};
    const BodyNode *now = body_member(f->now, "requests");
    const BodyNode *before = f->before ? body_member(f->before, "requests") : NULL;
    const char *text = "";

    for (size_t i = 0; i < ARRAY_SIZE(verdicts) && text; i++) {
        int64_t n = frame_number(now, verdicts[i]);
        double rate = frame_rate(f, n, before ? frame_number(before, verdicts[i]) : 0);

        text = arena_printf(f->arena, "%s%s%s %" PRId64 "%s", text, i > 0 ? "   " : "", verdicts[i], n,
                            frame_show_rate(f, rate));
    }
    frame_line(f, "", "requests  %s", text ? text : "?");
}

static void frame_write_open(Frame *f) {
    const BodyNode *open = body_member(f->now, "open");

    frame_line(f, "",
               "open      connections %" PRId64 "   requests %" PRId64 "   streams %" PRId64
               "   tunnels %" PRId64,
               frame_number(open, "connections"), frame_number(open, "requests"),
               frame_number(open, "streams"), frame_number(open, "tunnels"));
}

static void frame_write_bytes(Frame *f) {
    static const char *const keys[] = {"bytes_up", "bytes_down"};
    const char *shown[2];

    for (size_t i = 0; i < 2; i++) {
        int64_t n = frame_number(f->now, keys[i]);
        double rate = frame_rate(f, n, f->before ? frame_number(f->before, keys[i]) : 0);

        shown[i] = rate < 0 ? frame_show_bytes(f, n)
                            : arena_printf(f->arena, "%s (%s/s)", frame_show_bytes(f, n),
                                           frame_show_bytes(f, (int64_t) rate));
    }
    frame_line(f, "", "bytes     up %s   down %s", shown[0] ? shown[0] : "?", shown[1] ? shown[1] : "?");
}

/*
 * What the frame before counted for that name. One that wasn't kept apart there may have been counted up to
 * its `error`.
 */
static int64_t frame_count_before(const Frame *f, const char *list, const char *key, const BodyNode *entry) {
    size_t n = 0;
    const BodyNode *nodes = f->before ? frame_list(f->before, list, &n) : NULL;

    for (size_t i = 0; i < n; i++) {
        const BodyNode *name = body_member(body_at(nodes, i), key);

        if (name && body_type(name) == BODY_TYPE_STRING &&
            span_equals(body_string(name), body_string(body_member(entry, key))))
            return frame_number(body_at(nodes, i), "count");
    }
    return frame_number(entry, "error");
}

static void frame_write_count(Frame *f, const char *list, const char *key, const BodyNode *entry) {
    const BodyNode *name = body_member(entry, key);
    int64_t count = frame_number(entry, "count");
    const char *rate = "";
    double a_second;

    if (!name || body_type(name) != BODY_TYPE_STRING)
        return;
    a_second = frame_rate(f, count, frame_count_before(f, list, key, entry));
    if (a_second >= 0)
        rate = arena_printf(f->arena, "%.1f", a_second);
    frame_line(f, "", "%-*s %10s %10s", (int) NAME_COLUMNS, frame_text(f, entry, key, LIMIT_VALUE_SHOWN),
               frame_show_count(f, count, frame_number(entry, "error") > 0), rate ? rate : "?");
}

/* A table of counts, the largest first; `n` is small. */
static void frame_write_counts(Frame *f, const char *title, const char *list, const char *key) {
    size_t n;
    const BodyNode *nodes = frame_list(f->now, list, &n);
    bool *done = arena_alloc_array(f->arena, n + 1, sizeof(*done));

    if (!done || n == 0)
        return;
    frame_line(f, "", "%s", "");
    frame_line(f, f->style->bold, "%-*s %10s %10s", (int) NAME_COLUMNS, title, "COUNT",
               f->before ? "A SECOND" : "");
    for (size_t line = 0; line < n; line++) {
        size_t most = n;

        for (size_t i = 0; i < n; i++)
            if (!done[i] && (most == n || frame_number(body_at(nodes, i), "count") >
                                              frame_number(body_at(nodes, most), "count")))
                most = i;
        done[most] = true;
        frame_write_count(f, list, key, body_at(nodes, most));
    }
}

static void frame_write_streams(Frame *f) {
    size_t n;
    const BodyNode *streams = frame_list(f->now, "streams", &n);

    if (n == 0)
        return;
    frame_line(f, "", "%s", "");
    frame_line(f, f->style->bold, "%-8s %-7s %-22s %-16s %10s %10s  %s", "OPEN FOR", "KIND", "OPERATION",
               "POLICY", "UP", "DOWN", "CLIENT");
    for (size_t i = 0; i < n; i++) {
        const BodyNode *s = body_at(streams, i);

        frame_line(f, "", "%-8s %-7s %-22s %-16s %10s %10s  %s",
                   frame_show_age(f, frame_number(s, "age_seconds")), frame_text(f, s, "kind", 16),
                   frame_text(f, s, "operation", 64), frame_text(f, s, "policy", 64),
                   frame_show_bytes(f, frame_number(s, "bytes_up")),
                   frame_show_bytes(f, frame_number(s, "bytes_down")),
                   frame_text(f, s, "client", LIMIT_VALUE_SHOWN));
    }
}

int frame_write(Buffer *out, Arena *arena, const BodyNode *now, const BodyNode *before, double seconds,
                FrameSize size, const FrameStyle *style) {
    Frame f = {.out = out,
               .arena = arena,
               .now = now,
               .before = before,
               .seconds = seconds,
               .size = size,
               .style = style};

    if (body_type(now) != BODY_TYPE_OBJECT || !body_member(now, "requests"))
        return -EPROTO;
    frame_write_head(&f);
    frame_write_requests(&f);
    frame_write_open(&f);
    frame_write_bytes(&f);
    frame_write_counts(&f, "DENIED BY RULE", "rules", "rule");
    frame_write_counts(&f, "DENIED CLIENT", "clients", "client");
    frame_write_streams(&f);
    return f.r;
}
