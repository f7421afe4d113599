// SPDX-License-Identifier: Apache-2.0
#include "zone.h"

#include "keys.h"
#include "text.h"
#include "time_text.h"

/* As the time zone database names its zones (theory.html, "Names of timezones"): no way out of its folder. */
static bool zone_is_name(Span name) {
    if (name.size == 0 || name.size > LIMIT_ZONE_NAME_BYTES || name.data[0] == '/' ||
        name.data[name.size - 1] == '/')
        return false;
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i], lower = ascii_lower(c);

        if (!(lower >= 'a' && lower <= 'z') && !(c >= '0' && c <= '9') && (c == '\0' || !strchr("/_+-", c)))
            return false;
    }
    return true;
}

const Zone *zone_list_get(ZoneList *list, Arena *arena, DocErrors *errors, const DocNode *node) {
    Zone **end = &list->first, *zone;
    Span name;

    if (!keys_read_text(errors, node, "zone", &name))
        return NULL;
    if (!zone_is_name(name)) {
        doc_error(
            errors, node->mark,
            "'%s' is no name of a time zone: write one like Europe/Berlin, UTC, or local for the host's",
            text_show(errors->arena, name, LIMIT_VALUE_SHOWN));
        return NULL;
    }
    for (; *end; end = &(*end)->next)
        if (span_is(name, (*end)->name))
            return *end;
    if (list->n == LIMIT_ZONES) {
        doc_error(errors, node->mark, "more than %u time zones", LIMIT_ZONES);
        return NULL;
    }
    zone = arena_alloc(arena, sizeof(*zone));
    if (zone)
        *zone = (Zone){.name = arena_copy(arena, name), .mark = node->mark};
    if (!zone || !zone->name) {
        doc_error(errors, node->mark, "out of memory");
        return NULL;
    }
    *end = zone;
    list->n++;
    return zone;
}

const ZoneSpan *zone_span(const Zone *zone, int64_t at, int64_t *ret_next) {
    size_t low = 0, high = zone->n; /* the first that begins later */

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (zone->spans[middle].since <= at)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_next = low < zone->n ? zone->spans[low].since : INT64_MAX;
    return low > 0 && time_is_known(at) ? &zone->spans[low - 1] : NULL;
}
