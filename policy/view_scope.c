// SPDX-License-Identifier: Apache-2.0
#include "view_walk.h"

#define ID_SHORT 12u /* hex digits of an ID as the CLI and the engine's sentences have it */
#define ID_SWARM 25u /* letters and digits of a service's, a node's, a secret's */

static const char HIDDEN[] = "(hidden)"; /* in a sentence */

/* Asks of a piece of a string. False with REASON_OK: it isn't to be told. */
static bool scope_tells(ViewWalk *walk, const char *list, Span piece, char *room, size_t size) {
    ViewObject object = {.list = span_from(list)};

    if (piece.size + 2 > size)
        return false;
    room[0] = '"';
    memcpy(room + 1, piece.data, piece.size);
    room[piece.size + 1] = '"';
    object.bytes = (Span){room, piece.size + 2};
    switch (walk->view->keep.ask ? walk->view->keep.ask(walk->view->keep.ctx, &object) : VIEW_UNSURE) {
    case VIEW_KEEP:
        return true;
    case VIEW_DROP:
        break;
    case VIEW_UNSURE:
        return view_fail(walk, REASON_ANSWER_UNREADABLE);
    }
    return false;
}

static bool scope_hide_peer(ViewWalk *walk, Span name) {
    char room[LIMIT_LOOK_NAME_BYTES + 3];

    if (name.size == 0 || scope_tells(walk, VIEW_LIST_PEERS, name, room, sizeof(room)))
        return true;
    return walk->reason == REASON_OK && view_hide(walk, name);
}

/* The IDs that dockerd writes: hex digits, a short one's twelve or more; or a swarm's. */
static bool scope_is_id(Span word) {
    bool hex = true, digit = false;

    for (size_t i = 0; i < word.size; i++) {
        char c = word.data[i];

        hex = hex && ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
        digit = digit || (c >= '0' && c <= '9');
        if ((c < '0' || c > '9') && (c < 'a' || c > 'z'))
            return false;
    }
    return (hex && word.size >= ID_SHORT) || (digit && word.size == ID_SWARM);
}

static bool is_word(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool scope_hide_ids(ViewWalk *walk, Span text) {
    char room[LIMIT_LOOK_NAME_BYTES + 3];

    for (size_t i = 0, n; i < text.size; i += n) {
        Span word = {text.data + i, 0};

        while (i + word.size < text.size && is_word(word.data[word.size]))
            word.size++;
        n = word.size > 0 ? word.size : 1;
        if (!scope_is_id(word) || scope_tells(walk, VIEW_LIST_IDS, word, room, sizeof(room)))
            continue;
        if (walk->reason != REASON_OK || !view_replace(walk, word, span_from(HIDDEN)))
            return false;
    }
    return true;
}

/* From 27.0 on: `… has active endpoints (name:"web" id:"…", …)`: names are told, which may be anybody's. */
static bool scope_hide_words(ViewWalk *walk, Span text) {
    Span phrase = SPAN("has active endpoints (");
    const char *at = text.size > 0 ? memmem(text.data, text.size, phrase.data, phrase.size) : NULL;
    const char *from = at ? at + phrase.size : NULL, *end = text.data + text.size;
    const char *to = from ? memrchr(from, ')', (size_t) (end - from)) : NULL;

    if (!from)
        return scope_hide_ids(walk, text);
    to = to ? to : end;
    return scope_hide_ids(walk, (Span){text.data, (size_t) (from - text.data)}) &&
           view_replace(walk, (Span){from, (size_t) (to - from)}, span_from("hidden")) &&
           scope_hide_ids(walk, (Span){to, (size_t) (end - to)});
}

bool view_scope_string(ViewWalk *walk, ViewEdit edit, Span inside) {
    Span prefix = SPAN("container:");
    const char *colon;

    if (edit == EDIT_WORDS)
        return scope_hide_words(walk, inside);
    if (edit == EDIT_MODE)
        return !span_starts_with(inside, prefix) ||
               scope_hide_peer(walk, (Span){inside.data + prefix.size, inside.size - prefix.size});
    colon = inside.size > 0 ? memchr(inside.data, ':', inside.size) : NULL;
    return scope_hide_peer(walk, (Span){inside.data, colon ? (size_t) (colon - inside.data) : inside.size});
}
