// SPDX-License-Identifier: Apache-2.0
/*
 * Judges what the engine tells of an object that is there already, by the rules for making one: who gets into
 * a container that this policy couldn't have made has what it didn't give. What an inspect has and a create
 * body hasn't (defaults that the engine filled in, in the words of each engine) is allowed for.
 */
#pragma once

#include "exec_rules.h"

/* False where no answer could be against the rules: then nobody needs to ask. */
bool judge_inside_matters(const Rules *rules);
bool judge_origin_matters(const Rules *rules);

/*
 * A container, by the answer of ContainerInspect: its privileges, mounts, devices, capabilities, namespaces,
 * and whether it is in the host's network. Not its ports, limits and labels: these give nothing to who is
 * inside. `networking`: the last alone. Findings are at `container["NAME"].HostConfig.Privileged`. What isn't
 * there to be judged is a finding too.
 */
void judge_inside(Arena *arena, const Rules *rules, Span name, const BodyNode *inspect, bool networking,
                  Findings *ret);

/* A volume, by the answer of VolumeInspect: its driver and its options (T-075). */
void judge_origin(Arena *arena, const Rules *rules, Span name, const BodyNode *inspect, Findings *ret);

/*
 * A prepared command, by the answer of ExecInspect: as its ContainerExec would be judged. Its environment and
 * its folder are nowhere to be seen. REASON_OK, or REASON_NO_MEMORY.
 */
Reason judge_command(Arena *arena, const Rules *rules, const ExecRules *exec, const BodyNode *inspect,
                     Findings *ret);
