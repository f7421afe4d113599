// SPDX-License-Identifier: Apache-2.0
#include "import.h"

#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

#include "daemon/file.h"

static const char HELP[] =
    "Usage: quaygate import tecnativa [ENV-FILE]\n"
    "       quaygate import wollomatic ARGUMENT...\n"
    "       quaygate import cetusguard RULES\n"
    "\n"
    "Prints a config that allows what the settings of another gate meant. Comments say which setting each "
    "line is\n"
    "of, where ours lets less through, and what was dangerous in the old one. Read it before it goes into "
    "force.\n"
    "\n"
    "  tecnativa    docker-socket-proxy by Tecnativa, or linuxserver's: CONTAINERS=1 and the like, a line "
    "each, as\n"
    "               docker's --env-file has them; without ENV-FILE, of the environment\n"
    "  wollomatic   socket-proxy: its arguments (-allowGET=REGEX, -allowfrom=...), and its variables written "
    "as\n"
    "               SP_ALLOW_GET=REGEX\n"
    "  cetusguard   a file of rules (GET %API_PREFIX_CONTAINERS%/json), beside those that are built in "
    "there\n"
    "\n"
    "A file - is stdin. Regular expressions are held against sample paths of each operation: one that is for "
    "certain\n"
    "names allows nothing, and a comment says so.\n"
    "\n"
    "Exit codes: 0, 1 a file or a line is broken, 2 usage.\n";

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} GATES[] = {
    {"tecnativa", import_tecnativa},
    {"wollomatic", import_wollomatic},
    {"cetusguard", import_cetusguard},
};

int import_fail_usage(const char *format, ...) {
    char text[512];
    va_list args;

    va_start(args, format);
    (void) vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return ctl_fail_usage("import", "%s", text);
}

int import_fail(const char *format, ...) {
    va_list args;

    fputs("quaygate import: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return CTL_CONFIG;
}

int import_read(const char *path, Buffer *ret) {
    bool in = strcmp(path, "-") == 0;
    int r = in ? file_read_fd(STDIN_FILENO, IMPORT_FILE_BYTES, ret) : file_read(path, IMPORT_FILE_BYTES, ret);

    if (r < 0)
        return import_fail("%s: %s", path, strerror(-r));
    if (buffer_size(ret) > IMPORT_FILE_BYTES)
        return import_fail("%s: more than %u bytes", path, IMPORT_FILE_BYTES);
    if (memchr(buffer_span(ret).data, '\0', buffer_size(ret)))
        return import_fail("%s: this is no text", path);
    return CTL_OK;
}

/* No getopt: what follows the gate's name is the gate's, and begins with - too. */
int ctl_import(int argc, char **argv) {
    const char *names[ARRAY_SIZE(GATES)];

    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(HELP, stdout);
        return ctl_finish();
    }
    if (argc < 2)
        return import_fail_usage("which gate's settings?");
    if (argv[1][0] == '-')
        return import_fail_usage("unknown option '%s'", argv[1]);
    for (size_t i = 0; i < ARRAY_SIZE(GATES); i++) {
        names[i] = GATES[i].name;
        if (strcmp(argv[1], GATES[i].name) == 0)
            return GATES[i].run(argc - 1, argv + 1);
    }
    return import_fail_usage("unknown gate '%s'%s", argv[1],
                             ctl_did_you_mean(argv[1], names, ARRAY_SIZE(names)));
}
