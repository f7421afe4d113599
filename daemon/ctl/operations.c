// SPDX-License-Identifier: Apache-2.0
#include <errno.h>

#include "ctl.h"
#include "daemon/json_text.h"
#include "policy/routes.h"

static const char HELP[] =
    "Usage: quaygate operations [--json]\n"
    "\n"
    "Every operation of the Engine API that quaygate knows, under Docker's own operationId: what a policy's\n"
    "'allow' and 'deny' may name. RISK: read tells, write changes containers, host leads to the host unless "
    "a\n"
    "rule on the body holds it back. SINCE and UNTIL: versions of the API.\n"
    "\n"
    "Exit codes: 0, 2 usage.\n";

static void operations_print_table(const Operation *rows, size_t n) {
    int id_width = 0, path_width = 0;

    for (size_t i = 0; i < n; i++) {
        int id = (int) strlen(rows[i].id), path = (int) strlen(rows[i].path);

        id_width = id > id_width ? id : id_width;
        path_width = path > path_width ? path : path_width;
    }
    printf("%s%-*s  %-6s  %-*s  %-5s  %-5s  %s%s\n", ctl_colour(CTL_BOLD), id_width, "OPERATION", "METHOD",
           path_width, "PATH", "RISK", "SINCE", "UNTIL", ctl_colour(CTL_RESET));
    for (size_t i = 0; i < n; i++) {
        const char *colour = rows[i].risk == RISK_HOST    ? CTL_RED
                             : rows[i].risk == RISK_WRITE ? CTL_YELLOW
                                                          : CTL_GREEN;

        printf("%-*s  %-6s  %-*s  %s%-5s%s  1.%-3u  ", id_width, rows[i].id, method_name(rows[i].method),
               path_width, rows[i].path, ctl_colour(colour), risk_name(rows[i].risk), ctl_colour(CTL_RESET),
               rows[i].since_minor);
        if (rows[i].until_minor)
            printf("1.%u\n", rows[i].until_minor);
        else
            puts("-");
    }
}

static int operations_append_field(Buffer *out, const char *name, const char *value) {
    int r = buffer_printf(out, ", \"%s\": ", name);

    return r < 0 ? r : json_text_append_cstr(out, value);
}

static int operations_append(Buffer *out, const Operation *row, bool last) {
    int r = buffer_append(out, SPAN("  {\"operation\": "));

    if (r == 0)
        r = json_text_append_cstr(out, row->id);
    if (r == 0)
        r = operations_append_field(out, "method", method_name(row->method));
    if (r == 0)
        r = operations_append_field(out, "path", row->path);
    if (r == 0)
        r = operations_append_field(out, "risk", risk_name(row->risk));
    if (r == 0)
        r = buffer_printf(out, ", \"since\": \"1.%u\", \"until\": ", row->since_minor);
    if (r == 0)
        r = row->until_minor ? buffer_printf(out, "\"1.%u\"", row->until_minor)
                             : buffer_append(out, SPAN("null"));
    if (r == 0)
        r = operations_append_field(out, "summary", row->summary);
    if (r == 0)
        r = buffer_append(out, last ? SPAN("}\n") : SPAN("},\n"));
    return r;
}

static int operations_print_json(const Operation *rows, size_t n) {
    CLEANUP(buffer_done) Buffer out = {0};
    int r = buffer_append(&out, SPAN("[\n"));

    for (size_t i = 0; r == 0 && i < n; i++)
        r = operations_append(&out, &rows[i], i + 1 == n);
    if (r == 0)
        r = buffer_append(&out, SPAN("]\n"));
    if (r < 0) {
        fprintf(stderr, "quaygate operations: %s\n", strerror(-r));
        return CTL_CONFIG;
    }
    fwrite(out.data, 1, buffer_size(&out), stdout);
    return ctl_finish();
}

int ctl_operations(int argc, char **argv) {
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
    size_t n;
    const Operation *rows = routes_all(&n);
    bool json = false;
    int option;

    while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        if (option == 'h') {
            fputs(HELP, stdout);
            return ctl_finish();
        }
        if (option != 'j')
            return ctl_fail_option("operations", option, argv);
        json = true;
    }
    if (optind < argc)
        return ctl_fail_usage("operations", "unexpected argument '%s'", argv[optind]);
    if (json)
        return operations_print_json(rows, n);
    operations_print_table(rows, n);
    return ctl_finish();
}
