// SPDX-License-Identifier: Apache-2.0
#include "daemon/reaper.h"

#include <criterion/criterion.h>

#include "policy/base.h"

typedef struct Dead {
    ReaperLink link;
    Reaper *reaper;
    struct Dead *last; /* dies as this one is freed */
    unsigned n_freed;
} Dead;

static void dead_free(void *object) {
    Dead *dead = object;

    dead->n_freed++;
    if (dead->last)
        reaper_add(dead->reaper, &dead->last->link, dead_free, dead->last);
}

static void die(Reaper *reaper, Dead *dead) {
    dead->reaper = reaper;
    reaper_add(reaper, &dead->link, dead_free, dead);
}

/* Once each, in the loop and not before, whoever was first: in each turn anew. */
Test(reaper, all_that_die_are_freed_once) {
    struct event_base *base = event_base_new();
    Reaper *reaper = reaper_new(base);
    Dead dead[5] = {0};

    for (unsigned turn = 0; turn < 3; turn++) {
        dead[0].last = &dead[4];
        for (size_t i = 0; i < 4; i++)
            die(reaper, &dead[i]);
        for (size_t i = 0; i < 5; i++)
            cr_expect_eq(dead[i].n_freed, turn, "nobody's ground goes");
        event_base_loop(base, EVLOOP_NONBLOCK);
        for (size_t i = 0; i < 5; i++)
            cr_expect_eq(dead[i].n_freed, turn + 1, "%zu in turn %u", i, turn);
    }
    die(reaper, &dead[1]);
    reaper_free(reaper);
    cr_expect_eq(dead[1].n_freed, 4, "also at the end");
    event_base_free(base);
}
