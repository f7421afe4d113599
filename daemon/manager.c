// SPDX-License-Identifier: Apache-2.0
#include "manager.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>

#include "library.h"
#include "log.h"

#define MANAGER_LIBRARY "libsystemd.so.0"
#define MANAGER_MESSAGE_BYTES 512u

/* Of the library only these, each with the type that its header has. */
static struct {
    bool loaded;
    __typeof__(&sd_listen_fds) sd_listen_fds;
    __typeof__(&sd_listen_fds_with_names) sd_listen_fds_with_names;
    __typeof__(&sd_notify) sd_notify;
    __typeof__(&sd_watchdog_enabled) sd_watchdog_enabled;
} systemd;

static bool manager_load(void) {
    const LibrarySymbol symbols[] = {
        LIBRARY_SYMBOL(systemd, sd_listen_fds),
        LIBRARY_SYMBOL(systemd, sd_listen_fds_with_names),
        LIBRARY_SYMBOL(systemd, sd_notify),
        LIBRARY_SYMBOL(systemd, sd_watchdog_enabled),
    };

    if (!systemd.loaded)
        systemd.loaded = library_load(MANAGER_LIBRARY, symbols, ARRAY_SIZE(symbols));
    return systemd.loaded;
}

/* Whether there may be passed sockets. 0 or 1; −ELIBACC: there are, and nobody to ask. */
static int manager_may_have_passed(void) {
    if (!getenv("LISTEN_PID") || !getenv("LISTEN_FDS"))
        return 0;
    return manager_load() ? 1 : -ELIBACC;
}

int manager_n_passed(void) {
    int r = manager_may_have_passed();

    return r > 0 ? systemd.sd_listen_fds(0) : r;
}

int manager_passed(char ***ret_names) {
    int r = manager_may_have_passed();

    *ret_names = NULL;
    return r > 0 ? systemd.sd_listen_fds_with_names(0, ret_names) : r;
}

bool manager_listens(void) {
    if (!getenv("NOTIFY_SOCKET"))
        return false;
    if (!manager_load())
        log_warning("the service manager isn't told anything: " MANAGER_LIBRARY " can't be loaded");
    return systemd.loaded;
}

int manager_tell(const char *format, ...) {
    char message[MANAGER_MESSAGE_BYTES];
    va_list args;
    int n;

    if (!manager_listens())
        return 0;
    va_start(args, format);
    n = vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    if (n < 0 || (size_t) n >= sizeof(message))
        return -EMSGSIZE;
    n = systemd.sd_notify(0, message);
    return n < 0 ? n : 0;
}

uint64_t manager_watchdog_usec(void) {
    uint64_t usec;

    if (!getenv("WATCHDOG_USEC") || !manager_load() || systemd.sd_watchdog_enabled(0, &usec) <= 0)
        return 0;
    return usec;
}
