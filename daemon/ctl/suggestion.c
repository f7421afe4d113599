// SPDX-License-Identifier: Apache-2.0
#include "suggestion.h"

/* Of a text that a condition lists; more of them are no pattern of anything. */
#define SUGGESTION_VALUES_MAX 16u

static unsigned long long suggestion_count(uint64_t n) {
    return (unsigned long long) n;
}

/* An exact text is a pattern too, and may say more than it does. */
static void suggestion_item(YamlOut *out, const TallyItem *item) {
    yaml_out_text(out, item->text);
    yaml_out_comment(out, "%llu", suggestion_count(item->n));
    if (strpbrk(item->text, "*?"))
        yaml_out_comment(out, "its * or ? stands for more than itself here");
}

static void suggestion_items(YamlOut *out, const Tally *tally) {
    for (size_t i = 0; i < tally->n; i++)
        suggestion_item(out, &tally->items[i]);
}

static void suggestion_lost(YamlOut *out, const Tally *tally) {
    if (tally->lost > 0)
        yaml_out_comment(out, "and %zu more, which are not here", tally->lost);
}

static void suggestion_list(YamlOut *out, const char *key, const Tally *tally) {
    yaml_out_text(out, key);
    suggestion_lost(out, tally);
    yaml_out_list(out);
    suggestion_items(out, tally);
    yaml_out_list_end(out);
}

/* --- allow: */

/* httputils.BoolValue of moby. */
static bool suggestion_is_false(const char *value) {
    static const char *const words[] = {"", "0", "no", "false", "none"};

    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (span_is_nocase(span_from(value), words[i]))
            return true;
    return false;
}

static bool suggestion_is_flag(const SeenQuery *query) {
    static const char *const keys[] = {"follow", "stdin", "force", "v"};

    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        if (strcmp(query->key, keys[i]) == 0)
            return true;
    return false;
}

/* Whether it says less than the operation alone. */
static bool suggestion_narrows(const SeenQuery *query) {
    if (query->dropped || query->values.n == 0 || query->values.lost > 0 || query->values_lost)
        return false;
    if (query->must)
        return true;
    for (size_t i = 0; suggestion_is_flag(query) && i < query->values.n; i++)
        if (!suggestion_is_false(query->values.items[i].text))
            return false;
    return query->values.n <= SUGGESTION_VALUES_MAX;
}

static void suggestion_condition(YamlOut *out, const SeenQuery *query) {
    static const char *const no[] = {"", "0", "false"};

    yaml_out_text(out, query->key);
    yaml_out_list(out);
    if (!query->must && suggestion_is_flag(query))
        for (size_t i = 0; i < ARRAY_SIZE(no); i++)
            yaml_out_text(out, no[i]);
    for (size_t i = 0; i < query->values.n; i++) {
        bool there = false;

        for (size_t k = 0; !query->must && suggestion_is_flag(query) && k < ARRAY_SIZE(no); k++)
            there = there || strcmp(no[k], query->values.items[i].text) == 0;
        if (!there)
            suggestion_item(out, &query->values.items[i]);
    }
    yaml_out_list_end(out);
}

static void suggestion_operation(YamlOut *out, const Seen *seen, const TallyItem *item) {
    bool narrowed = false;

    for (size_t i = 0; i < seen->n_queries; i++) {
        if (strcmp(seen->queries[i].operation, item->text) != 0 || !suggestion_narrows(&seen->queries[i]))
            continue;
        if (!narrowed) {
            yaml_out_map(out);
            yaml_out_text(out, "operation");
            suggestion_item(out, item);
            yaml_out_text(out, "query");
            yaml_out_map(out);
        }
        narrowed = true;
        suggestion_condition(out, &seen->queries[i]);
    }
    if (narrowed) {
        yaml_out_map_end(out);
        yaml_out_map_end(out);
    } else {
        suggestion_item(out, item);
    }
}

static void suggestion_allow(YamlOut *out, const Seen *seen) {
    yaml_out_text(out, "allow");
    suggestion_lost(out, &seen->operations);
    suggestion_lost(out, &seen->patterns);
    yaml_out_list(out);
    for (size_t i = 0; i < seen->operations.n; i++)
        suggestion_operation(out, seen, &seen->operations.items[i]);
    for (size_t i = 0; i < seen->patterns.n; i++) {
        yaml_out_map(out);
        yaml_out_text(out, "request");
        suggestion_item(out, &seen->patterns.items[i]);
        yaml_out_map_end(out);
    }
    yaml_out_list_end(out);
}

/* --- containers: */

static bool suggestion_has(const Seen *seen, SeenList list) {
    return seen->lists[list].n > 0;
}

static bool suggestion_asks(const Seen *seen, RulesKey key) {
    return (seen->keys & ~seen->open & RULES_BIT(key)) != 0;
}

/* The folder that holds most of them, and a path in it; 0: none holds two. */
static size_t suggestion_find_folder(const Tally *paths, const char **ret_path, size_t *ret_size) {
    size_t best = 1;

    for (size_t i = 0; i < paths->n; i++) {
        const char *path = paths->items[i].text, *slash = strrchr(path, '/');
        size_t size = slash ? (size_t) (slash - path) : 0, n = 0;

        for (size_t k = i; size > 0 && k < paths->n; k++)
            n += strncmp(paths->items[k].text, path, size + 1) == 0;
        if (n > best) {
            best = n;
            *ret_path = path;
            *ret_size = size;
        }
    }
    return best > 1 ? best : 0;
}

static void suggestion_bind(YamlOut *out, const TallyItem *item, bool readonly) {
    if (readonly) {
        yaml_out_map(out);
        yaml_out_text(out, "path");
    }
    suggestion_item(out, item);
    if (readonly) {
        yaml_out_text(out, "readonly");
        yaml_out_flag(out, true);
        yaml_out_map_end(out);
    }
}

static bool suggestion_tally_has(const Tally *tally, const char *text) {
    for (size_t i = 0; i < tally->n; i++)
        if (strcmp(tally->items[i].text, text) == 0)
            return true;
    return false;
}

static void suggestion_binds(YamlOut *out, const Seen *seen) {
    const Tally *written = &seen->lists[SEEN_BIND_MOUNTS], *read = &seen->lists[SEEN_BIND_MOUNTS_READONLY];
    const char *path = NULL;
    size_t size = 0, n;

    if (written->n + read->n == 0)
        return;
    yaml_out_text(out, "bind_mounts");
    n = suggestion_find_folder(written, &path, &size);
    if (n > 0)
        yaml_out_comment(out,
                         "%zu of them are in %.*s: %.*s/** would allow these, and all else that is there", n,
                         (int) size, path, (int) size, path);
    suggestion_lost(out, written);
    suggestion_lost(out, read);
    yaml_out_list(out);
    for (size_t i = 0; i < written->n; i++)
        suggestion_bind(out, &written->items[i], false);
    for (size_t i = 0; i < read->n; i++)
        if (!suggestion_tally_has(written, read->items[i].text))
            suggestion_bind(out, &read->items[i], true);
    yaml_out_list_end(out);
}

static void suggestion_volumes(YamlOut *out, const Seen *seen) {
    const Tally *drivers = &seen->lists[SEEN_VOLUME_DRIVERS];
    bool only_local = drivers->n == 1 && strcmp(drivers->items[0].text, "local") == 0;

    if (!suggestion_asks(seen, RULES_VOLUMES))
        return;
    yaml_out_text(out, "volumes");
    yaml_out_map(out);
    suggestion_list(out, "names", &seen->lists[SEEN_VOLUME_NAMES]);
    if (drivers->n > 0 && !only_local)
        suggestion_list(out, "drivers", drivers);
    if (suggestion_has(seen, SEEN_VOLUME_OPTIONS))
        suggestion_list(out, "driver_opts", &seen->lists[SEEN_VOLUME_OPTIONS]);
    yaml_out_map_end(out);
}

/* What the profile doesn't have: anything but private, and none for ipc. */
static bool suggestion_namespace_differs(const Tally *modes, RulesNamespace which) {
    for (size_t i = 0; i < modes->n; i++)
        if (strcmp(modes->items[i].text, "private") != 0 &&
            !(which == RULES_NAMESPACE_IPC && strcmp(modes->items[i].text, "none") == 0))
            return true;
    return false;
}

static void suggestion_namespaces(YamlOut *out, const Seen *seen) {
    bool any = false;

    for (unsigned which = 0; which < RULES_NAMESPACE_MAX_; which++) {
        const Tally *modes = &seen->lists[SEEN_PID + which];

        if (!suggestion_namespace_differs(modes, (RulesNamespace) which))
            continue;
        if (!any) {
            yaml_out_text(out, "namespaces");
            yaml_out_map(out);
        }
        any = true;
        suggestion_list(out, rules_namespace_name((RulesNamespace) which), modes);
    }
    if (any)
        yaml_out_map_end(out);
}

static void suggestion_ports(YamlOut *out, const Seen *seen) {
    if (!(seen->keys & RULES_BIT(RULES_PORTS)))
        return;
    yaml_out_text(out, "ports");
    yaml_out_map(out);
    if (seen->flags[SEEN_PUBLISH_ALL] == 0 || suggestion_has(seen, SEEN_PORT_IPS)) {
        suggestion_list(out, "host_ips", &seen->lists[SEEN_PORT_IPS]);
        suggestion_list(out, "host_ports", &seen->lists[SEEN_PORTS]);
    }
    if (seen->flags[SEEN_PUBLISH_ALL] > 0) {
        yaml_out_text(out, "publish_all");
        yaml_out_flag(out, true);
        yaml_out_comment(out, "%llu", suggestion_count(seen->flags[SEEN_PUBLISH_ALL]));
    }
    yaml_out_map_end(out);
}

/* Only where one of them is none of those that the profile lets pass, and which this list then replaces. */
static bool suggestion_is_beyond(const Tally *tally, bool (*passes)(Span text)) {
    for (size_t i = 0; i < tally->n; i++)
        if (!passes(span_from(tally->items[i].text)))
            return true;
    return false;
}

static bool suggestion_is_no_new_privileges(Span option) {
    return span_is(option, "no-new-privileges");
}

static void suggestion_lists(YamlOut *out, const Seen *seen) {
    static const struct {
        SeenList list;
        const char *key;
        bool (*passes)(Span text); /* under the profile; NULL: the list is given whatever is on it */
    } rows[] = {
        {SEEN_DEVICES, "devices", NULL},
        {SEEN_SECURITY_OPTS, "security_opts", suggestion_is_no_new_privileges},
        {SEEN_SYSCTLS, "sysctls", NULL},
        {SEEN_RUNTIMES, "runtimes", NULL},
        {SEEN_LOG_DRIVERS, "log_drivers", NULL},
        {SEEN_EXTRA_HOSTS, "extra_hosts", rules_host_has_address},
        {SEEN_SECRETS, "secrets", NULL},
        {SEEN_CONFIGS, "configs", NULL},
    };

    if (suggestion_asks(seen, RULES_IMAGES))
        suggestion_list(out, "images", &seen->lists[SEEN_IMAGES]);
    if (suggestion_asks(seen, RULES_CAPABILITIES))
        suggestion_list(out, "capabilities", &seen->lists[SEEN_CAPABILITIES]);
    if (suggestion_asks(seen, RULES_NETWORKS))
        suggestion_list(out, "networks", &seen->lists[SEEN_NETWORKS]);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (suggestion_has(seen, rows[i].list) &&
            (!rows[i].passes || suggestion_is_beyond(&seen->lists[rows[i].list], rows[i].passes)))
            suggestion_list(out, rows[i].key, &seen->lists[rows[i].list]);
}

static void suggestion_flag(YamlOut *out, const char *key, uint64_t n) {
    if (n == 0)
        return;
    yaml_out_text(out, key);
    yaml_out_flag(out, true);
    yaml_out_comment(out, "%llu", suggestion_count(n));
}

static void suggestion_word(YamlOut *out, const char *key, const char *word, const char *why) {
    yaml_out_text(out, key);
    yaml_out_text(out, word);
    yaml_out_comment(out, "%s", why);
}

/* Only what everything that was made has asked for: a limit must be asked for. */
static void suggestion_limits(YamlOut *out, const Seen *seen, Arena *arena) {
    static const char *const keys[SEEN_LIMITS_] = {"memory", "cpus", "pids"};
    bool any = false;

    for (unsigned i = 0; i < SEEN_LIMITS_ && !(seen->open & RULES_BIT(RULES_LIMITS)); i++) {
        int64_t most = seen_limits_get(&seen->limits, (SeenLimitKey) i);
        const char *text = most > 0 ? seen_limits_show(arena, (SeenLimitKey) i, most) : NULL;

        if (!text)
            continue;
        if (!any) {
            yaml_out_text(out, "limits");
            yaml_out_map(out);
        }
        any = true;
        yaml_out_text(out, keys[i]);
        yaml_out_text(out, text);
        yaml_out_comment(out, "the most that was asked for, and each of the %llu did",
                         suggestion_count(seen->limits.n_made));
    }
    if (any)
        yaml_out_map_end(out);
}

static void suggestion_containers(YamlOut *out, const Seen *seen, Arena *arena) {
    if (seen->keys == 0 && seen->open == 0 && !seen->unknown_fields && !suggestion_has(seen, SEEN_DEVICES))
        return;
    yaml_out_text(out, "containers");
    yaml_out_map(out);
    suggestion_binds(out, seen);
    suggestion_volumes(out, seen);
    suggestion_lists(out, seen);
    suggestion_namespaces(out, seen);
    suggestion_ports(out, seen);
    suggestion_limits(out, seen, arena);
    suggestion_flag(out, "privileged", seen->flags[SEEN_PRIVILEGED]);
    if (seen->flags[SEEN_GROUPS] > 0)
        suggestion_word(out, "user", "any", "groups were asked for (GroupAdd)");
    if (seen->open & RULES_BIT(RULES_LABELS)) {
        yaml_out_text(out, "labels");
        yaml_out_map(out);
        yaml_out_text(out, "deny");
        yaml_out_comment(out, "labels were seen that well-known controllers obey");
        yaml_out_list(out);
        yaml_out_list_end(out);
        yaml_out_map_end(out);
    }
    if (seen->unknown_fields)
        suggestion_word(out, "unknown_fields", "allow", "fields were seen that this release doesn't know");
    yaml_out_map_end(out);
}

/* --- exec:, build: */

static void suggestion_exec(YamlOut *out, const Seen *seen) {
    const Tally *users = &seen->lists[SEEN_EXEC_USERS];
    bool named = users->n > 0 && users->items[0].text[0] != '\0'; /* sorted: "" comes first */

    if (!named && seen->flags[SEEN_EXEC_PRIVILEGED] == 0)
        return;
    yaml_out_text(out, "exec");
    yaml_out_map(out);
    if (named)
        suggestion_list(out, "users", users);
    suggestion_flag(out, "privileged", seen->flags[SEEN_EXEC_PRIVILEGED]);
    yaml_out_map_end(out);
}

static bool suggestion_is_default_network(Span name) {
    return span_is(name, "default") || span_is(name, "bridge") || span_is(name, "none");
}

static void suggestion_build(YamlOut *out, const Seen *seen) {
    const Tally *networks = &seen->lists[SEEN_BUILD_NETWORKS];
    bool beyond = suggestion_is_beyond(networks, suggestion_is_default_network);

    if (!beyond && seen->flags[SEEN_REMOTE] == 0)
        return;
    yaml_out_text(out, "build");
    yaml_out_map(out);
    if (beyond)
        suggestion_list(out, "networks", networks);
    suggestion_flag(out, "remote", seen->flags[SEEN_REMOTE]);
    yaml_out_map_end(out);
}

/* --- scope: */

const char *suggestion_scope_names(const Seen *seen, Arena *arena) {
    const Tally others[] = {seen->lists[SEEN_VOLUME_NAMES], seen->lists[SEEN_NETWORKS]};

    return seen_scope_names(&seen->scope, others, ARRAY_SIZE(others), arena);
}

static void suggestion_scope(YamlOut *out, const Seen *seen, Arena *arena) {
    const char *names = suggestion_scope_names(seen, arena);

    if (!names)
        return;
    yaml_out_text(out, "scope");
    yaml_out_map(out);
    yaml_out_text(out, "names");
    yaml_out_list(out);
    yaml_out_text(out, names);
    yaml_out_comment(out, "all that was named is; lists will show nothing else");
    yaml_out_list_end(out);
    yaml_out_map_end(out);
}

void suggestion_write(YamlOut *out, const char *name, const Seen *seen, Arena *arena) {
    yaml_out_text(out, name);
    yaml_out_map(out);
    suggestion_allow(out, seen);
    suggestion_scope(out, seen, arena);
    suggestion_containers(out, seen, arena);
    suggestion_exec(out, seen);
    suggestion_build(out, seen);
    yaml_out_map_end(out);
}
