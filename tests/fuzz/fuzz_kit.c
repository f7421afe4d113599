// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

#define POLICIES_BYTES (64u << 10)

Span fuzz_line(FuzzInput *input) {
    const uint8_t *end = input->size > 0 ? memchr(input->p, '\n', input->size) : NULL;
    Span line = {.data = (const char *) input->p, .size = end ? (size_t) (end - input->p) : input->size};
    size_t taken = line.size + (end != NULL);

    input->p += taken;
    input->size -= taken;
    return line;
}

void fuzz_fail(const char *file, int line, const char *format, ...) {
    va_list args;

    fprintf(stderr, "%s:%d: ", file, line);
    va_start(args, format);
    (void) vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    abort();
}

/* --- the policies */

static PolicySet *fuzz_compile(const DocNode **ret_policies) {
    static char text[POLICIES_BYTES];
    static Arena *arena; /* kept: it holds the names */
    ApiVersions versions = api_versions_default();
    DocErrors errors = {.file = FUZZ_POLICIES};
    FILE *file = fopen(FUZZ_POLICIES, "re");
    const DocNode *root;
    PolicySet *set;
    size_t size;

    arena = errors.arena = arena_new(LIMIT_CONFIG_ARENA_BYTES);
    FUZZ_CHECK(file != NULL, "%s can't be opened", FUZZ_POLICIES);
    size = fread(text, 1, sizeof(text), file);
    fclose(file);
    root = doc_parse(arena, (Span){text, size}, &errors);
    *ret_policies = root ? doc_get(root, "policies") : NULL;
    set = *ret_policies ? policy_set_compile(*ret_policies, &versions, &errors) : NULL;
    FUZZ_CHECK(set != NULL, "%s: %s", FUZZ_POLICIES, errors.n > 0 ? errors.items[0].message : "no policies");
    return set;
}

Policy *fuzz_policy(unsigned which) {
    static PolicySet *set;
    static const DocNode *policies;

    if (!set)
        set = fuzz_compile(&policies);
    return policy_set_get(set, policies->pairs[which % policies->n].key.scalar);
}

/* --- pieces */

size_t fuzz_piece(FuzzPieces *pieces, size_t left) {
    size_t n;

    if (pieces->state == 0)
        return left;
    pieces->state = pieces->state * 1103515245u + 12345u;
    n = 1 + (pieces->state >> 16) % 64;
    if (pieces->state == 0)
        pieces->state = 1;
    return n < left ? n : left;
}
