// SPDX-License-Identifier: Apache-2.0
/*
 * The files are read several times: once for what was seen, once to see whether the policy that comes of it
 * allows all of it, and again where something had to be opened for that.
 */
#include <errno.h>
#include <stdlib.h>

#include "ctl.h"
#include "policy/policy_warn.h"
#include "policy/text.h"
#include "suggestion.h"

/* Pairs of listener and policy; more of them nobody wants suggested at once. */
#define SUGGEST_GROUPS_MAX 64u
#define SUGGEST_ROUNDS_MAX 16u /* each opens something that wasn't open before */

static const char HELP[] =
    "Usage: quaygate suggest [--policy NAME] [--listener ADDRESS] [--denied] AUDIT...\n"
    "\n"
    "Prints the smallest policy for what was seen: the requests that records say were let through. For each "
    "pair\n"
    "of a listener and a policy there is one, to be put under the config's 'policies:'. How often each line "
    "was\n"
    "seen is in comments, and so are warnings, as 'quaygate check' has them. It is tried on the same "
    "records\n"
    "before it is printed.\n"
    "\n"
    "  --policy NAME        only what was judged by this policy\n"
    "  --listener ADDRESS   only what came in there, as the records write it\n"
    "  --denied             what was denied too\n"
    "  AUDIT                files as quaygated writes them, or compressed with gzip; - is stdin\n"
    "\n"
    "To learn, let a listener observe ('observe: true'; or 'mode: observe' in its policy): nothing is "
    "denied\n"
    "then, and the records have the facts of bodies, without which it can't be told what containers need.\n"
    "\n"
    "Exit codes: 0 the policy allows all that was seen, 3 not all of it (comments say what it doesn't),\n"
    "            1 a file or a line is broken, 2 usage.\n";

typedef struct SuggestGroup {
    Seen *seen;
    char name[LIMIT_POLICY_NAME_BYTES + 1];
} SuggestGroup;

typedef struct Suggest {
    TrailFilter filter;
    bool denied;
    bool help;

    TrailSet trails;
    Config *presets;
    Config *config; /* of the suggestion */
    YamlOut *out;
    SuggestGroup groups[SUGGEST_GROUPS_MAX];
    size_t n_groups;
    Arena *arena; /* of one record */
    bool tries;   /* this reading is to see what the suggestion does */
    bool widened;
    bool too_many;
} Suggest;

static void suggest_done(Suggest *s) {
    trail_set_close(&s->trails);
    for (size_t i = 0; i < s->n_groups; i++)
        s->groups[i].seen = seen_free(s->groups[i].seen);
    s->out = yaml_out_free(s->out);
    (void) arena_free(s->arena);
    (void) config_unref(s->config);
    (void) config_unref(s->presets);
}

static int suggest_take_options(Suggest *s, int argc, char **argv) {
    static const struct option options[] = {
        {"policy", required_argument, NULL, 'p'},
        {"listener", required_argument, NULL, 'l'},
        {"denied", no_argument, NULL, 'd'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int option;

    while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1)
        switch (option) {
        case 'p':
            s->filter.policy = optarg;
            break;
        case 'l':
            s->filter.listener = optarg;
            break;
        case 'd':
            s->denied = true;
            break;
        case 'h':
            s->help = true;
            return CTL_OK;
        default:
            return ctl_fail_option("suggest", option, argv);
        }
    return optind < argc ? CTL_OK : ctl_fail_usage("suggest", "an AUDIT file is needed");
}

/* --- groups */

static bool suggest_has_name(const Suggest *s, const char *name) {
    for (size_t i = 0; i < s->n_groups; i++)
        if (strcmp(s->groups[i].name, name) == 0)
            return true;
    return preset_yaml(span_from(name)) != NULL;
}

/* As the policy was called, if that may stand in a config beside the others. */
static void suggest_name(Suggest *s, Span policy, char *ret) {
    char base[LIMIT_POLICY_NAME_BYTES - 8] = "seen";
    bool good = policy.size > 0 && policy.size < sizeof(base);

    for (size_t i = 0; i < policy.size && good; i++) {
        char c = ascii_lower(policy.data[i]);
        bool alnum = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

        good = alnum || (i > 0 && (c == '_' || c == '-' || c == '.'));
    }
    if (good)
        (void) snprintf(base, sizeof(base), "%.*s", SPAN_FMT(policy));
    (void) snprintf(ret, LIMIT_POLICY_NAME_BYTES + 1, "%s", base);
    for (unsigned i = 1; suggest_has_name(s, ret); i++)
        (void) snprintf(ret, LIMIT_POLICY_NAME_BYTES + 1, i == 1 ? "%s-seen" : "%s-seen-%u", base, i);
}

static SuggestGroup *suggest_find(Suggest *s, const TrailRecord *record) {
    SuggestGroup *group;

    for (size_t i = 0; i < s->n_groups; i++)
        if (span_is(record->listener, s->groups[i].seen->listener) &&
            span_is(record->policy, s->groups[i].seen->policy))
            return &s->groups[i];
    if (s->n_groups == SUGGEST_GROUPS_MAX) {
        s->too_many = true;
        return NULL;
    }
    group = &s->groups[s->n_groups];
    group->seen = seen_new(record->listener, record->policy);
    if (!group->seen)
        return NULL;
    suggest_name(s, record->policy, group->name);
    s->n_groups++;
    return group;
}

/* --- reading */

static bool suggest_wants(const Suggest *s, const TrailRecord *record) {
    return trail_is_wanted(&s->filter, record) &&
           (span_is(record->verdict, "allow") || span_is(record->verdict, "observe") ||
            (s->denied && span_is(record->verdict, "deny")));
}

static void suggest_miss(Suggest *s, Seen *seen, const TrailRecord *record, const char *why) {
    Span what = record->operation.size > 0 ? record->operation : record->path;
    const char *shown = text_show(s->arena, what, 64);
    const char *text = arena_printf(s->arena, "%s: %s", shown ? shown : "…", why);

    if (text)
        tally_add(&seen->missed, span_from(text));
}

/* Only looks are missing, which a scope takes: that it holds for all names is why it was suggested. */
static bool suggest_is_scoped(Suggest *s, const Seen *seen, const AgainVerdict *verdict) {
    return !verdict->told && verdict->run.verdict.reason == REASON_LOOK_MISSING &&
           suggestion_scope_names(seen, s->arena);
}

static void suggest_try(Suggest *s, SuggestGroup *group, const TrailRecord *record, const Again *again) {
    const Policy *policy = policy_set_get(s->config->policies, span_from(group->name));
    AgainVerdict verdict;
    const char *why;

    again_judge(again, s->config, policy, s->arena, &verdict);
    if (suggest_is_scoped(s, group->seen, &verdict)) {
        dry_run_done(&verdict.run);
        return;
    }
    if (!verdict.told) {
        suggest_miss(s, group->seen, record, verdict.why);
    } else if (verdict.run.verdict.effect != EFFECT_ALLOW) {
        if (seen_widen(group->seen, &verdict.run))
            s->widened = true;
        why = arena_printf(s->arena, "%s (%s)", verdict_detail(&verdict.run.verdict),
                           verdict_rule(&verdict.run.verdict));
        suggest_miss(s, group->seen, record, why ? why : "…");
    }
    dry_run_done(&verdict.run);
}

static bool suggest_take(void *ctx, const TrailRecord *record) {
    Suggest *s = ctx;
    const Policy *all = policy_set_get(s->presets->policies, SPAN("all"));
    SuggestGroup *group;
    AgainVerdict verdict;
    Again again;

    if (!suggest_wants(s, record))
        return true;
    group = suggest_find(s, record);
    if (!group)
        return false;
    arena_reset(s->arena);
    again_read(s->arena, record, &again);
    if (s->tries) {
        suggest_try(s, group, record, &again);
        return true;
    }
    again_judge(&again, s->presets, all, s->arena, &verdict);
    if (!again.body_is_told) /* it asks for something that we don't know, rather than for nothing */
        verdict.run.body = body_free(verdict.run.body);
    if (!again.untold)
        seen_take(group->seen, record, &verdict.run, s->arena);
    dry_run_done(&verdict.run);
    return true;
}

/* --- the suggestion */

static bool suggest_write(Suggest *s) {
    s->out = yaml_out_free(s->out);
    s->out = yaml_out_new();
    if (!s->out)
        return false;
    yaml_out_map(s->out);
    yaml_out_text(s->out, "policies");
    yaml_out_map(s->out);
    for (size_t i = 0; i < s->n_groups; i++)
        suggestion_write(s->out, s->groups[i].name, s->groups[i].seen, s->arena);
    yaml_out_map_end(s->out);
    yaml_out_map_end(s->out);
    return true;
}

static Span suggest_find_text(const DocNode *node, DocMark mark) {
    Span found = {0};

    if (node->type == DOC_SCALAR && node->mark.line == mark.line && node->mark.column == mark.column)
        return node->scalar;
    for (size_t i = 0; node->type == DOC_SEQUENCE && !found.data && i < node->n; i++)
        found = suggest_find_text(node->items[i], mark);
    for (size_t i = 0; node->type == DOC_MAPPING && !found.data && i < node->n; i++) {
        found = suggest_find_text(&node->pairs[i].key, mark);
        if (!found.data)
            found = suggest_find_text(node->pairs[i].value, mark);
    }
    return found;
}

/* What our own reader refuses: a client may name a port that is none. What hangs on it isn't allowed then. */
static bool suggest_drop_mistakes(Suggest *s, Span text) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_CONFIG_ARENA_BYTES);
    DocErrors errors = {.arena = arena, .file = "suggestion"};
    const DocNode *root = arena ? doc_parse(arena, text, &errors) : NULL;
    CLEANUP(policy_set_free_p)
    PolicySet *set =
        root ? policy_set_compile(doc_get(root, "policies"), &s->presets->versions, &errors) : NULL;
    bool dropped = false;

    for (size_t i = 0; root && i < errors.n && i < LIMIT_CONFIG_ERRORS; i++) {
        Span found = suggest_find_text(root, errors.items[i].mark);

        for (size_t k = 0; found.data && k < s->n_groups; k++)
            dropped = seen_drop(s->groups[k].seen, found) || dropped;
    }
    return dropped;
}

/* What no config is without; behind the policies, so that these keep their lines. */
static const char SUGGEST_REST[] =
    "version: 1\nlisteners: [{address: \"unix:///run/quaygate/suggested.sock\", policy: none}]\n";

static bool suggest_load(Suggest *s) {
    CLEANUP(buffer_done) Buffer text = {0};
    Span policies = yaml_out_written(s->out);

    s->config = config_unref(s->config);
    if (!policies.data || buffer_append(&text, policies) < 0 ||
        buffer_append(&text, span_from(SUGGEST_REST)) < 0 ||
        config_parse(buffer_span(&text), "suggestion", stderr, &s->config) < 0)
        return false;
    s->config->host =
        (HostView){0}; /* the records may be of another host: paths are judged by their letters */
    return true;
}

static bool suggest_read(Suggest *s, bool tries) {
    s->tries = tries;
    for (size_t i = 0; i < s->n_groups && !tries; i++)
        seen_forget(s->groups[i].seen);
    return trail_set_read(&s->trails, suggest_take, s);
}

static int suggest_fail(const Suggest *s, const char *why) {
    if (s->too_many)
        fprintf(stderr,
                "quaygate suggest: more than %u pairs of a listener and a policy: choose with --policy "
                "or --listener\n",
                SUGGEST_GROUPS_MAX);
    else if (why)
        fprintf(stderr, "quaygate suggest: %s\n", why);
    return CTL_CONFIG;
}

static int suggest_work(Suggest *s) {
    for (unsigned round = 0; round < SUGGEST_ROUNDS_MAX; round++) {
        s->widened = false;
        if (!suggest_read(s, false))
            return suggest_fail(s, NULL);
        if (s->n_groups == 0)
            return suggest_fail(s, "no such request is on record");
        do
            if (!suggest_write(s))
                return suggest_fail(s, strerror(ENOMEM));
        while (suggest_drop_mistakes(s, yaml_out_finish(s->out)));
        if (!suggest_load(s))
            return suggest_fail(s, "the policy that comes of it can't be read");
        if (!suggest_read(s, true))
            return suggest_fail(s, NULL);
        if (!s->widened)
            break;
    }
    return CTL_OK;
}

/* --- what is said of it */

/* What a record says, printably; never NULL. */
static const char *suggest_show(Suggest *s, const char *text) {
    const char *shown = text ? yaml_out_show(s->arena, span_from(text)) : NULL;

    return shown ? shown : "...";
}

static void suggest_note_warnings(Suggest *s, const SuggestGroup *group) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_CONFIG_ARENA_BYTES);
    PolicyWarning *warnings = arena ? arena_alloc_array(arena, POLICY_WARNINGS_MAX, sizeof(*warnings)) : NULL;
    const Policy *policy = policy_set_get(s->config->policies, span_from(group->name));
    size_t n = warnings ? policy_warnings(policy, arena, warnings) : 0;

    for (size_t i = 0; i < n; i++) {
        const char *colon = warnings[i].origin ? strrchr(warnings[i].origin, ':') : NULL;
        unsigned line = colon ? (unsigned) strtoul(colon + 1, NULL, 10) : 0;

        yaml_out_note(s->out, line, "warning: %s", warnings[i].text);
        fprintf(stderr, "warning: policy %s: %s\n", group->name, suggest_show(s, warnings[i].text));
    }
}

#define SUGGEST_LABELS_MAX 4u /* which all have; more of them say nothing more */

/* What was made can be told by its labels. Whether all that was acted on can, only the engine knows. */
static void suggest_note_labels(Suggest *s, const SuggestGroup *group) {
    const SeenScope *scope = &group->seen->scope;
    const char *label;
    size_t i = 0, n = 0;

    while (n++ < SUGGEST_LABELS_MAX && (label = seen_scope_label(scope, &i)))
        yaml_out_note(s->out, 0,
                      "%s: all that was made (%llu) has the label %s%s; a scope of labels would hold it to "
                      "what has it",
                      group->name, (unsigned long long) scope->n_made, label,
                      strchr(label, '=') ? "" : ", whose value is not on record");
}

/* What it doesn't allow; how many requests. */
static size_t suggest_note_missed(Suggest *s, const SuggestGroup *group) {
    const Tally *missed = &group->seen->missed;
    size_t n = missed->lost;

    for (size_t i = 0; i < missed->n; i++) {
        n += missed->items[i].n;
        yaml_out_note(s->out, 0, "not allowed by %s: %llu of %s", group->name,
                      (unsigned long long) missed->items[i].n, missed->items[i].text);
    }
    return n;
}

static void suggest_print_head(Suggest *s, const SuggestGroup *group) {
    const Seen *seen = group->seen;

    arena_reset(s->arena);
    printf("# %s: %llu request%s on %s under policy %s, from %s to %s\n", group->name,
           (unsigned long long) seen->n, seen->n == 1 ? "" : "s", suggest_show(s, seen->listener),
           suggest_show(s, seen->policy), suggest_show(s, seen->first), suggest_show(s, seen->last));
}

static int suggest_print(Suggest *s) {
    size_t n_missed = 0;
    int r;

    puts("# Suggested by 'quaygate suggest'. What no key speaks of is as the profile baseline has it.");
    for (size_t i = 0; i < s->n_groups; i++) {
        suggest_print_head(s, &s->groups[i]);
        suggest_note_warnings(s, &s->groups[i]);
        suggest_note_labels(s, &s->groups[i]);
        n_missed += suggest_note_missed(s, &s->groups[i]);
    }
    yaml_out_print(s->out, stdout);
    r = ctl_finish();
    if (n_missed > 0)
        fprintf(stderr, "quaygate suggest: not allowed by it: %zu of the requests; the end says why\n",
                n_missed);
    if (r != CTL_OK || s->trails.n_broken > 0)
        return CTL_CONFIG;
    return n_missed > 0 ? CTL_PARTLY : CTL_OK;
}

int ctl_suggest(int argc, char **argv) {
    CLEANUP(suggest_done) Suggest s = {0};
    int r = suggest_take_options(&s, argc, argv);

    if (r == CTL_OK && s.help) {
        fputs(HELP, stdout);
        return ctl_finish();
    }
    if (r != CTL_OK)
        return r;
    s.arena = arena_new(LIMIT_CONFIG_ARENA_BYTES);
    if (!s.arena)
        return suggest_fail(&s, strerror(ENOMEM));
    if (config_builtin(NULL, NULL, "none", CONFIG_PRESETS_ALL, stderr, &s.presets) < 0)
        return CTL_CONFIG;
    s.presets->host = (HostView){0};
    if (!trail_set_open(&s.trails, "suggest", argv + optind, (size_t) (argc - optind), true))
        return CTL_CONFIG;
    r = suggest_work(&s);
    return r == CTL_OK ? suggest_print(&s) : r;
}
