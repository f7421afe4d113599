// SPDX-License-Identifier: Apache-2.0
#include "ctl.h"
#include "daemon/config_warn.h"

static const char HELP[] =
    "Usage: quaygate check [FILE]\n"
    "\n"
    "Reads a config as quaygated would, and prints every mistake in it as FILE:LINE:COLUMN: message.\n"
    "Without FILE: " CTL_DEFAULT_CONFIG "\n"
    "\n"
    "Of a good config it says, as FILE:LINE: warning: message, each rule that leads to root on the host,\n"
    "and how; each allowed read that leaks; and each rule that can never match.\n"
    "\n"
    "Exit codes: 0 good, warnings or not, 1 mistakes, 2 usage.\n";

int ctl_check(int argc, char **argv) {
    static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {0}};
    CLEANUP(config_unref_p) Config *config = NULL;
    const char *path;
    int option;
    size_t n;

    while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        if (option != 'h')
            return ctl_fail_option("check", option, argv);
        fputs(HELP, stdout);
        return ctl_finish();
    }
    if (argc - optind > 1)
        return ctl_fail_usage("check", "one file at a time");
    path = optind < argc ? argv[optind] : CTL_DEFAULT_CONFIG;
    if (config_load(path, stderr, &config) < 0)
        return CTL_CONFIG;
    n = config_print_warnings(config, stderr);
    if (n > 0)
        printf("%s: good, with %zu warning%s\n", path, n, n > 1 ? "s" : "");
    else
        printf("%s: good\n", path);
    return ctl_finish();
}
