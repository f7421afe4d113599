// SPDX-License-Identifier: Apache-2.0
#include "tally.h"

#include <stdlib.h>

void tally_done(Tally *tally) {
    for (size_t i = 0; i < tally->n; i++)
        free(tally->items[i].text);
    free(tally->items);
    *tally = (Tally){0};
}

/* Where it is, or would be. */
static size_t tally_find(const Tally *tally, const char *text, bool *ret_there) {
    size_t low = 0, high = tally->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(tally->items[middle].text, text);

        if (order == 0) {
            *ret_there = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_there = false;
    return low;
}

static bool tally_make_room(Tally *tally) {
    size_t room = tally->room > 0 ? 2 * tally->room : 16;
    TallyItem *items;

    if (tally->n == TALLY_MAX)
        return false;
    if (tally->n < tally->room)
        return true;
    items = realloc(tally->items, room * sizeof(*items));
    if (!items)
        return false;
    tally->items = items;
    tally->room = room;
    return true;
}

void tally_add(Tally *tally, Span text) {
    char *copy = malloc(text.size + 1);
    bool there = false;
    size_t at;

    if (!copy) {
        tally->lost++;
        return;
    }
    if (text.size > 0)
        memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    at = tally_find(tally, copy, &there);
    if (there) {
        tally->items[at].n++;
        free(copy);
    } else if (!tally_make_room(tally)) {
        tally->lost++;
        free(copy);
    } else {
        memmove(&tally->items[at + 1], &tally->items[at], (tally->n - at) * sizeof(*tally->items));
        tally->items[at] = (TallyItem){.text = copy, .n = 1};
        tally->n++;
    }
}

bool tally_drop(Tally *tally, Span text) {
    for (size_t i = 0; i < tally->n; i++) {
        if (!span_is(text, tally->items[i].text))
            continue;
        free(tally->items[i].text);
        tally->n--;
        memmove(&tally->items[i], &tally->items[i + 1], (tally->n - i) * sizeof(*tally->items));
        return true;
    }
    return false;
}
