// SPDX-License-Identifier: Apache-2.0
/*
 * What another gate's settings come to: which operations they let through, where it listened, and what there
 * is to say of them. Written as a config that our own reader takes.
 *
 * Operations that lead to the host are let in where the settings mean them: by name, or by a method that
 * changes something. A read that only came along with others (GET /containers/{id}/archive with all of
 * /containers) is left out, and said to be.
 */
#pragma once

#include "policy/arena.h"
#include "policy/routes.h"

#define IMPORTED_NOTES_MAX 512u
#define IMPORTED_ITEMS_MAX 64u /* bind mounts, networks */

typedef enum ImportNote {
    IMPORT_NARROWER = 0, /* ours lets less through */
    IMPORT_DANGEROUS,    /* of the old settings */
    IMPORT_OPEN,         /* can't be told, or is to be done by hand */
    IMPORT_NOTES_
} ImportNote;

typedef struct Imported {
    Arena *arena; /* of all texts */
    const Operation *operations;
    size_t n_operations;
    const char **by; /* by number of the operation: the setting that lets it through; NULL: none does */
    bool *left_out;  /* likewise: it would, but doesn't mean it */
    const char *upstream, *address; /* unix://… ; never NULL */
    const char *mode;               /* of the socket, or NULL */
    const char *networks[IMPORTED_ITEMS_MAX];
    size_t n_networks;
    const char *binds[IMPORTED_ITEMS_MAX]; /* folders, with all below them */
    size_t n_binds;
    struct {
        ImportNote kind;
        const char *text;
    } notes[IMPORTED_NOTES_MAX];
    size_t n_notes;
    bool failed; /* no memory, or no room */
} Imported;

/* False: no memory. `ret` is to be ended in either case. */
bool imported_init(Imported *ret);
void imported_done(Imported *imported);

/* `by`: the setting, printable or not. `meant`: it names the operation, or nothing else could have been
 * meant. */
void imported_grant(Imported *imported, const Operation *operation, const char *by, bool meant);

/* The last word of the operation's path that is no name: "archive", "json". */
Span imported_word(const Operation *operation);

void imported_note(Imported *imported, ImportNote kind, const char *format, ...) PRINTF_LIKE(3, 4);

/*
 * The config on stdout, `from` ("tecnativa") in its head. It is loaded before, and what our own `check` warns
 * of stands in it. An exit code of ctl.h.
 */
int imported_print(Imported *imported, const char *from);
