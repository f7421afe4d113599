// SPDX-License-Identifier: Apache-2.0
#include "passed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "config_guard.h"
#include "log.h"
#include "manager.h"

int passed_read(Passed *ret) {
    char **names = NULL;
    int n = manager_passed(&names);

    if (n < 0)
        return n;
    *ret = (Passed){.n = (size_t) n, .names = names};
    return 0;
}

void passed_done(Passed *passed) {
    for (size_t i = 0; i < passed->n; i++)
        free(passed->names[i]);
    free(passed->names);
    *passed = (Passed){0};
}

int passed_fd(size_t i) {
    return MANAGER_FIRST_FD + (int) i;
}

/* Where a unix socket is bound. False: it is of another kind, or at no path. */
static bool passed_path(size_t i, struct sockaddr_un *ret) {
    socklen_t size = sizeof(*ret);

    memset(ret, 0, sizeof(*ret));
    return getsockname(passed_fd(i), (struct sockaddr *) ret, &size) == 0 && ret->sun_family == AF_UNIX &&
           size <= sizeof(*ret) && ret->sun_path[0] == '/' &&
           memchr(ret->sun_path, '\0', sizeof(ret->sun_path));
}

int passed_guard(void) {
    int n = manager_n_passed();
    const char **paths = n > 0 ? calloc((size_t) n, sizeof(*paths)) : NULL;
    struct sockaddr_un bound;
    size_t n_paths = 0;

    if (n <= 0) /* passed_read() says what is wrong with them */
        return 0;
    for (size_t i = 0; paths && i < (size_t) n; i++)
        if (passed_path(i, &bound) && !(paths[n_paths++] = strdup(bound.sun_path)))
            return -ENOMEM;
    if (!paths)
        return -ENOMEM;
    config_guard_also(paths, n_paths);
    return 0;
}

static bool passed_is_named(const char *name, const Config *config) {
    for (size_t i = 0; i < config_n_sockets(config); i++)
        if (config->listeners[i].address.kind == ADDRESS_FD &&
            strcmp(config->listeners[i].address.fd_name, name) == 0)
            return true;
    return false;
}

bool passed_is_for(const Passed *passed, size_t i, const Config *config, size_t index) {
    const Address *address = &config->listeners[index].address;

    if (address->kind != ADDRESS_FD)
        return false;
    if (address->fd_name[0])
        return strcmp(address->fd_name, passed->names[i]) == 0;
    return !passed_is_named(passed->names[i], config);
}

static int passed_check_listener(const Passed *passed, const Config *config, size_t index) {
    const Address *address = &config->listeners[index].address;

    if (address->kind != ADDRESS_FD)
        return 0;
    for (size_t i = 0; i < passed->n; i++)
        if (passed_is_for(passed, i, config, index))
            return 0;
    log_error("listener %s: %s", address->text,
              address->fd_name[0] ? "no socket of that name was passed (FileDescriptorName=)"
                                  : "no socket was passed that isn't another listener's");
    return -ENOENT;
}

/* The unix listener that would stand where the i-th does; NULL: none. It isn't taken for that one's. */
static const ConfigListener *passed_find_path(const Config *config, size_t i) {
    struct sockaddr_un bound;

    for (size_t index = 0; passed_path(i, &bound) && index < config_n_sockets(config); index++) {
        const Address *address = &config->listeners[index].address;

        if (address->kind == ADDRESS_UNIX && strcmp(address->socket.un.sun_path, bound.sun_path) == 0)
            return &config->listeners[index];
    }
    return NULL;
}

static int passed_check_socket(const Passed *passed, const Config *config, size_t i) {
    const ConfigListener *same = passed_find_path(config, i);

    for (size_t index = 0; index < config_n_sockets(config); index++)
        if (passed_is_for(passed, i, config, index))
            return 0;
    if (same)
        log_error(
            "a socket of the name %s was passed, at the path of the listener %s: as long as systemd has the "
            "socket, the listener's address must be fd://%s",
            passed->names[i], same->address.text, passed->names[i]);
    else
        log_error(
            "a socket of the name %s was passed, and no listener takes it (address: fd://%s): who connects "
            "to it would never be answered",
            passed->names[i], passed->names[i]);
    return -ENOENT;
}

int passed_check(const Passed *passed, const Config *config) {
    int r = 0;

    for (size_t index = 0; index < config_n_sockets(config); index++)
        if (passed_check_listener(passed, config, index) < 0)
            r = -ENOENT;
    for (size_t i = 0; i < passed->n; i++)
        if (passed_check_socket(passed, config, i) < 0)
            r = -ENOENT;
    return r;
}
