// SPDX-License-Identifier: Apache-2.0
#include "daemon/config.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config_kit.h"
#include "daemon/record.h"
#include "policy/set.h"

#define SECOND UINT64_C(1000000)
#define LISTENERS "listeners: [{address: unix:///a, policy: all}]\n"
#define HEAD "version: 1\n" LISTENERS

static int parse(Span text, Config **ret, char **ret_messages) {
    size_t size;
    FILE *messages = open_memstream(ret_messages, &size);
    int r = config_parse(text, "f.yaml", messages, ret);

    fclose(messages);
    return r;
}

static Config *parse_good(const char *text) {
    Config *config = NULL;
    char *messages;

    cr_assert_eq(parse(span_from(text), &config, &messages), 0, "%s\n%s", text, messages);
    cr_expect_str_eq(messages, "");
    free(messages);
    return config;
}

static void expect_mistakes(const char *text, const char *expected) {
    Config *config = NULL;
    char *messages;

    cr_expect_eq(parse(span_from(text), &config, &messages), -EINVAL, "%s", text);
    cr_expect_null(config);
    cr_expect_str_eq(messages, expected, "%s\ngot:\n%sexpected:\n%s", text, messages, expected);
    free(messages);
    (void) config_unref(config);
}

Test(config, metrics_have_a_socket_of_their_own) {
    Config *config =
        parse_good(HEAD "metrics: {address: tcp://192.0.2.1:9273, allow_from: [192.0.2.0/24]}\n");
    const ConfigListener *metrics = &config->listeners[1];

    cr_expect_eq(config->n_listeners, 1);
    cr_assert_eq(config_n_sockets(config), 2);
    cr_expect_str_eq(metrics->address.text, "tcp://192.0.2.1:9273");
    cr_expect_eq(metrics->n_allow_from, 1);
    cr_expect_null(metrics->policy);
    (void) config_unref(config);
    config = parse_good("version: 1\nmetrics: unix:///m\n" LISTENERS); /* in whatever order */
    cr_assert_eq(config_n_sockets(config), 2);
    cr_expect_str_eq(config->listeners[1].address.text, "unix:///m");
    cr_expect_eq(config->listeners[1].mode, 0660);
    (void) config_unref(config);
    config = parse_good(HEAD);
    cr_expect_eq(config_n_sockets(config), 1);
    (void) config_unref(config);
}

Test(config, the_least_there_is) {
    Config *config = parse_good(HEAD);
    const ConfigListener *listener = &config->listeners[0];

    cr_expect_str_eq(config->file, "f.yaml");
    cr_expect_str_eq(config->upstream.text, "unix:///var/run/docker.sock");
    cr_expect_eq(config->connect_timeout_usec, TIME_CONNECT_SECONDS * SECOND);
    cr_expect_eq(config->response_timeout_usec, TIME_RESPONSE_SECONDS * SECOND);
    cr_expect_eq(config->versions.min_minor, api_versions_default().min_minor);
    cr_assert_eq(config->n_listeners, 1);
    cr_expect_str_eq(policy_name(listener->policy), "all");
    cr_expect_eq(listener->mode, 0660);
    cr_expect_eq(listener->owner, (uid_t) -1);
    cr_expect_eq(listener->group, (gid_t) -1);
    cr_expect_not(listener->has_allow_uids);
    cr_expect_not(listener->has_allow_gids);
    cr_expect_eq(config->on_failure, AUDIT_FAILURE_DENY);
    cr_expect_not(config->audit_facts);
    cr_expect_not(listener->observe);
    cr_assert_eq(config->n_sinks, 1);
    cr_expect_eq(config->sinks[0].kind, SINK_STDOUT);
    cr_expect_eq(config->limits.connections, LIMIT_CONNECTIONS_DEFAULT);
    cr_expect_eq(config->limits.connections_per_client, LIMIT_CONNECTIONS_PER_CLIENT_DEFAULT);
    cr_expect_eq(config->limits.header_bytes, LIMIT_HEADER_BYTES_DEFAULT);
    cr_expect_eq(config->limits.body_bytes, LIMIT_BODY_BYTES_DEFAULT);
    cr_expect_eq(config->limits.header_timeout_usec, 10 * SECOND);
    cr_expect_eq(config->limits.body_timeout_usec, 30 * SECOND);
    cr_expect_eq(config->limits.idle_timeout_usec, 900 * SECOND);
    cr_expect_eq(config->limits.shutdown_grace_usec, 30 * SECOND);
    config_unref(config);
}

static const char EVERYTHING[] =
    "version: 1\n"
    "upstream: {address: tcp://127.0.0.1:2375, connect_timeout: 500ms, response_timeout: 1h}\n"
    "api_versions: {min: 1.30, min_judged: 1.41, max: 1.43, outside: deny}\n"
    "listeners:\n"
    "  - address: unix:///run/a.sock\n"
    "    policy: ci\n"
    "    observe: true\n"
    "    mode: \"0600\"\n"
    "    owner: root\n"
    "    group: 12\n"
    "    allow_uids: [0, 998, root]\n"
    "    allow_gids: [root, 27]\n"
    "    allow_containers: [web-?, '0df97cdeeea6*', "
    "0df97cdeeea6f581bd3e6892c3bce8a33943eb42ea77ac10a2554a3e3b799c26, '*', facade*, Web_1.a]\n"
    "    allow_units: [ci@*.service, 'user@1000.service/a.service', 'user@*.service/*.scope', "
    "'a\\x2db.mount']\n"
    "  - {address: 'tcp://172.18.0.1:2375', policy: monitoring, allow_from: "
    "[172.18.0.0/16, 'fd00::/8']}\n"
    "  - {address: fd://web, policy: none, allow_uids: [5]}\n"
    "policies:\n"
    "  ci:\n"
    "    include: [monitoring]\n"
    "    mode: observe\n"
    "    allow: [ContainerCreate, {operation: ContainerLogs, query: {follow: [\"0\"]}}]\n"
    "    deny: [ContainerKill]\n"
    "    containers: {bind_mounts: [/srv/ci/**, {path: /etc/localtime, readonly: true}]}\n"
    "answers: {key_file: /etc/quaygate/answers.key}\n"
    "audit:\n"
    "  on_failure: continue\n"
    "  facts: true\n"
    "  sinks: [{file: \"/var/log/ü \\\"x\\\".jsonl\", mode: \"0600\"}, stdout]\n"
    "limits:\n"
    "  connections: 10\n"
    "  connections_per_client: 5\n"
    "  header_bytes: 2k\n"
    "  header_timeout: 100ms\n"
    "  body_bytes: 2MiB\n"
    "  body_timeout: 90s\n"
    "  idle_timeout: 2m\n"
    "  shutdown_grace: 1h\n";

static void expect_everything(const Config *config) {
    const ConfigListener *l = config->listeners;

    cr_expect_str_eq(config->upstream.text, "tcp://127.0.0.1:2375");
    cr_expect_eq(config->connect_timeout_usec, SECOND / 2);
    cr_expect_eq(config->response_timeout_usec, 3600 * SECOND);
    cr_expect_eq(config->versions.min_minor, 30);
    cr_expect_eq(config->versions.min_judged_minor, 41);
    cr_expect_eq(config->versions.max_minor, 43);
    cr_expect_str_eq(config->answers_key_file, "/etc/quaygate/answers.key");
    cr_assert_eq(config->n_listeners, 3);
    cr_expect_eq(l[0].mode, 0600);
    cr_expect_eq(l[0].owner, 0);
    cr_expect_eq(l[0].group, 12);
    cr_assert(l[0].has_allow_uids && l[0].n_allow_uids == 3);
    cr_expect_eq(l[0].allow_uids[1], 998);
    cr_expect_eq(l[0].allow_uids[2], 0);
    cr_assert(l[0].has_allow_gids && l[0].n_allow_gids == 2);
    cr_expect_eq(l[0].allow_gids[1], 27);
    cr_assert(l[0].allow_containers.given && l[0].allow_containers.n == 6);
    for (size_t i = 0; i < 6; i++)
        cr_expect_eq(l[0].allow_containers.items[i].is_id, i == 1 || i == 2, "%zu", i);
    cr_assert(l[0].allow_units.given && l[0].allow_units.n == 4);
    cr_expect_str_eq(l[0].allow_units.items[3].text, "a\\x2db.mount");
    cr_expect_not(l[0].allow_units.items[3].is_id);
    cr_expect(l[0].observe && policy_observes(l[0].policy));
    cr_expect(config->audit_facts);
    cr_assert_eq(l[1].n_allow_from, 2);
    cr_expect_eq(l[1].allow_from[0].prefix, 16);
    cr_expect_eq(l[1].allow_from[1].family, AF_INET6);
    cr_expect_str_eq(policy_name(l[1].policy), "monitoring");
    cr_expect_str_eq(l[2].address.fd_name, "web");
    cr_expect_eq(config->on_failure, AUDIT_FAILURE_CONTINUE);
    cr_assert_eq(config->n_sinks, 2);
    cr_expect_str_eq(config->sinks[0].path, "/var/log/ü \"x\".jsonl");
    cr_expect_eq(config->sinks[0].mode, 0600);
    cr_expect_eq(config->sinks[1].kind, SINK_STDOUT);
    cr_expect_eq(config->limits.connections, 10);
    cr_expect_eq(config->limits.connections_per_client, 5);
    cr_expect_eq(config->limits.header_bytes, 2048);
    cr_expect_eq(config->limits.header_timeout_usec, SECOND / 10);
    cr_expect_eq(config->limits.body_bytes, 2u << 20);
    cr_expect_eq(config->limits.body_timeout_usec, 90 * SECOND);
    cr_expect_eq(config->limits.idle_timeout_usec, 120 * SECOND);
    cr_expect_eq(config->limits.shutdown_grace_usec, 3600 * SECOND);
}

static char *print(const Config *config) {
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    cr_assert_eq(config_print(config, out), 0);
    fclose(out);
    return text;
}

/* What is printed loads to the same config, and prints the same again. */
Test(config, everything_there_and_back) {
    Config *config = parse_good(EVERYTHING), *again;
    char *text, *text_again;

    expect_everything(config);
    text = print(config);
    again = parse_good(text);
    expect_everything(again);
    text_again = print(again);
    cr_expect_str_eq(text, text_again);
    free(text);
    free(text_again);
    config_unref(config);
    config_unref(again);
}

/* A twin of the policy: the policy itself still enforces, on other listeners too. */
Test(config, a_listener_that_observes) {
    Config *config = parse_good("version: 1\n"
                                "listeners:\n"
                                "  - {address: unix:///a, policy: ci, observe: true}\n"
                                "  - {address: unix:///b, policy: ci}\n"
                                "  - {address: unix:///c, policy: monitoring, observe: true}\n"
                                "  - {address: 'tcp://127.0.0.1:1', policy: ci, observe: false}\n"
                                "policies: {ci: {allow: [SystemPing]}}\n");
    const ConfigListener *l = config->listeners;

    cr_expect(policy_observes(l[0].policy));
    cr_expect_not(policy_observes(l[1].policy));
    cr_expect(policy_observes(l[2].policy));
    cr_expect_not(policy_observes(l[3].policy));
    cr_expect_not(policy_observes(policy_set_get(config->policies, SPAN("ci"))));
    cr_expect_not(policy_observes(policy_set_get(config->policies, SPAN("monitoring"))));
    cr_expect_str_eq(policy_name(l[0].policy), "ci");
    config_unref(config);
}

Test(config, the_defaults_there_and_back) {
    Config *config = parse_good(HEAD), *again;
    char *text = print(config);

    again = parse_good(text);
    cr_expect(memcmp(&config->limits, &again->limits, sizeof(config->limits)) == 0);
    cr_expect(memcmp(&config->versions, &again->versions, sizeof(config->versions)) == 0);
    cr_expect_eq(again->listeners[0].mode, 0660);
    cr_expect_eq(again->listeners[0].owner, (uid_t) -1);
    free(text);
    config_unref(config);
    config_unref(again);
}

Test(config, mistakes_have_their_place) {
    static const struct {
        const char *text;
        const char *mistakes;
    } cases[] = {
        {"", "f.yaml:1:1: must be a mapping of keys to values\n"},
        {"x", "f.yaml:1:1: must be a mapping of keys to values\n"},
        {LISTENERS, "f.yaml:1:1: 'version' is missing; this form of the file is version: 1\n"},
        {"version: 2\n" LISTENERS,
         "f.yaml:1:10: version must be 1: this release knows no other form of the file\n"},
        {"version: 1\n", "f.yaml:1:1: 'listeners' is missing: nobody could connect\n"},
        {"version: 1\nlisteners: []\n", "f.yaml:2:12: listeners must have from 1 to 256 entries\n"},
        {"version: 1\nlisteners: {}\n", "f.yaml:2:12: listeners must be a list\n"},
        {"version: 1\nversion: 1\n" LISTENERS,
         "f.yaml:2:1: key 'version' stands here twice, first in line 1\n"},
        {HEAD "limit: {}\n", "f.yaml:3:1: unknown key 'limit'; did you mean 'limits'?\n"},
        /* metrics */
        {HEAD "metrics: []\n", "f.yaml:3:10: an address must be a text\n"},
        {HEAD "metrics: {mode: \"0600\"}\n", "f.yaml:3:10: metrics need an address\n"},
        {HEAD "metrics: tcp://0.0.0.0:9273\n", "f.yaml:3:10: a tcp listener that is not on a loopback "
                                               "address needs allow_from: the networks that may "
                                               "connect\n"},
        {HEAD "metrics: tcp://metrics.example:9273\n",
         "f.yaml:3:10: 'tcp://metrics.example:9273': a listener's host must be an IP address or localhost: "
         "others "
         "decide what a name stands for\n"},
        {HEAD "metrics: {address: tcp://127.0.0.1:1, policy: all}\n", "f.yaml:3:39: unknown key 'policy'\n"},
        {HEAD "metrics: {address: tcp://127.0.0.1:1, mode: \"0600\"}\n",
         "f.yaml:3:39: 'mode' is only for unix:// listeners\n"},
        {HEAD "metrics: unix:///a\n", "f.yaml:3:10: 'unix:///a' is a listener's already, in line 2\n"},
        {HEAD "metrics: unix:///var/run/docker.sock\n",
         "f.yaml:3:10: this is the upstream's address: requests would come back for ever\n"},
        {"version: 1\nlisteners: []\nmetrics: {address: unix:///m, mode: 9}\n",
         "f.yaml:2:12: listeners must have from 1 to 256 entries\nf.yaml:3:37: mode must be octal permission "
         "bits like \"0660\"\n"},
        /* upstream */
        {HEAD "upstream: /run/x\n",
         "f.yaml:3:11: '/run/x': an address begins with unix://, tcp:// or fd://\n"},
        {HEAD "upstream: fd://x\n",
         "f.yaml:3:11: the upstream can't be a passed socket: it is connected to\n"},
        {HEAD "upstream: []\n", "f.yaml:3:11: an address must be a text\n"},
        {HEAD "upstream: {adress: unix:///x}\n",
         "f.yaml:3:12: unknown key 'adress'; did you mean 'address'?\n"},
        {HEAD "upstream: {connect_timeout: 10}\n",
         "f.yaml:3:29: connect_timeout must be a time with its unit, like 500ms, 10s, 15m or 1h\n"},
        {HEAD "upstream: unix:///a\n",
         "f.yaml:2:23: this is the upstream's address: requests would come back for ever\n"},
        {HEAD "host_root: srv\n", "f.yaml:3:12: host_root must be an absolute path: / on the host, or where "
                                  "the host's / is mounted; or auto, or none\n"},
        {HEAD "protect: [/a, srv, /b/../c]\n", "f.yaml:3:15: protect holds absolute paths without '..'\n"
                                               "f.yaml:3:20: protect holds absolute paths without '..'\n"},
        {HEAD "answers: {key_file: key}\n", "f.yaml:3:21: key_file must be an absolute path\n"},
        {HEAD "answers: {key: /k}\n", "f.yaml:3:11: unknown key 'key'\n"},
        {HEAD "protect: /a\n", "f.yaml:3:10: protect must be a list\n"},
        /* api_versions */
        {HEAD "api_versions: {outside: clmp}\n",
         "f.yaml:3:25: unknown outside 'clmp'; did you mean 'clamp'?\n"},
        {HEAD "api_versions: {outside: allow}\n", "f.yaml:3:25: unknown outside 'allow'\n"},
        {HEAD "api_versions: {min: 1.44, max: 1.40}\n",
         "f.yaml:3:15: min (1.44) is above max (1.40): no request would pass\n"},
        {HEAD "api_versions: {max: 1.44, min_judged: 1.45}\n",
         "f.yaml:3:39: min_judged (1.45) is above max (1.44): no body would pass\n"},
        {HEAD "api_versions: {min: 1.44, max: 1.43, min_judged: 1.44}\n",
         "f.yaml:3:15: min (1.44) is above max (1.43): no request would pass\n"},
        {HEAD "api_versions: {max: 1.39, min_judged: 1.40}\n",
         "f.yaml:3:39: min_judged (1.40) is above max (1.39): no body would pass\n"},
        /* audit */
        {HEAD "audit: {sinks: []}\n", "f.yaml:3:16: sinks must have from 1 to 16 entries\n"},
        {HEAD "audit: {sinks: [{syslog: local8}]}\n",
         "f.yaml:3:26: unknown syslog 'local8'; did you mean 'local0'?\n"},
        {HEAD "audit: {sinks: [{syslog: local0, mode: \"0640\"}]}\n", "f.yaml:3:34: unknown key 'mode'\n"},
        {HEAD "audit: {sinks: [journald, journald]}\n",
         "f.yaml:3:27: this sink stands here twice, first in line 3\n"},
        {HEAD "audit: {sinks: [{syslog: local0}, {syslog: local1}]}\n",
         "f.yaml:3:35: this sink stands here twice, first in line 3\n"},
        {HEAD "audit: {sinks: [{mode: \"0640\"}]}\n",
         "f.yaml:3:17: a sink is {file: PATH}, {syslog: FACILITY}, journald or stdout\n"},
        {HEAD "audit: {sinks: [{file: /x}], checkpoints: {}}\n", "f.yaml:3:43: checkpoints need a key\n"},
        {HEAD "audit: {sinks: [{file: /x}], checkpoints: {key: x}}\n",
         "f.yaml:3:49: key must be an absolute path, or credential:NAME (LoadCredential=)\n"},
        {HEAD "audit: {sinks: [{file: /x}], checkpoints: {key: credential:../x}}\n",
         "f.yaml:3:49: key must be an absolute path, or credential:NAME (LoadCredential=)\n"},
        {HEAD "audit: {sinks: [{file: /x}], checkpoints: {key: /k, every: 0}}\n",
         "f.yaml:3:60: every must be a number from 1 to 1000000\n"},
        {HEAD "audit: {sinks: [{file: /x, chain: none}], checkpoints: {key: /k}}\n",
         "f.yaml:3:56: checkpoints need a file among the sinks that has a chain\n"},
        {HEAD "audit: {deduplicate: 1}\n", "f.yaml:3:22: deduplicate must be true or false\n"},
        {HEAD "audit: {sinks: [{file: /x, chain: sha1}]}\n", "f.yaml:3:35: unknown chain 'sha1'\n"},
        {HEAD "audit: {sinks: [{file: /x, fsync: no}]}\n", "f.yaml:3:35: unknown fsync 'no'\n"},
        {HEAD "audit: {sinks: [{file: /x, fsync_interval: 9ms}]}\n",
         "f.yaml:3:44: fsync_interval must be from 10ms to 168h\n"},
        {HEAD "audit: {sinks: [{file: /x, fsync: never, fsync_interval: 1s}]}\n",
         "f.yaml:3:58: fsync_interval needs fsync: interval\n"},
        {HEAD "audit: {sinks: [{mode: '0600'}]}\n",
         "f.yaml:3:17: a sink is {file: PATH}, {syslog: FACILITY}, journald or stdout\n"},
        {HEAD "audit: {sinks: [{file: x}]}\n", "f.yaml:3:24: file must be an absolute path\n"},
        {HEAD "audit: {sinks: [stdout, stdout]}\n",
         "f.yaml:3:25: this sink stands here twice, first in line 3\n"},
        {HEAD "audit: {sinks: [{file: /x}, {file: /x}]}\n",
         "f.yaml:3:29: this sink stands here twice, first in line 3\n"},
        {HEAD "audit: {sinks: [stdot]}\n", "f.yaml:3:17: unknown sink 'stdot'; did you mean 'stdout'?\n"},
        {HEAD "audit: {on_failure: alow}\n", "f.yaml:3:21: unknown on_failure 'alow'\n"},
        /* limits */
        {HEAD "limits: {connections: 0}\n", "f.yaml:3:23: connections must be a number from 1 to 65536\n"},
        {HEAD "limits: {connections: 1k}\n", "f.yaml:3:23: connections must be a number from 1 to 65536\n"},
        {HEAD "limits: {body_bytes: 1.5m}\n",
         "f.yaml:3:22: body_bytes must be a size like 512MiB, 64k or 4096\n"},
        {HEAD "limits: {body_bytes: 18446744073709551616}\n",
         "f.yaml:3:22: body_bytes must be a size like 512MiB, 64k or 4096\n"},
        {HEAD "limits: {body_bytes: 17592186044416m}\n",
         "f.yaml:3:22: body_bytes must be a size like 512MiB, 64k or 4096\n"},
        {HEAD "limits: {idle_timeout: -1s}\n",
         "f.yaml:3:24: idle_timeout must be a time with its unit, like 500ms, 10s, 15m or 1h\n"},
        {HEAD "limits: {idle_timeout: 0s}\n", "f.yaml:3:24: idle_timeout must be from 10ms to 168h\n"},
        {HEAD "limits:\n", "f.yaml:3:8: must be a mapping of keys to values\n"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        expect_mistakes(cases[i].text, cases[i].mistakes);
}

Test(config, mistakes_of_a_listener) {
    static const struct {
        const char *keys;
        const char *mistakes;
    } cases[] = {
        {"policy: all", "f.yaml:2:13: a listener needs an address\n"},
        {"address: unix:///a", "f.yaml:2:13: a listener needs a policy\n"},
        {"address: unix:///a, policy: monitorin",
         "f.yaml:2:42: unknown policy 'monitorin'; did you mean 'monitoring'?\n"},
        {"address: unix:///a, policy: all, mode: rw",
         "f.yaml:2:53: mode must be octal permission bits like \"0660\"\n"},
        {"address: unix:///a, policy: all, mode: '1777'",
         "f.yaml:2:53: mode must be octal permission bits like \"0660\"\n"},
        {"address: unix:///a, policy: all, mode: '0680'",
         "f.yaml:2:53: mode must be octal permission bits like \"0660\"\n"},
        {"address: unix:///a, policy: all, owner: nobody-of-that-name",
         "f.yaml:2:54: this host has no user 'nobody-of-that-name'\n"},
        {"address: unix:///a, policy: all, group: '4294967295'",
         "f.yaml:2:54: this host has no group '4294967295'\n"},
        {"address: unix:///a, policy: all, allow_uids: []",
         "f.yaml:2:59: allow_uids must have from 1 to 1024 entries\n"},
        {"address: unix:///a, policy: all, allow_uids: 0", "f.yaml:2:59: allow_uids must be a list\n"},
        {"address: unix:///a, policy: all, allow_gids: [-1]", "f.yaml:2:60: this host has no group '-1'\n"},
        {"address: unix:///a, policy: all, allow_containers: []",
         "f.yaml:2:65: allow_containers must have from 1 to 1024 entries\n"},
        {"address: unix:///a, policy: all, allow_containers: web",
         "f.yaml:2:65: allow_containers must be a list\n"},
        {"address: unix:///a, policy: all, allow_containers: [/web]",
         "f.yaml:2:66: '/web': no container has such a name: letters, digits, _ . - and the wildcards * and "
         "? "
         "are in one\n"},
        {"address: unix:///a, policy: all, allow_containers: ['w**']",
         "f.yaml:2:66: 'w**': ** has no meaning here: * stands for any run of characters\n"},
        {"address: unix:///a, policy: all, allow_containers: [0df97cdeeea6]",
         "f.yaml:2:66: '0df97cdeeea6': this may be a name or the beginning of an ID: write all 64 digits of "
         "an "
         "ID, or put a * behind its beginning\n"},
        {"address: unix:///a, policy: all, allow_units: [nginx]",
         "f.yaml:2:61: 'nginx': no unit has such a name: write it with its type, as nginx.service; a slice, "
         "timer or target runs no process\n"},
        {"address: unix:///a, policy: all, allow_units: ['system.slice/a.service']",
         "f.yaml:2:61: 'system.slice/a.service': a user's unit is written as "
         "user@UID.service/NAME.service\n"},
        {"address: unix:///a, policy: all, allow_units: ['user@.service/a.service']",
         "f.yaml:2:61: 'user@.service/a.service': a user's unit is written as "
         "user@UID.service/NAME.service\n"},
        {"address: unix:///a, policy: all, allow_units: ['**.service']",
         "f.yaml:2:61: '**.service': ** has no meaning here: * stands for any run of characters\n"},
        {"address: 'tcp://127.0.0.1:1', policy: all, allow_units: [a.service]",
         "f.yaml:2:57: 'allow_units' is only for unix:// listeners\n"},
        {"address: 'tcp://127.0.0.1:1', policy: all, allow_containers: [a]",
         "f.yaml:2:57: 'allow_containers' is only for unix:// listeners\n"},
        {"address: unix:///a, policy: all, allow_from: [10.0.0.0/8]",
         "f.yaml:2:47: 'allow_from' is only for tcp:// listeners\n"},
        {"address: 'tcp://gate:1', policy: all", "f.yaml:2:23: 'tcp://gate:1': a listener's host must be an "
                                                 "IP address or localhost: others decide what a "
                                                 "name stands for\n"},
        {"address: 'tcp://10.0.0.1:1', policy: all",
         "f.yaml:2:23: a tcp listener that is not on a loopback address needs allow_from: the networks that "
         "may connect\n"},
        {"address: 'tcp://10.0.0.1:1', policy: all, allow_from: []",
         "f.yaml:2:68: allow_from must have from 1 to 1024 entries\n"},
        {"address: 'tcp://10.0.0.1:1', policy: all, allow_from: [10.0.0.1/8]",
         "f.yaml:2:69: '10.0.0.1/8': the address has bits set behind its prefix\n"},
        {"address: 'tcp://127.0.0.1:1', policy: all, mode: '0660'",
         "f.yaml:2:57: 'mode' is only for unix:// listeners\n"},
        {"address: 'tcp://127.0.0.1:1', policy: all, allow_uids: [0]",
         "f.yaml:2:57: 'allow_uids' is only for unix:// listeners\n"},
        {"address: 'fd://x', policy: all, owner: 0", "f.yaml:2:46: 'owner' is only for unix:// listeners\n"},
        {"address: unix:///a, policy: all, tls: x", "f.yaml:2:47: unknown key 'tls'\n"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char text[512];

        snprintf(text, sizeof(text), "version: 1\nlisteners: [{%s}]\n", cases[i].keys);
        expect_mistakes(text, cases[i].mistakes);
    }
}

Test(config, one_address_once) {
    expect_mistakes(
        "version: 1\nlisteners:\n  - {address: unix:///a, policy: all}\n"
        "  - {address: 'tcp://localhost:1', policy: all}\n  - {address: 'tcp://127.0.0.1:1', policy: all}\n",
        "f.yaml:5:5: 'tcp://127.0.0.1:1' stands here twice, first in line 4\n");
}

/* All of them, by place, whichever part of the file is read first. */
Test(config, all_mistakes_at_once) {
    expect_mistakes("limits: {idle_timeout: x}\n"
                    "listeners:\n"
                    "  - {address: unix:///a, policy: c}\n"
                    "policies:\n"
                    "  ci: {allow: [ContainerCrate]}\n"
                    "audit: {sinks: [journal]}\n",
                    "f.yaml:1:1: 'version' is missing; this form of the file is version: 1\n"
                    "f.yaml:1:24: idle_timeout must be a time with its unit, like 500ms, 10s, 15m or 1h\n"
                    "f.yaml:3:34: unknown policy 'c'; did you mean 'ci'?\n"
                    "f.yaml:5:16: unknown operation 'ContainerCrate'; did you mean 'ContainerCreate'?\n"
                    "f.yaml:6:17: unknown sink 'journal'; did you mean 'journald'?\n");
}

Test(config, mistakes_are_bounded) {
    char *text = NULL, *messages;
    size_t size, n = 0;
    FILE *out = open_memstream(&text, &size);
    Config *config = NULL;

    fputs(HEAD, out);
    for (unsigned i = 0; i <= LIMIT_CONFIG_ERRORS; i++)
        fprintf(out, "x%u: 1\n", i);
    fclose(out);
    cr_expect_eq(parse(span_from(text), &config, &messages), -EINVAL);
    for (const char *c = messages; *c; c++)
        n += *c == '\n';
    cr_expect_eq(n, LIMIT_CONFIG_ERRORS + 1);
    cr_expect(strstr(messages, "f.yaml: and 1 mistakes more\n"), "%s", messages);
    free(text);
    free(messages);
}

/* Each bound, and one past it. */
Test(config, bounds) {
    static const struct {
        const char *key;
        const char *good, *bad;
    } cases[] = {
        {"connections", "1", "0"},
        {"connections", "65536", "65537"},
        {"connections_per_client", "1", "0"},
        {"connections_per_client", "65536", "65537"},
        {"header_bytes", "1k", "1023"},
        {"header_bytes", "256KiB", "262145"},
        {"body_bytes", "1024b", "1023"},
        {"body_bytes", "16mb", "16777217"},
        {"body_bytes", "16MIB", "1g"},
        {"header_timeout", "10ms", "9ms"},
        {"body_timeout", "168h", "169h"},
        {"idle_timeout", "604800s", "604801s"},
        {"shutdown_grace", "10ms", "1us"},
    };

    cr_assert_eq(LIMIT_CONNECTIONS_MAX, 65536u);
    cr_assert_eq(LIMIT_HEADER_BYTES_MIN, 1024u);
    cr_assert_eq(LIMIT_HEADER_BYTES_MAX, 262144u);
    cr_assert_eq(LIMIT_BODY_BYTES_MIN, 1024u);
    cr_assert_eq(LIMIT_BODY_BYTES_MAX, 16777216u);
    cr_assert_eq(TIME_CONFIG_MIN_MSEC, 10u);
    cr_assert_eq(TIME_CONFIG_MAX_SECONDS, 604800u);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char text[256], *messages;
        Config *config = NULL;

        snprintf(text, sizeof(text), HEAD "limits: {%s: %s}\n", cases[i].key, cases[i].good);
        config_unref(parse_good(text));
        snprintf(text, sizeof(text), HEAD "limits: {%s: %s}\n", cases[i].key, cases[i].bad);
        config = NULL;
        cr_expect_eq(parse(span_from(text), &config, &messages), -EINVAL, "%s", text);
        free(messages);
    }
}

/* `n` items of left, number, right. */
static int parse_many(const char *before, const char *left, const char *right, size_t n, const char *after) {
    char *text = NULL, *messages;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    Config *config = NULL;
    int r;

    fputs(before, out);
    for (size_t i = 0; i < n; i++)
        fprintf(out, "%s%zu%s", left, i, right);
    fputs(after, out);
    fclose(out);
    r = parse(span_from(text), &config, &messages);
    cr_expect(r == 0 || strstr(messages, "must have from 1 to"), "%s", messages);
    config_unref(config);
    free(text);
    free(messages);
    return r;
}

Test(config, lists_are_bounded) {
    static const struct {
        const char *before, *left, *right, *after;
        size_t limit;
    } cases[] = {
        {"version: 1\nlisteners:\n", "  - {address: unix:///", ", policy: all}\n", "", LIMIT_LISTENERS},
        {"version: 1\nlisteners: [{address: unix:///a, policy: all, allow_uids: [", "", ", ", "]}]\n",
         LIMIT_LISTENER_ITEMS},
        {"version: 1\nlisteners: [{address: unix:///a, policy: all, allow_containers: [", "a", ", ", "]}]\n",
         LIMIT_LISTENER_ITEMS},
        {"version: 1\nlisteners: [{address: unix:///a, policy: all, allow_units: [", "a", ".service, ",
         "]}]\n", LIMIT_LISTENER_ITEMS},
        {HEAD "audit: {sinks: [", "{file: /", "}, ", "]}\n", LIMIT_AUDIT_SINKS},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        for (size_t past = 0; past < 2; past++)
            cr_expect_eq(parse_many(cases[i].before, cases[i].left, cases[i].right, cases[i].limit + past,
                                    cases[i].after),
                         past ? -EINVAL : 0, "%zu", i);
}

Test(config, api_versions_are_those_known) {
    ApiVersions known = api_versions_default();
    static const char *const keys[] = {"min", "min_judged", "max"};
    static const char *const bad[] = {"2.30", "1.4", "1.400", "1.3x", "130", "v1.30", "known"};

    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        static const struct {
            int from_min, from_max; /* offset; one of them */
            bool good;
        } cases[] = {{0, -99, true}, {-1, -99, false}, {-99, 0, true}, {-99, 1, false}};

        for (size_t j = 0; j < ARRAY_SIZE(cases); j++) {
            int minor = cases[j].from_min != -99 ? (int) known.min_minor + cases[j].from_min
                                                 : (int) known.max_minor + cases[j].from_max;
            char text[256], *messages;
            Config *config = NULL;

            snprintf(text, sizeof(text), HEAD "api_versions: {%s: 1.%d}\n", keys[i], minor);
            cr_expect_eq(parse(span_from(text), &config, &messages) == 0, cases[j].good, "%s", text);
            config_unref(config);
            free(messages);
        }
    }
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        char text[256], expected[256];

        snprintf(text, sizeof(text), HEAD "api_versions: {min: %s}\n", bad[i]);
        snprintf(expected, sizeof(expected),
                 "f.yaml:3:21: min must be a version of the API from 1.%u to 1.%u\n", known.min_minor,
                 known.max_minor);
        expect_mistakes(text, expected);
    }
}

/* The default of min_judged is no mistake above max, and says so nowhere: what is printed loads. */
Test(config, max_below_the_default_of_min_judged) {
    static const struct {
        const char *text;
        unsigned min_judged;
        const char *printed;
    } cases[] = {
        {HEAD "api_versions: {max: 1.39}\n", 40, NULL},
        {HEAD "api_versions: {max: 1.40}\n", 40, "  min_judged: 1.40\n"},
        {HEAD "api_versions: {max: 1.39, min_judged: 1.39}\n", 39, "  min_judged: 1.39\n"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char *messages, *printed = NULL;
        Config *config = NULL, *again = NULL;
        size_t n = 0;
        FILE *out = open_memstream(&printed, &n);

        cr_assert_eq(parse(span_from(cases[i].text), &config, &messages), 0, "%s", messages);
        free(messages);
        cr_expect_eq(config->versions.min_judged_minor, cases[i].min_judged, "%zu", i);
        cr_assert_eq(config_print(config, out), 0);
        fclose(out);
        cr_expect_eq(strstr(printed, cases[i].printed ? cases[i].printed : "min_judged") != NULL,
                     cases[i].printed != NULL, "%s", printed);
        cr_assert_eq(parse(span_from(printed), &again, &messages), 0, "%s%s", printed, messages);
        cr_expect_eq(again->versions.min_judged_minor, cases[i].min_judged, "%zu", i);
        cr_expect_eq(again->versions.max_minor, config->versions.max_minor, "%zu", i);
        config_unref(config);
        config_unref(again);
        free(messages);
        free(printed);
    }
}

Test(config, a_file) {
    char path[] = "/tmp/quaygate-config-XXXXXX", *messages;
    int fd = mkstemp(path);
    size_t size;
    FILE *out = open_memstream(&messages, &size);
    Config *config = NULL;

    cr_assert_eq(write(fd, HEAD, strlen(HEAD)), (ssize_t) strlen(HEAD));
    close(fd);
    cr_expect_eq(config_load(path, out, &config), 0);
    cr_assert(config);
    cr_expect_str_eq(config->file, path);
    cr_expect_eq(config_unref(config_ref(config)), NULL);
    cr_expect_eq(config->n_refs, 1);
    config_unref(config);
    unlink(path);
    cr_expect_eq(config_load(path, out, &config), -ENOENT);
    cr_expect_eq(config_load("/tmp", out, &config), -EISDIR);
    fclose(out);
    cr_expect(strstr(messages, ": No such file or directory\n/tmp: Is a directory\n"), "%s", messages);
    free(messages);
}

Test(config, a_file_too_large) {
    char path[] = "/tmp/quaygate-config-XXXXXX", *messages;
    int fd = mkstemp(path);
    static char text[LIMIT_CONFIG_BYTES + 1];
    size_t size;

    memset(text, '\n', sizeof(text));
    memcpy(text, HEAD, strlen(HEAD));
    for (size_t past = 0; past < 2; past++) {
        FILE *out = open_memstream(&messages, &size);
        Config *config = NULL;

        cr_assert_eq(pwrite(fd, text, LIMIT_CONFIG_BYTES + past, 0), (ssize_t) (LIMIT_CONFIG_BYTES + past));
        cr_expect_eq(config_load(path, out, &config), past ? -EINVAL : 0);
        fclose(out);
        cr_expect_eq(strstr(messages, "larger than") != NULL, past == 1, "%s", messages);
        config_unref(config);
        free(messages);
    }
    close(fd);
    unlink(path);
}

static char *line_of(const Record *record) {
    char *line;
    size_t size;

    cr_assert_eq(record_format(record, 1, &line, &size), 0);
    line[size - 1] = '\0';
    return line;
}

/* A record says the same from it as from its parts. */
static void expect_told(const Config *config) {
    for (size_t i = 0; i < config->n_listeners; i++) {
        Record record = {.event = RECORD_DECISION,
                         .listener = config->listeners[i].address.text,
                         .policy = policy_name(config->listeners[i].policy),
                         .policy_hash = config->hash};
        char *anew = line_of(&record), *kept;

        record.place = config->listeners[i].told;
        cr_assert_gt(record.place.size, 0);
        kept = line_of(&record);
        cr_expect_str_eq(kept, anew);
        free(kept);
        free(anew);
    }
}

Test(config, what_records_tell_of_a_listener) {
    Config *config =
        parse_good("version: 1\n"
                   "policies: {p.1: {allow: []}}\n"
                   "listeners:\n"
                   "- {address: \"unix:///run/a \\\"b\\\" \xc3\xa4\", policy: all, observe: true}\n"
                   "- {address: unix:///run/b, policy: p.1}\n"
                   "metrics: unix:///m\n");

    cr_assert_eq(config->n_listeners, 2);
    expect_told(config);
    cr_expect_eq(config->listeners[2].told.size, 0, "nothing is decided there");
    (void) config_unref(config);
}

Test(config, without_a_file) {
    static const struct {
        const char *listen, *upstream, *policy;
        const char *message; /* NULL: good */
    } cases[] = {
        {NULL, NULL, NULL, NULL},
        {"tcp://127.0.0.1:2375", "unix:///x", "all", NULL},
        {"fd://x", NULL, "none", NULL},
        {"/x", NULL, NULL, "--listen /x: an address begins with"},
        {"tcp://10.0.0.1:1", NULL, NULL, "needs allow_from"},
        {"tcp://gate:1", NULL, NULL, "must be an IP address"},
        {"fd://", NULL, NULL, NULL},
        {"unix:///var/run/docker.sock", NULL, NULL, "upstream's address"},
        {NULL, "x", NULL, "--upstream x: "},
        {NULL, "fd://x", NULL, "--upstream fd://x: "},
        {NULL, NULL, "monitorin", "--policy monitorin: no such policy; did you mean 'monitoring'?"},
        {NULL, NULL, "zzz", "--policy zzz: no such policy\n"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char *messages;
        size_t size;
        FILE *out = open_memstream(&messages, &size);
        Config *config = NULL;
        int r = config_builtin(cases[i].listen, cases[i].upstream, cases[i].policy, out, &config);

        fclose(out);
        cr_expect_eq(r, cases[i].message ? -EINVAL : 0, "%zu: %s", i, messages);
        cr_expect(!cases[i].message || strstr(messages, cases[i].message), "%zu: %s", i, messages);
        if (r == 0) {
            cr_expect_null(config->file);
            cr_expect_eq(config->n_listeners, 1);
            cr_expect_str_eq(config->listeners[0].address.text,
                             cases[i].listen ? cases[i].listen : "unix:///run/quaygate/docker.sock");
            cr_expect_str_eq(config->upstream.text,
                             cases[i].upstream ? cases[i].upstream : "unix:///var/run/docker.sock");
            cr_expect_str_eq(policy_name(config->listeners[0].policy),
                             cases[i].policy ? cases[i].policy : "monitoring");
            cr_expect_eq(config->sinks[0].kind, SINK_STDOUT);
            expect_told(config);
        }
        config_unref(config);
        free(messages);
    }
}

Test(config, is_absent) {
    char directory[] = "/tmp/quaygate-test-XXXXXX", path[64], below[80], link[64];

    cr_assert(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/q.yaml", directory);
    snprintf(below, sizeof(below), "%s/none", path);
    snprintf(link, sizeof(link), "%s/l.yaml", directory);
    cr_expect(config_is_absent(path));
    cr_expect(config_is_absent(below), "nor its folder");
    cr_assert_eq(symlink(path, link), 0);
    cr_expect_not(config_is_absent(link), "somebody meant a file there to be read");
    close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0));
    cr_expect_not(config_is_absent(path), "there, whoever may read it");
    cr_expect(config_is_absent(below), "nor is what would stand below a file");
    if (geteuid() == 0) {
        cr_assert_eq(chmod(directory, 0700), 0);
        cr_assert_eq(seteuid(3), 0);
        cr_expect_not(config_is_absent(path), "who may not look doesn't know");
        cr_assert_eq(seteuid(0), 0);
    }
    unlink(link);
    unlink(path);
    rmdir(directory);
}

/* In the place of the library's. */
static int realpath_error;

char *realpath(const char *path, char *resolved) {
    cr_assert_null(resolved);
    errno = realpath_error;
    return realpath_error ? NULL : canonicalize_file_name(path);
}

/* T-096: no pattern of a policy reaches the engine's socket, ours, the log or the config. */
Test(config, protected_paths) {
    char link[] = "/tmp/quaygate-test-XXXXXX", text[512];
    Config *config;

    make_link(link, "/usr/bin");
    snprintf(text, sizeof(text),
             "version: 1\nupstream: unix:///opt/engine//./docker.sock\n"
             "listeners:\n  - {address: unix:///srv/gate/a.sock, policy: all}\n"
             "  - {address: \"unix://%s\", policy: all}\n"
             "  - {address: tcp://127.0.0.1:1, policy: all}\n"
             "audit: {sinks: [{file: /srv/log/audit.jsonl}]}\n"
             "answers: {key_file: /srv/keys/answers.key}\n",
             link);
    config = parse_good(text);
    unlink(link);
    cr_expect(is_protected(config, "/opt/engine/docker.sock"));
    cr_expect(is_protected(config, "/srv/gate/a.sock"));
    cr_expect(is_protected(config, "/srv/log/audit.jsonl"));
    cr_expect(is_protected(config, "/srv/log/audit.jsonl*"), "what rotation makes of it");
    cr_expect(is_protected(config, "/srv/keys/answers.key"));
    cr_expect(is_protected(config, link));
    cr_expect(is_protected(config, "/usr/bin"), "where the link leads");
    cr_expect_eq(config->listeners[0].policy->rules.n_protected_paths, 7, "f.yaml is not absolute");
    (void) config_unref(config);
}

/* A path that isn't there yet is where its folder leads: a socket before the first start. */
Test(config, protected_paths_below_a_link) {
    char link[] = "/tmp/quaygate-test-XXXXXX", text[512];
    Config *config;

    make_link(link, "/usr/bin");
    snprintf(text, sizeof(text),
             "version: 1\nlisteners: [{address: \"unix://%s/none/a.sock\", policy: all}]\n", link);
    config = parse_good(text);
    unlink(link);
    cr_expect(is_protected(config, "/usr/bin/none/a.sock"));
    (void) config_unref(config);
}

/* Where a path leads can't be told: then the config isn't served, and not served with a path unguarded. */
Test(config, protected_paths_that_cannot_be_told) {
    static const struct {
        int error;
        int expected;
    } cases[] = {{ENOMEM, -ENOMEM}, {EIO, -EIO}, {ENOENT, 0}, {ENOTDIR, 0}, {EACCES, 0}, {ELOOP, 0}};

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        Config *config = NULL;
        char *messages = NULL;

        realpath_error = cases[i].error;
        cr_expect_eq(parse(SPAN(HEAD), &config, &messages), cases[i].expected, "%s",
                     strerror(cases[i].error));
        cr_expect_eq(messages[0] != '\0', cases[i].expected < 0);
        (void) config_unref(config);
        free(messages);
    }
}

/* host_root: what is said holds; what isn't is guessed, but of no other machine. */
Test(config, host_view) {
    static const struct {
        const char *keys, *root;
        bool guessed;
    } rows[] = {
        {"host_root: /host\n", "/host", false},
        {"host_root: none\n", NULL, false},
        {"upstream: tcp://10.0.0.1:2375\n", NULL, false},
        {"upstream: tcp://10.0.0.1:2375\nhost_root: /\n", "/", false},
    };
    HostView guess = hostfs_guess();
    Config *config;

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char text[256];

        snprintf(text, sizeof(text), HEAD "%s", rows[i].keys);
        config = parse_good(text);
        cr_expect_eq(config->host.guessed, rows[i].guessed, "%s", rows[i].keys);
        cr_expect_eq(config->host.root != NULL, rows[i].root != NULL, "%s", rows[i].keys);
        if (rows[i].root && config->host.root)
            cr_expect_str_eq(config->host.root, rows[i].root);
        (void) config_unref(config);
    }
    config = parse_good(HEAD "host_root: auto\n");
    cr_expect_eq(config->host.guessed, guess.guessed);
    (void) config_unref(config);
}
