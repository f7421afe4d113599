// SPDX-License-Identifier: Apache-2.0
#include "view_walk.h"

#define KEY_BYTES 64u /* no key of view.def is as long */

/* --- which edit a member gets */

static bool key_is(Span key, const char *name) {
    return span_is_nocase(key, name);
}

static ViewEdit edit_look_up(const ViewWalk *walk, Span parent, Span key) {
    for (unsigned i = walk->view->first[view_slot(key)]; i != 0; i = walk->view->next[i - 1]) {
        const ViewRule *rule = view_rule(i - 1);

        if (key_is(key, rule->key) && (!rule->parent || key_is(parent, rule->parent)))
            return rule->edit;
    }
    return EDIT_NONE;
}

static int hex_of(char c) {
    c = ascii_lower(c);
    return c >= 'a' ? c - 'a' + 10 : c - '0';
}

/* A key with escapes in plain ASCII; false where it isn't: then it is no field's name. */
static bool key_unescape(Span key, char to[static KEY_BYTES], Span *ret) {
    size_t n = 0;

    for (size_t i = 0; i < key.size; i++) {
        char c = key.data[i];

        if (n == KEY_BYTES)
            return false;
        if (c == '\\' && key.data[++i] == 'u') { /* the scanner saw to it that four digits follow */
            if (key.data[i + 1] != '0' || key.data[i + 2] != '0')
                return false;
            c = (char) (hex_of(key.data[i + 3]) * 16 + hex_of(key.data[i + 4]));
            i += 4;
        } else if (c == '\\')
            c = key.data[i]; /* \n and its like come out as a letter, and fit no key the worse for it */
        to[n++] = c;
    }
    *ret = (Span){to, n};
    return true;
}

static bool hides_label(const ViewWalk *walk, ViewEdit edit, Span name) {
    const Answers *answers = walk->view->answers;

    if ((answers->classes & ANSWER_LABELS) && answers_hide_name(&answers->labels, name))
        return true;
    return edit == EDIT_ATTRIBUTES && (answers->classes & ANSWER_ATTRIBUTES) &&
           answers_hide_name(&answers->attributes, name);
}

ViewEdit view_edit_member(const ViewWalk *walk, ViewEdit edit, Span parent, Span key, bool escaped) {
    char plain[KEY_BYTES];

    switch (edit) {
    case EDIT_NONE:
        if (escaped && !key_unescape(key, plain, &key))
            return EDIT_NONE;
        return edit_look_up(walk, parent, key);
    case EDIT_ENV: /* a plugin's: the value may stand before the name */
        return key_is(key, "Name") || key_is(key, "Description") || key_is(key, "Settable") ? EDIT_SKIP
                                                                                            : EDIT_TEXT;
    case EDIT_LABELS:
    case EDIT_ATTRIBUTES:
        if (walk->view->hides_peers && key_is(key, "container"))
            return EDIT_TEXT;
        return escaped || hides_label(walk, edit, key) ? EDIT_TEXT : EDIT_NONE;
    case EDIT_MAP:
        return walk->view->hides_peers && key_is(key, "container") ? EDIT_TEXT : EDIT_NONE;
    case EDIT_SWARM:
        return key_is(key, "LocalNodeState") ? EDIT_SKIP : EDIT_EMPTY;
    case EDIT_SKIP:
        return EDIT_SKIP;
    case EDIT_TEXT:
    case EDIT_EMPTY:
    case EDIT_BASE64:
    case EDIT_ACTION:
    case EDIT_ZERO:
    case EDIT_MODE:
    case EDIT_PEERS:
    case EDIT_WORDS:
    case EDIT_TITLES:
    case EDIT_PROCESSES:
    case EDIT_PROCESS:
        break;
    }
    return EDIT_TEXT; /* another shape than it is known in: nothing of it is told */
}

/* --- strings */

bool view_hide(ViewWalk *walk, Span part) {
    unsigned char hash[PLACEHOLDER_HASH_BYTES];
    char text[PLACEHOLDER_SIZE];

    if (part.size == 0)
        return true;
    if (!walk->hash(walk->hash_ctx, part, hash))
        return view_fail(walk, REASON_NO_MEMORY);
    placeholder_write(hash, text);
    return view_replace(walk, part, (Span){text, sizeof(text)});
}

static bool edit_hide_base64(ViewWalk *walk, Span part) {
    unsigned char hash[PLACEHOLDER_HASH_BYTES];
    char text[PLACEHOLDER_BASE64_SIZE];

    if (part.size == 0)
        return true;
    if (!walk->hash(walk->hash_ctx, part, hash))
        return view_fail(walk, REASON_NO_MEMORY);
    placeholder_write_base64(hash, text);
    return view_replace(walk, part, (Span){text, sizeof(text)});
}

/*
 * "NAME=VALUE". A name with an escape in it is none that a pattern was written for: all of it is hidden. So
 * is a hidden name without a value, which may be no name at all.
 */
static bool edit_entry(ViewWalk *walk, ViewEdit edit, Span inside, bool escaped) {
    const char *equals = inside.size > 0 ? memchr(inside.data, '=', inside.size) : NULL;
    Span name = {inside.data, equals ? (size_t) (equals - inside.data) : inside.size};
    bool odd = escaped && name.size > 0 && memchr(name.data, '\\', name.size);
    bool hidden =
        edit == EDIT_ENV ? answers_hide_name(&walk->view->answers->env, name) : hides_label(walk, edit, name);

    if (odd || (hidden && !equals))
        return view_hide(walk, inside);
    return !hidden || view_hide(walk, (Span){equals + 1, inside.size - name.size - 1});
}

/* "exec_create: sh -c …", "exec_start: …"; of "health_status: healthy" all is told. */
static bool edit_action(ViewWalk *walk, Span inside) {
    const char *colon = inside.size > 0 ? memchr(inside.data, ':', inside.size) : NULL;
    Span rest;

    if (!colon || span_starts_with(inside, SPAN("health_status:")))
        return true;
    rest = (Span){colon + 1, inside.size - (size_t) (colon + 1 - inside.data)};
    if (rest.size > 0 && rest.data[0] == ' ')
        rest = (Span){rest.data + 1, rest.size - 1};
    return view_hide(walk, rest);
}

bool view_edit_string(ViewWalk *walk, ViewEdit edit, Span inside, bool escaped) {
    switch (edit) {
    case EDIT_ENV:
    case EDIT_LABELS:
    case EDIT_ATTRIBUTES:
        return edit_entry(walk, edit, inside, escaped);
    case EDIT_ACTION:
        return edit_action(walk, inside);
    case EDIT_BASE64:
        return edit_hide_base64(walk, inside);
    case EDIT_EMPTY:
        return inside.size == 0 || view_replace(walk, inside, SPAN(""));
    case EDIT_TITLES:
        return view_top_title(walk, inside);
    case EDIT_MODE:
    case EDIT_PEERS:
    case EDIT_WORDS:
        return view_scope_string(walk, edit, inside);
    case EDIT_NONE:
    case EDIT_SKIP:
    case EDIT_MAP:
        return true;
    case EDIT_ZERO:
    case EDIT_TEXT:
    case EDIT_SWARM:
    case EDIT_PROCESSES:
    case EDIT_PROCESS:
        break;
    }
    return view_hide(walk, inside);
}
