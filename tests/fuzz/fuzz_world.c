// SPDX-License-Identifier: Apache-2.0
#include "fuzz_world.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/file.h"

static FuzzWorld *world_made; /* for its end */

static const char KEY[] = "the key of tests/fuzz, which is no secret";

static void world_path(const FuzzWorld *world, const char *name, char *ret, size_t size) {
    int n = snprintf(ret, size, "%s/%s", world->folder, name);

    FUZZ_CHECK(n > 0 && (size_t) n < size, "a path is too long");
}

static void world_end(void) {
    FuzzWorld *world = world_made;
    char path[128];

    for (size_t i = 0; i < world->n_listeners; i++)
        listener_free(world->listeners[i]);
    close(world->engine_listener);
    world->env.audit = audit_free(world->env.audit);
    world->env.metrics = metrics_free(world->env.metrics);
    world->env.kept = kept_free(world->env.kept);
    world->env.known = kept_free(world->env.known);
    world->env.resolver = resolver_free(world->env.resolver);
    world->env.redactor = redactor_free(world->env.redactor);
    world->env.subjects = subjects_free(world->env.subjects);
    world->env.alarms = alarms_free(world->env.alarms);
    world->env.splicer = splicer_free(world->env.splicer);
    world->env.reaper = reaper_free(world->env.reaper);
    world->env.outbox = outbox_free(world->env.outbox);
    event_base_free(world->env.base);
    config_unref(world->config);
    world_path(world, "engine.sock", path, sizeof(path));
    unlink(path);
    world_path(world, "key", path, sizeof(path));
    unlink(path);
    unlink(world->audit_path);
    rmdir(world->folder);
}

static void world_write_key(const FuzzWorld *world, const char *path) {
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    FUZZ_CHECK(fd >= 0 && write(fd, KEY, sizeof(KEY)) == (ssize_t) sizeof(KEY), "no key in %s",
               world->folder);
    close(fd);
}

static void world_load(FuzzWorld *world, const char *const *policies, size_t n, const char *text) {
    Buffer out = {0};
    const char *folder = world->folder;
    int r = buffer_printf(&out,
                          "version: 1\nupstream: unix://%s/engine.sock\nanswers: {key_file: %s/key}\n"
                          "audit: {sinks: [{file: %s/audit.jsonl, fsync: never}]}\nlisteners:\n",
                          folder, folder, folder);

    for (size_t i = 0; r == 0 && i < n; i++)
        r = buffer_printf(&out, "  - {address: 'unix://%s/%zu.sock', policy: %s}\n", folder, i, policies[i]);
    if (r == 0)
        r = buffer_append(&out, span_from(text));
    FUZZ_CHECK(r == 0 && config_parse(buffer_span(&out), "fuzz", stderr, &world->config) == 0, "the config");
    buffer_done(&out);
}

static void world_listen(FuzzWorld *world) {
    world->engine_listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    FUZZ_CHECK(bind(world->engine_listener, &world->config->upstream.socket.any,
                    world->config->upstream.length) == 0 &&
                   listen(world->engine_listener, 16) == 0,
               "no engine's socket");
}

static void world_lend(FuzzWorld *world, const char *key_path) {
    Env *env = &world->env;
    const char *why;
    Ring *ring;

    env->base = event_base_new();
    env->facts = &world->facts;
    world->facts.of = world->config;
    env->reaper = reaper_new(env->base);
    env->resolver = resolver_new(env->base, getaddrinfo);
    FUZZ_CHECK(redactor_new(key_path, &env->redactor, &why) == 0, "no key");
    env->kept = kept_new(env->base, KEPT_LIMITS_RESTORE);
    env->known = kept_new(env->base, KEPT_LIMITS_LOOKS);
    env->subjects = subjects_new();
    env->alarms = alarms_new(env->base, client_ring);
    env->splicer = splicer_new(LIMIT_SPLICE_PIPES);
    env->metrics = metrics_new(1700000000000000u);
    FUZZ_CHECK(env->subjects && env->alarms && env->splicer && env->kept && env->known && env->metrics &&
                   metrics_prepare(env->metrics, world->config) == 0,
               "no memory");
    FUZZ_CHECK(audit_new(env->base, world->config, &env->audit) == 0, "no trail");
    (void) ring_new(&ring); /* without one all is the same, but one by one */
    env->outbox = outbox_new(env->base, ring, audit_lets_send, env->audit);
    FUZZ_CHECK(env->outbox != NULL, "no memory");
}

static void nobody_accepts(void *arg UNUSED, Listener *listener UNUSED, const int *fds, size_t n) {
    while (n-- > 0)
        close(fds[n]);
}

void fuzz_world_begin(FuzzWorld *world, const char *const *policies, size_t n, const char *text) {
    char key_path[128];

    FUZZ_CHECK(n <= FUZZ_LISTENERS_MAX, "too many listeners");
    signal(SIGPIPE, SIG_IGN);
    snprintf(world->folder, sizeof(world->folder), "/tmp/quaygate-fuzz-XXXXXX");
    FUZZ_CHECK(mkdtemp(world->folder) != NULL, "no folder");
    world_path(world, "key", key_path, sizeof(key_path));
    world_path(world, "audit.jsonl", world->audit_path, sizeof(world->audit_path));
    world_write_key(world, key_path);
    world_load(world, policies, n, text);
    world_listen(world);
    world_lend(world, key_path);
    for (; world->n_listeners < n; world->n_listeners++)
        FUZZ_CHECK(listener_open(world->env.base, world->config, world->n_listeners, -1, nobody_accepts, NULL,
                                 &world->listeners[world->n_listeners]) == 0,
                   "no listener");
    world_made = world;
    atexit(world_end);
}

void fuzz_world_begin_file(FuzzWorld *world, const char *const *policies, size_t n, const char *path) {
    Buffer text = {0};

    FUZZ_CHECK(file_read(path, LIMIT_CONFIG_BYTES, &text) == 0 && buffer_append(&text, SPAN("\0")) == 0,
               "%s can't be read", path);
    fuzz_world_begin(world, policies, n, buffer_span(&text).data);
    buffer_done(&text);
}

void fuzz_world_forget(FuzzWorld *world) {
    (void) audit_flush(world->env.audit);
    FUZZ_CHECK(truncate(world->audit_path, 0) == 0, "the trail can't be cut");
    kept_clear(world->env.kept);
    kept_clear(world->env.known);
    world->facts.api_minor = 0;
}

Client *fuzz_world_connect(FuzzWorld *world, size_t listener, const ClientOwner *owner, Subject *subject,
                           int *ret_fd) {
    SharedSubject *who = subjects_share(world->env.subjects, subject);
    Client *client;
    int fds[2];

    FUZZ_CHECK(who != NULL, "no subject");
    FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0, "no sockets");
    *ret_fd = fds[0];
    client = client_new(&world->env, world->listeners[listener], fds[1], who, owner);
    subjects_drop(who);
    FUZZ_CHECK(client != NULL, "no client");
    client_start(client);
    return client;
}
