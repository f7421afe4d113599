// SPDX-License-Identifier: Apache-2.0
#include "check_app.h"
#include "daemon/config_warn.h"

static const char HELP[] =
    "Usage: quaygate check [FILE]\n"
    "       quaygate check --app NAME [--policy POLICY] [FILE]\n"
    "\n"
    "Reads a config as quaygated would, and prints every mistake in it as FILE:LINE:COLUMN: message.\n"
    "Without FILE: " CTL_DEFAULT_CONFIG "\n"
    "\n"
    "Of a good config it says, as FILE:LINE: warning: message, each rule that leads to root on the host,\n"
    "and how; each allowed read that leaks; each rule that can never match; and each entry that has run "
    "out.\n"
    "\n"
    "  --app NAME        instead: whether a policy of it lets an app do what it needs, which is what the "
    "preset\n"
    "                    NAME allows ('quaygate presets' lists them), and what it gives beyond; what leads "
    "to the\n"
    "                    host first\n"
    "  --policy POLICY   which policy; else the one that all listeners have\n"
    "\n"
    "Exit codes: 0 good, warnings or not; covered, with --app. 1 mistakes, or not covered. 2 usage.\n";

static int check_file(const char *path) {
    CLEANUP(config_unref_p) Config *config = NULL;
    size_t n;

    if (config_load(path, CONFIG_PRESETS_ALL, stderr, &config) < 0)
        return CTL_CONFIG;
    n = config_print_warnings(config, stderr);
    if (n > 0)
        printf("%s: good, with %zu warning%s\n", path, n, n > 1 ? "s" : "");
    else
        printf("%s: good\n", path);
    return ctl_finish();
}

int ctl_check(int argc, char **argv) {
    static const struct option options[] = {{"app", required_argument, NULL, 'a'},
                                            {"policy", required_argument, NULL, 'p'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    const char *app = NULL, *policy = NULL;
    int option;

    while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1)
        switch (option) {
        case 'a':
            app = optarg;
            break;
        case 'p':
            policy = optarg;
            break;
        case 'h':
            fputs(HELP, stdout);
            return ctl_finish();
        default:
            return ctl_fail_option("check", option, argv);
        }
    if (argc - optind > 1)
        return ctl_fail_usage("check", "one file at a time");
    if (policy && !app)
        return ctl_fail_usage("check", "--policy goes with --app");
    if (app)
        return check_app(app, argv[optind], policy);
    return check_file(optind < argc ? argv[optind] : CTL_DEFAULT_CONFIG);
}
