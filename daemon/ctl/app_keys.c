// SPDX-License-Identifier: Apache-2.0
#include "app_keys.h"

#include <stdio.h>
#include <stdlib.h>

#include "policy/cover.h"
#include "policy/doc.h"
#include "policy/print.h"
#include "policy/rules.h"

typedef struct AppKeys {
    Arena *arena;
    bool app_open, policy_open; /* its profile is privileged: what no key speaks of is open */
    bool bodies, signals;       /* the app has a use for `containers`, and for its `signals` alone */
    const char *section;
    AppKey *items;
    size_t n;
    bool failed;
} AppKeys;

typedef enum KeySense {
    SENSE_OPENS = 0, /* a key that isn't given is closed; one that is given opens */
    SENSE_HOLDS,     /* a key that isn't given is open; one that is given holds back */
    SENSE_NONE,      /* neither */
} KeySense;

static KeySense key_sense(const char *key) {
    static const char *const holding[] = {"images",   "signals", "require_digest", "user",  "limits",
                                          "networks", "volumes", "log_drivers",    "users", "commands"};
    static const char *const none[] = {"set", "profile"};

    for (size_t i = 0; i < ARRAY_SIZE(holding); i++)
        if (strcmp(holding[i], key) == 0)
            return SENSE_HOLDS;
    for (size_t i = 0; i < ARRAY_SIZE(none); i++)
        if (strcmp(none[i], key) == 0)
            return SENSE_NONE;
    return SENSE_OPENS;
}

/* --- values as texts */

static const char *key_text(Arena *arena, const DocNode *node) {
    const char *text = "";

    if (!node || node->type == DOC_NULL)
        return "nothing";
    if (node->type == DOC_SCALAR)
        return arena_copy(arena, node->scalar);
    for (size_t i = 0; text && i < node->n; i++) {
        bool list = node->type == DOC_SEQUENCE;
        const char *value = key_text(arena, list ? node->items[i] : node->pairs[i].value);

        if (!value)
            return NULL;
        text = list ? arena_printf(arena, "%s%s%s", text, i > 0 ? ", " : "", value)
                    : arena_printf(arena, "%s%s%.*s: %s", text, i > 0 ? ", " : "",
                                   SPAN_FMT(node->pairs[i].key.scalar), value);
    }
    return text ? arena_printf(arena, node->type == DOC_SEQUENCE ? "[%s]" : "{%s}", text) : NULL;
}

/* What opens nothing is as good as not given, unless all would be open without it. */
static bool key_is_absent(const DocNode *node, KeySense sense, bool open) {
    if (!node || node->type == DOC_NULL)
        return true;
    return sense == SENSE_OPENS && !open &&
           ((node->type == DOC_SEQUENCE && node->n == 0) || span_is(node->scalar, "false") ||
            span_is(node->scalar, "deny"));
}

/* Whether each item of `a` is one of `b`, as a text. */
static bool key_is_within(Arena *arena, const DocNode *a, const DocNode *b) {
    if (a->type != DOC_SEQUENCE || b->type != DOC_SEQUENCE)
        return false;
    for (size_t i = 0; i < a->n; i++) {
        const char *text = key_text(arena, a->items[i]);
        bool found = false;

        for (size_t k = 0; text && k < b->n && !found; k++) {
            const char *other = key_text(arena, b->items[k]);

            found = other && strcmp(text, other) == 0;
        }
        if (!found)
            return false;
    }
    return true;
}

/* --- one key */

static void keys_say(AppKeys *keys, const char *key, const DocNode *app, const DocNode *policy,
                     bool narrower) {
    const char *needs = key_text(keys->arena, app), *has = key_text(keys->arena, policy);
    const char *text = needs && has ? arena_printf(keys->arena, "%s.%s: %s, where the preset has %s",
                                                   keys->section, key, has, needs)
                                    : NULL;

    if (!text || keys->n == APP_KEYS_MAX)
        keys->failed = true;
    else
        keys->items[keys->n++] = (AppKey){.text = text, .narrower = narrower};
}

/* Only one of them has it. `labels` may open (deny: []) and hold back, so it counts as the latter. */
static bool keys_is_narrower(const AppKeys *keys, const char *key, KeySense sense, bool app_absent) {
    if (app_absent)
        return sense == SENSE_HOLDS || keys->app_open || strcmp(key, "labels") == 0;
    return sense == SENSE_OPENS && !keys->policy_open;
}

static bool keys_is_used(const AppKeys *keys, const char *key) {
    if (strcmp(keys->section, "containers") != 0)
        return true;
    return strcmp(key, "signals") == 0 ? keys->signals : keys->bodies;
}

static void keys_compare(AppKeys *keys, const char *key, const DocNode *app, const DocNode *policy) {
    KeySense sense = key_sense(key);
    bool app_absent = key_is_absent(app, sense, keys->app_open);
    bool policy_absent = key_is_absent(policy, sense, keys->policy_open);
    const char *needs = key_text(keys->arena, app), *has = key_text(keys->arena, policy);

    if (!needs || !has) {
        keys->failed = true;
        return;
    }
    if (!keys_is_used(keys, key))
        return;
    if (sense == SENSE_NONE || strcmp(needs, has) == 0 || (app_absent && policy_absent))
        return;
    if (app_absent || policy_absent)
        keys_say(keys, key, app, policy, keys_is_narrower(keys, key, sense, app_absent));
    else if (span_is(app->scalar, "any") || span_is(policy->scalar, "any"))
        keys_say(keys, key, app, policy, !span_is(policy->scalar, "any"));
    else
        keys_say(keys, key, app, policy, !key_is_within(keys->arena, app, policy));
}

static void keys_compare_section(AppKeys *keys, const char *section, const DocNode *app,
                                 const DocNode *policy) {
    const DocNode *a = doc_get(app, section), *p = doc_get(policy, section);

    keys->section = section;
    for (size_t i = 0; a && i < a->n; i++)
        keys_compare(keys, a->pairs[i].key.scalar.data, a->pairs[i].value,
                     p ? doc_get(p, a->pairs[i].key.scalar.data) : NULL);
    for (size_t i = 0; p && i < p->n; i++)
        if (!a || !doc_get(a, p->pairs[i].key.scalar.data))
            keys_compare(keys, p->pairs[i].key.scalar.data, NULL, p->pairs[i].value);
}

/* --- both policies */

static const DocNode *keys_print(AppKeys *keys, const Policy *policy) {
    DocErrors errors = {.arena = keys->arena};
    const DocNode *root = NULL;
    char *bytes = NULL, *copy;
    size_t size = 0;
    FILE *file = open_memstream(&bytes, &size);
    int r;

    if (!file)
        return NULL;
    r = policy_print(policy, file);
    if (fclose(file) == 0 && r == 0 && (copy = arena_copy(keys->arena, (Span){bytes, size})))
        root = doc_parse(keys->arena, (Span){copy, size}, &errors);
    free(bytes);
    return root && root->type == DOC_MAPPING && root->n == 1 ? root->pairs[0].value : NULL;
}

static void keys_compare_profile(AppKeys *keys, const Policy *app, const Policy *policy) {
    static const int ranks[PROFILE_MAX_] = {
        [PROFILE_RESTRICTED] = 0, [PROFILE_BASELINE] = 1, [PROFILE_PRIVILEGED] = 2};
    Profile needs = policy_rules(app)->profile, has = policy_rules(policy)->profile;
    const char *text = arena_printf(keys->arena, "containers.profile: %s, where the preset has %s",
                                    profile_name(has), profile_name(needs));

    if (needs == has)
        return;
    if (!text)
        keys->failed = true;
    else
        keys->items[keys->n++] = (AppKey){.text = text, .narrower = ranks[has] < ranks[needs]};
}

/* What `containers:` holds: bodies, and containers and volumes that are there already. */
static bool keys_uses_containers(const Policy *app, const Policy *policy) {
    size_t n;
    const Operation *all = routes_all(&n);

    for (size_t i = 0; i < n; i++)
        if (cover_allows(app, &all[i], 0) &&
            (all[i].body != BODY_NONE || cover_looks(app, &all[i]) || cover_looks(policy, &all[i])))
            return true;
    return false;
}

static bool keys_sends_signals(const Policy *app) {
    return cover_allows(app, routes_find(SPAN("ContainerKill")), 0) ||
           cover_allows(app, routes_find(SPAN("ContainerStop")), 0) ||
           cover_allows(app, routes_find(SPAN("ContainerRestart")), 0);
}

/* Whatever the app asks for is held to the scope, and answers less. */
static void keys_compare_scope(AppKeys *keys, const DocNode *app, const DocNode *policy) {
    const DocNode *needs = doc_get(app, "scope"), *has = doc_get(policy, "scope");
    const char *text;

    if (!has || needs)
        return;
    text = key_text(keys->arena, has);
    text = text ? arena_printf(keys->arena, "scope: %s, where the preset has nothing", text) : NULL;
    if (!text)
        keys->failed = true;
    else
        keys->items[keys->n++] = (AppKey){.text = text, .narrower = true};
}

size_t app_keys(const Policy *app, const Policy *policy, Arena *arena, AppKey ret[static APP_KEYS_MAX],
                bool *ret_complete) {
    AppKeys keys = {.arena = arena,
                    .items = ret,
                    .app_open = policy_rules(app)->profile == PROFILE_PRIVILEGED,
                    .policy_open = policy_rules(policy)->profile == PROFILE_PRIVILEGED};
    const DocNode *a = keys_print(&keys, app), *p = keys_print(&keys, policy);

    *ret_complete = false;
    if (!a || !p)
        return 0;
    keys_compare_scope(&keys, a, p);
    keys.bodies = keys_uses_containers(app, policy);
    keys.signals = keys_sends_signals(app);
    if (keys.bodies)
        keys_compare_profile(&keys, app, policy);
    keys_compare_section(&keys, "containers", a, p);
    if (cover_allows(app, routes_find(SPAN("ContainerExec")), 0))
        keys_compare_section(&keys, "exec", a, p);
    if (cover_allows(app, routes_find(SPAN("ImageBuild")), 0))
        keys_compare_section(&keys, "build", a, p);
    *ret_complete = !keys.failed;
    return keys.n;
}

const char *app_answers(const Policy *app, const Policy *policy, Arena *arena) {
    AppKeys keys = {.arena = arena};
    const DocNode *a = keys_print(&keys, app), *p = keys_print(&keys, policy);
    const char *needs = a ? key_text(arena, doc_get(a, "answers")) : NULL;
    const char *has = p ? key_text(arena, doc_get(p, "answers")) : NULL;

    return needs && has && strcmp(needs, has) != 0 && doc_get(p, "answers") ? has : NULL;
}
