// SPDX-License-Identifier: Apache-2.0
/*
 * What a config may not say: each mistake with its place, and each bound with one past it.
 */
#include "config_kit.h"

Test(config_mistakes, mistakes_have_their_place) {
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
        {HEAD "answers: {key_file: key}\n", "f.yaml:3:21: key_file must be an absolute path without '..'\n"},
        {HEAD "answers: {key_file: /x/../key}\n",
         "f.yaml:3:21: key_file must be an absolute path without '..'\n"},
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
         "f.yaml:3:49: key must be an absolute path without '..', or credential:NAME (LoadCredential=)\n"},
        {HEAD "audit: {sinks: [{file: /x}], checkpoints: {key: /x/../key}}\n",
         "f.yaml:3:49: key must be an absolute path without '..', or credential:NAME (LoadCredential=)\n"},
        {HEAD "audit: {sinks: [{file: /x}], checkpoints: {key: credential:../x}}\n",
         "f.yaml:3:49: key must be an absolute path without '..', or credential:NAME (LoadCredential=)\n"},
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
        {HEAD "audit: {sinks: [{file: x}]}\n", "f.yaml:3:24: file must be an absolute path without '..'\n"},
        {HEAD "audit: {sinks: [{file: /x/../y}]}\n",
         "f.yaml:3:24: file must be an absolute path without '..'\n"},
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

Test(config_mistakes, mistakes_of_a_listener) {
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
        {"address: unix:///a, policy: all, allow_uids: [010]",
         "f.yaml:2:60: the user '010' is octal to some readers of YAML: write it without the zero\n"},
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

Test(config_mistakes, one_address_once) {
    expect_mistakes(
        "version: 1\nlisteners:\n  - {address: unix:///a, policy: all}\n"
        "  - {address: 'tcp://localhost:1', policy: all}\n  - {address: 'tcp://127.0.0.1:1', policy: all}\n",
        "f.yaml:5:5: 'tcp://127.0.0.1:1' stands here twice, first in line 4\n");
}

/* All of them, by place, whichever part of the file is read first. */
Test(config_mistakes, all_mistakes_at_once) {
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

Test(config_mistakes, mistakes_are_bounded) {
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
Test(config_mistakes, bounds) {
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

Test(config_mistakes, lists_are_bounded) {
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

Test(config_mistakes, api_versions_are_those_known) {
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
Test(config_mistakes, max_below_the_default_of_min_judged) {
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
