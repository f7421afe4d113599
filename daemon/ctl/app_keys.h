// SPDX-License-Identifier: Apache-2.0
/*
 * The keys beside the lists (`scope`, `containers`, `exec`, `build`) of two policies, as policy_print()
 * writes them, held against each other: where one is surely wider than the other, it is said which; where
 * that can't be told, the policy counts as narrower.
 */
#pragma once

#include "policy/policy.h"

typedef struct AppKey {
    const char *text; /* "containers.ports: needs {}, has nothing" */
    bool narrower;    /* the app's may not be covered; else the policy's gives more */
} AppKey;

#define APP_KEYS_MAX 64u

/* What the policy's answers hide and the app's don't, for people: it may need it or not. NULL: nothing. */
const char *app_answers(const Policy *app, const Policy *policy, Arena *arena);

/*
 * How many. Of what the app uses no operation of, nothing is said. *ret_complete: false for lack of memory.
 */
size_t app_keys(const Policy *app, const Policy *policy, Arena *arena, AppKey ret[static APP_KEYS_MAX],
                bool *ret_complete);
