// SPDX-License-Identifier: Apache-2.0
#include "ctl.h"

static const char HELP[] =
    "Usage: quaygate presets [NAME]\n"
    "\n"
    "The built-in policies, a line each; with NAME, that one as the YAML one could write oneself.\n"
    "A listener takes it by 'policy: NAME', another policy by 'include: [NAME]'.\n"
    "\n"
    "Exit codes: 0, 2 usage or no such preset.\n";

static void presets_print_list(void) {
    int width = 0;

    for (size_t i = 0; i < N_PRESETS; i++)
        if ((int) strlen(PRESETS[i].name) > width)
            width = (int) strlen(PRESETS[i].name);
    for (size_t i = 0; i < N_PRESETS; i++)
        printf("%-*s  %s\n", width, PRESETS[i].name, PRESETS[i].summary);
}

int ctl_presets(int argc, char **argv) {
    static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {0}};
    size_t n;
    const char *const *names = preset_names(&n);
    const char *yaml;
    int option;

    while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        if (option != 'h')
            return ctl_fail_option("presets", option, argv);
        fputs(HELP, stdout);
        return ctl_finish();
    }
    if (argc - optind > 1)
        return ctl_fail_usage("presets", "one preset at a time");
    if (optind == argc) {
        presets_print_list();
        return ctl_finish();
    }
    yaml = preset_yaml(span_from(argv[optind]));
    if (!yaml)
        return ctl_fail_usage("presets", "unknown preset '%s'%s", argv[optind],
                              ctl_did_you_mean(argv[optind], names, n));
    fputs(yaml, stdout);
    return ctl_finish();
}
