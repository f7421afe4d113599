// SPDX-License-Identifier: Apache-2.0
#include "ulid.h"

#include <errno.h>
#include <sys/random.h>

#define ULID_RANDOM 10u

/* Randomness is fetched for many IDs at once: one system call in 25 requests. */
static unsigned char ulid_pool[ULID_RANDOM * 25];
static size_t ulid_left;

int ulid_new(uint64_t time_usec, char ret[ULID_SIZE]) {
    static const char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    uint64_t msec = time_usec / 1000;
    unsigned char bytes[16];
    uint64_t high = 0, low = 0;

    if (ulid_left == 0) {
        if (getrandom(ulid_pool, sizeof(ulid_pool), 0) != (ssize_t) sizeof(ulid_pool))
            return errno ? -errno : -EIO;
        ulid_left = sizeof(ulid_pool);
    }
    ulid_left -= ULID_RANDOM;
    for (size_t i = 0; i < 6; i++)
        bytes[i] = (unsigned char) (msec >> (8 * (5 - i)));
    memcpy(bytes + 6, ulid_pool + ulid_left, ULID_RANDOM);

    /* 128 bits in 26 groups of five, from the last: the first group has three. */
    for (size_t i = 0; i < 8; i++) {
        high = high << 8 | bytes[i];
        low = low << 8 | bytes[8 + i];
    }
    for (size_t n = ULID_SIZE - 1; n-- > 0;) {
        ret[n] = letters[low & 31];
        low = low >> 5 | high << 59;
        high >>= 5;
    }
    ret[ULID_SIZE - 1] = '\0';
    return 0;
}
