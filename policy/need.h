// SPDX-License-Identifier: Apache-2.0
/*
 * One of the engine's objects that must be looked at: how it is asked for, and what the engine says where it
 * isn't there, or its name is in use. needs.h says which ones.
 */
#pragma once

#include "body.h"
#include "request.h"
#include "routes.h"

typedef enum NeedKind {
    NEED_NONE = 0,
    NEED_CONTAINER,
    NEED_EXEC,
    NEED_IMAGE,
    NEED_NETWORK,
    NEED_VOLUME,
    NEED_SERVICE,
    NEED_SECRET,
    NEED_CONFIG,
    NEED_TASK,
    NEED_CONTAINERS, /* all of the scope, by a list: `filters` */
    NEED_SERVICES,
    NEED_KIND_MAX_,
} NeedKind;

/* What the answer is for; bits. */
typedef enum NeedUse {
    /* What is in the container: no more than one that this policy could make has of the host. */
    NEED_INSIDE = 1u << 0,
    NEED_NETWORKING = 1u << 1, /* only the network it is in: that is all that is shared */
    NEED_ORIGIN = 1u << 2,     /* a volume's driver and options */
    NEED_COMMAND = 1u << 3,    /* what an exec instance runs; and INSIDE of its container */
    NEED_MAY_BE_NEW = 1u << 4, /* absent is fine: the engine makes it, as new ones are */
    NEED_PINNED = 1u << 5,     /* the full ID is sent in the name's place */
    NEED_SCOPED = 1u << 6,     /* it must be in the policy's scope; what isn't, isn't there */
    NEED_FREE = 1u << 7,   /* it may be anybody's that doesn't say whose: an image that is run or pulled */
    NEED_LISTED = 1u << 9, /* an image by its ID: one of its names is one that `images` lists */
    NEED_NAMING = 1u << 8, /* the name is to be given: if it is taken, then by what is in the scope */
} NeedUse;

typedef enum NeedPlace {
    NEED_NOWHERE = 0, /* another answer named it */
    NEED_IN_PATH,
    NEED_IN_QUERY,
    NEED_IN_MEMBER,  /* of an object of the body */
    NEED_IN_ELEMENT, /* of an array of the body */
} NeedPlace;

typedef struct Need {
    NeedKind kind;
    unsigned uses;     /* NeedUses; never 0 */
    Span name;         /* as the client wrote it */
    const char *field; /* "path", "query.networkmode", "HostConfig.VolumesFrom[0]" */

    /* Where it stands, for who writes the ID there. */
    NeedPlace place;
    BodyNode *node;  /* the object or the array */
    const char *key; /* of the object */
    size_t index;    /* of the array, or of the query's pairs */
    Span before;     /* what stands in front of the name there: "container:" */
    Span after;      /* and behind: ":ro" */

    const char *known_id; /* one with this ID may be anybody's; or NULL */
    const char *filters;  /* of a list; NULL: one object is looked at */

    /* An exec instance is its container's: this is whose absence is told. NEED_NONE: its own. */
    NeedKind told_kind;
    Span told_name;

    const char *id; /* what the engine calls it (arena); NULL: not looked at, or it has none */
} Need;

typedef struct Needs {
    Arena *arena;
    Need *items; /* room for LIMIT_NEEDS (arena), from the first on: most requests have none */
    size_t n;
    Reason reason; /* UNDECIDED: all are here. Else why not, of the object in `field` */
    const char *field;
    const char *detail; /* or NULL */
} Needs;

/* None yet. */
static inline void needs_clear(Needs *needs, Arena *arena) {
    *needs = (Needs){.arena = arena};
}

/*
 * One more; a name that can't be one of its kind, one too many, and one without memory end up in `reason`.
 * One that is there already is only added where it stands at a place of its own.
 */
void needs_add(Needs *needs, const Need *need);

/* What to GET: "/v1.41/containers/web/json" (arena). NULL: no memory. */
const char *need_target(Arena *arena, const Request *request, const Need *need);

/* "No such container: web": what dockerd says of an object that isn't there (arena). NULL: no memory. */
const char *need_absent(Arena *arena, const Need *need);

/* The same of a name that is in use (arena). NULL: no memory. */
const char *need_taken(Arena *arena, const Need *need);

/* Whether `id` is written as an engine writes those of the kind; of a volume, as its name. */
bool need_has_id(const Need *need, Span id);

const char *need_kind_name(NeedKind kind); /* "container" */

/* The kind that an operation's path names, or NEED_NONE. */
NeedKind need_kind_of_path(const Operation *operation);

/* Whether a tag or digest stands in an image's name. */
bool need_has_tag(Span name);
