// SPDX-License-Identifier: Apache-2.0
#include "moments.h"

#include <errno.h>
#include <stdlib.h>

#define MOMENTS_WIDTH UINT64_C(1000000) /* the shortest: a second */

int moments_init(Moments *moments, size_t n_rows) {
    *moments = (Moments){.width = MOMENTS_WIDTH, .n_rows = n_rows};
    moments->rows = calloc(n_rows, sizeof(*moments->rows));
    return moments->rows ? 0 : -ENOMEM;
}

void moments_done(Moments *moments) {
    free(moments->rows);
    *moments = (Moments){0};
}

/* Two intervals become one. */
static void moments_halve(Moments *moments) {
    uint64_t low = moments->low / 2;

    for (size_t r = 0; r < moments->n_rows; r++) {
        uint32_t merged[MOMENTS_BINS] = {0};

        for (size_t i = 0; i < MOMENTS_BINS; i++)
            if (moments->rows[r][i] > 0)
                merged[(moments->low + i) / 2 - low] += moments->rows[r][i];
        memcpy(moments->rows[r], merged, sizeof(merged));
    }
    moments->low = low;
    moments->high /= 2;
    moments->width *= 2;
}

/* An earlier time than any so far, which is within reach. */
static void moments_shift(Moments *moments, uint64_t low) {
    size_t by = (size_t) (moments->low - low);

    for (size_t r = 0; r < moments->n_rows; r++) {
        memmove(&moments->rows[r][by], &moments->rows[r][0], (MOMENTS_BINS - by) * sizeof(uint32_t));
        memset(&moments->rows[r][0], 0, by * sizeof(uint32_t));
    }
    moments->low = low;
}

void moments_add(Moments *moments, uint64_t usec, uint64_t times, const size_t *rows, size_t n) {
    uint64_t at = usec / moments->width, low, high;

    if (!moments->any)
        moments->low = moments->high = at;
    moments->any = true;
    for (;;) {
        at = usec / moments->width;
        low = at < moments->low ? at : moments->low;
        high = at > moments->high ? at : moments->high;
        if (high - low < MOMENTS_BINS)
            break;
        moments_halve(moments);
    }
    if (low < moments->low)
        moments_shift(moments, low);
    moments->high = high;
    for (size_t i = 0; i < n; i++)
        moments->rows[rows[i]][at - moments->low] += (uint32_t) times;
}

void moments_clear(Moments *moments, size_t row) {
    memset(moments->rows[row], 0, sizeof(moments->rows[row]));
}
