// SPDX-License-Identifier: Apache-2.0
#include "taken.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_CAPACITY 64u

void taken_done(Taken *taken) {
    free(taken->lines);
    taken->lines = NULL;
    taken->begin = taken->n = taken->capacity = 0;
}

int taken_reserve(Taken *taken, uint64_t number) {
    uint64_t need;
    TakenLine *lines;
    size_t capacity;

    if (taken->n == 0) {
        taken->begin = 0;
        taken->first = number;
    }
    need = number - taken->first + 1; /* numbers in between that nobody pushes are settled as they are */
    if (taken->begin + need <= taken->capacity)
        return 0;
    if (taken->begin > 0) {
        memmove(taken->lines, taken->lines + taken->begin, taken->n * sizeof(*lines));
        taken->begin = 0;
    }
    capacity = taken->capacity ? taken->capacity : FIRST_CAPACITY;
    while (capacity < need)
        capacity *= 2;
    if (capacity == taken->capacity)
        return 0;
    lines = reallocarray(taken->lines, capacity, sizeof(*lines));
    if (!lines)
        return -ENOMEM;
    taken->lines = lines;
    taken->capacity = capacity;
    return 0;
}

static void taken_drop_settled(Taken *taken) {
    while (taken->n > 0 && taken->lines[taken->begin].open == 0) {
        taken->begin++;
        taken->n--;
        taken->first++;
    }
}

void taken_push(Taken *taken, uint64_t number, void *waiter, uint32_t slots) {
    size_t need = (size_t) (number - taken->first) + 1;

    for (; taken->n < need; taken->n++)
        taken->lines[taken->begin + taken->n] = (TakenLine){.settled = true};
    taken->lines[taken->begin + need - 1] = (TakenLine){.waiter = waiter, .open = slots};
    if (slots == 0) {
        taken->lines[taken->begin + need - 1].settled = true;
        taken->settled(taken->ctx, number, waiter, -ENODEV);
    }
}

void taken_resolve(Taken *taken, unsigned slot, uint64_t from, uint64_t to, int status) {
    uint32_t bit = UINT32_C(1) << slot;

    if (from < taken->first)
        from = taken->first;
    if (to > taken->first + taken->n)
        to = taken->first + taken->n;
    for (uint64_t number = from; number < to; number++) {
        TakenLine *line = &taken->lines[taken->begin + (size_t) (number - taken->first)];

        if (!(line->open & bit))
            continue;
        line->open &= ~bit;
        if (line->settled || (status < 0 && line->open != 0))
            continue;
        line->settled = true;
        taken->settled(taken->ctx, number, TAKE_PTR(line->waiter), status);
    }
    taken_drop_settled(taken);
}

void taken_forget(Taken *taken, const void *waiter) {
    for (size_t i = 0; i < taken->n; i++)
        if (taken->lines[taken->begin + i].waiter == waiter)
            taken->lines[taken->begin + i].waiter = NULL;
}
