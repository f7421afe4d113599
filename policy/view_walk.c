// SPDX-License-Identifier: Apache-2.0
#include "view_walk.h"

bool view_fail(ViewWalk *walk, Reason reason) {
    if (walk->reason == REASON_OK)
        walk->reason = reason;
    return false;
}

bool view_put(ViewWalk *walk, Span bytes) {
    if (bytes.size > 0 && !walk->sink->put(walk->sink->ctx, bytes))
        return view_fail(walk, REASON_NO_MEMORY);
    return true;
}

bool view_cut(ViewWalk *walk, const char *from, const char *to) {
    if (from > walk->copied && !view_put(walk, (Span){walk->copied, (size_t) (from - walk->copied)}))
        return false;
    walk->copied = to;
    return true;
}

bool view_replace(ViewWalk *walk, Span part, Span by) {
    return view_cut(walk, part.data, part.data + part.size) && view_put(walk, by);
}

/* --- lists of objects, where there is somebody to ask */

static bool view_is_list(const ViewWalk *walk, Span key) {
    const char *p = walk->view->lists;

    if (!walk->view->keep.ask)
        return false;
    if (walk->depth == 1 && walk->view->kind == ANSWER_DOCUMENT && key.size == 0)
        return true;
    for (size_t n; *p; p += n + 1) {
        n = strcspn(p, " ");
        if (key.size > 0 && span_equals(key, (Span){p, n}))
            return true;
    }
    return false;
}

/* What is kept of a list, for the commas between. */
typedef struct ViewList {
    Span key;
    bool asks;
    bool any;         /* something is kept already, */
    const char *tail; /* and ends here */
    bool dropped;     /* something isn't */
} ViewList;

/* At a value of a list, `begin` where its member begins. False with REASON_OK: dropped, and behind it. */
static bool view_list_keeps(ViewWalk *walk, ViewList *list, const char *begin, Span name) {
    ViewObject object = {.list = list->key, .name = name};
    const char *p = walk->scan.p;

    if (!list->asks || (json_scan_peek(&walk->scan) != '{' && json_scan_peek(&walk->scan) != '"'))
        return true;
    if (!view_skip(walk, &object.bytes))
        return false;
    switch (walk->view->keep.ask(walk->view->keep.ctx, &object)) {
    case VIEW_KEEP:
        walk->scan.p = p;
        return true;
    case VIEW_DROP:
        break;
    case VIEW_UNSURE:
        return view_fail(walk, REASON_ANSWER_UNREADABLE);
    }
    /* With the comma before it; the first ones with that behind them. */
    list->dropped = true;
    (void) view_cut(walk, list->any ? list->tail : begin, walk->scan.p);
    return false;
}

static void view_list_kept(const ViewWalk *walk, ViewList *list) {
    list->any = true;
    list->tail = walk->scan.p;
}

/* Behind a value: its comma. False at the end, or where it is none. */
static bool view_list_more(ViewWalk *walk, ViewList *list, char close) {
    json_scan_space(&walk->scan);
    if (json_scan_peek(&walk->scan) == ',') {
        (void) json_scan_byte(&walk->scan, ',');
        if (list->dropped && !list->any && !view_cut(walk, walk->copied, walk->scan.p))
            return false;
        /* A comma must have something behind it. */
        if (json_scan_peek(&walk->scan) == close)
            return view_fail(walk, REASON_ANSWER_UNREADABLE);
        return true;
    }
    return false;
}

/* --- values */

static bool view_enter(ViewWalk *walk, char open) {
    (void) json_scan_byte(&walk->scan, open);
    return ++walk->depth <= LIMIT_JSON_DEPTH || view_fail(walk, REASON_ANSWER_TOO_LARGE);
}

static bool view_leave(ViewWalk *walk, char close) {
    walk->depth--;
    if (walk->reason != REASON_OK)
        return false;
    if (json_scan_peek(&walk->scan) != close)
        return view_fail(walk, REASON_ANSWER_UNREADABLE);
    walk->scan.p++;
    return true;
}

static bool view_member(ViewWalk *walk, ViewEdit edit, Span parent, ViewList *list) {
    const char *begin = walk->scan.p;
    bool escaped;
    Span key;

    if (!json_scan_string(&walk->scan, &key, &escaped))
        return view_fail(walk, REASON_ANSWER_UNREADABLE);
    json_scan_space(&walk->scan);
    if (!json_scan_byte(&walk->scan, ':'))
        return view_fail(walk, REASON_ANSWER_UNREADABLE);
    if (!view_list_keeps(walk, list, begin, key))
        return walk->reason == REASON_OK;
    if (!view_value(walk, view_edit_member(walk, edit, parent, key, escaped), key))
        return false;
    view_list_kept(walk, list);
    return true;
}

static bool view_object(ViewWalk *walk, ViewEdit edit, Span key) {
    ViewList list = {.key = key};
    bool is_element = walk->is_element;

    walk->is_element = false;
    if (!view_enter(walk, '{'))
        return false;
    list.asks = key.size > 0 && !is_element && edit != EDIT_SKIP && view_is_list(walk, key);
    if (json_scan_peek(&walk->scan) != '}')
        do
            if (!view_member(walk, edit, key, &list))
                return false;
        while (view_list_more(walk, &list, '}'));
    return view_leave(walk, '}');
}

static ViewEdit view_element_edit(const ViewWalk *walk, ViewEdit edit, size_t i) {
    if (edit == EDIT_PROCESSES)
        return json_scan_peek(&walk->scan) == '[' ? EDIT_PROCESS : EDIT_TEXT;
    return edit == EDIT_PROCESS ? view_top_cell(walk, i) : edit;
}

static bool view_array(ViewWalk *walk, ViewEdit edit, Span key) {
    ViewList list = {.key = key};
    size_t i = 0;

    walk->is_element = false;
    if (!view_enter(walk, '['))
        return false;
    list.asks = edit != EDIT_SKIP && view_is_list(walk, key);
    if (json_scan_peek(&walk->scan) != ']')
        do {
            if (view_list_keeps(walk, &list, walk->scan.p, (Span){0})) {
                walk->is_element = true;
                if (!view_value(walk, view_element_edit(walk, edit, i++), key))
                    return false;
                walk->is_element = false;
                view_list_kept(walk, &list);
            } else if (walk->reason != REASON_OK)
                return false;
        } while (view_list_more(walk, &list, ']'));
    return view_leave(walk, ']');
}

bool view_skip(ViewWalk *walk, Span *ret) {
    const char *begin = walk->scan.p;

    if (!view_value(walk, EDIT_SKIP, (Span){0}))
        return false;
    *ret = (Span){begin, (size_t) (walk->scan.p - begin)};
    return true;
}

static bool view_empty(ViewWalk *walk, char open) {
    Span whole;

    if (!view_skip(walk, &whole))
        return false;
    return view_replace(walk, whole, open == '{' ? SPAN("{}") : SPAN("[]"));
}

/* Whatever number it is; null stays. */
static bool view_zero(ViewWalk *walk) {
    const char *begin = walk->scan.p;

    if (!json_scan_literal(&walk->scan))
        return view_fail(walk, REASON_ANSWER_UNREADABLE);
    if (*begin != '-' && (*begin < '0' || *begin > '9'))
        return true;
    return view_replace(walk, (Span){begin, (size_t) (walk->scan.p - begin)}, SPAN("0"));
}

bool view_value(ViewWalk *walk, ViewEdit edit, Span key) {
    char first = json_scan_peek(&walk->scan);
    bool escaped;
    Span inside;

    switch (first) {
    case '"':
        if (!json_scan_string(&walk->scan, &inside, &escaped))
            return view_fail(walk, REASON_ANSWER_UNREADABLE);
        return edit <= EDIT_SKIP || view_edit_string(walk, edit, inside, escaped);
    case '{':
        return edit == EDIT_EMPTY ? view_empty(walk, first) : view_object(walk, edit, key);
    case '[':
        return edit == EDIT_EMPTY ? view_empty(walk, first) : view_array(walk, edit, key);
    default:
        if (edit == EDIT_ZERO)
            return view_zero(walk);
        return json_scan_literal(&walk->scan) || view_fail(walk, REASON_ANSWER_UNREADABLE);
    }
}
