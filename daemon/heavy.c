// SPDX-License-Identifier: Apache-2.0
#include "heavy.h"

void heavy_count(Heavy *heavy, const char *name) {
    size_t size = strnlen(name, HEAVY_NAME_BYTES - 1);
    HeavyEntry *least = &heavy->entries[0];

    for (size_t i = 0; i < HEAVY_ENTRIES; i++) {
        HeavyEntry *entry = &heavy->entries[i];

        if (entry->count > 0 && memcmp(entry->name, name, size) == 0 && entry->name[size] == '\0') {
            entry->count++;
            return;
        }
        if (entry->count < least->count)
            least = entry;
    }
    /* It may have been here before and been pushed out: up to the count of who goes now. */
    least->error = least->count;
    least->count++;
    memcpy(least->name, name, size);
    least->name[size] = '\0';
}

size_t heavy_sorted(const Heavy *heavy, const HeavyEntry *ret[static HEAVY_ENTRIES]) {
    size_t n = 0;

    for (size_t i = 0; i < HEAVY_ENTRIES; i++) {
        const HeavyEntry *entry = &heavy->entries[i];
        size_t at = n;

        if (entry->count == 0)
            continue;
        for (; at > 0 && ret[at - 1]->count < entry->count; at--)
            ret[at] = ret[at - 1];
        ret[at] = entry;
        n++;
    }
    return n;
}
