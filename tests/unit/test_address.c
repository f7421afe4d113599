// SPDX-License-Identifier: Apache-2.0
#include "daemon/address.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>

Test(address, what_is_taken) {
    static const struct {
        const char *text;
        AddressKind kind;
        int family;
        const char *host;
        unsigned port;
        bool loopback;
    } cases[] = {
        {"unix:///run/x.sock", ADDRESS_UNIX, AF_UNIX, "/run/x.sock", 0, true},
        {"tcp://127.0.0.1:1", ADDRESS_TCP, AF_INET, "127.0.0.1", 1, true},
        {"tcp://127.8.9.10:65535", ADDRESS_TCP, AF_INET, "127.8.9.10", 65535, true},
        {"tcp://localhost:2375", ADDRESS_TCP, AF_INET, "127.0.0.1", 2375, true},
        {"tcp://172.18.0.1:2375", ADDRESS_TCP, AF_INET, "172.18.0.1", 2375, false},
        {"tcp://0.0.0.0:2375", ADDRESS_TCP, AF_INET, "0.0.0.0", 2375, false},
        {"tcp://[::1]:2375", ADDRESS_TCP, AF_INET6, "::1", 2375, true},
        {"tcp://[::]:2375", ADDRESS_TCP, AF_INET6, "::", 2375, false},
        {"tcp://[::ffff:127.0.0.1]:2375", ADDRESS_TCP, AF_INET6, "::ffff:127.0.0.1", 2375, true},
        {"tcp://[fd00::1]:2375", ADDRESS_TCP, AF_INET6, "fd00::1", 2375, false},
        {"fd://docker.socket", ADDRESS_FD, 0, "docker.socket", 0, false},
        {"fd://", ADDRESS_FD, 0, "", 0, false},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        Address address;
        const char *why = NULL;
        char host[128] = "";
        unsigned port = 0;

        cr_assert_eq(address_parse(span_from(cases[i].text), &address, &why), 0, "%s: %s", cases[i].text,
                     why);
        cr_expect_eq(address.kind, cases[i].kind, "%s", cases[i].text);
        cr_expect_str_eq(address.text, cases[i].text);
        cr_expect_eq(address_is_loopback(&address), cases[i].loopback, "%s", cases[i].text);
        if (cases[i].family == AF_UNIX) {
            snprintf(host, sizeof(host), "%s", address.socket.un.sun_path);
            cr_expect_eq(address.length, offsetof(struct sockaddr_un, sun_path) + strlen(host) + 1);
        } else if (cases[i].family == AF_INET) {
            inet_ntop(AF_INET, &address.socket.in.sin_addr, host, sizeof(host));
            port = ntohs(address.socket.in.sin_port);
        } else if (cases[i].family == AF_INET6) {
            inet_ntop(AF_INET6, &address.socket.in6.sin6_addr, host, sizeof(host));
            port = ntohs(address.socket.in6.sin6_port);
        } else {
            snprintf(host, sizeof(host), "%s", address.fd_name);
        }
        cr_expect_str_eq(host, cases[i].host, "%s", cases[i].text);
        cr_expect_eq(port, cases[i].port, "%s", cases[i].text);
        if (cases[i].family)
            cr_expect_eq(address.socket.any.sa_family, cases[i].family, "%s", cases[i].text);
    }
}

Test(address, what_is_refused) {
    static const struct {
        const char *text;
        const char *why; /* a part of it */
    } cases[] = {
        {"", "begins with"},
        {"/var/run/docker.sock", "begins with"},
        {"UNIX:///x", "begins with"},
        {"http://127.0.0.1:80", "begins with"},
        {"unix:/run/x", "begins with"},
        {"unix://", "absolute"},
        {"unix:///", "absolute"},
        {"unix://run/x", "absolute"},
        {"unix:///run/", "end with /"},
        {"unix:///run/new/../x.sock", ".. in it"},
        {"unix:///..", ".. in it"},
        {"unix://@quaygate", "abstract"},
        {"unix:///run/x\ny", "control"},
        {"tcp://", "host and a port"},
        {"tcp://127.0.0.1", "host and a port"},
        {"tcp://[::1]", "host and a port"},
        {"tcp://[::1:2375", "host and a port"},
        {"tcp://[::1]2375", "host and a port"},
        {"tcp://127.0.0.1:", "port"},
        {"tcp://127.0.0.1:0", "1 to 65535"},
        {"tcp://127.0.0.1:65536", "1 to 65535"},
        {"tcp://127.0.0.1:99999", "1 to 65535"},
        {"tcp://127.0.0.1:4294967297", "1 to 65535"},
        {"tcp://127.0.0.1:-1", "1 to 65535"},
        {"tcp://127.0.0.1:+1", "1 to 65535"},
        {"tcp://127.0.0.1: 1", "1 to 65535"},
        {"tcp://127.0.0.1:01", "1 to 65535"},
        {"tcp://127.0.0.1:2375/", "nothing may follow"},
        {"tcp://:2375", "IP address"},
        {"tcp://exa mple.com:2375", "or a name"},
        {"tcp://-engine:2375", "or a name"},
        {"tcp://engine..example:2375", "or a name"},
        {"tcp://engine.:2375", "or a name"},
        {"tcp://256.1.1.1:2375", "or a name"},
        {"tcp://engine.1:2375", "or a name"},
        {"tcp://a12345678901234567890123456789012345678901234567890123456789012x:2375", "or a name"},
        {"tcp://127.1:2375", "IP address"},
        {"tcp://0x7f.0.0.1:2375", "IP address"},
        {"tcp://[127.0.0.1]:2375", "IP address"},
        {"tcp://[localhost]:2375", "IP address"},
        {"tcp://[fe80::1%eth0]:2375", "IP address"},
        {"tcp://user@127.0.0.1:2375", "IP address"},
        {"fd://a:b", "can't have"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        Address address = {.kind = ADDRESS_FD};
        const char *why = NULL;

        cr_assert_eq(address_parse(span_from(cases[i].text), &address, &why), -EINVAL, "%s", cases[i].text);
        cr_assert(why && strstr(why, cases[i].why), "%s: %s", cases[i].text, why);
        cr_expect_eq(address.kind, ADDRESS_FD, "left alone: %s", cases[i].text);
    }
}

Test(address, a_nul_is_refused) {
    Address address;
    const char *why;

    cr_expect_eq(address_parse(SPAN("unix:///run/x\0y"), &address, &why), -EINVAL);
}

/* The kernel's bound is ours: sun_path with its NUL, and one past it. */
Test(address, the_longest_path) {
    char text[7 + 108 + 1] = "unix:///";
    Address address;
    const char *why;

    memset(text + 8, 'x', 106);
    cr_expect_eq(address_parse((Span){text, 7 + 107}, &address, &why), 0);
    text[7 + 107] = 'x';
    cr_expect_eq(address_parse((Span){text, 7 + 108}, &address, &why), -EINVAL);
    cr_expect(strstr(why, "too long"));
}

Test(address, the_longest_name) {
    char text[5 + 128 + 1] = "fd://";
    Address address;
    const char *why;

    memset(text + 5, 'x', 128);
    cr_expect_eq(address_parse((Span){text, 5 + 127}, &address, &why), 0);
    cr_expect_eq(address_parse((Span){text, 5 + 128}, &address, &why), -EINVAL);
}

Test(address, equal_is_the_same_socket) {
    static const struct {
        const char *a, *b;
        bool equal;
    } cases[] = {
        {"unix:///a", "unix:///a", true},
        {"unix:///a", "unix:///ab", false},
        {"tcp://localhost:1", "tcp://127.0.0.1:1", true},
        {"tcp://127.0.0.1:1", "tcp://127.0.0.1:2", false},
        {"tcp://[::1]:1", "tcp://127.0.0.1:1", false},
        {"tcp://[::1]:1", "tcp://[0:0::1]:1", true},
        {"fd://a", "fd://a", true},
        {"fd://a", "fd://b", false},
        {"fd://a", "unix:///a", false},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        Address a, b;
        const char *why;

        cr_assert_eq(address_parse(span_from(cases[i].a), &a, &why), 0);
        cr_assert_eq(address_parse(span_from(cases[i].b), &b, &why), 0);
        cr_expect_eq(address_equals(&a, &b), cases[i].equal, "%s %s", cases[i].a, cases[i].b);
        cr_expect_eq(address_equals(&b, &a), cases[i].equal, "%s %s", cases[i].b, cases[i].a);
    }
}

Test(network, what_is_refused) {
    static const char *const cases[] = {
        "",
        "x",
        "172.18.0.0/33",
        "172.18.0.0/",
        "172.18.0.0/-1",
        "172.18.0.0/016",
        "172.18/16",
        "::/129",
        "172.18.0.1/16",
        "0.0.0.1/0",
        "::ffff:172.18.0.0/112",
        "172.18.0.0/16 ",
        "fd00::1/64",
        "10.0.0.0/8x",
        "/8",
        "10.0.0.0/99999",
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        Network network;
        const char *why = NULL;

        cr_expect_eq(network_parse(span_from(cases[i]), &network, &why), -EINVAL, "%s", cases[i]);
        cr_expect(why, "%s", cases[i]);
    }
}

Test(network, whom_it_contains) {
    static const struct {
        const char *network;
        const char *peer; /* as a tcp address's host */
        bool contains;
    } cases[] = {
        {"172.18.0.0/16", "172.18.255.255", true},
        {"172.18.0.0/16", "172.19.0.0", false},
        {"172.18.0.0/16", "[::ffff:172.18.3.4]", true},
        {"172.18.0.0/15", "172.19.0.1", true},
        {"172.18.0.0/17", "172.18.127.255", true},
        {"172.18.0.0/17", "172.18.128.0", false},
        {"10.1.2.3", "10.1.2.3", true},
        {"10.1.2.3", "10.1.2.2", false},
        {"10.1.2.3/32", "10.1.2.3", true},
        {"0.0.0.0/0", "8.8.8.8", true},
        {"0.0.0.0/0", "[::1]", false},
        {"::/0", "[fd00::1]", true},
        {"::/0", "8.8.8.8", false},
        {"::/0", "[::ffff:8.8.8.8]", false},
        {"fd00::/8", "[fdff::1]", true},
        {"fd00::/8", "[fe00::1]", false},
        {"::1", "[::1]", true},
        {"::1/128", "[::2]", false},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        Network network;
        Address peer;
        const char *why = NULL;
        char text[128];

        snprintf(text, sizeof(text), "tcp://%s:1", cases[i].peer);
        cr_assert_eq(network_parse(span_from(cases[i].network), &network, &why), 0, "%s: %s",
                     cases[i].network, why);
        cr_assert_eq(address_parse(span_from(text), &peer, &why), 0, "%s: %s", text, why);
        cr_expect_eq(network_contains(&network, &peer.socket.any), cases[i].contains, "%s %s",
                     cases[i].network, cases[i].peer);
    }
}

Test(network, a_unix_peer_is_in_none) {
    Network network;
    struct sockaddr_un peer = {.sun_family = AF_UNIX};
    const char *why;

    cr_assert_eq(network_parse(SPAN("0.0.0.0/0"), &network, &why), 0);
    cr_expect_not(network_contains(&network, (const struct sockaddr *) &peer));
}

Test(address, a_name_is_kept_for_later) {
    static const char *const names[] = {"engine", "docker.example.com", "my_engine", "e-1", "1e", "1.e"};

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        Address address = {0}, other = {0};
        const char *why = NULL;
        char text[64];

        snprintf(text, sizeof(text), "tcp://%s:2376", names[i]);
        cr_assert_eq(address_parse(span_from(text), &address, &why), 0, "%s: %s", text, why);
        cr_expect(address_is_name(&address));
        cr_expect_str_eq(address.host, names[i]);
        cr_expect_eq(address.port, 2376);
        cr_expect_eq(address.length, 0);
        cr_expect_not(address_is_loopback(&address));
        cr_expect(address_equals(&address, &address));
        cr_assert_eq(address_parse(SPAN("tcp://other:2376"), &other, &why), 0);
        cr_expect_not(address_equals(&address, &other));
        cr_assert_eq(address_parse(SPAN("tcp://127.0.0.1:2376"), &other, &why), 0);
        cr_expect_not(address_is_name(&other));
        cr_expect_not(address_equals(&address, &other));
    }
}
