// SPDX-License-Identifier: Apache-2.0
#include "audit.h"

#include <stdlib.h>

static const char HELP[] = "Usage: quaygate audit VERB [ARGUMENT]...\n"
                           "\n"
                           "  show      records as a table\n"
                           "  summary   who was denied what, how often, when, and by which rule\n"
                           "  report    one HTML page for a review\n"
                           "  verify    whether a line of the trail was changed, or is missing\n"
                           "\n"
                           "All read files as quaygated writes them, compressed ones (.gz) too. Without a "
                           "FILE, they read what is piped\n"
                           "into them; else the config's first file sink, with the files that rotation made "
                           "of it. - is standard input.\n"
                           "\n"
                           "'quaygate audit VERB --help' tells more.\n"
                           "\n"
                           "Exit codes: 0, 1 a file can't be read, 2 usage; verify has more.\n";

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} VERBS[] = {
    {"report", audit_report},
    {"show", audit_show},
    {"summary", audit_summary},
    {"verify", audit_verify},
};

int ctl_audit(int argc, char **argv) {
    const char *names[ARRAY_SIZE(VERBS)];

    if (argc < 2)
        return ctl_fail_usage("audit", "which of report, show, summary and verify?");
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        fputs(HELP, stdout);
        return ctl_finish();
    }
    for (size_t i = 0; i < ARRAY_SIZE(VERBS); i++) {
        if (strcmp(argv[1], VERBS[i].name) == 0)
            return VERBS[i].run(argc - 1, argv + 1);
        names[i] = VERBS[i].name;
    }
    return ctl_fail_usage("audit", "unknown verb '%s'%s", argv[1],
                          ctl_did_you_mean(argv[1], names, ARRAY_SIZE(names)));
}
