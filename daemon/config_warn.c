// SPDX-License-Identifier: Apache-2.0
#include "config_warn.h"

#include "clock.h"
#include "policy/grant_warn.h"

/* `listener`: whose line stands for all of a preset; NULL: each warning has its own. */
static size_t config_warn_policy(const Config *config, const Policy *policy, const ConfigListener *listener,
                                 FILE *out) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_CONFIG_ARENA_BYTES);
    PolicyWarning *warnings = arena ? arena_alloc_array(arena, POLICY_WARNINGS_MAX, sizeof(*warnings)) : NULL;
    const char *origin = NULL;
    int64_t now = (int64_t) (clock_realtime_usec() / 1000000);
    size_t n = warnings ? policy_warnings(policy, arena, warnings) : 0;

    if (warnings)
        n += grant_warnings(policy, now, arena, &warnings[n], POLICY_WARNINGS_MAX - n);
    if (listener && config->file)
        origin = arena_printf(arena, "%s:%u", config->file, listener->mark.line);
    else if (listener)
        origin = "built-in";
    for (size_t i = 0; i < n; i++)
        fprintf(out, "%s: warning: policy %s: %s\n", origin ? origin : warnings[i].origin,
                policy_name(policy), warnings[i].text);
    return n;
}

static bool config_warn_is_first(const Config *config, size_t listener) {
    for (size_t i = 0; i < listener; i++)
        if (strcmp(policy_name(config->listeners[i].policy),
                   policy_name(config->listeners[listener].policy)) == 0)
            return false;
    return true;
}

/* Its policy may well enforce elsewhere. */
static size_t config_warn_observer(const Config *config, const ConfigListener *listener, FILE *out) {
    if (!listener->observe || policy_is_preset(listener->policy)) /* of a preset it has been said */
        return 0;
    fprintf(out, "%s:%u: warning: the listener observes policy %s: nothing is denied, only recorded\n",
            config->file, listener->mark.line, policy_name(listener->policy));
    return 1;
}

/* Holds for all policies, so it is said once. */
static size_t config_warn_versions(const Config *config, FILE *out) {
    if (config->min_judged_mark.line == 0 ||
        config->versions.min_judged_minor >= api_versions_default().min_judged_minor)
        return 0;
    fprintf(out,
            "%s:%u: warning: api_versions.min_judged is 1.%u: before 1.40 an IpcMode that isn't set is "
            "shareable, so that other containers may join it, and engines drop fields that came later\n",
            config->file ? config->file : "built-in", config->min_judged_mark.line,
            config->versions.min_judged_minor);
    return 1;
}

size_t config_print_warnings(const Config *config, FILE *out) {
    size_t n = config_warn_versions(config, out);
    const Policy *policy;

    for (size_t i = 0; i < config->n_listeners; i++) {
        const ConfigListener *listener = &config->listeners[i];

        if (policy_is_preset(listener->policy) && config_warn_is_first(config, i))
            n += config_warn_policy(config, listener->policy, listener, out);
        n += config_warn_observer(config, listener, out);
    }
    for (size_t i = 0; (policy = policy_set_at(config->policies, i)); i++)
        if (!policy_is_preset(policy))
            n += config_warn_policy(config, policy, NULL, out);
    return n;
}
