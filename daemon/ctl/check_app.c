// SPDX-License-Identifier: Apache-2.0
#include "check_app.h"

#include "app_keys.h"
#include "policy/cover.h"

typedef struct AppCheck {
    const Policy *app, *policy;
    Arena *arena;
    CoverGap missing[COVER_GAPS_MAX], surplus[COVER_GAPS_MAX];
    size_t n_missing, n_surplus;
    AppKey keys[APP_KEYS_MAX];
    size_t n_keys, n_narrower;
    const char *answers; /* what they hide; NULL: no more than the app's */
} AppCheck;

static int app_fail_names(const char *app) {
    size_t n;
    const char *const *names = preset_names(&n);

    return ctl_fail_usage("check", "unknown app '%s'%s; 'quaygate presets' lists them", app,
                          ctl_did_you_mean(app, names, n));
}

static int app_fail_memory(void) {
    fputs("quaygate check: out of memory\n", stderr);
    return CTL_CONFIG;
}

/* Without --policy it must be clear which is meant: the one that all listeners have. */
static const Policy *app_choose_policy(const Config *config, const char *name) {
    const Policy *policy = NULL;

    if (name)
        return ctl_find_policy("check", config, name);
    for (size_t i = 0; i < config->n_listeners; i++) {
        const Policy *next = config->listeners[i].policy;

        if (policy && next && strcmp(policy_name(policy), policy_name(next)) != 0) {
            (void) ctl_fail_usage("check", "the listeners have several policies: which one? (--policy NAME)");
            return NULL;
        }
        policy = next ? next : policy;
    }
    return policy;
}

/* --- what is found out */

static bool app_look(AppCheck *check) {
    int64_t now = ctl_now();
    bool missing, surplus, keys;

    check->n_missing = cover_gaps(check->app, check->policy, now, check->arena, check->missing, &missing);
    check->n_surplus = cover_gaps(check->policy, check->app, now, check->arena, check->surplus, &surplus);
    check->n_keys = app_keys(check->app, check->policy, check->arena, check->keys, &keys);
    check->answers = app_answers(check->app, check->policy, check->arena);
    for (size_t i = 0; i < check->n_keys; i++)
        check->n_narrower += check->keys[i].narrower;
    return missing && surplus && keys;
}

/* --- what is said */

static void app_print_gap(const CoverGap *gap, bool missing) {
    const char *id = gap->operation ? gap->operation->id : "-";
    const char *risk = gap->operation ? risk_name(gap->operation->risk) : "-";

    printf("  %-5s  %s", risk, id);
    if (gap->partly || !gap->operation)
        printf(", in part: %s", gap->request);
    else if (gap->operation)
        printf(": %s", gap->operation->summary);
    if (missing && gap->partly)
        printf(" (%s)", gap->why);
    putchar('\n');
}

static void app_print_missing(const AppCheck *check) {
    const char *app = policy_name(check->app);

    if (check->n_missing + check->n_narrower == 0)
        return;
    printf("%sMissing%s, which %s calls:\n", ctl_colour(CTL_RED), ctl_colour(CTL_RESET), app);
    for (size_t i = 0; i < check->n_missing; i++)
        app_print_gap(&check->missing[i], true);
    for (size_t i = 0; i < check->n_keys; i++)
        if (check->keys[i].narrower)
            printf("  key    %s\n", check->keys[i].text);
}

/* What leads to the host first. */
static void app_print_surplus(const AppCheck *check) {
    static const Risk order[] = {RISK_HOST, RISK_WRITE, RISK_READ};

    if (check->n_surplus + check->n_keys - check->n_narrower == 0)
        return;
    printf("%sBeyond%s what %s calls:\n", ctl_colour(CTL_YELLOW), ctl_colour(CTL_RESET),
           policy_name(check->app));
    for (size_t i = 0; i < check->n_keys; i++)
        if (!check->keys[i].narrower)
            printf("  key    %s\n", check->keys[i].text);
    for (size_t k = 0; k < ARRAY_SIZE(order); k++)
        for (size_t i = 0; i < check->n_surplus; i++)
            if (check->surplus[i].operation && check->surplus[i].operation->risk == order[k])
                app_print_gap(&check->surplus[i], false);
    for (size_t i = 0; i < check->n_surplus; i++)
        if (!check->surplus[i].operation)
            app_print_gap(&check->surplus[i], false);
}

static int app_print(const AppCheck *check, const char *file) {
    bool covered = check->n_missing + check->n_narrower == 0;
    size_t beyond = check->n_surplus + check->n_keys - check->n_narrower;

    app_print_missing(check);
    app_print_surplus(check);
    if (policy_observes(check->policy))
        fprintf(stderr, "quaygate check: policy %s observes: nothing is denied yet, whatever is missing\n",
                policy_name(check->policy));
    if (check->answers)
        fprintf(stderr,
                "quaygate check: policy %s hides something in answers, which %s may need or not: %s\n",
                policy_name(check->policy), policy_name(check->app), check->answers);
    printf("%s: policy %s %s %s", file, policy_name(check->policy), covered ? "covers" : "doesn't cover",
           policy_name(check->app));
    printf(beyond > 0 ? ", and gives %zu thing%s beyond\n" : ", and no more\n", beyond,
           beyond == 1 ? "" : "s");
    return ctl_finish() == CTL_OK && covered ? CTL_OK : CTL_CONFIG;
}

int check_app(const char *app, const char *path, const char *policy) {
    CLEANUP(config_unref_p) Config *config = NULL;
    CLEANUP(config_unref_p) Config *presets = NULL; /* the file may have a policy of the app's name */
    CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_CONFIG_ARENA_BYTES);
    AppCheck *check = arena ? arena_alloc(arena, sizeof(*check)) : NULL;

    if (!preset_yaml(span_from(app)))
        return app_fail_names(app);
    if (!check)
        return app_fail_memory();
    if (ctl_load(path, &config) < 0 ||
        config_builtin(NULL, NULL, "none", CONFIG_PRESETS_ALL, stderr, &presets) < 0)
        return CTL_CONFIG;
    check->arena = arena;
    check->app = policy_set_get(presets->policies, span_from(app));
    check->policy = app_choose_policy(config, policy);
    if (!check->policy)
        return CTL_USAGE;
    if (!app_look(check)) {
        fputs("quaygate check: not all of it could be looked at\n", stderr);
        return CTL_CONFIG;
    }
    return app_print(check, config->file ? config->file : "built in");
}
