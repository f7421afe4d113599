// SPDX-License-Identifier: Apache-2.0
/*
 * Walks all that grants a request, what is included and what a pattern reaches too, and says each operation
 * once. That a rule never matches is said only of the policy's own: what it includes may be used elsewhere.
 */
#include "policy_warn.h"

#include "answers_warn.h"
#include "rules_warn.h"
#include "set.h"
#include "text.h"

#define SAMPLES 3u

/* The paths of an operation, for patterns to be held against. */
typedef struct WarnedPaths {
    const Glob *all;
    const char *samples[SAMPLES];
} WarnedPaths;

typedef struct Warned {
    const Policy *policy;
    Arena *arena;
    const Operation *operations;
    size_t n_operations;
    WarnedPaths *paths; /* by number of the operation */
    bool *said;         /* likewise */
    PolicyWarning *items;
    size_t n;
} Warned;

static void warned_add(Warned *warned, const char *origin, const char *text) {
    if (text && warned->n < POLICY_WARNINGS_MAX)
        warned->items[warned->n++] =
            (PolicyWarning){.origin = origin ? origin : warned->policy->origin, .text = text};
}

/* NULL: nothing to say, or `containers:` judges it and has warnings of its own. */
static const char *warned_sentence(const Operation *operation) {
    static const struct {
        const char *id;
        const char *sentence;
    } rows[] = {
#define WARN(id, sentence) {#id, sentence},
#include "policy_warn.def"
#undef WARN
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (strcmp(rows[i].id, operation->id) == 0)
            return rows[i].sentence;
    return NULL;
}

static bool warned_is_attach(const Operation *operation, bool websocket) {
    return strcmp(operation->id, websocket ? "ContainerAttachWebsocket" : "ContainerAttach") == 0;
}

/* The same under what the policy holds the operation to. */
static const char *warned_held_sentence(const Policy *policy, const Operation *operation) {
    const char *leak;

    if (policy->attach_output && warned_is_attach(operation, false))
        return "reads what any container prints; programs print secrets";
    if (policy->attach_output && warned_is_attach(operation, true))
        return NULL;
    if (answers_warning(&policy->answers, operation, &leak))
        return leak;
    return warned_sentence(operation);
}

/* Whether some version that passes has the operation. */
static bool warned_in_window(const Operation *operation, const ApiVersions *versions) {
    bool early = operation->since_minor > versions->max_minor;
    bool late = operation->until_minor != 0 && operation->until_minor < versions->min_minor;

    return !early && !late &&
           (operation->body != BODY_JSON || versions->min_judged_minor <= versions->max_minor);
}

/* --- what a pattern speaks of */

/* The operation's template with each name as `fill`; {name:**} may have slashes, so it gets `fill_tree`. */
static const char *warned_path(Arena *arena, const char *template, const char *fill, const char *fill_tree) {
    const char *open = strchr(template, '{'), *close = open ? strchr(open, '}') : NULL;
    const char *rest = close ? warned_path(arena, close + 1, fill, fill_tree) : NULL;

    if (!close)
        return template;
    return rest ? arena_printf(arena, "%.*s%s%s", (int) (open - template), template,
                               close[-1] == '*' ? fill_tree : fill, rest)
                : NULL;
}

/* Names of several forms stand for all there are. */
static bool warned_fill_paths(Warned *warned) {
    static const char *const names[SAMPLES][2] = {
        {"a", "a"}, {"0F-z_9.x", "r.io:5/a/b:t"}, {"z", "b@sha256:0"}};

    for (size_t i = 0; i < warned->n_operations; i++) {
        const char *template = warned->operations[i].path;
        const char *path = warned_path(warned->arena, template, "?*", "?**");

        warned->paths[i].all = path ? glob_compile(warned->arena, span_from(path)) : NULL;
        if (!warned->paths[i].all)
            return false;
        for (size_t k = 0; k < SAMPLES; k++)
            if (!(warned->paths[i].samples[k] =
                      warned_path(warned->arena, template, names[k][0], names[k][1])))
                return false;
    }
    return true;
}

static bool warned_method_fits(const RequestRule *rule, const Operation *operation) {
    return rule->method == METHOD_NONE || rule->method == operation->method;
}

/* Whether some request of the operation matches. */
static bool warned_reaches(const Warned *warned, const RequestRule *rule, const Operation *operation) {
    if (rule->operation)
        return rule->operation == operation;
    return rule->path && warned_method_fits(rule, operation) &&
           glob_meets(rule->path, warned->paths[operation - warned->operations].all);
}

/* Whether every request of the operation matches, so far as the samples can tell. */
static bool warned_covers(const Warned *warned, const RequestRule *rule, const Operation *operation) {
    const WarnedPaths *paths = &warned->paths[operation - warned->operations];

    if (rule->operation)
        return rule->operation == operation;
    if (!rule->path || !warned_method_fits(rule, operation))
        return false;
    for (size_t i = 0; i < SAMPLES; i++)
        if (!glob_match(rule->path, span_from(paths->samples[i])))
            return false;
    return true;
}

static const RequestRule *warned_deny_of(const Warned *warned, const Operation *operation) {
    for (size_t i = 0; i < warned->policy->n_deny; i++)
        if (warned_covers(warned, &warned->policy->deny[i], operation))
            return &warned->policy->deny[i];
    return NULL;
}

static bool warned_scope_denies(const Warned *warned, const Operation *operation) {
    return warned->policy->scope.given && scope_way(operation) == SCOPE_DENIED;
}

static bool warned_grants(const Warned *warned, const RequestRule *rule, const Operation *operation) {
    return !warned_scope_denies(warned, operation) && (rule->operation || operation->risk != RISK_HOST) &&
           warned_reaches(warned, rule, operation);
}

/* --- what is given away */

/* `member`: whose rule it is. */
static void warned_grant(Warned *warned, const Policy *member, const RequestRule *rule, size_t number) {
    const Operation *operation = &warned->operations[number];
    const char *sentence = warned_held_sentence(warned->policy, operation);
    const char *by =
        rule->operation ? "" : arena_printf(warned->arena, " (by the pattern %s)", rule->pattern);
    bool own = member == warned->policy;
    const char *from = own ? "" : arena_printf(warned->arena, " (by include of %s)", member->name);
    const char *within =
        warned->policy->scope.given && scope_way(operation) != SCOPE_FREE ? " (within its scope)" : "";

    /* What is read of one's own objects is one's own. */
    if (warned->policy->scope.given && operation->risk == RISK_READ)
        return;
    if (warned->said[number] || !sentence || !by || !from ||
        !warned_in_window(operation, &warned->policy->set->versions) || warned_deny_of(warned, operation))
        return;
    warned->said[number] = true;
    warned_add(warned, own ? rule->origin : NULL,
               arena_printf(warned->arena, "%s%s%s%s %s", operation->id, by, from, within, sentence));
}

static void warned_grants_of(Warned *warned, const Policy *member) {
    for (size_t i = 0; i < member->n_allow; i++)
        for (size_t k = 0; k < warned->n_operations; k++)
            if (warned_grants(warned, &member->allow[i], &warned->operations[k]))
                warned_grant(warned, member, &member->allow[i], k);
}

/* --- what does nothing */

static void warned_idle_operation(Warned *warned, const RequestRule *rule) {
    const Operation *operation = rule->operation;
    const RequestRule *deny = warned_deny_of(warned, operation);

    if (deny)
        warned_add(
            warned, rule->origin,
            arena_printf(warned->arena, "%s is never allowed: %s denies it", operation->id, deny->origin));
    else if (warned_scope_denies(warned, operation))
        warned_add(
            warned, rule->origin,
            arena_printf(warned->arena, "%s is never allowed: it can't be held to the scope", operation->id));
    else if (!warned_in_window(operation, &warned->policy->set->versions))
        warned_add(warned, rule->origin,
                   arena_printf(warned->arena,
                                "%s can never match: no version that api_versions lets pass has it",
                                operation->id));
    else if (warned->policy->attach_output && warned_is_attach(operation, true))
        warned_add(warned, rule->origin,
                   "ContainerAttachWebsocket is never allowed: attach: output refuses it");
}

/*
 * A pattern all of whose operations are denied, or lead to the host: it may still match what we don't know.
 */
static void warned_idle_pattern(Warned *warned, const RequestRule *rule) {
    const Operation *reached = NULL;
    const RequestRule *deny = NULL;

    for (size_t i = 0; i < warned->n_operations; i++) {
        const Operation *operation = &warned->operations[i];

        if (!warned_reaches(warned, rule, operation))
            continue;
        reached = operation;
        deny = warned_deny_of(warned, operation);
        if (operation->risk != RISK_HOST && !deny)
            return;
    }
    if (reached)
        warned_add(warned, rule->origin,
                   arena_printf(warned->arena, "%s allows no operation: %s %s%s", rule->pattern, reached->id,
                                deny ? "is denied by " : "leads to the host, and is allowed by its name only",
                                deny ? deny->origin : ""));
}

/* Whether anything the policy allows could meet a rule of `deny`. */
static bool warned_is_needed(const Warned *warned, const RequestRule *deny) {
    for (size_t k = 0; k < warned->n_operations; k++) {
        if (!warned_reaches(warned, deny, &warned->operations[k]))
            continue;
        for (size_t m = 0; m < warned->policy->n_members; m++)
            for (size_t i = 0; i < warned->policy->members[m]->n_allow; i++)
                if (warned_grants(warned, &warned->policy->members[m]->allow[i], &warned->operations[k]))
                    return true;
    }
    return false;
}

/* A pattern may be for what no release knows yet. */
static void warned_idle_deny(Warned *warned, const RequestRule *rule) {
    if (rule->operation && !warned_is_needed(warned, rule))
        warned_add(warned, rule->origin,
                   arena_printf(warned->arena, "%s needs no deny: nothing allows it", rule->operation->id));
}

/*
 * A pattern that speaks of some objects only, by how they are named: an engine takes an ID, and any beginning
 * of it, for the same object (T-012). Volumes have no ID, and an exec nothing else.
 */
static void warned_named_deny(Warned *warned, const RequestRule *rule) {
    for (size_t i = 0; !rule->operation && i < warned->n_operations; i++) {
        const Operation *operation = &warned->operations[i];
        Span path = span_from(operation->path);

        if (!memchr(path.data, '{', path.size) || span_starts_with(path, SPAN("/volumes/")) ||
            span_starts_with(path, SPAN("/exec/")) || !warned_reaches(warned, rule, operation) ||
            warned_covers(warned, rule, operation))
            continue;
        warned_add(warned, rule->origin,
                   arena_printf(warned->arena,
                                "%s denies some names only: an ID, the beginning of one, or another name "
                                "is the same object to the engine",
                                rule->pattern));
        return;
    }
}

static bool warned_allows(const Warned *warned, const Operation *operation) {
    for (size_t m = 0; m < warned->policy->n_members; m++)
        for (size_t i = 0; i < warned->policy->members[m]->n_allow; i++)
            if (warned_grants(warned, &warned->policy->members[m]->allow[i], operation) &&
                !warned_deny_of(warned, operation))
                return true;
    return false;
}

/* `containers:` holds bodies, and names of images and signals where there is none. */
static bool warned_has_containers(const Warned *warned) {
    static const char *const bodiless[] = {"ImagePush", "ImageTag", "DistributionInspect"};
    static const char *const signalling[] = {"ContainerKill", "ContainerStop", "ContainerRestart"};
    const Rules *rules = &warned->policy->rules;
    bool any = rules->profile == PROFILE_PRIVILEGED || rules->unknown_fields_allowed; /* queries too */

    for (size_t i = 0; i < warned->n_operations && !any; i++)
        any = warned->operations[i].body != BODY_NONE && warned_allows(warned, &warned->operations[i]);
    for (size_t i = 0; i < ARRAY_SIZE(bodiless) && !any; i++)
        any = rules->images.given && warned_allows(warned, routes_find(span_from(bodiless[i])));
    for (size_t i = 0; i < ARRAY_SIZE(signalling) && !any; i++)
        any =
            rules_given(rules, RULES_SIGNALS) && warned_allows(warned, routes_find(span_from(signalling[i])));
    return any;
}

static void warned_idle_keys(Warned *warned) {
    const Policy *policy = warned->policy;

    if (policy->exec_origin && !warned_allows(warned, routes_find(SPAN("ContainerExec"))))
        warned_add(warned, policy->exec_origin, "exec: judges nothing: ContainerExec isn't allowed");
    if (policy->build_origin && !warned_allows(warned, routes_find(SPAN("ImageBuild"))))
        warned_add(warned, policy->build_origin, "build: judges nothing: ImageBuild isn't allowed");
    if (policy->attach_origin && !warned_allows(warned, routes_find(SPAN("ContainerAttach"))))
        warned_add(warned, policy->attach_origin, "attach: judges nothing: ContainerAttach isn't allowed");
    if (policy->containers_origin && !warned_has_containers(warned))
        warned_add(warned, policy->containers_origin,
                   "containers: judges nothing: no operation is allowed whose body it would hold");
}

/* What its own `answers:` hides, and nothing that is allowed could tell; unknown operations could tell
 * anything. */
static void warned_idle_answers(Warned *warned) {
    const Policy *policy = warned->policy;
    unsigned told = 0;
    const char *key;

    if (!policy->answers_origin)
        return;
    for (size_t m = 0; m < policy->n_members; m++)
        for (size_t i = 0; i < policy->members[m]->n_allow; i++)
            told |= policy->members[m]->allow[i].operation ? 0 : ANSWER_ALL;
    for (size_t i = 0; i < warned->n_operations; i++) {
        const AnswerRow *row = answers_row(&warned->operations[i]);

        if (row && (row->classes & ~told) && warned_allows(warned, &warned->operations[i]))
            told |= row->classes;
    }
    key = answers_idle_key(&policy->answers, told);
    if (key)
        warned_add(warned, policy->answers_origin,
                   arena_printf(warned->arena,
                                "answers.%s: hides nothing: no operation is allowed that could tell it",
                                key));
}

static bool warned_allows_one(const Warned *warned, const char *const *operations, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (warned_allows(warned, routes_find(span_from(operations[i]))))
            return true;
    return false;
}

/* `restore: true`: what it takes, and what it means. */
static void warned_restore(Warned *warned) {
    static const char *const tell[] = {"ContainerInspect", "ServiceInspect"};
    static const char *const take[] = {"ContainerCreate", "ServiceCreate", "ServiceUpdate"};
    const Policy *policy = warned->policy;

    if (!policy->answers_origin || !policy->answers.restores)
        return;
    if (policy->answers.classes == 0 || !warned_allows_one(warned, tell, ARRAY_SIZE(tell)) ||
        !warned_allows_one(warned, take, ARRAY_SIZE(take)))
        warned_add(
            warned, policy->answers_origin,
            "answers.restore: puts nothing back: that takes something hidden, an inspect that tells it, and "
            "a create");
    else
        warned_add(
            warned, policy->answers_origin,
            "answers.restore: hides values from being shown, not from who may create: what is put back can "
            "be read in the container that has it");
}

static void warned_idle(Warned *warned) {
    const Policy *policy = warned->policy;

    for (size_t i = 0; i < policy->n_allow; i++)
        if (policy->allow[i].operation)
            warned_idle_operation(warned, &policy->allow[i]);
        else
            warned_idle_pattern(warned, &policy->allow[i]);
    for (size_t i = 0; i < policy->n_deny; i++) {
        warned_idle_deny(warned, &policy->deny[i]);
        warned_named_deny(warned, &policy->deny[i]);
    }
    warned_idle_keys(warned);
    warned_idle_answers(warned);
    warned_restore(warned);
}

/* --- the keys beside the lists */

static void warned_rules(Warned *warned) {
    const char *sentences[RULES_WARNINGS_MAX];
    size_t n = rules_warnings(&warned->policy->rules, warned->arena, sentences);

    for (size_t i = 0; i < n; i++)
        warned_add(warned, warned->policy->containers_origin, sentences[i]);
}

/* Who includes a list may take it for as narrow as it was. */
static void warned_scope(Warned *warned) {
    const Policy *policy = warned->policy;

    for (size_t m = 0; m < policy->n_members; m++)
        if (policy->members[m]->scope.given && !policy->scope.given)
            warned_add(warned, NULL,
                       arena_printf(warned->arena, "includes %s, whose scope doesn't hold here: give it one",
                                    policy->members[m]->name));
}

static bool warned_makes(const Warned *warned) {
    for (size_t m = 0; m < warned->policy->n_members; m++)
        for (size_t i = 0; i < warned->policy->members[m]->n_allow; i++)
            for (size_t k = 0; k < warned->n_operations; k++) {
                const Operation *operation = &warned->operations[k];

                if (scope_way(operation) == SCOPE_MAKES &&
                    warned_grants(warned, &warned->policy->members[m]->allow[i], operation) &&
                    !warned_deny_of(warned, operation))
                    return true;
            }
    return false;
}

/* A tenant's volume, with the label that another goes by, is where that one would keep its data. */
static void warned_scopes(Warned *warned) {
    const Policy *policy = warned->policy;

    if (!policy->scope.given || !warned_makes(warned))
        return;
    for (size_t i = 0; i < policy->set->n; i++) {
        const Policy *other = &policy->set->policies[i];

        if (other != policy && scope_reaches_into(&policy->scope, &other->scope))
            warned_add(
                warned, NULL,
                arena_printf(warned->arena,
                             "scope: what it makes can be in the scope of %s as well, if a client labels or "
                             "names it so: give both a label of one name with two values, as own: true does",
                             other->name));
    }
}

static void warned_build(Warned *warned) {
    const BuildRules *build = &warned->policy->build;

    if (build->any_network || build_rules_allow_network(build, SPAN("host")))
        warned_add(warned, warned->policy->build_origin,
                   "build.networks: a build on the host's network reaches what listens on its loopback and "
                   "its abstract sockets");
    if (build->remote)
        warned_add(warned, warned->policy->build_origin,
                   "build.remote: the engine fetches any address that it reaches, inside the network too");
}

size_t policy_warnings(const Policy *policy, Arena *arena, PolicyWarning ret[static POLICY_WARNINGS_MAX]) {
    Warned warned = {.policy = policy, .arena = arena, .items = ret};

    warned.operations = routes_all(&warned.n_operations);
    warned.said = arena_alloc_array(arena, warned.n_operations, sizeof(*warned.said));
    warned.paths = arena_alloc_array(arena, warned.n_operations, sizeof(*warned.paths));
    if (!warned.said || !warned.paths || !warned_fill_paths(&warned))
        return 0;
    /* Its own rules first: they have lines of their own. */
    warned_grants_of(&warned, policy);
    for (size_t m = 0; m < policy->n_members; m++)
        if (policy->members[m] != policy)
            warned_grants_of(&warned, policy->members[m]);
    warned_idle(&warned);
    if (policy->observes)
        warned_add(&warned, NULL, "mode is observe: nothing is denied, only recorded");
    warned_rules(&warned);
    warned_build(&warned);
    warned_scope(&warned);
    warned_scopes(&warned);
    return warned.n;
}
