// SPDX-License-Identifier: Apache-2.0
#include "clock.h"

#define KEPT_USEC 1000u /* how long it is believed that nobody has set the wall's clock */
#define APART_USEC 4u   /* between looks that count as one; two take a tenth of it at most */

uint64_t clock_realtime_at(uint64_t monotonic_usec) {
    static _Thread_local uint64_t ahead, since; /* the wall's, and when that was looked at; 0: not yet */
    uint64_t before, wall;

    if (since != 0 && monotonic_usec - since <= KEPT_USEC) /* nor a moment from before */
        return monotonic_usec + ahead;
    before = clock_monotonic_usec();
    wall = clock_realtime_usec();
    if (clock_monotonic_usec() - before > APART_USEC) /* interrupted: who knows where */
        return wall;
    ahead = wall - before;
    since = before;
    return monotonic_usec + ahead;
}
