// SPDX-License-Identifier: Apache-2.0
/*
 * What was decided about one request, as data. All zero is a deny with REASON_UNDECIDED.
 * Strings are static, the policy's, or in the exchange's arena.
 */
#pragma once

#include "reason.h"

typedef enum Effect {
    EFFECT_DENY = 0, /* 403; 404 and 409 for what is out of scope */
    EFFECT_ALLOW,
    EFFECT_OBSERVE, /* forwarded, though it would have been denied */
    EFFECT_INVALID, /* 400, 408, 413, 414, 415, 417, 431 */
    EFFECT_ERROR,   /* 502, 503, 504 */
} Effect;

/* A host path that was allowed by its letters: where links lead, only the file system knows (T-073). */
typedef struct HostPath {
    const char *path; /* cleaned */
    bool readonly;
    const char *field; /* "HostConfig.Binds[0]"; NULL: no memory for it */
} HostPath;

typedef struct Verdict {
    Effect effect;
    Reason reason;
    const char *rule;   /* "containers.privileged", "allow"; NULL: reason_label(reason) */
    const char *field;  /* "HostConfig.Privileged", "query.follow", "header Host"; NULL: none */
    const char *detail; /* "HostConfig.Privileged=true"; NULL: reason_sentence(reason) */
    const char
        *told; /* what the client gets in the detail's place, of an absence or a name; NULL: the detail */
    const char *hint; /* what to do instead, or the YAML that would allow it; NULL: none */
    bool advise;      /* the hint is for the client too: what can't be judged, and what to do instead */
    const HostPath *host_paths; /* of an allowed body: to be resolved where that can be done */
    size_t n_host_paths;
    /*
     * "HostConfig.Memory=536870912": what the policy put into the body (containers.set). With any, the
     * edited tree is what was judged, and what must be sent.
     */
    const char *const *edits;
    size_t n_edits;
    /* attach: output: what the client sends once the connection is a tunnel goes nowhere. */
    bool drops_input;
    const char *origin; /* "FILE:LINE" of the rule that decided; NULL: none did */
} Verdict;

const char *effect_name(Effect effect); /* "allow", "deny", "observe", "invalid", "error" */

/* The rule's name, or the reason's label where no rule decided. Never NULL. */
const char *verdict_rule(const Verdict *verdict);
/* The detail, or the reason's sentence. Never NULL. */
const char *verdict_detail(const Verdict *verdict);

/* What the detail quotes as the field's value, as it is shown there; NULL: nothing that may be told. */
const char *verdict_value(const Verdict *verdict);

/* The YAML in the hint that would allow it: `allow: [ContainerStart]`. Empty: there is none. */
Span verdict_allow_with(const Verdict *verdict);

/* True where the request goes on to the engine. */
static inline bool verdict_forwards(const Verdict *verdict) {
    return verdict->effect == EFFECT_ALLOW || verdict->effect == EFFECT_OBSERVE;
}
