// SPDX-License-Identifier: Apache-2.0
/*
 * Records of what a client says, a line of the input each part: whatever it is, the record is one line of
 * JSON, of printable text alone, that reads back to the parts that can be read.
 */
#include "fuzz.h"

#include <jansson.h>
#include <stdlib.h>

#include "daemon/record.h"
#include "policy/text.h"

static void check_printable(Span line) {
    for (size_t i = 0; i < line.size;) {
        uint32_t rune = 0;
        size_t n = text_take_rune(line.data + i, line.size - i, &rune);

        FUZZ_CHECK(n > 0, "no UTF-8 at byte %zu", i);
        FUZZ_CHECK((rune < 0x7f && rune >= ' ') || !text_is_hidden(rune), "U+%04X at byte %zu", rune, i);
        i += n;
    }
}

static void check_line(const char *line, size_t size) {
    json_error_t error;
    json_t *root;

    FUZZ_CHECK(size > 2 && line[size - 1] == '\n', "no line");
    FUZZ_CHECK(!memchr(line, '\n', size - 1), "more than a line");
    check_printable((Span){line, size - 1});
    root = json_loadb(line, size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    FUZZ_CHECK(root != NULL, "%s: %.*s", error.text, (int) size, line);
    FUZZ_CHECK(json_is_object(root) && json_string_value(json_object_get(root, "event")), "no event");
    json_decref(root);
}

/* The text goes with the arena; NUL in it ends it, as it would for who made it. */
static const char *next_text(Arena *arena, FuzzInput *input) {
    Span line = fuzz_line(input);

    return line.size > 0 ? arena_copy(arena, line) : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(64u << 20);
    FuzzInput input = {data, size};
    unsigned kind = fuzz_byte(&input);
    Subject subject = {
        .has_creds = kind & 1u, .pid = 7, .exe = (char *) (uintptr_t) next_text(arena, &input)};
    Request request = {.method = METHOD_GET + kind % METHOD_DELETE};
    Verdict verdict = {.effect = kind % 5,
                       .rule = next_text(arena, &input),
                       .field = next_text(arena, &input),
                       .detail = next_text(arena, &input)};
    Record record = {.event = kind % 3,
                     .time_usec = 1700000000000000u,
                     .id = "01J00000000000000000000000",
                     .listener = next_text(arena, &input),
                     .policy = next_text(arena, &input),
                     .where = next_text(arena, &input),
                     .client = &subject,
                     .request = &request,
                     .verdict = &verdict,
                     .end = END_COMPLETE,
                     .action = "start",
                     .message = next_text(arena, &input)};
    char *line = NULL;
    size_t line_size = 0;

    request.target.path = fuzz_line(&input);
    request.target.raw_query = fuzz_rest(&input);
    if (record_format(&record, 1, &line, &line_size) == 0)
        check_line(line, line_size);
    free(line);
    return 0;
}
