// SPDX-License-Identifier: Apache-2.0
/*
 * Who is at the other end: SO_PEERCRED and SO_PEERGROUPS for unix sockets (no NSS in the loop), the
 * address for TCP. Taken once, at accept.
 */
#pragma once

#include <sys/types.h>

#include "config.h"

typedef struct Subject {
    bool has_creds;
    pid_t pid; /* 0: unknown, or in a namespace we can't see */
    uid_t uid;
    gid_t gid;
    gid_t *groups; /* supplementary; heap */
    size_t n_groups;
    char *exe;        /* heap; NULL: unknown */
    char address[64]; /* TCP peer as "172.18.0.5:41234"; "" for unix */
    struct sockaddr_storage peer;
} Subject;

/*
 * Fills *ret from a connected socket. −errno when even the credentials can't be had: then the caller
 * must refuse. A missing exe is no error.
 */
int identity_read(int fd, Subject *ret);
void identity_done(Subject *subject);

/*
 * Whether the listener lets this client in. On false *ret_rule is "listener.allow_uids",
 * "listener.allow_gids" or "listener.allow_from".
 * With both allow_uids and allow_gids one match in either is enough.
 */
bool identity_allowed(const Subject *subject, const ConfigListener *listener, const char **ret_rule);

/* Equal for connections that share the quota: same uid, or same TCP address. */
bool identity_same_client(const Subject *a, const Subject *b);
