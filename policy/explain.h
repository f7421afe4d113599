// SPDX-License-Identifier: Apache-2.0
/*
 * One wording of a verdict, for the client's answer, the audit record and `quaygate explain`.
 */
#pragma once

#include "request.h"
#include "verdict.h"

/*
 * "quaygate: ContainerCreate denied by policy ci: HostConfig.Privileged=true (containers.privileged)
 * [request 01J…]"; behind the rule stands the hint where the verdict is to advise the client. `id` may be
 * NULL: no request part. Safe to print: no control bytes. NULL: no memory.
 */
char *explain_sentence(Arena *arena, const Verdict *verdict, const Request *request, const char *policy,
                       const char *id);
