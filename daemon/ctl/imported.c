// SPDX-License-Identifier: Apache-2.0
#include "imported.h"

#include <stdlib.h>

#include "ctl.h"
#include "policy/policy_warn.h"
#include "yaml_out.h"

#define IMPORTED_POLICY "imported"
#define IMPORTED_SOCKET "unix:///run/quaygate/imported.sock"
#define IMPORTED_UPSTREAM "unix:///var/run/docker.sock"

bool imported_init(Imported *ret) {
    *ret = (Imported){.arena = arena_new(LIMIT_CONFIG_ARENA_BYTES),
                      .upstream = IMPORTED_UPSTREAM,
                      .address = IMPORTED_SOCKET};
    ret->operations = routes_all(&ret->n_operations);
    if (!ret->arena)
        return false;
    ret->by = arena_alloc_array(ret->arena, ret->n_operations, sizeof(*ret->by));
    ret->left_out = arena_alloc_array(ret->arena, ret->n_operations, sizeof(*ret->left_out));
    return ret->by && ret->left_out;
}

void imported_done(Imported *imported) {
    imported->arena = arena_free(imported->arena);
}

Span imported_word(const Operation *operation) {
    const char *path = operation->path;
    Span word = {0};

    while (*path) {
        size_t size = strcspn(++path, "/");

        if (path[0] != '{')
            word = (Span){path, size};
        path += size;
    }
    return word;
}

void imported_grant(Imported *imported, const Operation *operation, const char *by, bool meant) {
    size_t i = (size_t) (operation - imported->operations);
    bool changes = operation->method != METHOD_GET && operation->method != METHOD_HEAD;

    if (operation->risk == RISK_HOST && !changes && !meant)
        imported->left_out[i] = true;
    else if (!imported->by[i])
        imported->by[i] = by;
}

void imported_note(Imported *imported, ImportNote kind, const char *format, ...) {
    char text[1024];
    va_list args;

    va_start(args, format);
    (void) vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (imported->n_notes == IMPORTED_NOTES_MAX) {
        imported->failed = true;
        return;
    }
    imported->notes[imported->n_notes].kind = kind;
    imported->notes[imported->n_notes].text = arena_copy(imported->arena, span_from(text));
    if (imported->notes[imported->n_notes].text)
        imported->n_notes++;
    else
        imported->failed = true;
}

/* --- the config */

static void imported_pair(YamlOut *out, const char *key, const char *value) {
    yaml_out_text(out, key);
    yaml_out_text(out, value);
}

static void imported_write_listener(const Imported *imported, YamlOut *out) {
    yaml_out_text(out, "listeners");
    yaml_out_list(out);
    yaml_out_map(out);
    imported_pair(out, "address", imported->address);
    imported_pair(out, "policy", IMPORTED_POLICY);
    if (imported->mode)
        imported_pair(out, "mode", imported->mode);
    if (imported->n_networks > 0) {
        yaml_out_text(out, "allow_from");
        yaml_out_list(out);
        for (size_t i = 0; i < imported->n_networks; i++)
            yaml_out_text(out, imported->networks[i]);
        yaml_out_list_end(out);
    }
    yaml_out_map_end(out);
    yaml_out_list_end(out);
}

static bool imported_allows(const Imported *imported, const char *id) {
    const Operation *operation = routes_find(span_from(id));

    return operation && imported->by[operation - imported->operations];
}

/* Who only starts and restarts what there is, as watchdogs do, and has no other way to the host. */
static bool imported_is_watchdog(const Imported *imported) {
    for (size_t i = 0; i < imported->n_operations; i++)
        if (imported->by[i] && imported->operations[i].risk == RISK_HOST)
            return false;
    return imported_allows(imported, "ContainerStart") || imported_allows(imported, "ContainerRestart");
}

/* What the profile privileged would open beside that. */
static const struct {
    const char *operation, *key;
    const char *values[3];
} WATCHDOG_CONDITIONS[] = {
    {"ContainerStart", "checkpoint", {""}},
    {"ContainerStart", "checkpoint-dir", {""}},
    {"ContainerLogs", "details", {"", "0", "false"}},
    {"ContainerTop", "ps_args", {"", "-ef", "aux"}},
};

static void imported_write_conditions(YamlOut *out, const char *id) {
    for (size_t i = 0; i < ARRAY_SIZE(WATCHDOG_CONDITIONS); i++) {
        if (strcmp(WATCHDOG_CONDITIONS[i].operation, id) != 0)
            continue;
        yaml_out_text(out, WATCHDOG_CONDITIONS[i].key);
        yaml_out_list(out);
        for (size_t k = 0; k < ARRAY_SIZE(WATCHDOG_CONDITIONS[i].values) && WATCHDOG_CONDITIONS[i].values[k];
             k++)
            yaml_out_text(out, WATCHDOG_CONDITIONS[i].values[k]);
        yaml_out_list_end(out);
    }
}

static bool imported_has_conditions(const Imported *imported, const char *id) {
    bool any = false;

    for (size_t i = 0; i < ARRAY_SIZE(WATCHDOG_CONDITIONS); i++)
        any = any || strcmp(WATCHDOG_CONDITIONS[i].operation, id) == 0;
    return any && imported_is_watchdog(imported);
}

static void imported_write_entry(const Imported *imported, YamlOut *out, size_t number) {
    const char *id = imported->operations[number].id;
    bool conditions = imported_has_conditions(imported, id);

    if (conditions) {
        yaml_out_map(out);
        yaml_out_text(out, "operation");
    }
    yaml_out_text(out, id);
    yaml_out_comment(out, "%s", imported->by[number]);
    if (!conditions)
        return;
    yaml_out_text(out, "query");
    yaml_out_map(out);
    imported_write_conditions(out, id);
    yaml_out_map_end(out);
    yaml_out_map_end(out);
}

static void imported_write_allow(const Imported *imported, YamlOut *out) {
    yaml_out_text(out, "allow");
    yaml_out_list(out);
    for (size_t i = 0; i < imported->n_operations; i++)
        if (imported->by[i])
            imported_write_entry(imported, out, i);
    yaml_out_list_end(out);
}

static bool imported_creates(const Imported *imported) {
    return imported_allows(imported, "ContainerCreate") || imported_allows(imported, "ServiceCreate") ||
           imported_allows(imported, "ServiceUpdate") || imported_allows(imported, "VolumeCreate");
}

static void imported_write_containers(const Imported *imported, YamlOut *out) {
    const char *text;

    if (!imported_creates(imported) && !imported_is_watchdog(imported))
        return;
    yaml_out_text(out, "containers");
    yaml_out_map(out);
    if (!imported_creates(imported)) {
        imported_pair(out, "profile", "privileged");
        yaml_out_comment(out, "whatever there is may be started again; nothing is created");
        yaml_out_map_end(out);
        return;
    }
    imported_pair(out, "profile", "baseline");
    yaml_out_comment(out, "no privileged containers, no namespaces of the host, no devices");
    yaml_out_text(out, "ports");
    yaml_out_map(out);
    yaml_out_map_end(out);
    yaml_out_comment(out, "any");
    yaml_out_text(out, "bind_mounts");
    if (imported->n_binds == 0)
        yaml_out_comment(out, "list those that your containers have");
    yaml_out_list(out);
    for (size_t i = 0; i < imported->n_binds; i++) {
        bool root = strcmp(imported->binds[i], "/") == 0;

        yaml_out_text(out, imported->binds[i]);
        text = arena_printf(imported->arena, "%s/**", root ? "" : imported->binds[i]);
        yaml_out_text(out, text ? text : "");
    }
    yaml_out_list_end(out);
    yaml_out_map_end(out);
}

static YamlOut *imported_write(const Imported *imported) {
    YamlOut *out = yaml_out_new();

    if (!out)
        return NULL;
    yaml_out_map(out);
    imported_pair(out, "version", "1");
    imported_pair(out, "upstream", imported->upstream);
    imported_write_listener(imported, out);
    yaml_out_text(out, "policies");
    yaml_out_map(out);
    yaml_out_text(out, IMPORTED_POLICY);
    yaml_out_map(out);
    imported_write_allow(imported, out);
    imported_write_containers(imported, out);
    yaml_out_map_end(out);
    yaml_out_map_end(out);
    yaml_out_map_end(out);
    (void) yaml_out_finish(out);
    return out;
}

/* --- what is said of it */

static void imported_note_left_out(Imported *imported) {
    for (size_t i = 0; i < imported->n_operations; i++)
        if (imported->left_out[i] && !imported->by[i]) {
            imported_note(imported, IMPORT_DANGEROUS, "%s %s came along: %s (%s)",
                          method_name(imported->operations[i].method), imported->operations[i].path,
                          imported->operations[i].summary, imported->operations[i].id);
            imported_note(imported, IMPORT_NARROWER, "%s is left out: allow it by name if a client needs it",
                          imported->operations[i].id);
        }
}

/* What is looked at before a client gets into it. */
static bool imported_enters(const Imported *imported) {
    static const char *const ids[] = {"ContainerExec",    "ContainerAttach",    "ContainerStart",
                                      "ContainerRestart", "ContainerUpdate",    "ContainerArchive",
                                      "ExecStart",        "PutContainerArchive"};

    for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
        if (imported_allows(imported, ids[i]))
            return true;
    return false;
}

static void imported_note_bodies(Imported *imported) {
    if (imported_enters(imported) && !imported_is_watchdog(imported))
        imported_note(
            imported, IMPORT_NARROWER,
            "start, restart, exec, attach and archives reach the containers that 'containers' would let be "
            "made: none that is privileged, or has a bind mount that is not listed");
    if (imported_creates(imported)) {
        imported_note(
            imported, IMPORT_DANGEROUS,
            "bodies weren't looked at%s: who may create containers could have privileged ones, and with "
            "those the host",
            imported->n_binds > 0 ? " but for bind mounts" : "");
        imported_note(
            imported, IMPORT_NARROWER,
            "what is created is held to the profile baseline, and to the bind mounts that are listed; "
            "'containers' is where to open more");
    }
    if (imported_allows(imported, "ContainerExec"))
        imported_note(imported, IMPORT_DANGEROUS,
                      "exec runs any command in any container; 'exec: {commands: [...]}' holds it to some");
    imported_note(
        imported, IMPORT_NARROWER,
        "queries and headers are judged too, requests of two readings are refused, and what is no operation "
        "of the Engine API is denied, whatever its path begins with");
}

/* In the head, a line each; control bytes and all that is no ASCII as \xNN. */
static void imported_print_head(const Imported *imported, const char *from) {
    static const char *const titles[IMPORT_NOTES_] = {
        [IMPORT_NARROWER] = "Narrower here:",
        [IMPORT_DANGEROUS] = "Dangerous in the old one:",
        [IMPORT_OPEN] = "Look at this:",
    };
    static const ImportNote order[] = {IMPORT_OPEN, IMPORT_DANGEROUS, IMPORT_NARROWER};

    printf("# Made by 'quaygate import %s' of another gate's settings. 'quaygate check' reads it.\n", from);
    for (size_t k = 0; k < ARRAY_SIZE(order); k++) {
        bool any = false;

        for (size_t i = 0; i < imported->n_notes; i++) {
            const char *text = imported->notes[i].kind == order[k]
                                   ? yaml_out_show(imported->arena, span_from(imported->notes[i].text))
                                   : NULL;

            if (!text)
                continue;
            if (!any)
                printf("#\n# %s\n", titles[order[k]]);
            any = true;
            printf("# - %s\n", text);
        }
    }
    puts("#");
}

static void imported_note_warnings(const Config *config, YamlOut *out) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_CONFIG_ARENA_BYTES);
    PolicyWarning *warnings = arena ? arena_alloc_array(arena, POLICY_WARNINGS_MAX, sizeof(*warnings)) : NULL;
    size_t n = warnings
                   ? policy_warnings(policy_set_get(config->policies, SPAN(IMPORTED_POLICY)), arena, warnings)
                   : 0;

    for (size_t i = 0; i < n; i++) {
        const char *colon = warnings[i].origin ? strrchr(warnings[i].origin, ':') : NULL;

        yaml_out_note(out, colon ? (unsigned) strtoul(colon + 1, NULL, 10) : 0, "warning: %s",
                      warnings[i].text);
    }
}

static int imported_fail(const char *why) {
    fprintf(stderr, "quaygate import: %s\n", why);
    return CTL_CONFIG;
}

int imported_print(Imported *imported, const char *from) {
    CLEANUP(config_unref_p) Config *config = NULL;
    YamlOut *out;
    Span text;

    imported_note_left_out(imported);
    imported_note_bodies(imported);
    out = imported_write(imported);
    text = out && !imported->failed ? yaml_out_written(out) : (Span){0};
    if (!text.data || config_parse(text, "imported", stderr, &config) < 0) {
        (void) yaml_out_free(out);
        return imported_fail(text.data ? "the config that comes of it can't be read"
                                       : "there is more to it than can be told, or no memory");
    }
    imported_note_warnings(config, out);
    imported_print_head(imported, from);
    yaml_out_print(out, stdout);
    (void) yaml_out_free(out);
    return ctl_finish();
}
