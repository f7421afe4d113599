// SPDX-License-Identifier: Apache-2.0
#include "ulid.h"

#include <endian.h>
#include <errno.h>
#include <sys/random.h>

#define ULID_TIME 10u /* letters, of 48 bits */
#define ULID_HALF 8u  /* letters, of 40 bits: half of what is random */
#define ULID_HALF_BYTES 5u
#define ULID_POOL (2 * ULID_HALF_BYTES * 25u)
#define ULID_LAST_MSEC ((UINT64_C(1) << 48) - 1)

/* Randomness is fetched for many IDs at once: one system call in 25 requests. Read in words, over its end. */
static unsigned char ulid_pool[ULID_POOL + sizeof(uint64_t) - ULID_HALF_BYTES];
static size_t ulid_left;

/* The last 5 * n bits. */
static inline void ulid_put(char *to, size_t n, uint64_t bits) {
    static const char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    for (; n-- > 0; bits >>= 5)
        to[n] = letters[bits & 31];
}

/* Many requests are of one millisecond: its letters are made once. */
static void ulid_put_time(char to[static ULID_TIME], uint64_t msec) {
    static char kept[ULID_TIME] = "0000000000";
    static uint64_t kept_msec;

    if (msec != kept_msec) {
        ulid_put(kept, ULID_TIME, msec);
        kept_msec = msec;
    }
    memcpy(to, kept, ULID_TIME);
}

static int ulid_fill_pool(void) {
    if (getrandom(ulid_pool, ULID_POOL, 0) != (ssize_t) ULID_POOL)
        return errno ? -errno : -EIO;
    ulid_left = ULID_POOL;
    return 0;
}

/* 40 random bits, below others that aren't to be looked at. */
static uint64_t ulid_take_random(void) {
    uint64_t word;

    ulid_left -= ULID_HALF_BYTES;
    memcpy(&word, ulid_pool + ulid_left, sizeof(word));
    return le64toh(word);
}

int ulid_new(uint64_t time_usec, char ret[ULID_SIZE]) {
    int r = ulid_left > 0 ? 0 : ulid_fill_pool();

    if (r < 0)
        return r;
    ulid_put_time(ret, time_usec / 1000 & ULID_LAST_MSEC);
    ulid_put(ret + ULID_TIME, ULID_HALF, ulid_take_random());
    ulid_put(ret + ULID_TIME + ULID_HALF, ULID_HALF, ulid_take_random());
    ret[ULID_SIZE - 1] = '\0';
    return 0;
}
