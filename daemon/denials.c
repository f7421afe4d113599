// SPDX-License-Identifier: Apache-2.0
#include "denials.h"

#define MINUTE_USEC UINT64_C(60000000)

/* Minutes that have begun since the last look are empty. */
static void denials_advance(Denials *denials, uint64_t now_usec) {
    uint64_t minute = now_usec / MINUTE_USEC;

    if (minute <= denials->minute)
        return;
    if (minute - denials->minute >= DENIALS_MINUTES)
        memset(denials->counts, 0, sizeof(denials->counts));
    else
        for (uint64_t m = denials->minute + 1; m <= minute; m++)
            denials->counts[m % DENIALS_MINUTES] = 0;
    denials->minute = minute;
}

void denials_add(Denials *denials, uint64_t now_usec) {
    denials_advance(denials, now_usec);
    denials->counts[denials->minute % DENIALS_MINUTES]++;
}

uint64_t denials_count(Denials *denials, uint64_t now_usec) {
    uint64_t n = 0;

    denials_advance(denials, now_usec);
    for (size_t i = 0; i < DENIALS_MINUTES; i++)
        n += denials->counts[i];
    return n;
}
