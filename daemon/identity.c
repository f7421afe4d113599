// SPDX-License-Identifier: Apache-2.0
#include "identity.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define GROUPS_FIRST 64u /* what nearly everybody has */

static int identity_take_groups(Subject *subject, const gid_t *groups, size_t size) {
    if (size == 0)
        return 0;
    subject->groups = malloc(size);
    if (!subject->groups)
        return -ENOMEM;
    memcpy(subject->groups, groups, size);
    subject->n_groups = size / sizeof(*groups);
    return 0;
}

/* Of more than GROUPS_FIRST; `size`: how many bytes the kernel says that it needs. */
static int identity_read_many_groups(int fd, socklen_t size, Subject *subject) {
    for (;;) {
        socklen_t room = size;
        gid_t *groups;

        if (size > LIMIT_GROUPS * sizeof(gid_t))
            return -E2BIG;
        groups = malloc(room);
        if (!groups)
            return -ENOMEM;
        if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) == 0) {
            subject->groups = groups;
            subject->n_groups = size / sizeof(gid_t);
            return 0;
        }
        free(groups);
        if (errno != ERANGE || size <= room)
            return -errno;
    }
}

/* Without the option (before Linux 4.13) there are none, which lets nobody in. */
static int identity_ask_groups(int fd, Subject *subject) {
    gid_t groups[GROUPS_FIRST];
    socklen_t size = sizeof(groups);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) == 0)
        return identity_take_groups(subject, groups, size);
    if (errno == ENOPROTOOPT)
        return 0;
    return errno == ERANGE && size > sizeof(groups) ? identity_read_many_groups(fd, size, subject) : -errno;
}

int identity_read_groups(int fd, Subject *subject) {
    int r = identity_ask_groups(fd, subject);

    subject->has_groups = r == 0;
    return r;
}

/* Those of others, and one that isn't connected, have the uid −1 (net/core/sock.c, cred_to_ucred of no
 * credentials). */
bool identity_read_creds(int fd, struct ucred *ret) {
    socklen_t size = sizeof(*ret);

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, ret, &size) == 0 && size == sizeof(*ret) &&
           ret->uid != (uid_t) -1 && ret->gid != (gid_t) -1;
}

static int identity_read_unix(int fd, const struct ucred *creds, bool groups, Subject *subject) {
    subject->peer.any.sa_family = AF_UNIX;
    subject->has_creds = true;
    subject->pid = creds->pid;
    subject->uid = creds->uid;
    subject->gid = creds->gid;
    return groups ? identity_read_groups(fd, subject) : 0;
}

static void identity_print_address(Subject *subject) {
    char host[INET6_ADDRSTRLEN];

    if (subject->peer.any.sa_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = &subject->peer.in6;

        if (inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host)))
            snprintf(subject->address, sizeof(subject->address), "[%s]:%u", host, ntohs(in6->sin6_port));
    } else {
        const struct sockaddr_in *in = &subject->peer.in;

        if (inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host)))
            snprintf(subject->address, sizeof(subject->address), "%s:%u", host, ntohs(in->sin_port));
    }
}

int identity_read_socket(int fd, const struct ucred *creds, bool groups, Subject *ret) {
    Subject subject = {0};
    socklen_t size = sizeof(subject.peer);
    int r = 0;

    if (creds)
        r = identity_read_unix(fd, creds, groups, &subject);
    else if (getpeername(fd, &subject.peer.any, &size) < 0)
        r = -errno;
    else if (subject.peer.any.sa_family == AF_INET || subject.peer.any.sa_family == AF_INET6)
        identity_print_address(&subject);
    else
        r = subject.peer.any.sa_family == AF_UNIX ? -ENODATA : -EAFNOSUPPORT;
    if (r < 0) {
        identity_done(&subject);
        return r;
    }
    *ret = subject;
    return 0;
}

void identity_read_process(int fd, Subject *subject, OriginProcess *held) {
    if (!subject->has_creds)
        return;
    subject->origin = origin_read(fd, subject->pid, held);
    subject->exe = TAKE_PTR(subject->origin.exe);
}

int identity_read(int fd, Subject *ret) {
    struct ucred creds;
    int r = identity_read_socket(fd, identity_read_creds(fd, &creds) ? &creds : NULL, true, ret);

    if (r == 0)
        identity_read_process(fd, ret, NULL);
    return r;
}

void identity_done(Subject *subject) {
    free(subject->groups);
    free(subject->exe);
    free(subject->name);
    free(subject->told);
    origin_done(&subject->origin);
    *subject = (Subject){0};
}

static bool identity_copy_text(const char *text, char **ret) {
    *ret = text ? strdup(text) : NULL;
    return !text || *ret;
}

int identity_copy_process(const Subject *from, Subject *subject) {
    Origin origin = from->origin;
    char *exe;
    bool whole = identity_copy_text(from->exe, &exe);

    whole = identity_copy_text(from->origin.unit, &origin.unit) && whole;
    if (!whole) {
        free(exe);
        origin_done(&origin);
        return -ENOMEM;
    }
    subject->origin = origin;
    subject->exe = exe;
    return 0;
}

bool identity_same_socket_word(const Subject *a, const Subject *b) {
    return a->has_creds && b->has_creds && a->pid == b->pid && a->uid == b->uid && a->gid == b->gid &&
           a->has_groups == b->has_groups && a->n_groups == b->n_groups &&
           (a->n_groups == 0 || memcmp(a->groups, b->groups, a->n_groups * sizeof(*a->groups)) == 0);
}

int identity_copy(const Subject *subject, Subject *ret) {
    Subject copy = *subject;
    size_t groups = subject->n_groups * sizeof(*subject->groups);
    bool whole;

    copy.told = NULL;
    copy.n_told = 0;
    copy.groups = groups > 0 ? malloc(groups) : NULL;
    if (copy.groups)
        memcpy(copy.groups, subject->groups, groups);
    whole = identity_copy_text(subject->exe, &copy.exe);
    whole = identity_copy_text(subject->name, &copy.name) && whole;
    whole = identity_copy_text(subject->origin.unit, &copy.origin.unit) && whole;
    if (!whole || (groups > 0 && !copy.groups)) {
        identity_done(&copy);
        return -ENOMEM;
    }
    *ret = copy;
    return 0;
}

static bool identity_has_uid(const Subject *subject, const ConfigListener *listener) {
    for (size_t i = 0; i < listener->n_allow_uids; i++)
        if (listener->allow_uids[i] == subject->uid)
            return true;
    return false;
}

static bool identity_has_gid(const Subject *subject, const ConfigListener *listener) {
    for (size_t i = 0; i < listener->n_allow_gids; i++) {
        if (listener->allow_gids[i] == subject->gid)
            return true;
        for (size_t j = 0; j < subject->n_groups; j++)
            if (listener->allow_gids[i] == subject->groups[j])
                return true;
    }
    return false;
}

static bool identity_is_from(const Subject *subject, const ConfigListener *listener) {
    for (size_t i = 0; i < listener->n_allow_from; i++)
        if (network_contains(&listener->allow_from[i], &subject->peer.any))
            return true;
    return false;
}

static const char identity_no_groups[] = "the client's groups can't be read";

/* Who it is. */
static const char *identity_refuse_user(const Subject *subject, const ConfigListener *listener) {
    bool allowed;

    if (!listener->has_allow_uids && !listener->has_allow_gids)
        return NULL;
    allowed = subject->has_creds && ((listener->has_allow_uids && identity_has_uid(subject, listener)) ||
                                     (listener->has_allow_gids && identity_has_gid(subject, listener)));
    if (allowed)
        return NULL;
    return listener->has_allow_uids ? "listener.allow_uids" : "listener.allow_gids";
}

static bool identity_matches(const ConfigPlaces *places, bool ids, const char *text) {
    for (size_t i = 0; i < places->n; i++)
        if (places->items[i].is_id == ids && glob_match(places->items[i].glob, span_from(text)))
            return true;
    return false;
}

static bool identity_has_names(const ConfigPlaces *places) {
    for (size_t i = 0; i < places->n; i++)
        if (!places->items[i].is_id)
            return true;
    return false;
}

/* Where it runs. A name is the last thing to look at: it costs a question to the engine. */
static Reason identity_judge_place(const Subject *subject, const ConfigListener *listener,
                                   const char **ret_why) {
    const ConfigPlaces *containers = &listener->allow_containers, *units = &listener->allow_units;
    const Origin *origin = &subject->origin;

    if (!containers->given && !units->given)
        return REASON_OK;
    if (!origin->container[0] && !origin->unit) {
        *ret_why = origin->unknown;
        return REASON_CLIENT_UNKNOWN;
    }
    if (origin->unit)
        return identity_matches(units, false, origin->unit) ? REASON_OK : REASON_CLIENT_NOT_ALLOWED;
    if (identity_matches(containers, true, origin->container))
        return REASON_OK;
    if (!identity_has_names(containers))
        return REASON_CLIENT_NOT_ALLOWED;
    if (subject->name_state != NAME_KNOWN) {
        *ret_why = subject->name_why;
        return REASON_CLIENT_UNKNOWN;
    }
    return identity_matches(containers, false, subject->name) ? REASON_OK : REASON_CLIENT_NOT_ALLOWED;
}

Reason identity_judge(const Subject *subject, const ConfigListener *listener, const char **ret_rule,
                      const char **ret_why) {
    const char *rule = identity_refuse_user(subject, listener);
    Reason reason;

    *ret_why = NULL;
    if (!rule && listener->n_allow_from > 0 && !identity_is_from(subject, listener))
        rule = "listener.allow_from";
    if (rule) {
        *ret_rule = rule;
        *ret_why = identity_needs_groups(subject, listener) ? identity_no_groups : NULL;
        return REASON_CLIENT_NOT_ALLOWED;
    }
    reason = identity_judge_place(subject, listener, ret_why);
    if (reason != REASON_OK)
        *ret_rule = listener->allow_containers.given ? "listener.allow_containers" : "listener.allow_units";
    return reason;
}

bool identity_needs_name(const Subject *subject, const ConfigListener *listener) {
    const char *rule, *why;

    return subject->name_state == NAME_NOT_ASKED && subject->origin.container[0] &&
           identity_judge(subject, listener, &rule, &why) == REASON_CLIENT_UNKNOWN;
}

void identity_set_name(Subject *subject, char *name, const char *why) {
    free(subject->name);
    subject->name = name;
    subject->name_why = name ? NULL : why;
    subject->name_state = name ? NAME_KNOWN : NAME_UNKNOWN;
}

bool identity_same_client(const Subject *a, const Subject *b) {
    if (a->has_creds != b->has_creds)
        return false;
    if (a->has_creds)
        return a->uid == b->uid;
    return address_same_host(&a->peer.any, &b->peer.any);
}
