// SPDX-License-Identifier: Apache-2.0
/*
 * Hours of a week, by the clock on the wall: "Mon-Fri 08:00-18:00".
 */
#pragma once

#include "base.h"

#define WEEK_SECONDS (7 * 86400)

typedef struct WeekWindow {
    unsigned days;     /* bits, Monday's is 1: those on which it begins */
    unsigned from, to; /* minutes of the day; where `to` isn't past `from`, of the next day */
} WeekWindow;

/*
 * DAYS HH:MM-HH:MM. Days are Mon to Sun, alone, as a range (Fri-Mon goes over the week's end) or several with
 * commas; none means each day, and no hours mean all of the day. Up to 24:00; hours that end before they
 * begin go over midnight and belong to the day on which they begin. NULL, or what is wrong with it (static).
 */
const char *week_parse(Span text, WeekWindow *ret);

/* How many seconds it still holds at `second` of the week (from Monday, 00:00); 0: it doesn't. */
int week_left(const WeekWindow *window, int second);

/* "Mon", for a day from 0. */
const char *week_day_name(unsigned day);
