// SPDX-License-Identifier: Apache-2.0
#include "week.h"

#define DAYS 7u
#define DAY_MINUTES (24u * 60u)

static const char *const DAY_NAMES[DAYS] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
static const char FORM[] = "is written like Mon-Fri 08:00-18:00: days, hours, or both";

const char *week_day_name(unsigned day) {
    return DAY_NAMES[day % DAYS];
}

/* The number of a day, or DAYS. */
static unsigned week_find_day(Span name) {
    unsigned i = 0;

    while (i < DAYS && !span_is_nocase(name, DAY_NAMES[i]))
        i++;
    return i;
}

/* What stands before the first `c`, which goes with it; all of the text where there is none. */
static Span week_cut(Span *text, char c) {
    const char *at = text->size > 0 ? memchr(text->data, c, text->size) : NULL;
    size_t n = at ? (size_t) (at - text->data) : text->size;
    Span head = {.data = text->data, .size = n};

    *text = at ? (Span){.data = at + 1, .size = text->size - n - 1} : (Span){0};
    return head;
}

static bool week_parse_days(Span text, unsigned *ret) {
    *ret = 0;
    do {
        Span last = week_cut(&text, ','), first = week_cut(&last, '-');
        unsigned from = week_find_day(first), to = last.data ? week_find_day(last) : from;

        if (from == DAYS || to == DAYS)
            return false;
        for (unsigned day = from;; day = (day + 1) % DAYS) {
            *ret |= 1u << day;
            if (day == to)
                break;
        }
    } while (text.data);
    return true;
}

/* "HH:MM" to minutes; DAY_MINUTES + 1: it is none. */
static unsigned week_parse_minute(Span text) {
    static const char form[] = "00:00";
    unsigned hour, minute;

    if (text.size != sizeof(form) - 1)
        return DAY_MINUTES + 1;
    for (size_t i = 0; i < text.size; i++)
        if (form[i] == '0' ? text.data[i] < '0' || text.data[i] > '9' : text.data[i] != form[i])
            return DAY_MINUTES + 1;
    hour = (unsigned) (text.data[0] - '0') * 10 + (unsigned) (text.data[1] - '0');
    minute = (unsigned) (text.data[3] - '0') * 10 + (unsigned) (text.data[4] - '0');
    return minute > 59 ? DAY_MINUTES + 1 : hour * 60 + minute;
}

const char *week_parse(Span text, WeekWindow *ret) {
    bool has_days = text.size > 0 && ascii_lower(text.data[0]) >= 'a' && ascii_lower(text.data[0]) <= 'z';
    Span hours = text, days = {0}, from;

    *ret = (WeekWindow){.days = (1u << DAYS) - 1, .from = 0, .to = DAY_MINUTES};
    if (has_days)
        days = week_cut(&hours, ' ');
    if (has_days && !week_parse_days(days, &ret->days))
        return FORM;
    if (has_days && !hours.data)
        return NULL;
    from = week_cut(&hours, '-');
    ret->from = week_parse_minute(from);
    ret->to = week_parse_minute(hours);
    if (ret->from > DAY_MINUTES || ret->to > DAY_MINUTES)
        return FORM;
    if (ret->from == DAY_MINUTES)
        return "begins at 24:00: write 00:00 of the next day";
    if (ret->from == ret->to)
        return "ends when it begins: write 00:00-24:00 for all of the day";
    return NULL;
}

int week_left(const WeekWindow *window, int second) {
    unsigned minutes =
        window->to > window->from ? window->to - window->from : window->to + DAY_MINUTES - window->from;
    int length = 60 * (int) minutes, left = 0;

    for (unsigned day = 0; day < DAYS; day++) {
        int begin = 60 * (int) (day * DAY_MINUTES + window->from);
        int since = (second - begin + WEEK_SECONDS) % WEEK_SECONDS;

        if ((window->days & 1u << day) && since < length && length - since > left)
            left = length - since;
    }
    return left;
}
