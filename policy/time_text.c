// SPDX-License-Identifier: Apache-2.0
#include "time_text.h"

#include "limits.h"

#define DAY 86400

typedef struct Date {
    int64_t year;
    unsigned month, day; /* from 1 */
} Date;

/* Days since 1970-01-01 in the Gregorian calendar; the year is counted from March, so that a leap day is
 * last. */
static int64_t date_to_days(Date date) {
    int64_t year = date.year - (date.month <= 2);
    int64_t era = year / 400; /* no year before 0 */
    int64_t of_era = year - era * 400;
    unsigned from_march = (date.month + 9) % 12;
    int64_t of_year = (153 * from_march + 2) / 5 + date.day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* For days since 0000-03-01 or later. */
static Date date_from_days(int64_t days) {
    int64_t from_march_0 = days + 719468;
    int64_t era = from_march_0 / 146097;
    int64_t of_era = from_march_0 - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    unsigned of_year = (unsigned) (of_era - (365 * year + year / 4 - year / 100));
    unsigned from_march = (5 * of_year + 2) / 153;
    Date date = {.year = year + era * 400,
                 .month = from_march < 10 ? from_march + 3 : from_march - 9,
                 .day = of_year - (153 * from_march + 2) / 5 + 1};

    date.year += date.month <= 2;
    return date;
}

static unsigned date_month_days(int64_t year, unsigned month) {
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return days[month - 1] + (month == 2 && leap);
}

/* --- reading */

/* `form` against the text: 0 is a digit, everything else itself. The rest goes to *ret. */
static bool time_takes(Span text, const char *form, Span *ret) {
    size_t n = strlen(form);

    if (text.size < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        char c = text.data[i];

        if (form[i] == '0' ? c < '0' || c > '9' : form[i] != c && form[i] != ascii_lower(c))
            return false;
    }
    *ret = (Span){.data = text.data + n, .size = text.size - n};
    return true;
}

static unsigned time_number(const char *digits, unsigned n) {
    unsigned value = 0;

    for (unsigned i = 0; i < n; i++)
        value = value * 10 + (unsigned) (digits[i] - '0');
    return value;
}

/* "Z" or "+01:00", to seconds that the clock there is ahead. */
static bool time_zone(Span text, int64_t *ret) {
    Span rest;

    *ret = 0;
    if (text.size == 1 && ascii_lower(text.data[0]) == 'z')
        return true;
    if (text.size != 6 || (text.data[0] != '+' && text.data[0] != '-') ||
        !time_takes((Span){.data = text.data + 1, .size = 5}, "00:00", &rest))
        return false;
    *ret = 3600 * (int64_t) time_number(text.data + 1, 2) + 60 * (int64_t) time_number(text.data + 4, 2);
    if (time_number(text.data + 1, 2) > 23 || time_number(text.data + 4, 2) > 59)
        return false;
    if (text.data[0] == '-')
        *ret = -*ret;
    return true;
}

static void time_skip_fraction(Span *text) {
    size_t n = 1;

    if (text->size < 2 || text->data[0] != '.' || text->data[1] < '0' || text->data[1] > '9')
        return;
    while (n < text->size && text->data[n] >= '0' && text->data[n] <= '9')
        n++;
    *text = (Span){.data = text->data + n, .size = text->size - n};
}

const char *time_text_parse(Span text, int64_t *ret) {
    static const char form[] = "must be a time with its zone, like 2026-12-01T18:00:00Z or "
                               "2026-12-01T18:00:00+01:00";
    const char *digits = text.data;
    unsigned hour, minute, second;
    int64_t ahead, seconds;
    Span rest;
    Date date;

    if (!time_takes(text, "0000-00-00t00:00:00", &rest))
        return form;
    date = (Date){time_number(digits, 4), time_number(digits + 5, 2), time_number(digits + 8, 2)};
    hour = time_number(digits + 11, 2);
    minute = time_number(digits + 14, 2);
    second = time_number(digits + 17, 2);
    if (date.month < 1 || date.month > 12 || date.day < 1 ||
        date.day > date_month_days(date.year, date.month) || hour > 23 || minute > 59 || second > 59)
        return "is no day or time that there is";
    time_skip_fraction(&rest);
    if (rest.size == 0)
        return "has no zone: write Z for UTC behind it, or +01:00";
    if (!time_zone(rest, &ahead))
        return form;
    seconds = date_to_days(date) * DAY + 3600 * (int64_t) hour + 60 * (int64_t) minute + second - ahead;
    if (!time_is_known(seconds))
        return "must be a time of the years 2000 to 2099";
    *ret = seconds;
    return NULL;
}

/* --- the other way */

char *time_text_show(Arena *arena, int64_t seconds) {
    /* Past these a clock is broken, and the arithmetic below would be for other calendars. */
    int64_t shown = seconds < 0 ? 0 : seconds > INT64_C(253402300799) ? INT64_C(253402300799) : seconds;
    Date date = date_from_days(shown / DAY);
    unsigned of_day = (unsigned) (shown % DAY);

    return arena_printf(arena, "%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned) date.year, date.month, date.day,
                        of_day / 3600, of_day / 60 % 60, of_day % 60);
}

bool time_is_known(int64_t seconds) {
    return seconds >= TIME_CLOCK_FIRST && seconds <= TIME_CLOCK_LAST;
}
