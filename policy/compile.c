// SPDX-License-Identifier: Apache-2.0
/*
 * The file's policies first, then the presets that are wanted, then who includes whom: an include may name a
 * policy that stands further down, or a preset that nobody else wants.
 */
#include "compile.h"

#include <errno.h>
#include <stdlib.h>

#include "hostpath.h"
#include "keys.h"
#include "rule_read.h"
#include "rules_read.h"
#include "set.h"
#include "text.h"

typedef struct Include {
    const DocNode *node; /* the name, where it stands */
    Policy *policy;
} Include;

/* What is known of a policy only while compiling. */
typedef struct Draft {
    Answers answers; /* its own */
    Include *includes;
    size_t n_includes;
} Draft;

typedef struct Compiler {
    PolicySet *set;
    DocErrors *errors;
    Draft *drafts;  /* same order as set->policies */
    size_t n_slots; /* policies there is room for */
    Policy *policy; /* the one being read */
} Compiler;

static void compile_fail_memory(Compiler *compiler, DocMark mark) {
    doc_error(compiler->errors, mark, "out of memory");
}

/* "FILE:LINE" */
static const char *compile_origin(Compiler *compiler, DocMark mark) {
    const char *file = compiler->errors->file ? compiler->errors->file : "config";
    const char *origin = arena_printf(compiler->set->arena, "%s:%u", file, mark.line);

    if (!origin)
        compile_fail_memory(compiler, mark);
    return origin;
}

static void compile_read_mode(void *ctx, const DocNode *node) {
    static const char *const words[] = {"enforce", "observe"};
    Compiler *compiler = ctx;
    size_t i;

    if (keys_read_word(compiler->errors, node, "mode", words, ARRAY_SIZE(words), &i))
        compiler->policy->observes = i == 1;
}

static void compile_read_allow(void *ctx, const DocNode *node) {
    Compiler *compiler = ctx;

    rule_read_list(compiler->set->arena, compiler->errors, &compiler->set->zones, RULE_LIST_ALLOW, node,
                   &compiler->policy->allow, &compiler->policy->n_allow);
    for (size_t i = 0; i < compiler->policy->n_allow; i++)
        compiler->policy->has_grants = compiler->policy->has_grants || compiler->policy->allow[i].grant;
}

static void compile_read_deny(void *ctx, const DocNode *node) {
    Compiler *compiler = ctx;

    rule_read_list(compiler->set->arena, compiler->errors, &compiler->set->zones, RULE_LIST_DENY, node,
                   &compiler->policy->deny, &compiler->policy->n_deny);
}

static void compile_read_containers(void *ctx, const DocNode *node) {
    Compiler *compiler = ctx;

    compiler->policy->containers_origin = compile_origin(compiler, node->mark);
    rules_read(compiler->set->arena, compiler->errors, node, &compiler->policy->rules);
}

static void compile_read_exec(void *ctx, const DocNode *node) {
    Compiler *compiler = ctx;

    compiler->policy->exec_origin = compile_origin(compiler, node->mark);
    exec_rules_read(compiler->set->arena, compiler->errors, node, &compiler->policy->exec);
}

static void compile_read_build(void *ctx, const DocNode *node) {
    Compiler *compiler = ctx;

    compiler->policy->build_origin = compile_origin(compiler, node->mark);
    build_rules_read(compiler->set->arena, compiler->errors, node, &compiler->policy->build);
}

static void compile_read_attach(void *ctx, const DocNode *node) {
    Compiler *compiler = ctx;

    compiler->policy->attach_origin = compile_origin(compiler, node->mark);
    attach_rules_read(compiler->errors, node, &compiler->policy->attach_output);
}

static void compile_read_scope(void *ctx, const DocNode *node) {
    Compiler *compiler = ctx;
    Policy *policy = compiler->policy;

    scope_read(compiler->set->arena, compiler->errors, node, policy->name, &policy->scope);
}

static void compile_read_answers(void *ctx, const DocNode *node) {
    Compiler *compiler = ctx;
    Draft *draft = &compiler->drafts[compiler->policy - compiler->set->policies];

    compiler->policy->answers_origin = compile_origin(compiler, node->mark);
    answers_read(compiler->set->arena, compiler->errors, node, &draft->answers);
}

/* Only kept here: the names are looked up when all policies are known. */
static void compile_read_include(void *ctx, const DocNode *list) {
    Compiler *compiler = ctx;
    Draft *draft = &compiler->drafts[compiler->policy - compiler->set->policies];
    Span name;

    if (!keys_is_sequence(compiler->errors, list, "include"))
        return;
    draft->includes = arena_alloc_array(compiler->errors->arena, list->n + 1, sizeof(*draft->includes));
    if (!draft->includes)
        return compile_fail_memory(compiler, list->mark);
    for (size_t i = 0; i < list->n; i++)
        if (keys_read_text(compiler->errors, list->items[i], "the name of a policy", &name))
            draft->includes[draft->n_includes++].node = list->items[i];
}

static const KeyRow POLICY_KEYS[] = {
    {"include", compile_read_include},
    {"mode", compile_read_mode},
    {"allow", compile_read_allow},
    {"deny", compile_read_deny},
    {"containers", compile_read_containers},
    {"scope", compile_read_scope},
    {"answers", compile_read_answers},
    {"exec", compile_read_exec},
    {"build", compile_read_build},
    {"attach", compile_read_attach},
    {"set", NULL},
};

/* Names stand in sentences, records and metrics, so they are words. */
static bool compile_name_is_good(Span name) {
    if (name.size == 0 || name.size > LIMIT_POLICY_NAME_BYTES)
        return false;
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        bool letter = ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';

        if (!letter && !(c >= '0' && c <= '9') && !(i > 0 && (c == '_' || c == '-' || c == '.')))
            return false;
    }
    return true;
}

static void compile_policy(Compiler *compiler, const DocPair *pair, bool preset) {
    PolicySet *set = compiler->set;
    Policy *policy;
    const char *name;

    if (!compile_name_is_good(pair->key.scalar)) {
        doc_error(compiler->errors, pair->key.mark,
                  "a policy's name has 1 to %u letters, digits, '_', '-' or '.', and begins with a letter or "
                  "digit",
                  LIMIT_POLICY_NAME_BYTES);
        return;
    }
    if (!preset && preset_is_reserved(pair->key.scalar)) {
        doc_error(compiler->errors, pair->key.mark, "'%.*s' is a preset's name: choose another",
                  SPAN_FMT(pair->key.scalar));
        return;
    }
    name = rule_copy_text(set->arena, compiler->errors, &pair->key);
    if (!name || set->n >= compiler->n_slots)
        return;
    policy = &set->policies[set->n++];
    *policy = (Policy){
        .set = set, .name = name, .origin = compile_origin(compiler, pair->key.mark), .preset = preset};
    compiler->policy = policy;
    (void) keys_read(compiler->errors, pair->value, "", POLICY_KEYS, ARRAY_SIZE(POLICY_KEYS), compiler);
}

/*
 * The very path a file's policies take. A mistake in a preset would be ours, and is told as one. Not where
 * there is such a policy already, be it a file's own; nor where there is no such preset.
 */
static void compile_preset(Compiler *compiler, Span name) {
    DocErrors *outer = compiler->errors;
    const char *yaml = preset_yaml(name);
    const DocNode *policies;
    DocErrors errors = {.arena = outer->arena};

    if (!yaml || policy_set_get(compiler->set, name))
        return;
    errors.file = arena_printf(outer->arena, "preset %.*s", SPAN_FMT(name));
    policies = doc_get(doc_parse(outer->arena, span_from(yaml), &errors), "policies");
    compiler->errors = &errors;
    for (size_t i = 0; policies && policies->type == DOC_MAPPING && i < policies->n; i++)
        compile_policy(compiler, &policies->pairs[i], true);
    compiler->errors = outer;
    for (size_t i = 0; i < errors.n && i < LIMIT_CONFIG_ERRORS; i++)
        doc_error(outer, errors.items[i].mark, "in the built-in %s: %s", errors.file,
                  errors.items[i].message);
}

static void compile_policies(Compiler *compiler, const DocNode *policies) {
    if (policies->type != DOC_MAPPING) {
        doc_error(compiler->errors, policies->mark, "policies must be a mapping of names to policies");
        return;
    }
    if (policies->n > LIMIT_POLICIES) {
        doc_error(compiler->errors, policies->mark, "more than %u policies", LIMIT_POLICIES);
        return;
    }
    for (size_t i = 0; i < policies->n; i++)
        compile_policy(compiler, &policies->pairs[i], false);
}

static void compile_find_includes(Compiler *compiler, Draft *draft) {
    size_t n = 0;

    for (size_t i = 0; i < draft->n_includes; i++) {
        Include *include = &draft->includes[i];
        bool twice = false;

        compile_preset(compiler, include->node->scalar);
        include->policy = policy_set_get(compiler->set, include->node->scalar);
        if (!include->policy) {
            keys_report_unknown(compiler->errors, include->node, "policy", compiler->set->names,
                                compiler->set->n_names);
            continue;
        }
        for (size_t j = 0; j < n; j++)
            twice = twice || draft->includes[j].policy == include->policy;
        if (twice)
            doc_error(compiler->errors, include->node->mark, "'%s' is included twice", include->policy->name);
        else
            draft->includes[n++] = *include;
    }
    draft->n_includes = n;
}

typedef struct Walk {
    Compiler *compiler;
    const Policy *root;
    bool *seen;             /* by index in the set */
    const Policy **members; /* room for all of the set */
    size_t n_members;
    DocMark mark;  /* the root's include by which the walk went */
    bool reported; /* one mistake a policy is enough */
} Walk;

static void walk_report_circle(Walk *walk, const Policy *last) {
    bool direct = last == walk->root;

    doc_error(walk->compiler->errors, walk->mark, "'%s' includes itself%s%s", walk->root->name,
              direct ? "" : " by way of ", direct ? "" : last->name);
    walk->reported = true;
}

/* Adds to the members what `policy` includes, then itself. */
static void walk_policy(Walk *walk, const Policy *policy, unsigned depth) {
    size_t index = (size_t) (policy - walk->compiler->set->policies);
    const Draft *draft = &walk->compiler->drafts[index];

    walk->seen[index] = true;
    for (size_t i = 0; i < draft->n_includes && !walk->reported; i++) {
        const Policy *next = draft->includes[i].policy;

        if (policy == walk->root)
            walk->mark = draft->includes[i].node->mark;
        if (next == walk->root) {
            walk_report_circle(walk, policy);
        } else if (depth >= LIMIT_INCLUDE_DEPTH) {
            doc_error(walk->compiler->errors, walk->mark, "includes are nested more than %u deep",
                      LIMIT_INCLUDE_DEPTH);
            walk->reported = true;
        } else if (!walk->seen[next - walk->compiler->set->policies]) {
            walk_policy(walk, next, depth + 1);
        }
    }
    walk->members[walk->n_members++] = policy;
}

static bool compile_join_answers(Compiler *compiler, Policy *policy) {
    const PolicySet *set = compiler->set;

    for (size_t m = 0; m < policy->n_members; m++)
        if (!answers_join(set->arena, &policy->answers,
                          &compiler->drafts[policy->members[m] - set->policies].answers))
            return false;
    policy->answers.restores = compiler->drafts[policy - set->policies].answers.restores;
    return true;
}

static void compile_join_includes(Compiler *compiler) {
    PolicySet *set = compiler->set;
    Walk walk = {.compiler = compiler};

    walk.seen = arena_alloc_array(compiler->errors->arena, set->n + 1, sizeof(*walk.seen));
    walk.members = arena_alloc_array(compiler->errors->arena, set->n + 1, sizeof(*walk.members));
    if (!walk.seen || !walk.members)
        return compile_fail_memory(compiler, (DocMark){1, 1});
    for (size_t i = 0; i < set->n; i++) {
        Policy *policy = &set->policies[i];

        memset(walk.seen, 0, set->n * sizeof(*walk.seen));
        walk.root = policy;
        walk.n_members = 0;
        walk.reported = false;
        walk_policy(&walk, policy, 0);
        policy->members = arena_alloc_array(set->arena, walk.n_members, sizeof(*policy->members));
        if (!policy->members)
            return compile_fail_memory(compiler, walk.mark);
        memcpy(policy->members, walk.members, walk.n_members * sizeof(*walk.members));
        policy->n_members = walk.n_members;
        if (!compile_join_answers(compiler, policy))
            return compile_fail_memory(compiler, walk.mark);
    }
}

static int compile_alloc(Compiler *compiler, size_t n_slots) {
    PolicySet *set = compiler->set;

    set->arena = arena_new(LIMIT_POLICY_BYTES);
    if (!set->arena)
        return -1;
    compiler->n_slots = n_slots;
    compiler->drafts = arena_alloc_array(compiler->errors->arena, n_slots, sizeof(*compiler->drafts));
    set->policies = arena_alloc_array(set->arena, n_slots, sizeof(*set->policies));
    set->names = arena_alloc_array(set->arena, n_slots, sizeof(*set->names));
    return compiler->drafts && set->policies && set->names ? 0 : -1;
}

/* All that a listener or an include may name: the presets, and what the file has besides. */
static void compile_names(PolicySet *set) {
    size_t n_presets;
    const char *const *presets = preset_names(&n_presets);

    memcpy(set->names, presets, n_presets * sizeof(*presets));
    set->n_names = n_presets;
    for (size_t i = 0; i < set->n; i++)
        if (!preset_yaml(span_from(set->policies[i].name)))
            set->names[set->n_names++] = set->policies[i].name;
}

static void compile_all(Compiler *compiler, const DocNode *policies, const Span *presets, size_t n_presets) {
    PolicySet *set = compiler->set;

    if (policies)
        compile_policies(compiler, policies);
    compile_names(set);
    for (size_t i = 0; i < n_presets; i++)
        compile_preset(compiler, presets[i]);
    for (size_t i = 0; i < set->n; i++) /* it grows by the presets that are included */
        compile_find_includes(compiler, &compiler->drafts[i]);
    compile_join_includes(compiler);
}

PolicySet *policy_set_compile_with(const DocNode *policies, const Span *presets, size_t n_presets,
                                   const ApiVersions *versions, DocErrors *errors) {
    CLEANUP(policy_set_free_p) PolicySet *set = calloc(1, sizeof(*set));
    Compiler compiler = {.set = set, .errors = errors};
    size_t n_before = errors->n, n_slots;

    (void) preset_names(&n_slots);
    if (policies && policies->type == DOC_MAPPING && policies->n <= LIMIT_POLICIES)
        n_slots += policies->n;
    if (set)
        set->versions = *versions;
    if (!set || compile_alloc(&compiler, n_slots) < 0) {
        compile_fail_memory(&compiler, (DocMark){1, 1});
        return NULL;
    }
    compile_all(&compiler, policies, presets, n_presets);
    return errors->n == n_before ? TAKE_PTR(set) : NULL;
}

PolicySet *policy_set_compile(const DocNode *policies, const ApiVersions *versions, DocErrors *errors) {
    size_t n;
    const char *const *names = preset_names(&n);
    Span *presets = arena_alloc_array(errors->arena, n, sizeof(*presets));

    if (!presets) {
        doc_error(errors, (DocMark){1, 1}, "out of memory");
        return NULL;
    }
    for (size_t i = 0; i < n; i++)
        presets[i] = span_from(names[i]);
    return policy_set_compile_with(policies, presets, n, versions, errors);
}

int policy_set_protect(PolicySet *set, const char *const *paths, size_t n) {
    const char **clean = arena_alloc_array(set->arena, n + 1, sizeof(*clean));
    size_t n_clean = 0;

    if (!clean)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        Span path = span_from(paths[i]);

        if (!hostpath_is_sound(path))
            continue;
        clean[n_clean] = hostpath_clean(set->arena, path);
        if (!clean[n_clean])
            return -ENOMEM;
        n_clean++;
    }
    for (size_t i = 0; i < set->n; i++) {
        set->policies[i].rules.protected_paths = clean;
        set->policies[i].rules.n_protected_paths = n_clean;
    }
    return 0;
}

/* The folders before the first wildcard; all of it where there is none. */
static size_t compile_fixed_part(const char *pattern) {
    size_t n = strcspn(pattern, "*?");

    while (pattern[n] && n > 0 && pattern[n] != '/')
        n--;
    return n;
}

static int compile_lead_bind(Arena *arena, BindRule *bind, PolicyLead lead, void *ctx) {
    size_t n = compile_fixed_part(bind->text);
    const char *part = arena_copy(arena, (Span){bind->text, n}), *leads_to, *text;

    if (!part)
        return -ENOMEM;
    leads_to = n > 1 ? lead(ctx, arena, part) : NULL;
    if (!leads_to || strpbrk(leads_to, "*?")) /* a name with a wildcard in it can't be written as a pattern */
        return 0;
    text = arena_printf(arena, "%s%s", leads_to, bind->text + n);
    bind->led = text ? glob_compile(arena, span_from(text)) : NULL;
    return text ? 0 : -ENOMEM;
}

int policy_set_lead(PolicySet *set, PolicyLead lead, void *ctx) {
    for (size_t i = 0; i < set->n; i++) {
        Rules *rules = &set->policies[i].rules;
        BindRule *binds = arena_alloc_array(set->arena, rules->n_bind_mounts + 1, sizeof(*binds));

        if (!binds)
            return -ENOMEM;
        for (size_t k = 0; k < rules->n_bind_mounts; k++) {
            binds[k] = rules->bind_mounts[k];
            if (compile_lead_bind(set->arena, &binds[k], lead, ctx) < 0)
                return -ENOMEM;
        }
        rules->bind_mounts = binds;
    }
    return 0;
}

PolicySet *policy_set_free(PolicySet *set) {
    if (!set)
        return NULL;
    arena_free(set->arena);
    free(set);
    return NULL;
}

Policy *policy_set_get(const PolicySet *set, Span name) {
    for (size_t i = 0; i < set->n; i++)
        if (span_is(name, set->policies[i].name))
            return &set->policies[i];
    return NULL;
}

const Policy *policy_set_at(const PolicySet *set, size_t i) {
    return i < set->n ? &set->policies[i] : NULL;
}

const char *const *policy_set_names(const PolicySet *set, size_t *ret_n) {
    *ret_n = set->n_names;
    return set->names;
}

void policy_set_zones(PolicySet *set, PolicyZone look, void *ctx, DocErrors *errors) {
    for (Zone *zone = set->zones.first; zone; zone = zone->next) {
        const char *why = look(ctx, set->arena, zone->name, &zone->spans, &zone->n);

        if (why) {
            zone->n = 0; /* nothing that depends on it holds */
            doc_error(errors, zone->mark, "zone %s: %s", zone->name, why);
        }
    }
}
