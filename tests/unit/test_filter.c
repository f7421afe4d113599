// SPDX-License-Identifier: Apache-2.0
#include "daemon/filter.h"

#include <criterion/criterion.h>

#include "tests/support/policies.h"

static Arena *arena;
static PolicySet *set;
static Redactor *redactor;
static Reader *reader;

static void setup(void) {
    const char *why;

    arena = arena_new(16u << 20);
    cr_assert_eq(redactor_new(NULL, &redactor, &why), 0);
    reader = reader_new(READER_RESPONSE);
}

static void teardown(void) {
    reader = reader_free(reader);
    redactor = redactor_free(redactor);
    set = policy_set_free(set);
    arena = arena_free(arena);
}

TestSuite(filter, .init = setup, .fini = teardown);

static Filter *filter_for(const char *target) {
    Request request = {.method = METHOD_GET};
    const char *detail;
    Filter *filter;
    View view;

    set = policy_set_free(set);
    set = policies_compile(arena, SPAN("p: {answers: {redact_env: deny-all, redact_commands: true}}"));
    cr_assert_eq(target_parse(arena, span_from(target), &request.target, &detail), REASON_OK);
    request.operation = routes_match(METHOD_GET, &request.target, &request.object);
    cr_assert(view_choose(policy_set_get(set, SPAN("p")), &request, &view));
    filter = filter_new(&view, redactor);
    cr_assert_not_null(filter);
    return filter;
}

static Filter *document(size_t length) {
    reader_reset(reader);
    reader_body_begin(reader, FRAMING_LENGTH, length);
    return filter_for("/v1.41/containers/c/json");
}

static Filter *lines(void) {
    reader_reset(reader);
    reader_body_begin_until_close(reader);
    return filter_for("/v1.41/events");
}

/* Gives `text` in pieces of `step` bytes. */
static ReadStatus collect(Filter *filter, Span text, size_t step) {
    ReadStatus status = READ_MORE;
    Buffer in = {0};

    for (size_t i = 0; i < text.size && status == READ_MORE; i += step) {
        size_t n = text.size - i < step ? text.size - i : step;

        cr_assert_eq(buffer_append(&in, (Span){text.data + i, n}), 0);
        status = filter_collect(filter, reader, &in, i + n == text.size);
    }
    buffer_done(&in);
    return status;
}

/* All that comes out, with `room` at a time; how it ended. */
static ReadStatus move(Filter *filter, Span text, size_t step, size_t room, bool chunked, Buffer *out) {
    ReadStatus status = READ_MORE;
    Buffer in = {0};
    size_t i = 0;

    for (unsigned turn = 0; status == READ_MORE; turn++) {
        size_t n = text.size - i < step ? text.size - i : step;

        cr_assert_lt(turn, 10000000, "it goes on for ever");
        if (buffer_size(&in) == 0) {
            cr_assert_eq(buffer_append(&in, (Span){text.data + i, n}), 0);
            i += n;
        }
        status = filter_move(filter, reader, &in, i == text.size, out, room, chunked);
    }
    buffer_done(&in);
    return status;
}

Test(filter, document_of_any_pieces) {
    static const Span text = SPAN("{\"Id\":\"c\",\"Env\":[\"A=secret\"]}");

    for (size_t step = 1; step <= text.size; step++) {
        Filter *filter = document(text.size);
        Buffer out = {0};

        cr_expect_not(filter_is_lines(filter));
        cr_assert_eq(collect(filter, text, step), READ_END);
        cr_expect_eq(filter_size(filter), text.size - 6 + PLACEHOLDER_SIZE);
        cr_assert_eq(move(filter, (Span){0}, 1, step, false, &out), READ_END);
        cr_expect_eq(buffer_size(&out), text.size - 6 + PLACEHOLDER_SIZE);
        cr_expect_eq(memcmp(out.data, "{\"Id\":\"c\",\"Env\":[\"A=quaygate:redacted:", 37), 0);
        cr_expect_eq(filter_moved(filter), buffer_size(&out));
        cr_expect_eq(filter_reason(filter), REASON_OK);
        buffer_done(&out);
        filter_free(filter);
    }
}

Test(filter, document_that_is_none) {
    Filter *filter = document(4);

    cr_expect_eq(collect(filter, SPAN("{\"a\""), 1), READ_FAILED);
    cr_expect_eq(filter_reason(filter), REASON_ANSWER_UNREADABLE);
    cr_expect_eq(filter_size(filter), 0);
    filter_free(filter);

    filter = document(100);
    cr_expect_eq(collect(filter, SPAN("{}"), 1), READ_FAILED);
    cr_expect_eq(filter_reason(filter), REASON_OK, "the engine's, not ours");
    filter_free(filter);

    filter = document(0);
    {
        Buffer in = {0};

        cr_expect_eq(filter_collect(filter, reader, &in, false), READ_END);
    }
    cr_expect_eq(filter_size(filter), 0);
    filter_free(filter);
}

/* A string of exactly `size` bytes, its quotes among them. */
static Span string_of(size_t size) {
    char *text = malloc(size);

    memset(text, 'x', size);
    text[0] = text[size - 1] = '"';
    return (Span){text, size};
}

Test(filter, document_at_the_limit) {
    for (size_t over = 0; over <= 1; over++) {
        Span text = string_of(LIMIT_ANSWER_BYTES + over);
        Filter *filter = document(text.size);

        cr_expect_eq(collect(filter, text, 64u << 10), over ? READ_FAILED : READ_END);
        cr_expect_eq(filter_reason(filter), over ? REASON_ANSWER_TOO_LARGE : REASON_OK);
        filter_free(filter);
        free((char *) text.data);
    }
}

/* What comes out may be longer than what came. */
Test(filter, document_that_grows_past_the_limit) {
    Buffer text = {0};
    Filter *filter;

    (void) buffer_append(&text, SPAN("{\"Env\":[\"A=1\""));
    while (buffer_size(&text) < LIMIT_ANSWER_BYTES / 2)
        (void) buffer_append(&text, SPAN(",\"A=1\""));
    (void) buffer_append(&text, SPAN("]}"));
    filter = document(buffer_size(&text));
    cr_expect_eq(collect(filter, buffer_span(&text), 64u << 10), READ_FAILED);
    cr_expect_eq(filter_reason(filter), REASON_ANSWER_TOO_LARGE);
    filter_free(filter);
    buffer_done(&text);
}

/* Together they are bounded too; what one gives back another can have. */
Test(filter, all_together) {
    enum { N = LIMIT_ANSWERS_BYTES / LIMIT_ANSWER_BYTES };
    Span text = string_of(LIMIT_ANSWER_BYTES - 1);
    Span half = {text.data, text.size};
    Filter *filters[N + 1];

    for (size_t i = 0; i < N; i++) {
        filters[i] = document(text.size + 1); /* never whole */
        Buffer in = {0};

        cr_assert_eq(buffer_append(&in, half), 0);
        cr_assert_eq(filter_collect(filters[i], reader, &in, false), READ_MORE, "%zu", i);
        buffer_done(&in);
    }
    filters[N] = document(64);
    cr_expect_eq(collect(filters[N], SPAN("\"0123456789\""), 64), READ_FAILED);
    cr_expect_eq(filter_reason(filters[N]), REASON_NO_MEMORY);
    filter_free(filters[N]);
    filter_free(filters[0]);
    filters[0] = document(2);
    cr_expect_eq(collect(filters[0], SPAN("{}"), 2), READ_END);
    for (size_t i = 0; i < N; i++)
        filter_free(filters[i]);
    free((char *) text.data);
}

Test(filter, lines_of_any_pieces) {
    static const Span text =
        SPAN("{\"Action\":\"a: b\"}\n\n{\"Action\":\"c\"}\r\n[1]\n\x1e{\"x\":1}\n{\"Action\":\"last: x\"}");
    Buffer whole = {0};

    for (size_t step = 1; step <= text.size; step++) {
        Filter *filter = lines();
        Buffer out = {0};

        cr_expect(filter_is_lines(filter));
        cr_assert_eq(move(filter, text, step, 1 + step % 7, false, &out), READ_END);
        if (step == 1)
            (void) buffer_append(&whole, buffer_span(&out));
        cr_expect(span_equals(buffer_span(&whole), buffer_span(&out)), "in steps of %zu", step);
        cr_expect_eq(filter_moved(filter), buffer_size(&out));
        buffer_done(&out);
        filter_free(filter);
    }
    cr_expect_eq(buffer_size(&whole), text.size + 2 * (PLACEHOLDER_SIZE - 1));
    buffer_done(&whole);
}

Test(filter, lines_in_chunks) {
    Filter *filter = lines();
    Buffer out = {0};

    cr_assert_eq(move(filter, SPAN("{\"a\":1}\n{\"b\":2}\n"), 64, 12, true, &out), READ_END);
    cr_expect(span_is(buffer_span(&out), "c\r\n{\"a\":1}\n{\"b\"\r\n4\r\n:2}\n\r\n0\r\n\r\n"), "%.*s",
              SPAN_FMT(buffer_span(&out)));
    buffer_done(&out);
    filter_free(filter);
}

Test(filter, a_line_that_is_none_cuts_before_it) {
    static const Span text = SPAN("{\"a\":1}\n{\"b\n{\"c\":3}\n");

    for (size_t step = 1; step <= text.size; step++) {
        Filter *filter = lines();
        Buffer out = {0};

        cr_expect_eq(move(filter, text, step, 3, false, &out), READ_FAILED);
        cr_expect_eq(filter_reason(filter), REASON_ANSWER_UNREADABLE);
        cr_expect(span_is(buffer_span(&out), "{\"a\":1}\n"), "in steps of %zu: %.*s", step,
                  SPAN_FMT(buffer_span(&out)));
        buffer_done(&out);
        filter_free(filter);
    }
}

Test(filter, an_engine_that_breaks_off_leaves_whole_lines) {
    Filter *filter = lines();
    Buffer out = {0};

    reader_body_begin(reader, FRAMING_LENGTH, 100);
    cr_expect_eq(move(filter, SPAN("{\"a\":1}\n{\"b\":"), 64, 3, false, &out), READ_FAILED);
    cr_expect_eq(filter_reason(filter), REASON_OK);
    cr_expect(span_is(buffer_span(&out), "{\"a\":1}\n"));
    buffer_done(&out);
    filter_free(filter);
}

Test(filter, a_line_at_the_limit) {
    for (size_t over = 0; over <= 1; over++)
        for (size_t step = 1u << 10; step <= 4u << 20; step <<= 6) {
            Span string = string_of(LIMIT_ANSWER_LINE_BYTES - 1 + over);
            Filter *filter = lines();
            Buffer out = {0}, text = {0};

            (void) buffer_append(&text, string);
            (void) buffer_append(&text, SPAN("\n"));
            cr_expect_eq(move(filter, buffer_span(&text), step, 1u << 20, false, &out),
                         over ? READ_FAILED : READ_END);
            cr_expect_eq(filter_reason(filter), over ? REASON_ANSWER_TOO_LARGE : REASON_OK);
            cr_expect_eq(buffer_size(&out), over ? 0 : buffer_size(&text));
            buffer_done(&out);
            buffer_done(&text);
            free((char *) string.data);
            filter_free(filter);
        }
}

static ViewChoice drop_b(void *ctx UNUSED, const ViewObject *object) {
    return memchr(object->bytes.data, 'b', object->bytes.size) ? VIEW_DROP : VIEW_KEEP;
}

Test(filter, a_line_that_is_dropped_goes_with_its_end) {
    View view = {.kind = ANSWER_LINES, .lists = "", .keep = {.ask = drop_b}};
    Filter *filter = filter_new(&view, redactor);
    Buffer out = {0};

    reader_reset(reader);
    reader_body_begin_until_close(reader);
    cr_assert_eq(move(filter, SPAN("{\"a\":1}\n{\"b\":1}\r\n{\"c\":1}\n{\"b\":1}"), 5, 99, false, &out),
                 READ_END);
    cr_expect(span_is(buffer_span(&out), "{\"a\":1}\n{\"c\":1}\n"));
    buffer_done(&out);
    filter_free(filter);
}
