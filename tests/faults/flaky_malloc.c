// SPDX-License-Identifier: Apache-2.0
/*
 * Preloaded into the daemon: from SIGUSR2 on, one allocation in $FLAKY_EVERY fails, by a sequence that
 * $FLAKY_SEED begins; a second SIGUSR2 ends it.
 */
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

static unsigned flaky_every;
static unsigned flaky_state;
static volatile sig_atomic_t flaky_on;

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *old, size_t size);

static void flaky_toggle(int number) {
    (void) number;
    flaky_on = !flaky_on;
}

static unsigned flaky_number(const char *name) {
    const char *text = getenv(name);

    return text ? (unsigned) strtoul(text, NULL, 10) : 0;
}

__attribute__((constructor)) static void flaky_init(void) {
    flaky_every = flaky_number("FLAKY_EVERY");
    flaky_state = flaky_number("FLAKY_SEED");
    signal(SIGUSR2, flaky_toggle);
}

static int flaky_fails(void) {
    if (!flaky_on || flaky_every == 0)
        return 0;
    flaky_state = flaky_state * 1103515245u + 12345u;
    if ((flaky_state >> 16) % flaky_every != 0)
        return 0;
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size) {
    return flaky_fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size) {
    return flaky_fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size) {
    return flaky_fails() ? NULL : __libc_realloc(old, size);
}
