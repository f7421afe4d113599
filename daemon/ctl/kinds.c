// SPDX-License-Identifier: Apache-2.0
#include "kinds.h"

#include <stdlib.h>
#include <sys/random.h>

struct Kinds {
    size_t limit, n_parts;
    void (*drop)(void *extra);
    Kind *items;
    size_t n;
    uint32_t *slots; /* number of an item plus one; 0: none */
    size_t mask;
    uint64_t seed;
    KindsOthers others;
};

Kinds *kinds_new(size_t limit, size_t n_parts, void (*drop)(void *extra)) {
    Kinds *kinds = calloc(1, sizeof(*kinds));
    size_t n_slots = 1;

    if (!kinds)
        return NULL;
    while (n_slots < 2 * limit)
        n_slots *= 2;
    kinds->limit = limit;
    kinds->n_parts = n_parts;
    kinds->drop = drop;
    kinds->mask = n_slots - 1;
    kinds->items = calloc(limit, sizeof(*kinds->items));
    kinds->slots = calloc(n_slots, sizeof(*kinds->slots));
    /* So that nobody can choose names that meet in the table; without it that is only slower. */
    (void) !getrandom(&kinds->seed, sizeof(kinds->seed), GRND_NONBLOCK);
    return kinds->items && kinds->slots ? kinds : kinds_free(kinds);
}

static void kinds_free_item(const Kinds *kinds, Kind *kind) {
    free(kind->text);
    if (kinds->drop && kind->extra)
        kinds->drop(kind->extra);
    *kind = (Kind){0};
}

Kinds *kinds_free(Kinds *kinds) {
    if (!kinds)
        return NULL;
    for (size_t i = 0; i < kinds->n; i++)
        kinds_free_item(kinds, &kinds->items[i]);
    free(kinds->items);
    free(kinds->slots);
    free(kinds);
    return NULL;
}

/* --- finding */

static uint64_t kinds_hash_bytes(uint64_t hash, const char *data, size_t size) {
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char) data[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* How much of each part is kept: all, unless it is too long; never half an escape or half a code point. */
static size_t kinds_part_size(const Kinds *kinds, const Span *part) {
    size_t most = KINDS_BYTES_MAX / kinds->n_parts, size = 0, step;

    if (part->size <= most)
        return part->size;
    for (; size < most; size += step) {
        bool escape = part->data[size] == '\\' && size + 1 < part->size;

        step = !escape ? 1 : part->data[size + 1] == 'u' ? 6 : 2;
        if (size + step > most)
            break;
    }
    while (size > 0 && ((unsigned char) part->data[size] & 0xC0) == 0x80)
        size--;
    return size;
}

static uint64_t kinds_hash(const Kinds *kinds, const Span *parts) {
    uint64_t hash = kinds->seed;

    for (size_t i = 0; i < kinds->n_parts; i++) {
        size_t size = kinds_part_size(kinds, &parts[i]);

        hash = kinds_hash_bytes(hash, (const char *) &size, sizeof(size));
        hash = kinds_hash_bytes(hash, parts[i].data, size);
    }
    hash ^= hash >> 32;
    hash *= UINT64_C(0xd6e8feb86659fd93);
    return hash ^ hash >> 32;
}

static bool kinds_is(const Kinds *kinds, const Kind *kind, const Span *parts) {
    for (size_t i = 0; i < kinds->n_parts; i++)
        if (!span_equals(kind->parts[i], (Span){parts[i].data, kinds_part_size(kinds, &parts[i])}))
            return false;
    return true;
}

/* Its slot, or the free one where it would be. */
static uint32_t *kinds_slot(Kinds *kinds, const Span *parts, uint64_t hash) {
    size_t at = hash & kinds->mask;

    while (kinds->slots[at] > 0) {
        const Kind *kind = &kinds->items[kinds->slots[at] - 1];

        if (kind->hash == hash && kinds_is(kinds, kind, parts))
            break;
        at = (at + 1) & kinds->mask;
    }
    return &kinds->slots[at];
}

/* --- giving up */

static int kinds_compare(const void *one, const void *two) {
    const Kind *a = one, *b = two;

    if (a->n != b->n)
        return a->n > b->n ? -1 : 1;
    return a->last > b->last ? -1 : a->last < b->last;
}

Kind *kinds_sort(Kinds *kinds, size_t *ret_n) {
    if (kinds->n > 0)
        qsort(kinds->items, kinds->n, sizeof(*kinds->items), kinds_compare);
    *ret_n = kinds->n;
    return kinds->items;
}

void kinds_cut(Kinds *kinds, size_t n) {
    KindsOthers *others = &kinds->others;

    while (kinds->n > n) {
        Kind *kind = &kinds->items[--kinds->n];

        if (others->n == 0 || kind->first < others->first)
            others->first = kind->first;
        if (kind->last > others->last)
            others->last = kind->last;
        others->n += kind->n;
        others->n_kinds++;
        kinds_free_item(kinds, kind);
    }
}

static void kinds_halve(Kinds *kinds) {
    size_t n;

    (void) kinds_sort(kinds, &n);
    kinds_cut(kinds, kinds->limit / 2);
    memset(kinds->slots, 0, (kinds->mask + 1) * sizeof(*kinds->slots));
    for (size_t i = 0; i < kinds->n; i++)
        *kinds_slot(kinds, kinds->items[i].parts, kinds->items[i].hash) = (uint32_t) i + 1;
}

/* --- adding */

static bool kinds_fill(const Kinds *kinds, Kind *kind, const Span *parts) {
    size_t size = 0;
    char *to;

    for (size_t i = 0; i < kinds->n_parts; i++)
        size += kinds_part_size(kinds, &parts[i]);
    kind->text = to = malloc(size + 1);
    for (size_t i = 0; to && i < kinds->n_parts; i++) {
        size_t part = kinds_part_size(kinds, &parts[i]);

        if (part > 0)
            memcpy(to, parts[i].data, part);
        kind->parts[i] = (Span){parts[i].data ? to : NULL, part};
        to += part;
    }
    return kind->text != NULL;
}

Kind *kinds_add(Kinds *kinds, const Span *parts, uint64_t time, uint64_t n) {
    uint64_t hash = kinds_hash(kinds, parts);
    uint32_t *slot = kinds_slot(kinds, parts, hash);
    Kind *kind;

    if (*slot == 0) {
        if (kinds->n == kinds->limit) {
            kinds_halve(kinds);
            slot = kinds_slot(kinds, parts, hash);
        }
        kind = &kinds->items[kinds->n];
        *kind = (Kind){.hash = hash, .first = time, .last = time};
        if (!kinds_fill(kinds, kind, parts))
            return NULL;
        *slot = (uint32_t) ++kinds->n;
    }
    kind = &kinds->items[*slot - 1];
    kind->n += n;
    kind->first = time < kind->first ? time : kind->first;
    kind->last = time > kind->last ? time : kind->last;
    return kind;
}

const KindsOthers *kinds_others(const Kinds *kinds) {
    return &kinds->others;
}
