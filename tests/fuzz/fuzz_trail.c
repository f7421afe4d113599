// SPDX-License-Identifier: Apache-2.0
/*
 * An audit file that has been anywhere: it is read to its end, each of its records becomes a request again
 * where it can, which is judged by another policy, and the suggestion for all of them is a config.
 */
#include "fuzz.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/ctl/suggestion.h"

#define INPUT_BYTES (64u << 10)
#define ARENA_BYTES (16u << 20)

static Config *config; /* built in */

static void take_record(const TrailRecord *record, Seen *seen) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(ARENA_BYTES);
    AgainVerdict verdict = {0};
    Again again = {0};

    again_read(arena, record, &again);
    again_judge(&again, config, fuzz_policy(3), arena, &verdict);
    FUZZ_CHECK(verdict.told || verdict.why, "not told, and not why");
    if (verdict.told)
        seen_take(seen, record, &verdict.run, arena);
    dry_run_done(&verdict.run);
}

static void check_suggestion(const Seen *seen) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_CONFIG_ARENA_BYTES);
    DocErrors errors = {.arena = arena, .file = "suggestion"};
    YamlOut *out = yaml_out_new();
    Span text;

    yaml_out_map(out);
    suggestion_write(out, "p", seen, arena);
    yaml_out_map_end(out);
    text = yaml_out_finish(out);
    FUZZ_CHECK(!text.data || doc_parse(arena, text, &errors), "%s:\n%.*s",
               errors.n > 0 ? errors.items[0].message : "", SPAN_FMT(text));
    yaml_out_free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char path[64];
    Trail trail;
    TrailRecord record;
    TrailStatus status;
    const char *why = NULL;
    int fd;
    Seen *seen;

    if (size > INPUT_BYTES)
        return 0;
    if (!config)
        FUZZ_CHECK(config_builtin(NULL, NULL, NULL, CONFIG_PRESETS_ALL, stderr, &config) == 0,
                   "the built-in config");
    fd = memfd_create("trail", MFD_CLOEXEC);
    FUZZ_CHECK(fd >= 0 && write(fd, data, size) == (ssize_t) size, "no memory for a file");
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    seen = seen_new(SPAN("unix:///l"), SPAN("p"));
    if (trail_open(&trail, path) == 0)
        while ((status = trail_next(&trail, &record, &why)) != TRAIL_END && status != TRAIL_FAILED) {
            FUZZ_CHECK(status == TRAIL_RECORD || why, "a broken line without a word");
            if (status == TRAIL_RECORD)
                take_record(&record, seen);
        }
    trail_close(&trail);
    close(fd);
    check_suggestion(seen);
    seen_free(seen);
    return 0;
}
