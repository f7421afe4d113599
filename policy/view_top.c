// SPDX-License-Identifier: Apache-2.0
/*
 * ContainerTop: dockerd runs ps on the host with the client's ps_args, and splits each line at white space
 * into as many fields as there are titles, the last with all that is left (moby daemon/top_unix.go). So a
 * command line that isn't the last column spills into those to its right; a column can get any name ("-o
 * args=TIME"); and without a heading the titles are a process's own line. What is told: columns to the left
 * of the first whose title isn't one of ps's harmless ones.
 */
#include "view_walk.h"

static const char *const top_harmless[] = {
    "%CPU",  "%MEM", "ADDR", "C",    "CLS", "ELAPSED", "F",    "GID", "GROUP", "LWP",   "NI",
    "NLWP",  "PGID", "PID",  "PPID", "PRI", "PSR",     "RSS",  "S",   "SID",   "START", "STAT",
    "STIME", "SZ",   "TIME", "TT",   "TTY", "UID",     "USER", "VSZ", "WCHAN",
};

static const char *const top_hidden[] = {"CMD", "COMMAND", "STARTED"};

/* ps_args of which it is known that no environment comes with the commands: those of the presets. */
static const char *const top_plain[] = {"", "-ef", "aux"};

static bool top_has(const char *const *titles, size_t n, Span title) {
    for (size_t i = 0; i < n; i++)
        if (span_is(title, titles[i]))
            return true;
    return false;
}

bool view_top_is_asked(const Request *request, const Answers *answers, bool *ret_renamed) {
    bool plain = true, renamed = false;

    for (size_t i = 0; i < request->target.n_query; i++) {
        Span value = request->target.query[i].value;

        plain = plain && top_has(top_plain, ARRAY_SIZE(top_plain), value);
        renamed = renamed || (value.size > 0 && memchr(value.data, '=', value.size));
    }
    *ret_renamed = renamed;
    /* `ps e` shows environments among the commands. */
    return (answers->classes & ANSWER_COMMANDS) || ((answers->classes & ANSWER_ENV) && !plain);
}

/* How many titles are harmless before one isn't. */
static size_t top_count(Span titles) {
    JsonScan scan = {.p = titles.data, .end = titles.data + titles.size};
    size_t n = 0;
    bool escaped;
    Span title;

    if (!json_scan_byte(&scan, '['))
        return 0;
    while (json_scan_string(&scan, &title, &escaped) &&
           top_has(top_harmless, ARRAY_SIZE(top_harmless), title)) {
        n++;
        json_scan_space(&scan);
        if (!json_scan_byte(&scan, ','))
            break;
    }
    return n;
}

/* The titles come after the processes, so they are looked up first. Two of them are none. */
static bool top_find_titles(ViewWalk *walk, Span *ret, size_t *ret_n) {
    bool escaped;
    Span key, value;

    *ret_n = 0;
    if (!json_scan_byte(&walk->scan, '{'))
        return true;
    walk->depth++;
    while (json_scan_string(&walk->scan, &key, &escaped)) {
        json_scan_space(&walk->scan);
        if (!json_scan_byte(&walk->scan, ':') || !view_skip(walk, &value))
            return view_fail(walk, REASON_ANSWER_UNREADABLE);
        if (span_is_nocase(key, "Titles")) {
            *ret = value;
            ++*ret_n;
        }
        json_scan_space(&walk->scan);
        if (!json_scan_byte(&walk->scan, ','))
            break;
    }
    walk->depth--;
    return true;
}

/* Only where the table of edits has ContainerTop's: its slot of Titles is empty else. */
bool view_top_begin(ViewWalk *walk) {
    const char *begin = walk->scan.p;
    Span titles = {0};
    size_t n = 0;
    bool is_top = view_edit_member(walk, EDIT_NONE, (Span){0}, SPAN("Titles"), false) == EDIT_TITLES;

    if (!is_top)
        return true;
    if (!top_find_titles(walk, &titles, &n))
        return false;
    walk->top_from = n == 1 && !walk->view->top_is_renamed ? top_count(titles) : 0;
    walk->scan.p = begin;
    return true;
}

ViewEdit view_top_cell(const ViewWalk *walk, size_t column) {
    return column < walk->top_from ? EDIT_SKIP : EDIT_TEXT;
}

bool view_top_title(ViewWalk *walk, Span inside) {
    bool known = top_has(top_harmless, ARRAY_SIZE(top_harmless), inside) ||
                 top_has(top_hidden, ARRAY_SIZE(top_hidden), inside);

    return known || view_edit_string(walk, EDIT_TEXT, inside, false);
}
