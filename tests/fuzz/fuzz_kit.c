// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

#define POLICIES_BYTES (64u << 10)
#define POLICIES_MAX 32u

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

static const DocNode *fuzz_read_policies(DocErrors *errors) {
    static char text[POLICIES_BYTES];
    FILE *file = fopen(FUZZ_POLICIES, "re");
    const DocNode *root;
    size_t size;

    FUZZ_CHECK(file != NULL, "%s can't be opened", FUZZ_POLICIES);
    size = fread(text, 1, sizeof(text), file);
    fclose(file);
    root = doc_parse(errors->arena, (Span){text, size}, errors);
    return root ? doc_get(root, "policies") : NULL;
}

Policy *fuzz_policy(unsigned which) {
    static PolicySet *set;
    static Policy *items[POLICIES_MAX];
    static size_t n;
    CLEANUP(arena_free_p) Arena *arena = NULL;
    ApiVersions versions = api_versions_default();
    DocErrors errors = {.file = FUZZ_POLICIES};
    const DocNode *policies;

    if (set)
        return items[which % n];
    arena = errors.arena = arena_new(LIMIT_CONFIG_ARENA_BYTES);
    policies = fuzz_read_policies(&errors);
    set = policies ? policy_set_compile(policies, &versions, &errors) : NULL;
    FUZZ_CHECK(set != NULL, "%s: %s", FUZZ_POLICIES, errors.n > 0 ? errors.items[0].message : "no policies");
    for (n = 0; n < policies->n && n < POLICIES_MAX; n++)
        items[n] = policy_set_get(set, policies->pairs[n].key.scalar);
    return items[which % n];
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

bool fuzz_feed(FuzzFeed *feed) {
    size_t n = fuzz_piece(&feed->pieces, feed->left.size);

    if (n == 0 || buffer_append(&feed->in, (Span){feed->left.data, n}) < 0)
        return false;
    feed->left.data += n;
    feed->left.size -= n;
    return true;
}
