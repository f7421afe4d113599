// SPDX-License-Identifier: Apache-2.0
/*
 * All clients' connections, from their accept to their end: who gets in, who is heard once and denied, who is
 * refused, and what each of them counts towards.
 */
#pragma once

#include "client.h"
#include "heap.h"
#include "quota.h"

/* Nobody is there any more; from the loop, or from within clients_abort. */
typedef void (*ClientsEmpty)(void *arg);

/* All zero: none, and none to come. */
typedef struct Clients {
    const Env *env;
    Config *const *config; /* whose limits hold: the one in force */
    Client *first;
    Quota *quota;
    Heap *heap;
    ClientOwner owner; /* of all of them */
    size_t n_refusals; /* that count towards no limit */
    ClientsEmpty empty;
    void *arg;
} Clients;

/* `env`, with its base, and `config` are borrowed. 0, or −ENOMEM: then clients_done, too. */
int clients_init(Clients *clients, const Env *env, Config *const *config, ClientsEmpty empty, void *arg);
void clients_done(Clients *clients); /* ends those that are there, as by END_SHUTDOWN */

/*
 * A connection that `listener` has accepted: `fd` is taken, `who` held. `error`: 0; or why nothing is known
 * of who it is (−errno, as arrivals_tell), and he is refused.
 */
void clients_take(Clients *clients, Listener *listener, int fd, SharedSubject *who, int error);

/* The running exchange of each is his last, of those of `listener` (NULL: of all): client_set_last. */
void clients_set_last(Clients *clients, const Listener *listener);

void clients_update(Clients *clients); /* another config is in force */
void clients_abort(Clients *clients, EndCause cause);
