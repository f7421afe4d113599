// SPDX-License-Identifier: Apache-2.0
#include "config_guard.h"

#include <errno.h>
#include <stdlib.h>

#include "file.h"
#include "hostfs.h"
#include "policy/body.h"

#define ENGINE_CONFIG "/etc/docker/daemon.json"

static const char *const *also_paths; /* of the process, not of a config */
static size_t n_also_paths;

typedef struct Guarded {
    Config *config;
    const char **paths;
    size_t n;
    int error;         /* −errno: where a path leads can't be told, so that not everything is guarded */
    const char *place; /* that path; NULL: no memory */
} Guarded;

static void guarded_stop(Guarded *guarded, int error, const char *place) {
    guarded->error = error;
    guarded->place = error == -ENOMEM ? NULL : arena_copy(guarded->config->arena, span_from(place));
}

static void guarded_add(Guarded *guarded, const char *path) {
    if (path)
        guarded->paths[guarded->n++] = path;
    else
        guarded_stop(guarded, -ENOMEM, NULL);
}

/* Where we may not look, or links lead in a circle, nothing can be opened either. */
static void guarded_fail(Guarded *guarded, int error, const char *place) {
    if (error != ENOENT && error != ENOTDIR && error != EACCES && error != ELOOP)
        guarded_stop(guarded, -error, place);
}

/* --- our own places */

/* What isn't there yet has no links: then where its folder leads, and so on up. NULL: errno says why. */
static char *guarded_follow(Arena *arena, const char *path) {
    char *head = arena_copy(arena, span_from(path)), *slash, *real, *whole;

    if (!head) {
        errno = ENOMEM;
        return NULL;
    }
    while (!(real = realpath(head, NULL))) {
        slash = strrchr(head, '/');
        if ((errno != ENOENT && errno != ENOTDIR) || !slash || slash == head)
            return NULL;
        *slash = '\0';
    }
    whole = arena_printf(arena, "%s%s", real, path + strlen(head));
    free(real);
    errno = ENOMEM;
    return whole;
}

/* As written, and where links lead. */
static void guarded_add_path(Guarded *guarded, const char *path) {
    char *real = guarded_follow(guarded->config->arena, path);

    guarded_add(guarded, path);
    if (real && strcmp(real, path) != 0)
        guarded_add(guarded, real);
    if (!real)
        guarded_fail(guarded, errno, path);
}

static void guarded_add_address(Guarded *guarded, const Address *address) {
    if (address->kind == ADDRESS_UNIX)
        guarded_add_path(guarded, address->socket.un.sun_path);
}

/* What rotation makes of a log has the same name in front: audit.jsonl.1, audit.jsonl-20261124.gz. */
static void guarded_add_log(Guarded *guarded, const char *path) {
    const char *rotated = arena_printf(guarded->config->arena, "%s*", path);

    guarded_add_path(guarded, path);
    if (rotated)
        guarded_add_path(guarded, rotated);
    else
        guarded_stop(guarded, -ENOMEM, NULL);
}

/* --- places of the host: the engine's data root, where its config has moved it, and what the operator names
 */

static const char *guarded_root(const Guarded *guarded) {
    return guarded->config->host.root ? guarded->config->host.root : "/";
}

static void guarded_add_host(Guarded *guarded, const char *path) {
    char resolved[PATH_MAX];
    int r = path[0] == '/' ? hostfs_resolve(guarded_root(guarded), path, resolved) : -ENOENT;

    guarded_add(guarded, arena_copy(guarded->config->arena, span_from(path)));
    if (r == 0 && strcmp(resolved, path) != 0)
        guarded_add(guarded, arena_copy(guarded->config->arena, span_from(resolved)));
    if (r < 0)
        guarded_fail(guarded, -r, path);
}

/*
 * What the engine takes and we don't (a key twice, NUL in a text, a BOM) may move its data root all the same,
 * so what can't be read for certain is an error. Nothing at all says nothing.
 */
static int guarded_take_engine(Guarded *guarded, Arena *arena, Span json) {
    static const char *const keys[] = {"data-root", "graph", "exec-root"};
    CLEANUP(body_free_p) Body *body = NULL;
    const char *detail;
    Reason reason;

    while (json.size > 0 && memchr(" \t\r\n", json.data[0], 4))
        json = (Span){json.data + 1, json.size - 1};
    if (json.size == 0)
        return 0;
    reason = body_parse(arena, json, &body, &detail);
    if (reason != REASON_OK)
        return reason == REASON_NO_MEMORY ? -ENOMEM : -EBADMSG;
    if (body_type(body_root(body)) == BODY_TYPE_NULL)
        return 0;
    if (body_type(body_root(body)) != BODY_TYPE_OBJECT)
        return -EBADMSG;
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        const BodyNode *node = body_member(body_root(body), keys[i]);
        bool is_text = node && body_type(node) == BODY_TYPE_STRING;
        const char *path = is_text ? arena_copy(arena, body_string(node)) : NULL;

        if (path)
            guarded_add_host(guarded, path);
        else if (is_text)
            return -ENOMEM;
    }
    return 0;
}

static void guarded_read_engine(Guarded *guarded) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_CONFIG_ARENA_BYTES);
    CLEANUP(buffer_done) Buffer text = {0};
    char path[PATH_MAX];
    int r;

    if (!arena) {
        guarded_stop(guarded, -ENOMEM, NULL);
        return;
    }
    snprintf(path, sizeof(path), "%s" ENGINE_CONFIG, guarded_root(guarded));
    r = file_read(path, LIMIT_CONFIG_BYTES, &text);
    if (r == 0)
        r = guarded_take_engine(guarded, arena, buffer_span(&text));
    /* The engine is root and reads it, whether we may or not. */
    if (r < 0 && r != -ENOENT && r != -ENOTDIR)
        guarded_stop(guarded, r, path);
}

void config_guard_also(const char *const *paths, size_t n) {
    also_paths = paths;
    n_also_paths = n;
}

int config_guard(Config *config, PolicySet *set, const char **ret_place) {
    /* Two of each; a log has two names, the engine's config three keys. */
    size_t n_room =
        2 * (config_n_sockets(config) + n_also_paths + 2 * config->n_sinks + config->n_protect + 4 + 3);
    Guarded guarded = {.config = config,
                       .paths = arena_alloc_array(config->arena, n_room, sizeof(*guarded.paths))};

    *ret_place = NULL;
    if (!guarded.paths)
        return -ENOMEM;
    guarded_add_address(&guarded, &config->upstream);
    for (size_t i = 0; i < config_n_sockets(config); i++)
        guarded_add_address(&guarded, &config->listeners[i].address);
    for (size_t i = 0; i < n_also_paths; i++)
        guarded_add_path(&guarded, also_paths[i]);
    for (size_t i = 0; i < config->n_sinks; i++)
        if (config->sinks[i].kind == SINK_FILE)
            guarded_add_log(&guarded, config->sinks[i].path);
    if (config->file)
        guarded_add_path(&guarded, config->file);
    if (config->answers_key_file)
        guarded_add_path(&guarded, config->answers_key_file);
    if (config->checkpoints.key)
        guarded_add_path(&guarded, config->checkpoints.key);
    for (size_t i = 0; i < config->n_protect; i++)
        guarded_add_host(&guarded, config->protect[i]);
    guarded_read_engine(&guarded);
    if (hostfs_lead(&config->host, set) < 0)
        return -ENOMEM;
    *ret_place = guarded.place;
    return guarded.error < 0 ? guarded.error : policy_set_protect(set, guarded.paths, guarded.n);
}
