// SPDX-License-Identifier: Apache-2.0
/*
 * docker-socket-proxy: a flag a section of the API. What they do stands in its haproxy.cfg (Tecnativa,
 * releases up to 0.4, and the later template with ALLOW_EXEC, ALLOW_LOGS, DELETE and the like), and in
 * linuxserver's README, by which ALLOW_START, ALLOW_STOP and ALLOW_RESTARTS work without POST too.
 */
#include <stdlib.h>
#include <unistd.h>

#include "import.h"
#include "imported.h"

#define TECNATIVA_SETTINGS_MAX 128u

typedef struct Setting {
    const char *name;
    const char *value;
} Setting;

typedef struct Tecnativa {
    Imported imported;
    Setting settings[TECNATIVA_SETTINGS_MAX];
    size_t n;
    bool later; /* the later template: some flags deny what a section has */
} Tecnativa;

/* Each is the beginning of a path. */
static const struct {
    const char *flag, *path;
    bool by_default;
} SECTIONS[] = {
    {"AUTH", "/auth", false},
    {"BUILD", "/build", false},
    {"COMMIT", "/commit", false},
    {"CONFIGS", "/configs", false},
    {"CONTAINERS", "/containers", false},
    {"DISTRIBUTION", "/distribution", false},
    {"EVENTS", "/events", true},
    {"EXEC", "/exec", false},
    {"GRPC", "/grpc", false},
    {"IMAGES", "/images", false},
    {"INFO", "/info", false},
    {"NETWORKS", "/networks", false},
    {"NODES", "/nodes", false},
    {"PING", "/_ping", true},
    {"PLUGINS", "/plugins", false},
    {"SECRETS", "/secrets", false},
    {"SERVICES", "/services", false},
    {"SESSION", "/session", false},
    {"SWARM", "/swarm", false},
    {"SYSTEM", "/system", false},
    {"TASKS", "/tasks", false},
    {"VERSION", "/version", true},
    {"VOLUMES", "/volumes", false},
};

/* Each is what follows a container's name. */
static const struct {
    const char *flag;
    const char *words[3];
} ACTIONS[] = {
    {"ALLOW_RESTARTS", {"stop", "restart", "kill"}},
    {"ALLOW_START", {"start", NULL, NULL}},
    {"ALLOW_STOP", {"stop", NULL, NULL}},
    {"ALLOW_PAUSE", {"pause", NULL, NULL}},
    {"ALLOW_UNPAUSE", {"unpause", NULL, NULL}},
};

/* The later template: without the flag, what a section has of it is denied all the same. */
static const struct {
    const char *flag, *word;
} GUARDS[] = {
    {"ALLOW_EXEC", "exec"},       {"ALLOW_KILL", "kill"},     {"ALLOW_ATTACH", "attach"},
    {"ALLOW_ARCHIVE", "archive"}, {"ALLOW_EXPORT", "export"}, {"ALLOW_LOGS", "logs"},
};

static const struct {
    const char *flag;
    Method method;
} METHODS[] = {{"POST", METHOD_POST}, {"DELETE", METHOD_DELETE}, {"PUT", METHOD_PUT}};

static const char *const LATER_FLAGS[] = {"ALLOW_EXEC",   "ALLOW_KILL", "ALLOW_ATTACH", "ALLOW_ARCHIVE",
                                          "ALLOW_EXPORT", "ALLOW_LOGS", "ALLOW_PAUSE",  "ALLOW_UNPAUSE",
                                          "DELETE",       "PUT",        "PATCH"};

static const char *const OTHER_SETTINGS[] = {
    "LOG_LEVEL",   "DISABLE_IPV6",          "SOCKET_PATH",       "TZ",
    "BIND_CONFIG", "PROXY_CONNECT_TIMEOUT", "PROXY_READ_TIMEOUT"};

/* --- the settings */

static const char *tecnativa_get(const Tecnativa *t, const char *name) {
    for (size_t i = t->n; i-- > 0;) /* the last one counts */
        if (strcmp(t->settings[i].name, name) == 0)
            return t->settings[i].value;
    return NULL;
}

/* As HAProxy's `-m bool` takes a text: by the number at its beginning. */
static bool tecnativa_is_number_on(const char *value) {
    return strtol(value, NULL, 10) != 0;
}

static bool tecnativa_is_on(const Tecnativa *t, const char *name, bool by_default) {
    const char *value = tecnativa_get(t, name);

    return value ? tecnativa_is_number_on(value) : by_default;
}

/* No flag. */
static bool tecnativa_is_other(const char *name) {
    for (size_t i = 0; i < ARRAY_SIZE(OTHER_SETTINGS); i++)
        if (strcmp(OTHER_SETTINGS[i], name) == 0)
            return true;
    return false;
}

static bool tecnativa_knows(const char *name) {
    for (size_t i = 0; i < ARRAY_SIZE(SECTIONS); i++)
        if (strcmp(SECTIONS[i].flag, name) == 0)
            return true;
    for (size_t i = 0; i < ARRAY_SIZE(ACTIONS); i++)
        if (strcmp(ACTIONS[i].flag, name) == 0)
            return true;
    for (size_t i = 0; i < ARRAY_SIZE(LATER_FLAGS); i++)
        if (strcmp(LATER_FLAGS[i], name) == 0)
            return true;
    return tecnativa_is_other(name) || strcmp(name, "POST") == 0;
}

static void tecnativa_add(Tecnativa *t, Span name, Span value) {
    Setting *setting = &t->settings[t->n];

    if (t->n == TECNATIVA_SETTINGS_MAX) {
        t->imported.failed = true;
        return;
    }
    setting->name = arena_copy(t->imported.arena, name);
    setting->value = arena_copy(t->imported.arena, value);
    if (setting->name && setting->value)
        t->n++;
    else
        t->imported.failed = true;
}

static Span tecnativa_trim(Span text) {
    while (text.size > 0 && strchr(" \t\r", text.data[0])) {
        text.data++;
        text.size--;
    }
    while (text.size > 0 && strchr(" \t\r", text.data[text.size - 1]))
        text.size--;
    if (text.size > 1 && (text.data[0] == '"' || text.data[0] == '\'') &&
        text.data[text.size - 1] == text.data[0])
        text = (Span){text.data + 1, text.size - 2};
    return text;
}

/* NAME=VALUE; and as compose files write them: `- NAME=VALUE`, `NAME: VALUE`. False: it is no such line. */
static bool tecnativa_take_line(Tecnativa *t, Span line) {
    size_t n = 0;

    line = tecnativa_trim(line);
    if (line.size == 0 || line.data[0] == '#')
        return true;
    if (span_starts_with(line, SPAN("- ")))
        line = tecnativa_trim((Span){line.data + 2, line.size - 2});
    while (n < line.size && line.data[n] != '=' && line.data[n] != ':')
        n++;
    if (n == 0 || n == line.size)
        return false;
    tecnativa_add(t, tecnativa_trim((Span){line.data, n}),
                  tecnativa_trim((Span){line.data + n + 1, line.size - n - 1}));
    return true;
}

static int tecnativa_read_file(Tecnativa *t, const char *path) {
    CLEANUP(buffer_done) Buffer text = {0};
    int r = import_read(path, &text);
    Span rest = buffer_span(&text);

    for (unsigned line = 1; r == CTL_OK && rest.size > 0; line++) {
        const char *end = memchr(rest.data, '\n', rest.size);
        size_t size = end ? (size_t) (end - rest.data) : rest.size;

        if (!tecnativa_take_line(t, (Span){rest.data, size}))
            return import_fail("%s:%u: a line is NAME=VALUE", path, line);
        rest = (Span){rest.data + size + (end ? 1 : 0), rest.size - size - (end ? 1 : 0)};
    }
    return r;
}

static void tecnativa_read_environment(Tecnativa *t) {
    for (char **entry = environ; *entry; entry++) {
        const char *sign = strchr(*entry, '=');
        Span name = {*entry, sign ? (size_t) (sign - *entry) : 0};
        const char *copy = sign ? arena_copy(t->imported.arena, name) : NULL;

        if (copy && tecnativa_knows(copy) && strcmp(copy, "TZ") != 0)
            tecnativa_add(t, name, span_from(sign + 1));
    }
}

/* --- what they let through */

static const char *tecnativa_by(Tecnativa *t, const char *flag, bool by_default) {
    const char *text = by_default && !tecnativa_get(t, flag)
                           ? arena_printf(t->imported.arena, "%s, on by default", flag)
                           : arena_printf(t->imported.arena, "%s=%s", flag, tecnativa_get(t, flag));

    if (!text)
        t->imported.failed = true;
    return text ? text : flag;
}

/* Before, POST was for all methods but GET and HEAD. */
static bool tecnativa_lets_method(const Tecnativa *t, Method method) {
    if (method == METHOD_GET || method == METHOD_HEAD)
        return true;
    for (size_t i = 0; t->later && i < ARRAY_SIZE(METHODS); i++)
        if (METHODS[i].method == method)
            return tecnativa_is_on(t, METHODS[i].flag, false);
    return tecnativa_is_on(t, "POST", false);
}

/* The word behind a container's name; .data NULL: none. */
static Span tecnativa_action(const Operation *operation) {
    static const char prefix[] = "/containers/{id}/";
    Span path = span_from(operation->path);

    if (!span_starts_with(path, span_from(prefix)))
        return (Span){0};
    path = (Span){path.data + strlen(prefix), path.size - strlen(prefix)};
    path.size = strcspn(path.data, "/");
    return path;
}

/* Whether a guard of the later template denies it; *ret_meant: its own flag is on. */
static bool tecnativa_is_guarded(const Tecnativa *t, const Operation *operation, bool *ret_meant) {
    Span action = tecnativa_action(operation);

    *ret_meant = false;
    for (size_t i = 0; t->later && action.data && i < ARRAY_SIZE(GUARDS); i++)
        if (span_is(action, GUARDS[i].word)) {
            *ret_meant = tecnativa_is_on(t, GUARDS[i].flag, false);
            return !*ret_meant;
        }
    return false;
}

static void tecnativa_take_actions(Tecnativa *t, const Operation *operation) {
    Span action = tecnativa_action(operation);
    bool meant;

    if (operation->method != METHOD_POST || !action.data || tecnativa_is_guarded(t, operation, &meant))
        return;
    for (size_t i = 0; i < ARRAY_SIZE(ACTIONS); i++)
        for (size_t k = 0; k < ARRAY_SIZE(ACTIONS[i].words) && ACTIONS[i].words[k]; k++)
            if (span_is(action, ACTIONS[i].words[k]) && tecnativa_is_on(t, ACTIONS[i].flag, false))
                imported_grant(&t->imported, operation, tecnativa_by(t, ACTIONS[i].flag, false), true);
}

static void tecnativa_take_sections(Tecnativa *t, const Operation *operation) {
    bool meant;

    if (!tecnativa_lets_method(t, operation->method) || tecnativa_is_guarded(t, operation, &meant))
        return;
    for (size_t i = 0; i < ARRAY_SIZE(SECTIONS); i++) {
        bool whole = strcmp(operation->path, SECTIONS[i].path) == 0;

        if (span_starts_with(span_from(operation->path), span_from(SECTIONS[i].path)) &&
            tecnativa_is_on(t, SECTIONS[i].flag, SECTIONS[i].by_default))
            imported_grant(&t->imported, operation, tecnativa_by(t, SECTIONS[i].flag, SECTIONS[i].by_default),
                           whole || meant);
    }
}

/* --- what is said */

/* HAProxy reads a flag as a number. */
static void tecnativa_note_values(Tecnativa *t) {
    for (size_t i = 0; i < t->n; i++) {
        const char *name = t->settings[i].name, *value = t->settings[i].value;

        if (!tecnativa_knows(name))
            imported_note(&t->imported, IMPORT_OPEN,
                          "%s is no setting of docker-socket-proxy that is known here", name);
        else if (!tecnativa_is_other(name) && strspn(value, "0123456789") != strlen(value))
            imported_note(&t->imported, IMPORT_OPEN,
                          "%s=%s is no number: HAProxy takes it for %s, and so do we", name, value,
                          tecnativa_is_number_on(value) ? "what it begins with, on" : "off");
    }
}

static void tecnativa_note(Tecnativa *t) {
    bool post = tecnativa_is_on(t, "POST", false);

    tecnativa_note_values(t);
    for (size_t i = 0; i < ARRAY_SIZE(ACTIONS); i++)
        if (!post && tecnativa_is_on(t, ACTIONS[i].flag, false))
            imported_note(
                &t->imported, IMPORT_OPEN,
                "%s with POST=0: Tecnativa's image denied it all the same, linuxserver's let it through; "
                "it is allowed here",
                ACTIONS[i].flag);
    if (t->later)
        imported_note(&t->imported, IMPORT_OPEN,
                      "read as the later image: DELETE and PUT are flags of their own, and exec, kill, "
                      "attach, archive, "
                      "export and logs need theirs");
    if (post)
        imported_note(&t->imported, IMPORT_DANGEROUS, "POST=1 let each section that is on change things, %s",
                      t->later ? "by POST" : "and remove them");
    imported_note(
        &t->imported, IMPORT_DANGEROUS,
        "a section is the beginning of a path: each operation below it, those that are still to come too");
    imported_note(&t->imported, IMPORT_OPEN,
                  "it listened on TCP port 2375 for whoever could reach that; here it is a unix socket, "
                  "which its client "
                  "must be given");
}

static void tecnativa_take_socket(Tecnativa *t) {
    const char *path = tecnativa_get(t, "SOCKET_PATH");

    if (path && path[0])
        t->imported.upstream = arena_printf(t->imported.arena, "unix://%s", path);
    if (!t->imported.upstream) {
        t->imported.failed = true;
        t->imported.upstream = "";
    }
}

int import_tecnativa(int argc, char **argv) {
    Tecnativa *t = calloc(1, sizeof(*t));
    int r;

    if (!t || !imported_init(&t->imported)) {
        free(t);
        return import_fail("out of memory");
    }
    if (argc > 2)
        r = import_fail_usage("tecnativa: one file at a time");
    else if (argc == 2)
        r = tecnativa_read_file(t, argv[1]);
    else
        r = (tecnativa_read_environment(t), CTL_OK);
    for (size_t i = 0; i < ARRAY_SIZE(LATER_FLAGS); i++)
        t->later = t->later || tecnativa_get(t, LATER_FLAGS[i]);
    if (r == CTL_OK) {
        tecnativa_take_socket(t);
        for (size_t i = 0; i < t->imported.n_operations; i++) {
            tecnativa_take_actions(t, &t->imported.operations[i]);
            tecnativa_take_sections(t, &t->imported.operations[i]);
        }
        tecnativa_note(t);
        r = imported_print(&t->imported, "tecnativa");
    }
    imported_done(&t->imported);
    free(t);
    return r;
}
