// SPDX-License-Identifier: Apache-2.0
/*
 * The `exec:` part of a policy: what ContainerExec may ask for (T-087). All zero takes any
 * command, no privileges, and the users that `containers:` takes; whether anybody may exec at all is what
 * `allow:` says.
 *
 * A pattern of `commands` is held against the whole argument vector as one text: the arguments, joined by
 * one space each. An argument that is empty, or has anything but letters, digits and
 * %+,-./:=@_^~!?#*[]{}()$&;|<> in it, stands there in double quotes, with a backslash before `"` and `\` and
 * control bytes as \xNN. So no two vectors have one text, and a space in a pattern stands only where one
 * argument ends.
 */
#pragma once

#include "judge.h"
#include "pattern_list.h"

typedef struct ExecRules {
    bool has_users; /* given; else as `containers: {user: …}` or the profile says of a User that is set */
    PatternList users;    /* not given: any; only then may a User be absent */
    PatternList commands; /* not given: any */
    bool has_privileged;  /* given; else as the profile says */
    bool privileged;
} ExecRules;

/*
 * Reads `exec:` from YAML, copying into `arena`. Mistakes go to `errors`; then the result is incomplete and
 * must not be used.
 */
void exec_rules_read(Arena *arena, DocErrors *errors, const DocNode *mapping, ExecRules *ret);

/*
 * Judges the body of ContainerExec, which judge_body has judged before: *ret is what it found. `users` and
 * `privileged`, where given, replace what the profile says; more findings are put behind those in *ret.
 */
void exec_rules_judge(Arena *arena, const ExecRules *exec, const Body *body, Findings *ret);

/*
 * Tells `trace` (which may be NULL) what of `body` the keys that are given speak of; the findings come after.
 */
void exec_rules_trace(const ExecRules *exec, const Body *body, Trace *trace);

/* The text that `commands` is held against. NULL: not an array of strings, or no memory. */
const char *exec_rules_command(Arena *arena, const BodyNode *argv);
