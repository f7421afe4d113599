// SPDX-License-Identifier: Apache-2.0
#include "passed.h"

#include <errno.h>
#include <stdlib.h>

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

static int passed_check_socket(const Passed *passed, const Config *config, size_t i) {
    for (size_t index = 0; index < config_n_sockets(config); index++)
        if (passed_is_for(passed, i, config, index))
            return 0;
    log_error("a socket of the name %s was passed, and no listener takes it (address: fd://%s): who connects "
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
