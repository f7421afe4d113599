// SPDX-License-Identifier: Apache-2.0
/*
 * Who is at the other end: SO_PEERCRED for unix sockets, the address for TCP. Taken once, at accept; its
 * groups (SO_PEERGROUPS: no NSS in the loop) and the name of its container when a listener's rules hang on
 * them.
 */
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include "config.h"
#include "origin.h"
#include "policy/reason.h"

/* What the engine calls the client's container, once it was asked. */
typedef enum NameState {
    NAME_NOT_ASKED = 0,
    NAME_UNKNOWN, /* name_why */
    NAME_KNOWN,
} NameState;

/* Where it is; of a unix peer only the family. */
typedef union Peer {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
} Peer;

typedef struct Subject {
    bool has_creds;
    pid_t pid; /* 0: unknown, or in a namespace we can't see */
    uid_t uid;
    gid_t gid;
    bool has_groups; /* they were read: who hasn't been asked for them is in none */
    gid_t *groups;   /* supplementary; heap */
    size_t n_groups;
    char *exe;     /* heap; NULL: unknown */
    Origin origin; /* of a unix peer */
    NameState name_state;
    char *name;           /* heap; NAME_KNOWN */
    const char *name_why; /* static; NAME_UNKNOWN */
    char address[64];     /* TCP peer as "172.18.0.5:41234"; "" for unix */
    Peer peer;
    char *told; /* as records have it (record_keep_client); heap; NULL: each is told anew */
    size_t n_told;
} Subject;

/*
 * Fills *ret from a connected socket. −errno when even the credentials can't be had: then the caller
 * must refuse. A missing exe is no error. In three steps (arrivals has reason to): credentials, true where it
 * is a unix socket whose peer the kernel knows; what else the socket tells, for these, or NULL where there
 * are none: with `groups`, those, or the address; and what /proc tells of the process, for a subject of the
 * former (`held`: as origin_read).
 */
int identity_read(int fd, Subject *ret);
bool identity_read_creds(int fd, struct ucred *ret);
int identity_read_socket(int fd, const struct ucred *creds, bool groups, Subject *ret);
void identity_read_process(int fd, Subject *subject, OriginProcess *held);

/*
 * The groups that the peer of `fd` had when it connected, from the kernel, which keeps them for as long as
 * the socket is open: /etc/group may say something else by now, and NSS may ask the network. 0; −errno: it is
 * in none, and they haven't been read.
 */
int identity_read_groups(int fd, Subject *subject);

/* As identity_read_process(), from one who is known to be the same process. 0 or −ENOMEM. */
int identity_copy_process(const Subject *from, Subject *subject);

/* Whether the socket told the same of both: pid, user, groups where they were asked for; of no TCP. */
bool identity_same_socket_word(const Subject *a, const Subject *b);

void identity_done(Subject *subject);

/* With all that it owns but for what is kept of it for records. 0 or −ENOMEM. */
int identity_copy(const Subject *subject, Subject *ret);

/*
 * Whether the listener lets this client in: REASON_OK; REASON_CLIENT_NOT_ALLOWED; REASON_CLIENT_UNKNOWN,
 * where that can't be told. In *ret_why for people what is missing (static; or NULL). Not for REASON_OK
 * *ret_rule is "listener.allow_uids", "listener.allow_gids", "listener.allow_containers",
 * "listener.allow_units" or "listener.allow_from". With both allow_uids and allow_gids one match in either is
 * enough; so it is with both allow_containers and allow_units. Who is it and where does it run are two
 * questions: both must be answered well.
 */
Reason identity_judge(const Subject *subject, const ConfigListener *listener, const char **ret_rule,
                      const char **ret_why);

static inline bool identity_lets_in(const Subject *subject, const ConfigListener *listener) {
    const char *rule, *why;

    return identity_judge(subject, listener, &rule, &why) == REASON_OK;
}

/* Whether the listener lets in by group, and nobody has read the client's yet. */
static inline bool identity_needs_groups(const Subject *subject, const ConfigListener *listener) {
    return listener->has_allow_gids && subject->has_creds && !subject->has_groups;
}

/* Whether the name of its container would decide, and nobody has asked the engine for it yet. */
bool identity_needs_name(const Subject *subject, const ConfigListener *listener);

/* The engine's answer; takes `name` (heap). NULL: there is none, because of `why` (static). */
void identity_set_name(Subject *subject, char *name, const char *why);

/* Equal for connections that share the quota: same uid, or same TCP address. */
bool identity_same_client(const Subject *a, const Subject *b);
