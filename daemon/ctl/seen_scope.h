// SPDX-License-Identifier: Apache-2.0
/*
 * Whether all that a client named and made has something in common that a `scope:` could go by: the beginning
 * of their names, or labels. The trail has names as the client wrote them, and nothing of what stands behind
 * an ID: then there is no telling.
 */
#pragma once

#include "policy/body.h"
#include "policy/request.h"
#include "tally.h"

typedef struct SeenScope {
    Tally names;      /* of containers, networks, volumes, services and images, without the slash */
    Tally labels;     /* of what was made: "KEY=VALUE", or "KEY" where the value is not on record */
    uint64_t n_made;  /* whose body is on record */
    uint64_t n_blind; /* requests that name something by an ID, or that no scope could hold */
    bool open;        /* a suggestion with names has been tried, and was too narrow */
} SeenScope;

void seen_scope_done(SeenScope *scope); /* empty, but for `open` */

/* `root`: of the body, or NULL. */
void seen_scope_take(SeenScope *scope, const Request *request, const BodyNode *root);

/* A pattern that is over all names and `others`, as "ci-*" (arena). NULL: there is none. */
const char *seen_scope_names(const SeenScope *scope, const Tally *others, size_t n_others, Arena *arena);

/* The next label, from `*i` on, that each thing made has; NULL: there is none. *i begins as 0. */
const char *seen_scope_label(const SeenScope *scope, size_t *i);
