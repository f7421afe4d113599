// SPDX-License-Identifier: Apache-2.0
/*
 * Who is at the other end of the connections that are open, each told once: a client that keeps a hundred of
 * them is a hundred times the same pid, program, groups and container. Shared by value, as it was read when
 * they were accepted: whatever differs is another subject.
 */
#pragma once

#include "identity.h"

typedef struct Subjects Subjects;
typedef struct SharedSubject SharedSubject;

Subjects *subjects_new(void);                /* NULL: out of memory */
Subjects *subjects_free(Subjects *subjects); /* accepts NULL, returns NULL; nobody may hold one any more */

/*
 * Takes what `subject` owns, also on failure, and leaves it empty. The one that equals it, or one of its own;
 * to be given to subjects_drop. NULL: out of memory.
 */
SharedSubject *subjects_share(Subjects *subjects, Subject *subject);
SharedSubject *subjects_hold(SharedSubject *shared); /* once more; returns it */
void subjects_drop(SharedSubject *shared);           /* accepts NULL */

const Subject *subjects_get(const SharedSubject *shared);

/*
 * To be changed, which must not be seen by the others that hold *shared: puts a copy in its place if there
 * are any. Nobody shares it from now on. NULL: out of memory, and all is as it was.
 */
Subject *subjects_own(SharedSubject **shared);

/*
 * Reads the groups of *shared, whose connection `fd` is (identity_read_groups), and puts the one that has
 * them in its place: others that were alike so far may have been made with other groups. −errno: all is as it
 * was.
 */
int subjects_read_groups(Subjects *subjects, SharedSubject **shared, int fd);

size_t subjects_n(const Subjects *subjects); /* that can be shared; for tests */
