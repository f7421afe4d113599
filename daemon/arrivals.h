// SPDX-License-Identifier: Apache-2.0
/*
 * Who is at the other end of connections that were accepted together: a process that made several of them is
 * looked at once. Nothing of it is kept for those that come later (held.h: its descriptors are, and read
 * anew). That none is taken for another:
 *
 * - What the kernel knows of a socket since its connect(2), its pid, user and, where the listener asks for
 * them, groups, is read of each.
 * - All of them are connected before /proc is read for the first: what it tells is of a time behind each of
 *   the connects, as it is for a connection alone.
 * - An equal pid is the same process. A unix socket's queue keeps the order of the connects
 *   (net/unix/af_unix.c: unix_stream_connect appends what unix_accept takes from the front), and who connects
 *   is alive as it does. The first one's process lived from its connect until it was looked at, behind all of
 *   them (SO_PEERPIDFD), so its pid was nobody else's when the next connected. Where it has ended, or
 *   can't be read, the next one is looked at by itself.
 * - Before Linux 6.5 there is no pidfd. There each would be looked for by its pid, in the same moment, and
 *   the same process found.
 */
#pragma once

#include "policy/limits.h"
#include "subjects.h"

typedef struct Arrivals {
    Subjects *subjects;
    OriginProcess *held;
    bool groups;
    size_t n;
    pid_t pids[LIMIT_ACCEPT_BATCH]; /* of those that were told */
    SharedSubject *told[LIMIT_ACCEPT_BATCH];
} Arrivals;

/* At most LIMIT_ACCEPT_BATCH connections of one listener; `subjects` outlives it. `held`: of that listener
 * alone; or NULL. `groups`: whether it asks for them. */
void arrivals_begin(Arrivals *arrivals, Subjects *subjects, OriginProcess *held, bool groups);
void arrivals_end(Arrivals *arrivals);

/*
 * In the order in which they were accepted, after the last of them was. The caller holds what it gets
 * (subjects_drop). NULL: out of memory. *ret_error: 0; or, of a subject that nothing is known of, why
 * (−errno, as identity_read): who gets it must refuse.
 */
SharedSubject *arrivals_tell(Arrivals *arrivals, int fd, int *ret_error);
