// SPDX-License-Identifier: Apache-2.0
/*
 * Where a request names objects that may have to be looked at, and how: two tables, by operation: what its
 * path names, and where its query and its body name others. needs.h walks a request by them.
 */
#pragma once

#include "need.h"

typedef enum NeedForm {
    FORM_PLAIN = 0, /* "NAME" */
    FORM_MODE,      /* "container:NAME", or another mode, which names nothing */
    FORM_NETWORK,   /* a network's name, or a mode, which names none */
    FORM_FROM,      /* "NAME", "NAME:ro" */
    FORM_BIND,      /* "NAME:TARGET", or "/PATH:TARGET", or "TARGET" alone */
    FORM_MOUNT,     /* an object with Type and Source */
    FORM_TARGET,    /* an object with the network's name as Target */
    FORM_ENDPOINT,  /* an object, by its network's name, with that or another as NetworkID */
    FORM_SECRET,    /* an object with SecretID */
    FORM_CONFIG,    /* or ConfigID */
} NeedForm;

typedef struct NeedRow {
    const char *operation;
    const char *path; /* of the body, as in fields_*.def; of the query, its key */
    bool in_query;
    NeedForm form;
    NeedKind kind;
    unsigned uses;
    unsigned scoped; /* more uses, under a policy with a scope */
} NeedRow;

/* The uses that the operation has for what its path names; 0: none. */
unsigned needs_path_uses(const Operation *operation);

/* The first row of an operation, which stand together; needs_row_is_of() says no of the one behind the last.
 */
const NeedRow *needs_rows_of(const Operation *operation);
bool needs_row_is_of(const NeedRow *row, const Operation *operation);

/* Whether one of the tables has it. */
bool needs_are_listed(const Operation *operation);

/*
 * What of a text names the object, and what stands around that there. False: nothing does, or it isn't a text
 * that has such a form.
 */
bool needs_cut(NeedForm form, Span text, Need *need);

/* A network that every engine has, under this name; nobody's. */
bool need_network_is_known(Span name);
