// SPDX-License-Identifier: Apache-2.0
/*
 * Addresses as DOCKER_HOST writes them: unix:///path, tcp://host:port, tcp://[::1]:port, fd://NAME.
 * A host is an IP address, `localhost`, or a name, which is not looked up here.
 */
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "policy/base.h"

typedef enum AddressKind {
    ADDRESS_NONE = 0,
    ADDRESS_UNIX,
    ADDRESS_TCP,
    ADDRESS_FD,
} AddressKind;

typedef struct Address {
    AddressKind kind;
    char text[256]; /* as written, for messages and records */
    union {
        struct sockaddr any;
        struct sockaddr_un un;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } socket;
    socklen_t length;  /* of `socket`; 0 for ADDRESS_FD, and for a name */
    char host[254];    /* ADDRESS_TCP with a name: without the port; else empty */
    uint16_t port;     /* ADDRESS_TCP */
    char fd_name[128]; /* ADDRESS_FD: after fd://, may be empty */
} Address;

/* 0, or −EINVAL with a sentence in *ret_why (static). */
int address_parse(Span text, Address *ret, const char **ret_why);
bool address_is_loopback(const Address *address); /* true for unix too, false for fd:// */
bool address_is_name(const Address *address);     /* a host that has to be looked up */
bool address_equals(const Address *a, const Address *b);
bool address_same_host(const struct sockaddr *a, const struct sockaddr *b); /* IP, whatever the port */

/* A network in CIDR form, for allow_from. */
typedef struct Network {
    int family;      /* AF_INET or AF_INET6 */
    unsigned prefix; /* bits */
    uint8_t bytes[16];
    char text[64];
} Network;

/* A single address is a network of its own. 0, or −EINVAL with a sentence in *ret_why (static). */
int network_parse(Span text, Network *ret, const char **ret_why);
bool network_contains(const Network *network, const struct sockaddr *peer); /* v4-mapped v6 counts as v4 */
