// SPDX-License-Identifier: Apache-2.0
/*
 * An engine to be asked where there is none: what it would answer to the looks that a request needs, as YAML
 * has it under `engine:`, paths without a version, and the JSON of the answer or one word:
 *
 *   engine:
 *     /containers/web/json: '{"Id": "4f…", "HostConfig": {…}, "Mounts": []}'
 *     /volumes/data: absent       # 404
 *     /volumes/other: failing     # it can't be asked
 *     /containers/4f/json: broken # 500: the beginning of two IDs is that to some engines
 *     /networks/n: silent         # nothing, until the time is over
 */
#pragma once

#include "policy/doc.h"
#include "policy/looks.h"

typedef struct PretendAnswer {
    Span path;
    Span text;
} PretendAnswer;

typedef struct Pretend {
    const PretendAnswer *answers;
    size_t n;
} Pretend;

/* Mistakes go to `errors`. Spans are the node's. */
void pretend_read(Arena *arena, DocErrors *errors, const DocNode *node, Pretend *ret);

/* `target`: what looks_target said. REASON_OK and *ret_status, *ret_text; else why there is no answer. */
Reason pretend_ask(const Pretend *engine, const char *target, unsigned *ret_status, Span *ret_text);
