// SPDX-License-Identifier: Apache-2.0
#include "daemon/subjects.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static Subject subject_of(pid_t pid, const char *exe, const char *unit) {
    Subject subject = {.has_creds = true, .pid = pid, .uid = 7, .gid = 8, .exe = strdup(exe), .n_groups = 2};

    subject.groups = calloc(2, sizeof(gid_t));
    subject.groups[0] = 9;
    subject.origin.unit = unit ? strdup(unit) : NULL;
    return subject;
}

Test(subjects, the_same_is_told_once) {
    Subjects *subjects = subjects_new();
    SharedSubject *held[50];

    for (size_t i = 0; i < ARRAY_SIZE(held); i++) {
        Subject fresh = subject_of(1, "/bin/a", "a.service");

        held[i] = subjects_share(subjects, &fresh);
        cr_assert_not_null(held[i]);
        cr_expect_null(fresh.exe, "what it owned was taken");
        cr_expect_eq(held[i], held[0]);
    }
    cr_expect_eq(subjects_n(subjects), 1);
    for (size_t i = 0; i < ARRAY_SIZE(held); i++) {
        cr_expect_str_eq(subjects_get(held[i])->exe, "/bin/a");
        cr_expect_not_null(subjects_get(held[i])->told);
        subjects_drop(held[i]);
    }
    cr_expect_eq(subjects_n(subjects), 0);
    subjects_drop(NULL);
    subjects_free(subjects);
}

/* One field each: none of them may be another's. */
Test(subjects, whatever_differs_is_another) {
    Subjects *subjects = subjects_new();
    SharedSubject *held[13];
    size_t n = 0;

    for (; n < ARRAY_SIZE(held); n++) {
        Subject fresh =
            subject_of(n == 1 ? 65 : 1, n == 2 ? "/bin/b" : "/bin/a", n == 3 ? NULL : "a.service");

        fresh.uid += n == 4;
        fresh.gid += n == 5;
        fresh.groups[0] += n == 6;
        fresh.n_groups -= n == 7;
        fresh.origin.container[0] = n == 8 ? 'c' : '\0';
        fresh.has_groups = n == 12;
        fresh.origin.has_login = n >= 9 && n <= 11;
        fresh.origin.login = n == 10;
        fresh.origin.unknown = n == 11 ? "why" : NULL;
        held[n] = subjects_share(subjects, &fresh);
        for (size_t i = 0; i < n; i++)
            cr_expect_neq(held[n], held[i], "%zu and %zu", n, i);
    }
    cr_expect_eq(subjects_n(subjects), n);
    while (n-- > 0)
        subjects_drop(held[n]);
    subjects_free(subjects);
}

Test(subjects, of_tcp_each_is_its_own) {
    Subjects *subjects = subjects_new();
    Subject a = {.address = "192.0.2.1:1"}, b = {.address = "192.0.2.1:1"};
    SharedSubject *first = subjects_share(subjects, &a), *second = subjects_share(subjects, &b);

    cr_expect_neq(first, second);
    cr_expect_eq(subjects_n(subjects), 0);
    cr_expect_null(subjects_get(first)->told, "thousands of them would be as many texts");
    subjects_drop(first);
    subjects_drop(second);
    subjects_free(subjects);
}

/* What the engine calls one connection's container isn't told of the others: it was asked for that one. */
Test(subjects, a_name_is_for_one_alone) {
    Subjects *subjects = subjects_new();
    Subject a = subject_of(1, "/bin/a", "a.service"), b = subject_of(1, "/bin/a", "a.service"), c, *own;
    SharedSubject *first = subjects_share(subjects, &a), *second = subjects_share(subjects, &b), *third,
                  *same;

    same = first;
    own = subjects_own(&second);
    cr_assert_not_null(own);
    cr_expect_null(own->told);
    cr_expect_neq(second, same, "the other one keeps what it had");
    identity_set_name(own, strdup("web"), NULL);
    cr_expect_eq(subjects_get(first)->name_state, NAME_NOT_ASKED);
    cr_expect_str_eq(subjects_get(second)->name, "web");
    cr_expect_str_eq(subjects_get(second)->exe, "/bin/a");
    cr_expect_str_eq(subjects_get(second)->origin.unit, "a.service");
    cr_expect_eq(subjects_get(second)->groups[0], 9);
    cr_expect_neq(subjects_get(second)->groups, subjects_get(first)->groups);

    own = subjects_own(&first); /* nobody else holds it now: no copy, but nobody may find it any more */
    cr_expect_eq(first, same);
    cr_expect_eq(subjects_n(subjects), 0);
    identity_set_name(own, NULL, "nobody answers");
    c = subject_of(1, "/bin/a", "a.service");
    third = subjects_share(subjects, &c);
    cr_expect_neq(third, first);
    cr_expect_eq(subjects_get(third)->name_state, NAME_NOT_ASKED);
    subjects_drop(first);
    subjects_drop(second);
    subjects_drop(third);
    subjects_free(subjects);
}
