// SPDX-License-Identifier: Apache-2.0
/*
 * The `policies:` part of a config, and the built-in presets, to compiled policies. Table-driven: one
 * row a key, with its type and its reader. A key that this release doesn't serve yet is an error that
 * says so.
 */
#pragma once

#include "doc.h"
#include "policy.h"
#include "presets.h"
#include "print.h"
#include "zone.h"

typedef struct PolicySet PolicySet; /* presets and the file's policies, by name */

/*
 * With the built-in policies that `presets` names, and those that are included; a name that no preset has is
 * passed over. `policies` may be NULL: presets only. Each rule's origin is errors->file and its line. NULL on
 * any error (which is in `errors`), no memory being one of them. What is compiled is copied: `policies` may
 * go.
 *
 * `include` joins the allow lists of the policies it names, theirs included, and their `answers` to the
 * strictest; their `deny`, `mode` and `containers` stay their own.
 */
PolicySet *policy_set_compile_with(const DocNode *policies, const Span *presets, size_t n_presets,
                                   const ApiVersions *versions, DocErrors *errors);

/* With all presets. */
PolicySet *policy_set_compile(const DocNode *policies, const ApiVersions *versions, DocErrors *errors);

PolicySet *policy_set_free(PolicySet *set); /* with its policies; accepts NULL, returns NULL */

/*
 * Host paths of this installation that no pattern of any policy of the set may allow, nor their parents
 * (T-096). Copied; those that are not absolute or have a `..` are left out. Once, before the set is used.
 * 0, or −ENOMEM.
 */
int policy_set_protect(PolicySet *set, const char *const *paths, size_t n);

/*
 * Asks where the fixed part of each rule of bind_mounts leads: all of an exact path, of a pattern the folders
 * before its first wildcard. What comes back (in `arena`) counts like the part itself once a path is resolved
 * (T-073); NULL: to itself, or it can't be told. Once, before the set is used. 0, or −ENOMEM.
 */
typedef const char *(*PolicyLead)(void *ctx, Arena *arena, const char *path);
int policy_set_lead(PolicySet *set, PolicyLead lead, void *ctx);

/*
 * Asks for the tables of the time zones that the set's policies name: into `arena`, at least one span. What
 * it returns is why there is none (static), and becomes a mistake in `errors`, at the zone's name. Once,
 * before the set is used; until then no entry with `when` holds.
 */
typedef const char *(*PolicyZone)(void *ctx, Arena *arena, const char *name, const ZoneSpan **ret,
                                  size_t *ret_n);
void policy_set_zones(PolicySet *set, PolicyZone look, void *ctx, DocErrors *errors);

Policy *policy_set_get(const PolicySet *set, Span name); /* borrowed; NULL: it has no such policy */

/* One after the other, the file's own first, in its order. NULL: behind the last. */
const Policy *policy_set_at(const PolicySet *set, size_t i);

/* Names of the set's policies and of all presets, for "did you mean". */
const char *const *policy_set_names(const PolicySet *set, size_t *ret_n);

static inline void policy_set_free_p(PolicySet **set) {
    *set = policy_set_free(*set);
}
