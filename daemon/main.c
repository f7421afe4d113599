// SPDX-License-Identifier: Apache-2.0
/*
 * quaygated: the gate between containers and the Docker socket.
 *
 * What it promises, and where: nothing is forwarded but what was judged (policy/request.h, policy/body.h,
 * req_write.h); what can't be decided is denied (policy/reason.h, policy/verdict.h); a decision is on record
 * before its request goes out (audit.h). exchange.h has the way of a request; daemon/README.md the map.
 *
 * Here is the start order only: options, config, sockets, audit trail, sandbox, loop, exit code.
 */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/resource.h>

#include "config.h"
#include "config_warn.h"
#include "log.h"
#include "options.h"
#include "passed.h"
#include "policy/body.h"
#include "sandbox.h"
#include "server.h"

#define DEFAULT_CONFIG QUAYGATE_SYSCONFDIR "/quaygate/quaygate.yaml"

static int main_load(const Options *options, Config **ret) {
    if (options->config)
        return config_load(options->config, CONFIG_PRESETS_NAMED, stderr, ret);
    if (!options->listen && !options->upstream && !options->policy && !config_is_absent(DEFAULT_CONFIG))
        return config_load(DEFAULT_CONFIG, CONFIG_PRESETS_NAMED, stderr, ret);
    return config_builtin(options->listen, options->upstream, options->policy, CONFIG_PRESETS_NAMED, stderr,
                          ret);
}

/* Two descriptors a connection, its own and the engine's: take what the hard limit gives. */
static void main_raise_descriptors(void) {
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void) setrlimit(RLIMIT_NOFILE, &limit); /* fewer descriptors pause accepting, no more */
}

/*
 * glibc learns from each large block that was freed to keep the next one like it, so that one large body
 * would stay in resident memory for good. With a threshold of ours it goes back to the kernel when it is
 * freed. What a turn's bodies take between them is more than glibc keeps at the heap's end by itself, so that
 * each turn would give it back, and the next one have every page of it zeroed.
 */
static void main_give_back_memory(void) {
    (void) mallopt(M_MMAP_THRESHOLD, LIMIT_HEAP_BLOCK_BYTES); /* failing costs memory only */
    (void) mallopt(M_TRIM_THRESHOLD, LIMIT_HEAP_SPARE_BYTES); /* and this one time */
}

/* Hash tables over what clients send need a seed that they can't know. */
static int main_seed(void) {
    size_t seed;

    if (getrandom(&seed, sizeof(seed), 0) != (ssize_t) sizeof(seed))
        return -EIO;
    body_seed(seed ? seed : 1);
    return 0;
}

static int main_serve(Config *config) {
    Server *server = NULL;
    int r;

    (void) signal(SIGPIPE, SIG_IGN); /* a peer that is gone is an error of write(2), not of ours */
    main_raise_descriptors();
    main_give_back_memory();
    r = main_seed();
    if (r == 0)
        r = server_new(config, &server);
    if (r < 0)
        return EXIT_START;
    if (!config->file)
        log_notice("no config file: built-in policy %s on %s in front of %s",
                   policy_name(config->listeners[0].policy), config->listeners[0].address.text,
                   config->upstream.text);
    sandbox_enter(config, server_ring(server));
    r = server_run(server);
    server_free(server);
    return r < 0 ? EXIT_START : EXIT_OK;
}

int main(int argc, char **argv) {
    CLEANUP(config_unref_p) Config *config = NULL;
    Options options;

    log_init();
    if (options_parse(argc, argv, stderr, &options) < 0)
        return EXIT_USAGE;
    if (options.action == OPTIONS_HELP) {
        options_help(stdout);
        return EXIT_OK;
    }
    if (options.action == OPTIONS_VERSION) {
        options_version(stdout);
        return EXIT_OK;
    }
    if (passed_guard() < 0) {
        log_error("%s", strerror(ENOMEM));
        return EXIT_START;
    }
    if (main_load(&options, &config) < 0)
        return EXIT_CONFIG;
    switch (options.action) {
    case OPTIONS_PRINT_CONFIG:
        return config_print(config, stdout) < 0 ? EXIT_CONFIG : EXIT_OK;
    case OPTIONS_CHECK:
        (void) config_print_warnings(config, stderr);
        return EXIT_OK;
    case OPTIONS_SERVE:
    case OPTIONS_VERSION:
    case OPTIONS_HELP:
        break;
    }
    return main_serve(config);
}
