// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_NAME [FOLDER|FILE]…: the target's inputs, one after the other, in a build without libFuzzer: each file
 * below the folders, in order of name. TAP on stdout, a test a folder or file; a property that doesn't hold
 * aborts after the name of its input was said on stderr. A folder without an input is a failure: it shows
 * that nothing was replayed.
 */
#include <fts.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fuzz.h"

#define INPUT_BYTES (4u << 20)

static const char *current = "(none)";

static void on_abort(int number) {
    static const char what[] = "# the input: ";

    if (write(STDERR_FILENO, what, sizeof(what) - 1) < 0 ||
        write(STDERR_FILENO, current, strlen(current)) < 0 || write(STDERR_FILENO, "\n", 1) < 0)
        _exit(1);
    signal(number, SIG_DFL);
    raise(number);
}

static bool replay_file(const char *path) {
    uint8_t *data = malloc(INPUT_BYTES);
    FILE *file = fopen(path, "re");
    size_t size;

    if (!data || !file) {
        fprintf(stderr, "# %s can't be read\n", path);
        free(data);
        return false;
    }
    size = fread(data, 1, INPUT_BYTES, file);
    fclose(file);
    current = path;
    /* As libFuzzer has it: a block of exactly its size, so that an overrun shows. */
    data = size > 0 ? realloc(data, size) : data;
    (void) LLVMFuzzerTestOneInput(data, size);
    free(data);
    return true;
}

static int by_name(const FTSENT **a, const FTSENT **b) {
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* How many inputs were there; 0 too where one can't be read. */
static size_t replay_tree(char *root) {
    char *roots[] = {root, NULL};
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    size_t n = 0;
    FTSENT *entry;

    while (walk && (entry = fts_read(walk)))
        if (entry->fts_info == FTS_F) {
            if (!replay_file(entry->fts_path)) {
                fts_close(walk);
                return 0;
            }
            n++;
        }
    if (walk)
        fts_close(walk);
    return n;
}

int main(int argc, char **argv) {
    int n_failed = 0;

    signal(SIGABRT, on_abort);
    signal(SIGSEGV, on_abort);
    signal(SIGALRM, on_abort); /* a target's own: it is stuck */
    for (int i = 1; i < argc; i++) {
        size_t n = replay_tree(argv[i]);

        printf("%s %d - %s, %zu inputs\n", n > 0 ? "ok" : "not ok", i, argv[i], n);
        n_failed += n == 0;
    }
    printf("1..%d\n", argc - 1);
    return n_failed > 0 || argc < 2;
}
