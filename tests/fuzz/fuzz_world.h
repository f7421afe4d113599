// SPDX-License-Identifier: Apache-2.0
/*
 * The daemon without its server: what exchanges borrow (env.h), real listeners whose clients the target makes
 * itself, a trail in a file, and a socket at which the target is the engine. Made once, in a folder of its
 * own, and taken away at the end of the process.
 */
#pragma once

#include "fuzz.h"

#include "daemon/client.h"

#define FUZZ_LISTENERS_MAX 16u

typedef struct FuzzWorld {
    Env env;
    EngineFacts facts;
    Config *config;
    Listener *listeners[FUZZ_LISTENERS_MAX];
    size_t n_listeners;
    int engine_listener; /* doesn't block */
    char folder[64];
    char audit_path[128]; /* empty at the beginning of each input */
} FuzzWorld;

/*
 * `policies`: of each listener. `text`: the config but for version, upstream, answers, audit and listeners.
 * Placeholders are the same in each process: the key is fixed.
 */
void fuzz_world_begin(FuzzWorld *world, const char *const *policies, size_t n, const char *text);

/* The same; the text is in a file. */
void fuzz_world_begin_file(FuzzWorld *world, const char *const *policies, size_t n, const char *path);

/* After an input: nothing that the daemon has learned, or has written, is left for the next. */
void fuzz_world_forget(FuzzWorld *world);

/* A connection to the listener, begun. *ret_fd: the client's end. */
Client *fuzz_world_connect(FuzzWorld *world, size_t listener, const ClientOwner *owner, Subject *subject,
                           int *ret_fd);
