// SPDX-License-Identifier: Apache-2.0
/*
 * `scope:` of a policy: the objects that it may see and touch, by labels that they carry and by names. What
 * is out of it is as if it weren't there. All that is given must hold. All zero: no scope, everything there
 * is.
 *
 * What an operation has to do with it says one table, by operation: one that isn't in there can't be held to
 * what is in the scope, and is denied.
 */
#pragma once

#include "body.h"
#include "keys.h"
#include "routes.h"
#include "rules.h"

#define SCOPE_OWN_LABEL "io.quaygate.policy"             /* own: true; its value is the policy's name */
#define SCOPE_PROJECT_LABEL "com.docker.compose.project" /* compose_project */

typedef struct Scope {
    bool given;
    bool own;
    const char *project;     /* NULL: not given */
    const NamedText *labels; /* with exactly these values; own's and project's are among them, at the end */
    size_t n_labels;
    size_t n_listed;   /* of these, `labels:` has so many */
    PatternList names; /* as the engine has them, without `/`; an image's as NAME:TAG, too */
} Scope;

typedef enum ScopeWay {
    SCOPE_DENIED = 0, /* names what isn't looked at, or tells of everything */
    SCOPE_FREE,       /* names and tells nothing that is anybody's */
    SCOPE_NAMED,      /* all that it names is looked at */
    SCOPE_MAKES,      /* the same, and what it makes is labelled */
    SCOPE_LISTS,      /* tells of many, or removes many: narrowed by the engine's own filters */
    SCOPE_CUT,        /* tells of many, and there are no filters: cut from the answer alone */
} ScopeWay;

/* How an engine's object carries what a scope goes by. */
typedef enum ScopeKind {
    SCOPE_CONTAINER = 0,
    SCOPE_IMAGE,
    SCOPE_NETWORK,
    SCOPE_VOLUME,
    SCOPE_SERVICE, /* secrets and configs are told of alike */
    SCOPE_KIND_MAX_,
} ScopeKind;

/*
 * Reads `scope:`, copying into `arena`. `policy`: its name (own). Mistakes go to `errors`; then the result
 * must not be used.
 */
void scope_read(Arena *arena, DocErrors *errors, const DocNode *mapping, const char *policy, Scope *ret);

ScopeWay scope_way(const Operation *operation);

/* Whether the name is in the scope, as far as names go. */
bool scope_has_name(const Scope *scope, Span name);

/* Whether what the engine told of an object is in the scope. */
bool scope_has(const Scope *scope, ScopeKind kind, const BodyNode *answer);

/* The same of an element of a list, which has its labels and names elsewhere. */
bool scope_has_listed(const Scope *scope, ScopeKind kind, const BodyNode *element);

/*
 * The same of an event: labels are among its attributes, and only containers' and images' have them (moby's
 * daemon/events.go). What is neither of these, nor a network, volume, secret or config, is nobody's, and not
 * in the scope.
 */
bool scope_has_event(const Scope *scope, const BodyNode *event);

/* Whether a name of an image, NAME:TAG or NAME@DIGEST, is in the scope, as far as names go. */
bool scope_has_image_name(const Scope *scope, Span name);

/* True where one of the scope's labels is on it, with another value: it is somebody else's. */
bool scope_is_others(const Scope *scope, ScopeKind kind, const BodyNode *answer);

/*
 * Whether what is made under `scope` can be in `other` by labels and names of its maker's choice, and isn't
 * so anyway. Of two that go by names nothing is said.
 */
bool scope_reaches_into(const Scope *scope, const Scope *other);
