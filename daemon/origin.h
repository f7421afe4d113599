// SPDX-License-Identifier: Apache-2.0
/*
 * Where the process at the other end of a unix socket runs: its container or unit, and who had logged in.
 * The kernel tells whose socket it was when it connected; /proc tells of a pid, which may be another's by
 * now. SO_PEERPIDFD (Linux 6.5) pins the process; before that, one that was there when we began to read and
 * still is when we have read.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "policy/base.h"
#include "policy/cgroup.h"

typedef struct Origin {
    const char *unknown; /* why neither container nor unit is known, for people; static. NULL: one is */
    char container[CGROUP_ID_SIZE + 1]; /* ""; or 64 hexadecimal digits */
    char *unit; /* "nginx.service", "user@1000.service/backup.service"; heap. NULL: none */
    bool has_login;
    char *exe;      /* the program that it runs now; heap. NULL: can't be told */
    uint32_t login; /* the uid that somebody logged in with, whoever he is now (/proc/PID/loginuid) */
} Origin;

/*
 * Opens /proc for the rest of the process's life; true where it is there and speaks of our pids. Each
 * origin_read() tries again where it isn't. For the start, so that no descriptor is missed later: it keeps
 * some for origin_read(), which works where there is no other one left.
 */
bool origin_open_proc(void);

/*
 * A process that was looked at, held open: what is read through it is its own, or fails. All zero: none.
 */
typedef struct OriginProcess {
    pid_t pid; /* 0: none */
    int pidfd;
    int folder; /* /proc/PID */
    int cgroup; /* these two in it; −errno: can't be opened */
    int login;
} OriginProcess;

/*
 * Of the peer of `fd`, which by SO_PEERCRED is `pid` (0: it is in no pid namespace of ours). Never fails:
 * what can't be told is unknown.
 *
 * `held`, or NULL: the process of an earlier look, to whom `pid` belongs if it is still there; the caller
 * knows that (held.h). Then all is read anew, through what is open already: 4 system calls in place of 13.
 * Whoever else was looked at takes its place, where the kernel can pin him and descriptors aren't short. To
 * be let go of in the end.
 */
Origin origin_read(int fd, pid_t pid, OriginProcess *held);
void origin_let_go(OriginProcess *held); /* of none, too */

/* The same of an open /proc/PID, without a look at whose pid that is. *ret is all zero before. */
void origin_read_process(int process, Origin *ret);

/* Whether a process that was there has told where it runs, be it nowhere that has a name. */
bool origin_is_told(const Origin *origin);

void origin_done(Origin *origin);
