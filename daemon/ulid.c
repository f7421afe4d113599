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
    unsigned bits = 0, value = 0;
    size_t n = 0;

    if (ulid_left == 0) {
        if (getrandom(ulid_pool, sizeof(ulid_pool), 0) != (ssize_t) sizeof(ulid_pool))
            return errno ? -errno : -EIO;
        ulid_left = sizeof(ulid_pool);
    }
    ulid_left -= ULID_RANDOM;
    for (size_t i = 0; i < 6; i++)
        bytes[i] = (unsigned char) (msec >> (8 * (5 - i)));
    memcpy(bytes + 6, ulid_pool + ulid_left, ULID_RANDOM);

    /* 128 bits in 26 groups of five: the first group has three. */
    bits = 2;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        value = (value << 8) | bytes[i];
        bits += 8;
        while (bits >= 5) {
            bits -= 5;
            ret[n++] = letters[(value >> bits) & 31];
        }
        value &= (1u << bits) - 1;
    }
    ret[n] = '\0';
    return 0;
}
