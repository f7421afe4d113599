// SPDX-License-Identifier: Apache-2.0
#include "cidfile.h"

static const char CIDFILE_KEY[] = "ContainerIDFile";

bool cidfile_is_set(const BodyNode *host, Span key) {
    const BodyNode *path = span_is(key, CIDFILE_KEY) ? body_member(host, CIDFILE_KEY) : NULL;

    return path && body_type(path) == BODY_TYPE_STRING && !body_is_zero(path);
}

Reason cidfile_leave_out(Arena *arena, const Operation *operation, const Rules *rules, Body *body,
                         Edits *edits) {
    BodyNode *host = edits_host_config(operation, rules, body);

    if (!host || !cidfile_is_set(host, span_from(CIDFILE_KEY)))
        return REASON_OK;
    if (body_set_null(host, CIDFILE_KEY) < 0 || !edits_note(arena, edits, "HostConfig.ContainerIDFile=null"))
        return REASON_NO_MEMORY;
    return REASON_OK;
}
