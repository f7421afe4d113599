// SPDX-License-Identifier: Apache-2.0
/*
 * What the compiler builds, and decide and print read: policies and the set that owns them. A set lives
 * as long as it or any of its policies is referenced, because a running exchange keeps its policy over a
 * reload. For policy/ only; others see policy.h and compile.h.
 */
#pragma once

#include "answers.h"
#include "attach_rules.h"
#include "build_rules.h"
#include "compile.h"
#include "exec_rules.h"
#include "rule.h"
#include "rules.h"
#include "scope.h"

struct Policy {
    PolicySet *set;
    const char *name;
    const char *origin; /* "FILE:LINE" of its name; below, of the key's value, NULL: not given */
    const char *containers_origin, *exec_origin, *build_origin, *attach_origin, *answers_origin;
    bool preset;
    bool observes;
    const RequestRule *allow; /* its own */
    size_t n_allow;
    bool has_grants; /* some of them hold for a time only */
    const RequestRule *deny;
    size_t n_deny;
    Rules rules;
    ExecRules exec;
    BuildRules build;
    bool attach_output; /* attach: output */
    Scope scope;
    Answers answers; /* its own, joined with those of what it includes */
    /* Those whose allow lists hold here: what it includes, at any depth, and itself. */
    const Policy **members;
    size_t n_members;
};

struct PolicySet {
    Arena *arena;
    ApiVersions versions;
    Policy *policies;
    size_t n;
    const char **names; /* of those, and of the presets that aren't compiled */
    size_t n_names;
    ZoneList zones; /* that the policies name */
};
