// SPDX-License-Identifier: Apache-2.0
#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <strings.h>

#include "policy/hostpath.h"

static bool address_take_prefix(Span *text, const char *prefix) {
    Span p = span_from(prefix);

    if (!span_starts_with(*text, p))
        return false;
    text->data += p.size;
    text->size -= p.size;
    return true;
}

/* Control bytes and NUL: they would forge lines of logs, and end a C string early. */
static bool address_has_control(Span text) {
    for (size_t i = 0; i < text.size; i++)
        if ((unsigned char) text.data[i] < 0x20 || text.data[i] == 0x7F)
            return true;
    return false;
}

static int address_fail(const char **ret_why, const char *why) {
    *ret_why = why;
    return -EINVAL;
}

static int address_parse_unix(Span path, Address *address, const char **ret_why) {
    if (path.size > 0 && path.data[0] == '@')
        return address_fail(ret_why, "abstract sockets (unix://@…) are not served: they have no owner and no "
                                     "mode, so that everybody on the host could connect");
    if (path.size < 2 || path.data[0] != '/')
        return address_fail(ret_why, "a unix address needs an absolute path: unix:///run/NAME.sock");
    /* What bind mounts may not reach is held against paths as they are written, too. */
    if (!hostpath_is_sound(path))
        return address_fail(ret_why, "the path of a unix socket can't have .. in it");
    if (path.size >= sizeof(address->socket.un.sun_path))
        return address_fail(ret_why, "the path is too long for a unix socket: 107 bytes at most");
    if (path.data[path.size - 1] == '/')
        return address_fail(ret_why, "the path of a unix socket can't end with /");
    address->kind = ADDRESS_UNIX;
    address->socket.un.sun_family = AF_UNIX;
    memcpy(address->socket.un.sun_path, path.data, path.size);
    address->length = (socklen_t) (offsetof(struct sockaddr_un, sun_path) + path.size + 1);
    return 0;
}

/* Decimal without sign, blank or leading zero. */
static bool address_parse_number(Span text, unsigned max, unsigned *ret) {
    unsigned value = 0;

    if (text.size == 0 || text.size > 5 || (text.size > 1 && text.data[0] == '0'))
        return false;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        value = value * 10 + (unsigned) (text.data[i] - '0');
    }
    if (value > max)
        return false;
    *ret = value;
    return true;
}

/* HOST:PORT or [HOST]:PORT; the brackets are what tells an IPv6 address's colons from the port's. */
static bool address_split_host(Span text, Span *ret_host, Span *ret_port, bool *ret_brackets) {
    const char *end;

    *ret_brackets = text.size > 0 && text.data[0] == '[';
    end = *ret_brackets ? memchr(text.data, ']', text.size)
                        : (text.size ? memchr(text.data, ':', text.size) : NULL);
    if (!end)
        return false;
    *ret_host = (Span){.data = text.data, .size = (size_t) (end - text.data)};
    if (*ret_brackets) {
        ret_host->data++;
        ret_host->size--;
        end++;
    }
    if (end == text.data + text.size || *end != ':')
        return false;
    *ret_port = (Span){.data = end + 1, .size = (size_t) (text.data + text.size - end - 1)};
    return true;
}

/*
 * RFC 1123, 2.1, with the _ of container names. A last label of digits would be an odd spelling of a number.
 */
static bool address_is_host_name(Span host) {
    size_t label = 0;
    bool digits = true;

    if (host.size == 0 || host.size >= sizeof(((Address *) NULL)->host))
        return false;
    for (size_t i = 0; i < host.size; i++) {
        char c = host.data[i];
        bool digit = c >= '0' && c <= '9';
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

        if (c == '.') {
            if (label == 0)
                return false;
            label = 0;
            digits = true;
            continue;
        }
        if (!digit && !letter && c != '_' && (c != '-' || label == 0))
            return false;
        digits = digits && digit;
        if (++label > 63)
            return false;
    }
    return label > 0 && !digits;
}

static int address_parse_tcp(Span text, Address *address, const char **ret_why) {
    Span host, port;
    bool brackets;
    unsigned number;
    size_t size;
    char name[INET6_ADDRSTRLEN]; /* of an IP address; what is longer is none */

    if (!address_split_host(text, &host, &port, &brackets))
        return address_fail(
            ret_why, "a tcp address needs a host and a port: tcp://127.0.0.1:2375 or tcp://[::1]:2375");
    if (!address_parse_number(port, 65535, &number) || number == 0)
        return address_fail(ret_why, "the port must be a number from 1 to 65535, and nothing may follow it");
    if (!brackets && span_is(host, "localhost"))
        host = SPAN("127.0.0.1");
    size = host.size < sizeof(name) ? host.size : 0;
    memcpy(name, host.data, size);
    name[size] = '\0';
    if (brackets && inet_pton(AF_INET6, name, &address->socket.in6.sin6_addr) == 1) {
        address->socket.in6.sin6_family = AF_INET6;
        address->socket.in6.sin6_port = htons((uint16_t) number);
        address->length = sizeof(address->socket.in6);
    } else if (!brackets && inet_pton(AF_INET, name, &address->socket.in.sin_addr) == 1) {
        address->socket.in.sin_family = AF_INET;
        address->socket.in.sin_port = htons((uint16_t) number);
        address->length = sizeof(address->socket.in);
    } else if (!brackets && address_is_host_name(host)) {
        memcpy(address->host, host.data, host.size);
    } else {
        return address_fail(ret_why, "the host must be an IP address (IPv6 in brackets) or a name");
    }
    address->port = (uint16_t) number;
    address->kind = ADDRESS_TCP;
    return 0;
}

/* systemd.socket(5), FileDescriptorName=: no control character, no colon. */
static int address_parse_fd(Span name, Address *address, const char **ret_why) {
    if (name.size >= sizeof(address->fd_name))
        return address_fail(ret_why, "the name of a passed socket is too long: 127 bytes at most");
    if (name.size > 0 && (memchr(name.data, ':', name.size) || memchr(name.data, '/', name.size)))
        return address_fail(ret_why, "the name of a passed socket can't have : or / in it");
    memcpy(address->fd_name, name.data, name.size);
    address->kind = ADDRESS_FD;
    return 0;
}

int address_parse(Span text, Address *ret, const char **ret_why) {
    static const struct {
        const char *prefix;
        int (*parse)(Span rest, Address *address, const char **ret_why);
    } kinds[] = {
        {"unix://", address_parse_unix},
        {"tcp://", address_parse_tcp},
        {"fd://", address_parse_fd},
    };

    if (text.size >= sizeof(ret->text))
        return address_fail(ret_why, "the address is too long: 255 bytes at most");
    if (address_has_control(text))
        return address_fail(ret_why, "an address can't have control characters in it");
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        Address address = {0};
        Span rest = text;
        int r;

        if (!address_take_prefix(&rest, kinds[i].prefix))
            continue;
        memcpy(address.text, text.data, text.size);
        r = kinds[i].parse(rest, &address, ret_why);
        if (r == 0)
            *ret = address;
        return r;
    }
    return address_fail(ret_why, "an address begins with unix://, tcp:// or fd://");
}

/* The address's bytes, with ::ffff:1.2.3.4 as 1.2.3.4: one peer has one name (RFC 4291, 2.5.5.2). */
static size_t address_get_bytes(const struct sockaddr *peer, const uint8_t **ret) {
    static const uint8_t mapped[12] = {[10] = 0xFF, [11] = 0xFF};

    if (peer->sa_family == AF_INET) {
        *ret = (const uint8_t *) &((const struct sockaddr_in *) (const void *) peer)->sin_addr;
        return 4;
    }
    if (peer->sa_family != AF_INET6)
        return 0;
    *ret = ((const struct sockaddr_in6 *) (const void *) peer)->sin6_addr.s6_addr;
    if (memcmp(*ret, mapped, sizeof(mapped)) != 0)
        return 16;
    *ret += sizeof(mapped);
    return 4;
}

bool address_is_loopback(const Address *address) {
    static const uint8_t loopback6[16] = {[15] = 1};
    const uint8_t *bytes = NULL;
    size_t n;

    if (address->kind == ADDRESS_UNIX)
        return true;
    if (address->kind != ADDRESS_TCP)
        return false; /* what systemd passed is looked at when it is opened */
    n = address_get_bytes(&address->socket.any, &bytes);
    if (n == 4)
        return bytes[0] == 127;
    return n == sizeof(loopback6) && memcmp(bytes, loopback6, n) == 0;
}

bool address_same_host(const struct sockaddr *a, const struct sockaddr *b) {
    const uint8_t *x, *y;
    size_t n = address_get_bytes(a, &x);

    return n > 0 && address_get_bytes(b, &y) == n && memcmp(x, y, n) == 0;
}

bool address_is_name(const Address *address) {
    return address->host[0] != '\0';
}

bool address_equals(const Address *a, const Address *b) {
    if (a->kind != b->kind)
        return false;
    if (a->kind == ADDRESS_FD)
        return strcmp(a->fd_name, b->fd_name) == 0;
    if (address_is_name(a) || address_is_name(b))
        return strcasecmp(a->host, b->host) == 0 && a->port == b->port;
    return a->length == b->length && memcmp(&a->socket, &b->socket, a->length) == 0;
}

static bool network_bits_equal(const uint8_t *a, const uint8_t *b, unsigned bits) {
    unsigned whole = bits / 8, rest = bits % 8;

    if (memcmp(a, b, whole) != 0)
        return false;
    return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

int network_parse(Span text, Network *ret, const char **ret_why) {
    const char *slash = text.size ? memchr(text.data, '/', text.size) : NULL;
    size_t size = slash ? (size_t) (slash - text.data) : text.size;
    Network network = {0};
    unsigned bits;
    char name[INET6_ADDRSTRLEN];

    if (text.size >= sizeof(network.text) || size >= sizeof(name) || address_has_control(text))
        return address_fail(ret_why, "a network is written as 172.18.0.0/16 or fd00::/8");
    memcpy(network.text, text.data, text.size);
    memcpy(name, text.data, size);
    name[size] = '\0';
    if (inet_pton(AF_INET, name, network.bytes) == 1)
        network.family = AF_INET;
    else if (inet_pton(AF_INET6, name, network.bytes) == 1)
        network.family = AF_INET6;
    else
        return address_fail(ret_why, "a network is written as 172.18.0.0/16 or fd00::/8");
    if (network.family == AF_INET6 &&
        IN6_IS_ADDR_V4MAPPED((const struct in6_addr *) (const void *) network.bytes))
        return address_fail(ret_why, "write an IPv4 network in IPv4's form");
    bits = network.family == AF_INET ? 32 : 128;
    network.prefix = bits;
    if (slash && !address_parse_number((Span){slash + 1, text.size - size - 1}, bits, &network.prefix))
        return address_fail(ret_why,
                            "the prefix must be a number of bits, up to 32 for IPv4 and 128 for IPv6");
    /* 172.18.0.1/16: was the host meant, or the network? The two differ in whom they let in. */
    for (unsigned i = network.prefix; i < bits; i++)
        if (network.bytes[i / 8] & (0x80u >> (i % 8)))
            return address_fail(ret_why, "the address has bits set behind its prefix");
    *ret = network;
    return 0;
}

bool network_contains(const Network *network, const struct sockaddr *peer) {
    const uint8_t *bytes;
    size_t n = address_get_bytes(peer, &bytes);

    if (n == 0 || n != (network->family == AF_INET ? 4 : 16))
        return false;
    return network_bits_equal(network->bytes, bytes, network->prefix);
}
