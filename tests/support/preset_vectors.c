// SPDX-License-Identifier: Apache-2.0
#include "preset_vectors.h"

#include <dirent.h>
#include <stdlib.h>

#include "policy/cover.h"

/* Each file says of each whether its preset has it. */
static const char *const WAYS_OUT[] = {"ContainerAttachWebsocket", "ContainerArchive", "ContainerExport",
                                       "ContainerExec", "ContainerCreate"};

/* The operation of a vector, and whether its body asks for a bind mount. */
typedef struct Asked {
    const Operation *operation;
    bool allows;
    bool binds;
} Asked;

static void add(Buffer *why, const char *what, const char *rest) {
    if (buffer_printf(why, "%s%s\n", what, rest) < 0)
        abort();
}

static Asked ask(const Config *config, const Vector *vector) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(LIMIT_ARENA_BYTES);
    Asked asked = {.allows = span_is(vector->expect, "allow")};
    DryRun run;

    vector_ask(vector, config, 0, arena, &run);
    dry_run_judge(&run);
    asked.operation = run.request.operation;
    asked.binds = vector->body.data && memmem(vector->body.data, vector->body.size, "\"Binds\"", 7);
    dry_run_done(&run);
    return asked;
}

static void check_operation(const Policy *policy, const Operation *operation, const Asked *asked, size_t n,
                            Buffer *why) {
    bool listed = cover_allows(policy, operation, 0), shown = false;

    for (size_t i = 0; i < n; i++)
        shown = shown || (asked[i].operation == operation && asked[i].allows);
    if (listed != shown)
        add(why, operation->id,
            listed ? " is allowed, and no vector shows what for" : " is shown, and not allowed");
}

static void check_way_out(const char *id, const Asked *asked, size_t n, Buffer *why) {
    const Operation *operation = routes_find(span_from(id));
    bool create = operation == routes_find(SPAN("ContainerCreate")), found = false;

    for (size_t i = 0; i < n; i++)
        found = found || (asked[i].operation == operation && (!create || asked[i].binds));
    if (!found)
        add(why, create ? "no vector for a bind mount by " : "no vector for ", id);
}

void preset_vectors_check(const Config *config, const char *preset, const VectorFile *file, Buffer *why) {
    const Policy *policy = policy_set_get(config->policies, span_from(preset));
    Asked *asked = calloc(file->n + 1, sizeof(*asked));
    size_t n;
    const Operation *all = routes_all(&n);

    if (!asked || !policy)
        abort();
    if (file->policies)
        add(why, "it has policies of its own", "");
    for (size_t i = 0; i < file->n; i++) {
        if (file->vectors[i].policy != policy)
            add(why, "a vector is about another policy: ", policy_name(file->vectors[i].policy));
        asked[i] = ask(config, &file->vectors[i]);
    }
    /* `all` has each operation in operations.yaml. */
    for (size_t i = 0; i < n && strcmp(preset, "all") != 0; i++)
        check_operation(policy, &all[i], asked, file->n, why);
    for (size_t i = 0; i < ARRAY_SIZE(WAYS_OUT) && strcmp(preset, "all") != 0; i++)
        check_way_out(WAYS_OUT[i], asked, file->n, why);
    free(asked);
}

void preset_vectors_check_folder(const char *folder, Buffer *why) {
    DIR *dir = opendir(folder);
    struct dirent *entry;

    if (!dir)
        return add(why, "no folder ", folder);
    while ((entry = readdir(dir))) {
        size_t size = strlen(entry->d_name);

        if (entry->d_name[0] == '.')
            continue;
        if (size < 6 || strcmp(entry->d_name + size - 5, ".yaml") != 0 ||
            !preset_yaml((Span){entry->d_name, size - 5}))
            add(why, "no preset's: ", entry->d_name);
    }
    closedir(dir);
}
