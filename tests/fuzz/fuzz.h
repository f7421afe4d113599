// SPDX-License-Identifier: Apache-2.0
/*
 * What the targets share. A target is a file fuzz_NAME.c with LLVMFuzzerTestOneInput: libFuzzer calls it in
 * builds with -Dfuzz=true, replay.c with what is kept in the corpora in all others. One input must not change
 * what the next one does, and a property that doesn't hold aborts, by FUZZ_CHECK.
 */
#pragma once

#include <stdint.h>

#include "daemon/buffer.h"
#include "policy/compile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is left of an input. */
typedef struct FuzzInput {
    const uint8_t *p;
    size_t size;
} FuzzInput;

/* The next byte, or 0 at the end. */
static inline unsigned fuzz_byte(FuzzInput *input) {
    if (input->size == 0)
        return 0;
    input->size--;
    return *input->p++;
}

/* Up to the next newline, which goes too. */
Span fuzz_line(FuzzInput *input);

static inline Span fuzz_rest(const FuzzInput *input) {
    return (Span){.data = (const char *) input->p, .size = input->size};
}

/* Says what doesn't hold, and aborts. */
_Noreturn void fuzz_fail(const char *file, int line, const char *format, ...) PRINTF_LIKE(3, 4);
#define FUZZ_CHECK(holds, ...)                                                                               \
    do {                                                                                                     \
        if (!(holds))                                                                                        \
            fuzz_fail(__FILE__, __LINE__, __VA_ARGS__);                                                      \
    } while (false)

/* tests/fuzz/policies.yaml, compiled once. `which` is taken modulo how many there are. */
Policy *fuzz_policy(unsigned which);

/* Sizes of pieces, from 1 to 64 bytes, that follow from `seed` alone; 0 as seed: all at once. */
typedef struct FuzzPieces {
    uint32_t state;
} FuzzPieces;

size_t fuzz_piece(FuzzPieces *pieces, size_t left);

/* What a peer sends, piece by piece, as a connection has it. */
typedef struct FuzzFeed {
    Span left;
    FuzzPieces pieces;
    Buffer in;
} FuzzFeed;

/* The next piece. False: there is none. */
bool fuzz_feed(FuzzFeed *feed);
