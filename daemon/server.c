// SPDX-License-Identifier: Apache-2.0
#include "server.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "arrivals.h"
#include "clients.h"
#include "clock.h"
#include "control.h"
#include "listener_set.h"
#include "heap.h"
#include "log.h"
#include "notify.h"
#include "origin.h"
#include "sandbox.h"

static const int server_signals[] = {SIGHUP, SIGTERM, SIGINT, SIGUSR1};

struct Server {
    Env env;
    EngineFacts facts;
    Config *config;
    ListenerSet listeners;
    Clients clients;
    struct event *signals[ARRAY_SIZE(server_signals)];
    struct event *grace; /* ends the drain */
    Notify *notify;
    Control *control; /* NULL: no metrics so far */
    int ring;         /* the outbox's; −EBADF: none */
    bool draining;
};

static void server_record(Server *server, const char *action, const char *message) {
    audit_record_action(server->env.audit, action, message);
}

/* Which YAML is in force from now on: decisions carry the same hash. */
static void server_record_policy(Server *server) {
    const Config *config = server->config;
    char message[512];

    snprintf(message, sizeof(message), "%s of %.300s is in force on %zu listeners", config->hash,
             config->file ? config->file : "the built-in config (--print-config)", config->n_listeners);
    server_record(server, "policy", message);
}

/* --- Connections ---------------------------------------------------------------------------------- */

/* To the metrics. They are there as long as their listener is. `subject`: NULL where he isn't known. */
static void server_on_watcher(Server *server, const Listener *listener, int fd, const Subject *subject) {
    control_accept(server->control, fd, subject && identity_lets_in(subject, listener_config(listener)));
}

static void server_on_accept(void *arg, Listener *listener, const int *fds, size_t n) {
    Server *server = arg;
    Arrivals arrivals;

    arrivals_begin(&arrivals, server->env.subjects, listener_use_held(listener),
                   listener_config(listener)->has_allow_gids);
    for (size_t i = 0; i < n; i++) {
        int error = 0;
        SharedSubject *who = arrivals_tell(&arrivals, fds[i], &error);

        if (listener_is_for_metrics(listener))
            server_on_watcher(server, listener, fds[i], who && error == 0 ? subjects_get(who) : NULL);
        else if (who)
            clients_take(&server->clients, listener, fds[i], who, error);
        else
            close(fds[i]);
        subjects_drop(who);
    }
    arrivals_end(&arrivals);
}

/* --- Reload ------------------------------------------------------------------------------------- */

/* Clients of a listener that a reload has taken away finish what they are at. */
static void server_on_listener_gone(void *arg, Listener *listener) {
    Server *server = arg;

    clients_set_last(&server->clients, listener);
}

/*
 * Once they were wanted, they are counted to the end: a reload may take their address away and bring it back.
 */
static int server_prepare_metrics(Server *server, const Config *config) {
    const ControlView view = {&server->env, &server->config, &server->clients.first};

    if (config->has_metrics && !server->env.metrics)
        server->env.metrics = metrics_new(clock_realtime_usec());
    if (config->has_metrics && !server->env.metrics)
        return -ENOMEM;
    if (server->env.metrics && !server->control)
        server->control = control_new(&view);
    if (server->env.metrics && !server->control)
        return -ENOMEM;
    return server->env.metrics ? metrics_prepare(server->env.metrics, config) : 0;
}

/* It is in force. */
static void server_tell_metrics(Server *server) {
    control_update(server->control);
    if (server->env.metrics)
        memcpy(server->env.metrics->config_hash, server->config->hash, CHAIN_HASH_SIZE);
}

static void server_prepare(const Config *config) {
    if (address_is_name(&config->upstream))
        resolver_prime();
}

static int server_new_redactor(const Config *config, Redactor **ret) {
    const char *why = NULL;
    int r = redactor_new(config->answers_key_file, ret, &why);

    if (r < 0 && config->answers_key_file)
        log_error("the key file %s can't be used: %s", config->answers_key_file, why ? why : strerror(-r));
    else if (r < 0)
        log_error("no key for what answers don't tell: %s", strerror(-r));
    return r;
}

/* A random key stays as long as the daemon runs, unless a file's takes its place, or the other way round. */
static bool server_keeps_key(const Server *server, const Config *config) {
    return !config->answers_key_file && !server->config->answers_key_file;
}

/* `redactor`: with the new key; NULL: the key stays. */
static int server_apply(Server *server, Config *config, Redactor *redactor) {
    ListenerSet next = {0};
    int r;

    r = server_prepare_metrics(server, config);
    if (r < 0)
        return r;
    r = listener_set_open(&next, server->env.base, config, &server->listeners, server_on_accept, server);
    if (r < 0)
        return r;
    r = audit_reconfigure(server->env.audit, config);
    if (r < 0) {
        listener_set_abandon(&next);
        return r;
    }
    server_prepare(config);
    listener_set_swap(&server->listeners, &next, config, server_on_listener_gone, server);
    config_unref(server->config);
    server->config = config_ref(config);
    if (redactor)
        redactor_swap(server->env.redactor, redactor);
    kept_clear(server->env.kept); /* a policy of that name may be another now */
    kept_clear(server->env.known);
    server->facts = (EngineFacts){.of = config}; /* the upstream may be another */
    server_tell_metrics(server);
    clients_update(&server->clients);
    return 0;
}

static int server_load_and_apply(Server *server) {
    CLEANUP(config_unref_p) Config *config = NULL;
    Redactor *redactor = NULL;
    int r = config_load(server->config->file, CONFIG_PRESETS_NAMED, stderr, &config);

    if (r == 0 && !server_keeps_key(server, config))
        r = server_new_redactor(config, &redactor);
    if (r == 0)
        r = server_apply(server, config, redactor);
    redactor_free(redactor);
    return r;
}

static void server_reload(Server *server) {
    int r;

    if (!server->config->file) {
        log_notice("nothing to reload: there is no config file");
        return;
    }
    notify_reloading(server->notify);
    r = server_load_and_apply(server);
    notify_reloaded(server->notify, r);
    heap_give_back(); /* of both configs' text and trees there are holes in it */
    metrics_count_reload(server->env.metrics, r == 0, clock_realtime_usec());
    if (r < 0) {
        log_error("reload of %s failed, the running config stays: %s", server->config->file, strerror(-r));
        if (r == -EACCES && sandbox_confines_files())
            log_notice("folders that the config before it didn't name are closed since the start: a restart "
                       "opens them");
        server_record(server, "reload", "failed: the running config stays");
        return;
    }
    log_notice("reloaded %s", server->config->file);
    server_record(server, "reload", "the new config is in force");
    server_record_policy(server);
}

/* --- The end ------------------------------------------------------------------------------------ */

static void server_on_grace(evutil_socket_t fd UNUSED, short what UNUSED, void *arg) {
    Server *server = arg;

    clients_abort(&server->clients, END_SHUTDOWN);
    event_base_loopexit(server->env.base, NULL);
}

static void server_on_empty(void *arg) {
    const Server *server = arg;

    if (server->draining)
        event_base_loopexit(server->env.base, NULL);
}

static void server_drain(Server *server) {
    uint64_t grace = server->config->limits.shutdown_grace_usec;
    struct timeval wait = {.tv_sec = (time_t) (grace / 1000000), .tv_usec = (suseconds_t) (grace % 1000000)};

    if (server->draining) { /* asked twice: now */
        server_on_grace(-1, 0, server);
        return;
    }
    server->draining = true;
    log_notice("stopping: running requests may finish for %llu ms", (unsigned long long) (grace / 1000));
    clients_set_last(&server->clients,
                     NULL); /* may begin an exchange, which asks its listener for the config */
    listener_set_done(&server->listeners);
    notify_stopping(server->notify, grace); /* without sockets, which the status line counts */
    if (!server->clients.first || event_add(server->grace, &wait) < 0)
        server_on_grace(-1, 0, server);
}

static void server_on_signal(evutil_socket_t number, short what UNUSED, void *arg) {
    Server *server = arg;

    if (number == SIGTERM || number == SIGINT)
        server_drain(server);
    else if (number == SIGHUP && !server->draining)
        server_reload(server);
    else if (number == SIGUSR1) {
        audit_reopen(server->env.audit);
        server_record(server, "reopen", "log files were reopened");
    }
}

/* For the manager's status line. A policy that serves several listeners counts once. */
static NotifyCounts server_count(void *arg) {
    Server *server = arg;
    const Config *config = server->config;
    NotifyCounts counts = {.n_sockets = server->listeners.n, .n_denials = audit_denials(server->env.audit)};

    for (size_t i = 0; i < config->n_listeners; i++) {
        size_t j = 0;

        while (config->listeners[j].policy != config->listeners[i].policy)
            j++;
        if (j == i)
            counts.n_rules += policy_n_rules(config->listeners[i].policy);
    }
    return counts;
}

/* --- Life cycle --------------------------------------------------------------------------------- */

static int server_init_events(Server *server) {
    server->env.base = event_base_new();
    if (!server->env.base)
        return -ENOMEM;
    server->env.reaper = reaper_new(server->env.base);
    server->env.resolver = resolver_new(server->env.base, getaddrinfo);
    server->grace = evtimer_new(server->env.base, server_on_grace, server);
    if (!server->env.reaper || !server->env.resolver || !server->grace)
        return -ENOMEM;
    for (size_t i = 0; i < ARRAY_SIZE(server_signals); i++) {
        server->signals[i] = evsignal_new(server->env.base, server_signals[i], server_on_signal, server);
        if (!server->signals[i] || event_add(server->signals[i], NULL) < 0)
            return -ENOMEM;
    }
    server->env.subjects = subjects_new();
    server->env.alarms = alarms_new(server->env.base, client_ring);
    if (!server->env.subjects || !server->env.alarms ||
        clients_init(&server->clients, &server->env, &server->config, server_on_empty, server) < 0)
        return -ENOMEM;
    return notify_new(server->env.base, server_count, server, &server->notify);
}

static int server_new_outbox(Server *server) {
    Ring *ring;
    int r = ring_new(&ring);

    if (r < 0)
        log_info("no io_uring to send with, so each answer goes out by itself: %s", strerror(-r));
    server->env.outbox = outbox_new(server->env.base, ring, audit_lets_send, server->env.audit);
    server->ring = server->env.outbox ? ring_fd(ring) : -EBADF;
    return server->env.outbox ? 0 : -ENOMEM;
}

static int server_start(Server *server) {
    ListenerSet none = {0};
    int r;

    (void) origin_open_proc(); /* where there is none, clients' records say so */
    server_prepare(server->config);
    r = server_init_events(server);
    if (r == 0)
        r = server_new_redactor(server->config, &server->env.redactor);
    if (r == 0) {
        server->env.kept = kept_new(server->env.base, KEPT_LIMITS_RESTORE);
        server->env.known = kept_new(server->env.base, KEPT_LIMITS_LOOKS);
        server->env.splicer = splicer_new(LIMIT_SPLICE_PIPES);
        r = server->env.kept && server->env.known && server->env.splicer ? 0 : -ENOMEM;
    }
    if (r == 0)
        r = audit_new(server->env.base, server->config, &server->env.audit);
    if (r == 0)
        r = server_new_outbox(server);
    if (r == 0)
        r = server_prepare_metrics(server, server->config);
    if (r == 0)
        r = listener_set_open(&server->listeners, server->env.base, server->config, &none, server_on_accept,
                              server);
    if (r == 0)
        server_tell_metrics(server);
    return r;
}

int server_new(Config *config, Server **ret) {
    Server *server = calloc(1, sizeof(*server));
    int r;

    if (!server)
        return -ENOMEM;
    server->config = config_ref(config);
    server->facts = (EngineFacts){.of = config};
    server->env.facts = &server->facts;
    r = server_start(server);
    if (r < 0) {
        server_free(server);
        return r;
    }
    *ret = server;
    return 0;
}

Server *server_free(Server *server) {
    if (!server)
        return NULL;
    listener_set_done(&server->listeners);
    clients_done(&server->clients);
    control_free(server->control);
    notify_free(server->notify);
    resolver_free(server->env.resolver);
    reaper_free(server->env.reaper);
    outbox_free(server->env.outbox);
    audit_free(server->env.audit);
    metrics_free(server->env.metrics);
    redactor_free(server->env.redactor);
    kept_free(server->env.kept);
    kept_free(server->env.known);
    splicer_free(server->env.splicer);
    subjects_free(server->env.subjects);
    alarms_free(server->env.alarms);
    for (size_t i = 0; i < ARRAY_SIZE(server_signals); i++)
        if (server->signals[i])
            event_free(server->signals[i]);
    if (server->grace)
        event_free(server->grace);
    config_unref(server->config);
    if (server->env.base)
        event_base_free(server->env.base);
    free(server);
    return NULL;
}

int server_ring(const Server *server) {
    return server->ring;
}

int server_run(Server *server) {
    server_record(server, "start", "quaygated " QUAYGATE_VERSION " serves");
    server_record_policy(server);
    listener_set_start(&server->listeners);
    for (size_t i = 0; i < server->listeners.n; i++) {
        const ConfigListener *listener = listener_config(server->listeners.items[i]);

        if (listener_is_for_metrics(server->listeners.items[i])) {
            log_info("metrics on %s", listener->address.text);
            continue;
        }
        log_info("policy %s%s on %s in front of %s", policy_name(listener->policy),
                 policy_observes(listener->policy) ? " (observes: nothing is denied)" : "",
                 listener->address.text, server->config->upstream.text);
    }
    notify_ready(server->notify);
    heap_give_back(); /* what a config's text, its tree and the sandbox's rules took */
    if (event_base_dispatch(server->env.base) < 0)
        return -EIO;
    audit_record_stop(server->env.audit, "quaygated has stopped");
    log_notice("stopped");
    return 0;
}
