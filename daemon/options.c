// SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include <errno.h>
#include <event2/event.h>
#include <getopt.h>
#include <jansson.h>
#include <llhttp.h>
#include <nettle/version.h>
#include <yaml.h>

enum {
    OPTION_CONFIG = 256, /* past every letter: there are no short options but -h */
    OPTION_LISTEN,
    OPTION_UPSTREAM,
    OPTION_POLICY,
    OPTION_CHECK,
    OPTION_PRINT_CONFIG,
    OPTION_VERSION,
};

static const struct option OPTIONS[] = {
    {"config", required_argument, NULL, OPTION_CONFIG},
    {"listen", required_argument, NULL, OPTION_LISTEN},
    {"upstream", required_argument, NULL, OPTION_UPSTREAM},
    {"policy", required_argument, NULL, OPTION_POLICY},
    {"check", no_argument, NULL, OPTION_CHECK},
    {"print-config", no_argument, NULL, OPTION_PRINT_CONFIG},
    {"version", no_argument, NULL, OPTION_VERSION},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static int options_fail(FILE *messages, const char *what, const char *which) {
    fprintf(messages, "quaygated: %s%s\nTry 'quaygated --help'.\n", what, which);
    return -EINVAL;
}

/* Given twice, which one holds? Neither. */
static int options_set_text(const char **to, const char *name, FILE *messages) {
    if (*to)
        return options_fail(messages, "given twice: --", name);
    *to = optarg;
    return 0;
}

static int options_set_action(Options *options, OptionsAction action, FILE *messages) {
    if (options->action != OPTIONS_SERVE && options->action != action)
        return options_fail(messages,
                            "only one of --check, --print-config, --version and --help goes at a time", "");
    options->action = action;
    return 0;
}

static int options_take(int option, Options *options, char **argv, FILE *messages) {
    switch (option) {
    case OPTION_CONFIG:
        return options_set_text(&options->config, "config", messages);
    case OPTION_LISTEN:
        return options_set_text(&options->listen, "listen", messages);
    case OPTION_UPSTREAM:
        return options_set_text(&options->upstream, "upstream", messages);
    case OPTION_POLICY:
        return options_set_text(&options->policy, "policy", messages);
    case OPTION_CHECK:
        return options_set_action(options, OPTIONS_CHECK, messages);
    case OPTION_PRINT_CONFIG:
        return options_set_action(options, OPTIONS_PRINT_CONFIG, messages);
    case OPTION_VERSION:
        return options_set_action(options, OPTIONS_VERSION, messages);
    case 'h':
        return options_set_action(options, OPTIONS_HELP, messages);
    case ':':
        return options_fail(messages, "needs an argument: ", argv[optind - 1]);
    default:
        return options_fail(messages, "unknown option: ", argv[optind - 1]);
    }
}

int options_parse(int argc, char **argv, FILE *messages, Options *ret) {
    Options options = {0};
    int option, r;

    optind = 0; /* glibc: start afresh, whoever has parsed before */
    opterr = 0;
    while ((option = getopt_long(argc, argv, "+:h", OPTIONS, NULL)) != -1) {
        r = options_take(option, &options, argv, messages);
        if (r < 0)
            return r;
    }
    if (optind < argc)
        return options_fail(messages, "unexpected argument: ", argv[optind]);
    if (options.config && (options.listen || options.upstream || options.policy))
        return options_fail(messages,
                            "--listen, --upstream and --policy are for running without a file: with "
                            "--config, the file says it",
                            "");
    *ret = options;
    return 0;
}

void options_help(FILE *out) {
    fputs("Usage: quaygated [--config FILE]\n"
          "       quaygated [--listen ADDRESS] [--upstream ADDRESS] [--policy NAME]\n"
          "\n"
          "Sits in front of the Docker socket, reads each request to the Engine API, judges it against an\n"
          "allowlist, forwards or denies it, and writes an audit record.\n"
          "\n"
          "  --config FILE       the rules (default: " QUAYGATE_SYSCONFDIR
          "/quaygate/quaygate.yaml where it exists)\n"
          "  --listen ADDRESS    without a file: listen here (default: unix:///run/quaygate/docker.sock)\n"
          "  --upstream ADDRESS  without a file: the engine (default: unix:///var/run/docker.sock)\n"
          "  --policy NAME       without a file: a preset, see 'quaygate presets' (default: monitoring)\n"
          "  --check             read the config, print every mistake and warning, and exit\n"
          "  --print-config      print the effective config, defaults filled in, and exit\n"
          "  --version           print the version and the libraries' versions, and exit\n"
          "  --help, -h          print this, and exit\n"
          "\n"
          "Addresses: unix:///PATH, tcp://HOST:PORT, tcp://[::1]:PORT, fd://NAME (passed by systemd; fd:// "
          "all).\n"
          "Signals: SIGHUP reloads the config, SIGUSR1 reopens log files, SIGTERM and SIGINT drain and end.\n"
          "Exit codes: 0 clean, 1 configuration, 2 usage, 3 could not listen or reach what it needs.\n",
          out);
}

void options_version(FILE *out) {
    fprintf(out,
            "quaygated " QUAYGATE_VERSION "\n"
            "libevent %s, llhttp %d.%d.%d, jansson %s, libyaml %s, nettle %d.%d, "
            "libseccomp " QUAYGATE_LIBSECCOMP_VERSION "\n",
            event_get_version(), LLHTTP_VERSION_MAJOR, LLHTTP_VERSION_MINOR, LLHTTP_VERSION_PATCH,
            jansson_version_str(), yaml_get_version_string(), NETTLE_VERSION_MAJOR, NETTLE_VERSION_MINOR);
}
