// SPDX-License-Identifier: Apache-2.0
/*
 * `answers: {restore: true}`: a placeholder that comes back in a body becomes the value that the engine had
 * told. Which value is not asked of the hash, which has 32 bits: the gate keeps what it has made of an
 * inspect, before and after (daemon/kept.h), and looks the client's text up there. So a value goes
 *
 *   - only to an object of the name whose inspect it was in (an updater has removed the old one by then,
 * which is why no look at the engine can bring it);
 *   - only to the place it was at, as restore_rows have it: Config.Env of an inspect to Env of a create. A
 * label that hides nothing isn't a way to read what Env hides;
 *   - only as that very text: the entry "NAME=quaygate:redacted:…" as the client was told it. Two values that
 *     were told alike at one place are none;
 *   - only where an image of the same name is run, by the same Cmd, Entrypoint and health check or the
 * image's own: else `env` in the place of the command would print it.
 *
 * Whatever isn't put back stays a placeholder, and is refused as without the key. Whoever may create
 * containers can still read what is put back in them by other ways (exec, an archive, a program behind a
 * mount, a log option): quaygate.yaml(5) says so, and `check`.
 */
#pragma once

#include "policy.h"

typedef enum RestoreKind {
    RESTORE_NONE = 0,
    RESTORE_CONTAINER,
    RESTORE_SERVICE,
    RESTORE_KIND_MAX_,
} RestoreKind;

/* Of what a good answer to `request` tells enough to be put back; NONE: of nothing, or the policy doesn't. */
RestoreKind restore_tells(const Policy *policy, const Request *request);

/* The name and the full ID in such an answer; false: it isn't one. Both in `arena`. */
bool restore_read_names(Arena *arena, RestoreKind kind, Span answer, Span *ret_name, Span *ret_id);

/*
 * Whose values the body of `request` wants back, and what it calls it (arena): a name or a full ID. NONE: no
 * placeholder is in it, the policy restores nothing or only observes, or it isn't said whose.
 */
RestoreKind restore_wants(const Policy *policy, const Request *request, const Body *body, Arena *arena,
                          Span *ret_name);

typedef struct Restored {
    const char **edits; /* "Env[2] put back" (arena): for Verdict.edits */
    size_t n;
    const char *why; /* where all was left as it came; static. NULL: it wasn't */
} Restored;

/*
 * Puts into `body` what was hidden in `went`, which is what a client was told of the object that the engine
 * had told in `came`. REASON_OK, whether anything was put back or not; or REASON_NO_MEMORY.
 */
Reason restore_body(Arena *arena, const Request *request, Body *body, Span came, Span went, Restored *ret);

/*
 * A verdict on a body with values put back mustn't tell them: of one that doesn't forward only the reason,
 * the rule and the beginning of the place stay: "HostConfig.Binds, with hidden values put back".
 */
void restore_hush(Arena *arena, Verdict *verdict);
