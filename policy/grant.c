// SPDX-License-Identifier: Apache-2.0
#include "grant.h"

#include "time_text.h"

/* Of a moment in a zone: 1970 began on a Thursday. */
static int grant_week_second(const ZoneSpan *span, int64_t at) {
    return (int) ((at + span->ahead + INT64_C(3) * 86400) % WEEK_SECONDS);
}

/* Likewise of its windows alone. Where the zone's clock jumps, the wall says something else: ask again. */
static int64_t grant_windows_until(const Grant *grant, int64_t now) {
    const ZoneSpan *span;
    int64_t next;
    int left = 0;

    if (grant->n_windows == 0)
        return GRANT_FOREVER;
    span = grant->zone ? zone_span(grant->zone, now, &next) : NULL;
    if (!span)
        return 0;
    for (size_t i = 0; i < grant->n_windows; i++) {
        int of_window = week_left(&grant->windows[i], grant_week_second(span, now));

        left = of_window > left ? of_window : left;
    }
    if (left == 0)
        return 0;
    return now + left < next ? now + left : next;
}

int64_t grant_holds_until(const Grant *grant, int64_t now) {
    int64_t until;

    if (!grant)
        return GRANT_FOREVER;
    if (!time_is_known(now) || (grant->until_text && now >= grant->until))
        return 0;
    until = grant_windows_until(grant, now);
    return grant->until_text && until > grant->until ? grant->until : until;
}

bool grant_is_over(const Grant *grant, int64_t now) {
    return grant && grant->until_text && now >= grant->until;
}

/* "Mon-Fri 08:00-18:00, Sat" */
static const char *grant_show_windows(Arena *arena, const Grant *grant) {
    const char *text = grant->window_texts[0];

    for (size_t i = 1; text && i < grant->n_windows; i++)
        text = arena_printf(arena, "%s, %s", text, grant->window_texts[i]);
    return text;
}

static const char *grant_miss_hours(Arena *arena, const Grant *grant, int64_t now) {
    const char *windows = grant_show_windows(arena, grant);
    int64_t next;
    const ZoneSpan *span = zone_span(grant->zone, now, &next);
    int second = span ? grant_week_second(span, now) : 0;

    if (!windows || !span)
        return NULL;
    return arena_printf(arena, "allowed %s %s, and it is %s %02d:%02d there", windows, grant->zone->name,
                        week_day_name((unsigned) second / 86400), second / 3600 % 24, second / 60 % 60);
}

GrantMiss grant_miss(Arena *arena, const Grant *grant, int64_t now) {
    const char *rule = grant->until_text && (grant_is_over(grant, now) || grant->n_windows == 0)
                           ? "allow.until"
                           : "allow.when";
    const char *shown = time_text_show(arena, now);

    if (!time_is_known(now))
        return (GrantMiss){rule,
                           shown ? arena_printf(arena, "the clock can't be right: it says %s", shown) : NULL};
    if (grant_is_over(grant, now))
        return (GrantMiss){rule, arena_printf(arena, "ran out at %s", grant->until_text)};
    return (GrantMiss){rule, grant_miss_hours(arena, grant, now)};
}
