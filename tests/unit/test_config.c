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

Test(config, a_file) {
    char path[] = "/tmp/quaygate-config-XXXXXX", *messages;
    int fd = mkstemp(path);
    size_t size;
    FILE *out = open_memstream(&messages, &size);
    Config *config = NULL;

    cr_assert_eq(write(fd, HEAD, strlen(HEAD)), (ssize_t) strlen(HEAD));
    close(fd);
    cr_expect_eq(config_load(path, CONFIG_PRESETS_NAMED, out, &config), 0);
    cr_assert(config);
    cr_expect_str_eq(config->file, path);
    cr_expect_eq(config_unref(config_ref(config)), NULL);
    cr_expect_eq(config->n_refs, 1);
    config_unref(config);
    unlink(path);
    cr_expect_eq(config_load(path, CONFIG_PRESETS_NAMED, out, &config), -ENOENT);
    cr_expect_eq(config_load("/tmp", CONFIG_PRESETS_NAMED, out, &config), -EISDIR);
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
        cr_expect_eq(config_load(path, CONFIG_PRESETS_NAMED, out, &config), past ? -EINVAL : 0);
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
        int r = config_builtin(cases[i].listen, cases[i].upstream, cases[i].policy, CONFIG_PRESETS_NAMED, out,
                               &config);

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
