// SPDX-License-Identifier: Apache-2.0
#include "subjects.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "record.h"

/* Most hosts have a few clients, each with many connections. */
#define SUBJECTS_BUCKETS 64u

struct SharedSubject {
    LIST_ENTRY(SharedSubject) link;
    Subjects *table; /* that it is in; NULL: it is its holder's alone */
    size_t n;        /* who hold it */
    Subject subject;
};

struct Subjects {
    LIST_HEAD(, SharedSubject) buckets[SUBJECTS_BUCKETS];
    size_t n;
};

Subjects *subjects_new(void) {
    return calloc(1, sizeof(Subjects));
}

Subjects *subjects_free(Subjects *subjects) {
    free(subjects);
    return NULL;
}

static bool subjects_text_equals(const char *a, const char *b) {
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool subjects_origin_equals(const Origin *a, const Origin *b) {
    return a->unknown == b->unknown && strcmp(a->container, b->container) == 0 &&
           subjects_text_equals(a->unit, b->unit) && a->has_login == b->has_login && a->login == b->login;
}

/* Of those that can be shared: no two connections have the same TCP address, and a name was asked for one. */
static bool subjects_equal(const Subject *a, const Subject *b) {
    return identity_same_socket_word(a, b) && subjects_text_equals(a->exe, b->exe) &&
           subjects_origin_equals(&a->origin, &b->origin);
}

static bool subjects_can_share(const Subject *subject) {
    return subject->has_creds && subject->name_state == NAME_NOT_ASKED;
}

static unsigned subjects_bucket(const Subject *subject) {
    return (unsigned) subject->pid % SUBJECTS_BUCKETS;
}

static SharedSubject *subjects_find(const Subjects *subjects, const Subject *subject) {
    SharedSubject *shared;

    LIST_FOREACH(shared, &subjects->buckets[subjects_bucket(subject)], link)
    if (subjects_equal(&shared->subject, subject))
        return shared;
    return NULL;
}

SharedSubject *subjects_hold(SharedSubject *shared) {
    shared->n++;
    return shared;
}

SharedSubject *subjects_share(Subjects *subjects, Subject *subject) {
    bool can_share = subjects_can_share(subject);
    SharedSubject *shared = can_share ? subjects_find(subjects, subject) : NULL;

    if (shared) {
        identity_done(subject);
        return subjects_hold(shared);
    }
    shared = calloc(1, sizeof(*shared));
    if (!shared) {
        identity_done(subject);
        return NULL;
    }
    shared->n = 1;
    shared->subject = *subject;
    *subject = (Subject){0};
    if (can_share) {
        record_keep_client(&shared->subject);
        LIST_INSERT_HEAD(&subjects->buckets[subjects_bucket(&shared->subject)], shared, link);
        shared->table = subjects;
        subjects->n++;
    }
    return shared;
}

static void subjects_take_out(SharedSubject *shared) {
    if (!shared->table)
        return;
    LIST_REMOVE(shared, link);
    shared->table->n--;
    shared->table = NULL;
}

void subjects_drop(SharedSubject *shared) {
    if (!shared || --shared->n > 0)
        return;
    subjects_take_out(shared);
    identity_done(&shared->subject);
    free(shared);
}

const Subject *subjects_get(const SharedSubject *shared) {
    return &shared->subject;
}

Subject *subjects_own(SharedSubject **shared) {
    SharedSubject *copy;

    if ((*shared)->n == 1) {
        subjects_take_out(*shared);
        return &(*shared)->subject;
    }
    copy = calloc(1, sizeof(*copy));
    if (!copy || identity_copy(&(*shared)->subject, &copy->subject) < 0) {
        free(copy);
        return NULL;
    }
    copy->n = 1;
    subjects_drop(*shared);
    *shared = copy;
    return &copy->subject;
}

int subjects_read_groups(Subjects *subjects, SharedSubject **shared, int fd) {
    Subject subject = {0};
    SharedSubject *next;
    int r = identity_copy(&(*shared)->subject, &subject);

    if (r == 0)
        r = identity_read_groups(fd, &subject);
    if (r < 0) {
        identity_done(&subject);
        return r;
    }
    next = subjects_share(subjects, &subject);
    if (!next)
        return -ENOMEM;
    subjects_drop(*shared);
    *shared = next;
    return 0;
}

size_t subjects_n(const Subjects *subjects) {
    return subjects->n;
}
