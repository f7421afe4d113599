// SPDX-License-Identifier: Apache-2.0
#include "arrivals.h"

void arrivals_begin(Arrivals *arrivals, Subjects *subjects, OriginProcess *held, bool groups) {
    arrivals->subjects = subjects;
    arrivals->held = held;
    arrivals->groups = groups;
    arrivals->n = 0;
}

void arrivals_end(Arrivals *arrivals) {
    while (arrivals->n > 0)
        subjects_drop(arrivals->told[--arrivals->n]);
}

/* Of the same process; of those, one with the same user and groups if there is one. */
static SharedSubject *arrivals_find(const Arrivals *arrivals, const Subject *subject) {
    SharedSubject *found = NULL;

    for (size_t i = 0; i < arrivals->n; i++) {
        if (arrivals->pids[i] != subject->pid)
            continue;
        found = arrivals->told[i];
        if (identity_same_socket_word(subjects_get(found), subject))
            break;
    }
    return found;
}

static void arrivals_remember(Arrivals *arrivals, SharedSubject *shared) {
    const Subject *subject = subjects_get(shared);

    if (!subject->has_creds || subject->pid <= 0 || !origin_is_told(&subject->origin) ||
        arrivals->n == ARRAY_SIZE(arrivals->told))
        return;
    arrivals->pids[arrivals->n] = subject->pid;
    arrivals->told[arrivals->n++] = subjects_hold(shared);
}

/* One that is all that the socket would tell, where nobody asks for groups. */
static SharedSubject *arrivals_find_user(const Arrivals *arrivals, const struct ucred *creds) {
    for (size_t i = 0; i < arrivals->n; i++) {
        const Subject *seen = subjects_get(arrivals->told[i]);

        if (arrivals->pids[i] == creds->pid && seen->uid == creds->uid && seen->gid == creds->gid)
            return arrivals->told[i];
    }
    return NULL;
}

/* `creds`: NULL where there are none. */
static SharedSubject *arrivals_tell_anew(Arrivals *arrivals, int fd, const struct ucred *creds,
                                         int *ret_error) {
    Subject subject = {0};
    SharedSubject *shared;
    int r = identity_read_socket(fd, creds, arrivals->groups, &subject);
    SharedSubject *seen = r == 0 && subject.has_creds ? arrivals_find(arrivals, &subject) : NULL;

    *ret_error = r;
    if (seen && identity_same_socket_word(subjects_get(seen), &subject)) {
        identity_done(&subject);
        return subjects_hold(seen);
    }
    if (r == 0 && (!seen || identity_copy_process(subjects_get(seen), &subject) < 0))
        identity_read_process(fd, &subject, arrivals->held);
    shared = subjects_share(arrivals->subjects, &subject);
    if (shared && r == 0)
        arrivals_remember(arrivals, shared);
    return shared;
}

SharedSubject *arrivals_tell(Arrivals *arrivals, int fd, int *ret_error) {
    struct ucred creds;
    bool is_unix = identity_read_creds(fd, &creds);
    SharedSubject *seen = is_unix && !arrivals->groups ? arrivals_find_user(arrivals, &creds) : NULL;

    if (!seen)
        return arrivals_tell_anew(arrivals, fd, is_unix ? &creds : NULL, ret_error);
    *ret_error = 0;
    return subjects_hold(seen);
}
