// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <unistd.h>

#include "ctl.h"
#include "daemon/file.h"
#include "report.h"

static const char HELP[] =
    "Usage: quaygate test [--config FILE] [--at TIME] [--junit[=FILE]] FILE...\n"
    "\n"
    "Puts a table of requests to the policies, and says of each whether the verdict is the expected one.\n"
    "Verdicts are those of 'quaygate explain', and of quaygated with the same config.\n"
    "\n"
    "  --config FILE      the policies, limits and API versions; default: " CTL_DEFAULT_CONFIG "\n"
    "                     where it exists, else the presets alone\n"
    "  --at TIME          judges as if it were that time, like 2026-12-01T18:00:00Z; default: now. It is "
    "for\n"
    "                     entries with 'until' or 'when'; a vector's own 'at' goes before\n"
    "  --junit            JUnit's XML instead of TAP on stdout\n"
    "  --junit=FILE       JUnit's XML into FILE, and TAP on stdout\n"
    "  FILE               YAML; - is stdin:\n"
    "\n"
    "    vectors:\n"
    "      - {policy: monitoring, request: GET /v1.41/info, expect: allow}\n"
    "      - policy: ci\n"
    "        request: POST /v1.41/containers/create?name=a\n"
    "        body: '{\"Image\": \"alpine\", \"HostConfig\": {\"Privileged\": true}}'\n"
    "        expect: deny                       # allow, deny, observe, invalid, error\n"
    "        field: HostConfig.Privileged\n"
    "\n"
    "    Of a vector, 'policy', 'request' and 'expect' are needed. 'headers' (a list of 'NAME: VALUE') and\n"
    "    'body' are the request's, 'at' is when it comes; 'rule', 'field', 'reason', 'detail', 'hint',\n"
    "    'origin' (FILE:LINE), 'sends' (the body for the engine) and 'sends_to' (its target) are looked at "
    "where\n"
    "    they are given; \"\" is none.\n"
    "    'engine' maps paths to what an engine would answer where quaygated would ask it about an object:\n"
    "    JSON, or the word absent, broken, failing or silent. Without the key the verdict is that of the "
    "request "
    "alone.\n"
    "\n"
    "      - policy: ci\n"
    "        request: POST /v1.41/containers/web/start\n"
    "        engine:\n"
    "          /containers/web/json: '{\"Id\": \"…\", \"HostConfig\": {\"Privileged\": true}, \"Mounts\": "
    "[]}'\n"
    "        expect: deny\n"
    "\n"
    "    A key 'policies' beside 'vectors', as in a config, takes the place of the config's policies.\n"
    "\n"
    "Exit codes: 0 all as expected, 3 some are not, 1 a mistake in a file or the config, 2 usage.\n";

typedef struct Test {
    const char *config_path;
    const char *junit_path; /* NULL: none */
    bool help;
    int64_t now; /* of vectors that say nothing of the time */
    char **paths;
    size_t n_paths;

    Config *config;
    Arena *arena;
    Buffer *texts; /* a file each, like `files` */
    VectorFile *files;
    Report out;   /* for stdout */
    Report junit; /* for junit_path */
} Test;

static void test_done(Test *test) {
    for (size_t i = 0; test->files && i < test->n_paths; i++)
        vector_file_done(&test->files[i]);
    for (size_t i = 0; test->texts && i < test->n_paths; i++)
        buffer_done(&test->texts[i]);
    report_done(&test->out);
    report_done(&test->junit);
    (void) arena_free(test->arena);
    (void) config_unref(test->config);
}

static int test_take_options(Test *test, int argc, char **argv) {
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"junit", optional_argument, NULL, 'j'},
                                            {"at", required_argument, NULL, 't'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    int option, r = CTL_OK;

    while (r == CTL_OK && (option = getopt_long(argc, argv, ":h", options, NULL)) != -1)
        switch (option) {
        case 'c':
            test->config_path = optarg;
            break;
        case 'j':
            test->out.junit = !optarg;
            test->junit_path = optarg;
            break;
        case 't':
            r = ctl_take_time("test", optarg, &test->now);
            break;
        case 'h':
            test->help = true;
            return CTL_OK;
        default:
            return ctl_fail_option("test", option, argv);
        }
    if (r != CTL_OK)
        return r;
    if (optind == argc)
        return ctl_fail_usage("test", "a FILE is needed");
    test->paths = argv + optind;
    test->n_paths = (size_t) (argc - optind);
    return CTL_OK;
}

static int test_fail(const char *path, int error) {
    fprintf(stderr, "quaygate test: %s%s%s\n", path ? path : "", path ? ": " : "", strerror(error));
    return CTL_CONFIG;
}

static int test_read_file(Test *test, size_t i) {
    const char *path = test->paths[i];
    DocErrors errors;
    int r = strcmp(path, "-") == 0 ? file_read_fd(STDIN_FILENO, LIMIT_CONFIG_BYTES, &test->texts[i])
                                   : file_read(path, LIMIT_CONFIG_BYTES, &test->texts[i]);

    if (r < 0)
        return test_fail(path, -r);
    if (vector_read_file(test->arena, buffer_span(&test->texts[i]), path, test->config, &errors,
                         &test->files[i]))
        return CTL_OK;
    config_print_errors(&errors, stderr);
    return CTL_CONFIG;
}

/* All files, for all their mistakes, before the first vector is tried. */
static int test_read_all(Test *test) {
    int r = CTL_OK;

    test->arena = arena_new(LIMIT_CONFIG_ARENA_BYTES);
    test->texts = test->arena ? arena_alloc_array(test->arena, test->n_paths, sizeof(Buffer)) : NULL;
    test->files = test->arena ? arena_alloc_array(test->arena, test->n_paths, sizeof(VectorFile)) : NULL;
    if (!test->texts || !test->files)
        return test_fail(NULL, ENOMEM);
    for (size_t i = 0; i < test->n_paths; i++)
        if (test_read_file(test, i) != CTL_OK)
            r = CTL_CONFIG;
    return r;
}

static int test_try(Test *test, const VectorFile *file, const Vector *vector) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_ARENA_BYTES);
    VectorResult result;

    if (!arena)
        return test_fail(NULL, ENOMEM);
    vector_try(vector, test->config, test->now, arena, NULL, &result);
    report_vector(&test->out, file->name, vector, &result);
    if (test->junit_path)
        report_vector(&test->junit, file->name, vector, &result);
    dry_run_done(&result.run);
    return CTL_OK;
}

static int test_write_junit(const Test *test) {
    FILE *file = fopen(test->junit_path, "we");
    bool good;
    int r;

    if (!file)
        return test_fail(test->junit_path, errno);
    r = report_print(&test->junit, file);
    good = !ferror(file);
    if (fclose(file) != 0 || !good)
        return test_fail(test->junit_path, good ? errno : EIO);
    return r < 0 ? test_fail(NULL, -r) : CTL_OK;
}

static int test_try_all(Test *test) {
    int r = CTL_OK;

    test->junit.junit = true;
    for (size_t i = 0; i < test->n_paths; i++)
        for (size_t k = 0; r == CTL_OK && k < test->files[i].n; k++)
            r = test_try(test, &test->files[i], &test->files[i].vectors[k]);
    if (r != CTL_OK)
        return r;
    if (report_print(&test->out, stdout) < 0)
        return test_fail(NULL, ENOMEM);
    r = ctl_finish();
    if (r == CTL_OK && test->junit_path)
        r = test_write_junit(test);
    return r == CTL_OK && test->out.n_failed > 0 ? CTL_FAILED : r;
}

int ctl_test(int argc, char **argv) {
    CLEANUP(test_done) Test test = {.now = ctl_now()};
    int r = test_take_options(&test, argc, argv);

    if (r == CTL_OK && test.help) {
        fputs(HELP, stdout);
        return ctl_finish();
    }
    if (r == CTL_OK && ctl_load(test.config_path, &test.config) < 0)
        r = CTL_CONFIG;
    if (r == CTL_OK)
        r = test_read_all(&test);
    return r == CTL_OK ? test_try_all(&test) : r;
}
