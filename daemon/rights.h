// SPDX-License-Identifier: Apache-2.0
/*
 * Who may open the node of a unix socket: its owner, group and mode.
 */
#pragma once

#include <sys/types.h>

typedef struct Rights {
    uid_t owner;
    gid_t group;
    mode_t mode; /* permission bits */
} Rights;

/*
 * Owner first: a mode given before it would hold for the wrong people for a moment. If the owner can't be
 * set, nobody has any rights. −errno; *ret_why is set where there is more to say of it than that (static).
 */
int rights_apply(const char *path, const Rights *rights, const char **ret_why);

/*
 * Whether they could be applied: owner and group there and back, since who may give what to whom no call
 * tells. Meanwhile nobody may open it; where both are as they should be nothing is touched.
 */
int rights_try(const char *path, const Rights *rights, const char **ret_why);
