// SPDX-License-Identifier: Apache-2.0
/*
 * What the files of the view share: view.c (choosing), view_walk.c (one pass over a text), view_edit.c (what
 * becomes of a value), view_scope.c (what is out of a scope), view_top.c (the processes of a container).
 * Nobody else includes this.
 */
#pragma once

#include "json_scan.h"
#include "view.h"

typedef enum ViewEdit {
    EDIT_NONE = 0,   /* as it is; keys below are looked up */
    EDIT_SKIP,       /* as it is, whatever is below */
    EDIT_TEXT,       /* every string below becomes a placeholder; empty ones tell nothing */
    EDIT_ENV,        /* "NAME=VALUE" by name; of an object all strings but what a variable is called */
    EDIT_LABELS,     /* by key; strings "KEY=VALUE" */
    EDIT_ATTRIBUTES, /* likewise, with the attributes' names too */
    EDIT_MAP,        /* as it is: its keys are no fields' names, what is below them is looked at */
    EDIT_EMPTY,      /* "", [], {} */
    EDIT_SWARM,      /* what it holds is emptied, but for whether the engine is in a swarm */
    EDIT_BASE64,     /* a placeholder that is base64 */
    EDIT_ACTION,     /* what follows a colon becomes a placeholder */
    EDIT_ZERO,       /* a number becomes 0 */
    EDIT_MODE,       /* of "container:NAME" the name is hidden where it is out of the scope */
    EDIT_PEERS,      /* likewise the name in front of a colon, or a string without one */
    EDIT_WORDS,      /* a sentence: IDs out of the scope are hidden */
    EDIT_TITLES,     /* of ContainerTop */
    EDIT_PROCESSES,
    EDIT_PROCESS,
} ViewEdit;

typedef struct ViewRule {
    const char *key;
    const char *parent; /* NULL: anywhere; "": at the top */
    unsigned classes;
    ViewEdit edit;
} ViewRule;

/* By number; view.c. */
const ViewRule *view_rule(unsigned i);

/* The slot of a key in View.first: the same for each case of its letters. */
static inline unsigned view_slot(Span key) {
    unsigned char first = key.size > 0 ? (unsigned char) ascii_lower(key.data[0]) : 0;
    unsigned char last = key.size > 0 ? (unsigned char) ascii_lower(key.data[key.size - 1]) : 0;

    return (first * 5u + last * 3u + (unsigned) key.size * 11u) % VIEW_SLOTS;
}

typedef struct ViewWalk {
    const View *view;
    ViewHash hash;
    void *hash_ctx;
    const ViewSink *sink;
    JsonScan scan;
    const char *copied; /* what stands before it is in the sink, or was cut out */
    unsigned depth;
    bool is_element; /* the next value is an array's: as an object it is no list, whatever the array is */
    size_t top_from; /* ContainerTop: the first column that is hidden */
    Reason reason;   /* of the first failure */
} ViewWalk;

/* Each returns false after a failure, whose reason is in the walk. */
bool view_fail(ViewWalk *walk, Reason reason);
bool view_put(ViewWalk *walk, Span bytes);
bool view_cut(ViewWalk *walk, const char *from, const char *to); /* of the text */
bool view_replace(ViewWalk *walk, Span part, Span by);           /* `part` is of the text */
bool view_value(ViewWalk *walk, ViewEdit edit, Span key);        /* with all below it */
bool view_skip(ViewWalk *walk, Span *ret);                       /* the value's bytes, checked, not changed */
bool view_edit_string(ViewWalk *walk, ViewEdit edit, Span inside, bool escaped);
ViewEdit view_edit_member(const ViewWalk *walk, ViewEdit edit, Span parent, Span key, bool escaped);

/* view_scope.c: asks `keep` of what stands inside of a string */
bool view_scope_string(ViewWalk *walk, ViewEdit edit, Span inside);
bool view_hide(ViewWalk *walk, Span part); /* by a placeholder; view_edit.c */

/* view_top.c */
bool view_top_begin(ViewWalk *walk);
ViewEdit view_top_cell(const ViewWalk *walk, size_t column);
bool view_top_title(ViewWalk *walk, Span inside);
bool view_top_is_asked(const Request *request, const Answers *answers, bool *ret_renamed);
