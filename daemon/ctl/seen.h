// SPDX-License-Identifier: Apache-2.0
/*
 * What was seen of one listener and policy, sorted by the keys of a policy that would allow it.
 */
#pragma once

#include "again.h"
#include "policy/rules.h"
#include "seen_limits.h"
#include "seen_scope.h"
#include "tally.h"

/* Lists of a policy, each with the texts that would have to be on it. */
typedef enum SeenList {
    SEEN_BIND_MOUNTS, /* written to */
    SEEN_BIND_MOUNTS_READONLY,
    SEEN_VOLUME_NAMES,
    SEEN_VOLUME_DRIVERS,
    SEEN_VOLUME_OPTIONS,
    SEEN_CAPABILITIES,
    SEEN_DEVICES,
    SEEN_NETWORKS,
    SEEN_PID, /* modes of namespaces, in the order of RulesNamespace */
    SEEN_IPC,
    SEEN_UTS,
    SEEN_USERNS,
    SEEN_CGROUP,
    SEEN_IMAGES,
    SEEN_PORT_IPS,
    SEEN_PORTS,
    SEEN_SECURITY_OPTS,
    SEEN_SYSCTLS,
    SEEN_RUNTIMES,
    SEEN_LOG_DRIVERS,
    SEEN_EXTRA_HOSTS,
    SEEN_SECRETS,
    SEEN_CONFIGS,
    SEEN_EXEC_USERS, /* "": none was named */
    SEEN_BUILD_NETWORKS,
    SEEN_LISTS_
} SeenList;

typedef enum SeenFlag {
    SEEN_PRIVILEGED,
    SEEN_PUBLISH_ALL,
    SEEN_GROUPS,
    SEEN_EXEC_PRIVILEGED,
    SEEN_REMOTE,
    SEEN_FLAGS_
} SeenFlag;

/* A condition on the query, and the values it would have to hold; an absent key is "". */
typedef struct SeenQuery {
    const char *operation;
    const char *key;  /* owned */
    bool must;        /* without it the request isn't allowed; else it only narrows */
    bool dropped;     /* what it would narrow can't stand under a condition */
    bool values_lost; /* one is not on record */
    Tally values;
} SeenQuery;

#define SEEN_QUERIES_MAX 256u

typedef struct Seen {
    char *listener, *policy; /* as recorded; owned */
    char *first, *last;      /* times; owned */
    uint64_t n;              /* requests */
    Tally operations;
    Tally patterns; /* "GET /libpod/_ping", of what is no operation */
    Tally lists[SEEN_LISTS_];
    uint64_t flags[SEEN_FLAGS_];
    SeenLimits limits;
    SeenScope scope;
    uint32_t keys; /* RULES_BIT()s of what was asked of: a list that stays empty then says so */
    SeenQuery *queries;
    size_t n_queries;

    /* Of a suggestion that was tried: what had to be opened wide, as nothing narrower was enough. */
    uint32_t open;       /* RULES_BIT()s of keys that must be left out */
    bool unknown_fields; /* unknown_fields: allow */
    Tally missed;        /* why requests are not allowed by it */
} Seen;

/* NULL: no memory. */
Seen *seen_new(Span listener, Span policy);
Seen *seen_free(Seen *seen); /* accepts NULL, returns NULL */

/* Nothing was seen; what had to be opened, and which conditions there are, stays. */
void seen_forget(Seen *seen);

/* A text that can't stand in a policy: off all lists. Whether it was on one. */
bool seen_drop(Seen *seen, Span text);

/* `run`: the record's request as again_judge() makes it, with a policy that edits nothing. */
void seen_take(Seen *seen, const TrailRecord *record, const DryRun *run, Arena *arena);

/*
 * The suggestion denied what was seen. True: something has been opened, so that another one may allow it;
 * false: no key of a policy can.
 */
bool seen_widen(Seen *seen, const DryRun *run);
