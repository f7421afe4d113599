// SPDX-License-Identifier: Apache-2.0
/*
 * Our reader against jansson's own: the same texts are taken, the same trees come of them, and a key that
 * stands twice is seen at the same place. The one exception, where jansson takes more, is
 * jansson_loses_nul().
 */
#include "policy/body_read.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy/body_memory.h"
#include "policy/limits.h"
#include "tests/support/bodies.h"

#define ROUNDS 100000u
#define TEXT_ROOM 4096u

typedef struct Reading {
    BodyMemory *memory;
    json_t *root; /* NULL: refused */
    BodyFault fault;
    BodyPlace place;
} Reading;

static void setup(void) {
    json_object_seed(1);
    json_set_alloc_funcs(body_memory_take, body_memory_give);
}

TestSuite(body_read, .init = setup);

/* From memory of exactly its size, so that an overrun shows. */
static Reading read_ours(Span text) {
    Reading reading = {.memory = body_memory_new(SIZE_MAX, 0)};
    char *copy = malloc(text.size > 0 ? text.size : 1);

    memcpy(copy, text.data, text.size);
    body_memory_begin_text(reading.memory);
    reading.root = body_read((Span){copy, text.size}, &reading.fault, &reading.place);
    cr_assert_eq(body_memory_end(), REASON_OK);
    cr_assert_eq(reading.root != NULL, reading.fault == BODY_FAULT_NONE);
    free(copy);
    return reading;
}

static void reading_free(Reading *reading) {
    body_memory_free(reading->memory);
}

/* --- The same of both -------------------------------------------------------------------------------- */

/*
 * Where jansson takes more than JSON: a NUL right behind a number or a word is gone, for what its lexer puts
 * back it takes for the end of a buffer. Go takes no such text.
 */
static bool jansson_loses_nul(Span text) {
    for (size_t i = 1; i < text.size; i++)
        if (text.data[i] == '\0' && memchr("0123456789aeflnrstu", text.data[i - 1], 19))
            return true;
    return false;
}

static unsigned n_taken, n_refused, n_twice, n_lost;

static void compare(Span text) {
    json_error_t error = {0};
    json_t *theirs = json_loadb(text.data, text.size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    Reading ours = read_ours(text);

    if (theirs && !ours.root && jansson_loses_nul(text)) {
        n_lost++;
    } else if (theirs) {
        cr_assert_not_null(ours.root, "%.*s: ours: fault %d", SPAN_FMT(text), ours.fault);
        char *a = json_dumps(ours.root, JSON_ENCODE_ANY), *b = json_dumps(theirs, JSON_ENCODE_ANY);

        cr_assert(json_equal(ours.root, theirs), "%.*s", SPAN_FMT(text));
        cr_assert_str_eq(a, b, "in the order of the text");
        free(a);
        free(b);
        n_taken++;
    } else {
        bool twice = json_error_code(&error) == json_error_duplicate_key;

        cr_assert_null(ours.root, "%.*s: jansson: %s", SPAN_FMT(text), error.text);
        cr_assert_eq(ours.fault == BODY_FAULT_TWICE, twice, "%.*s: jansson: %s", SPAN_FMT(text), error.text);
        if (twice) {
            cr_assert_eq(ours.place.line, (size_t) error.line, "%.*s", SPAN_FMT(text));
            cr_assert_eq(ours.place.column, (size_t) error.column, "%.*s", SPAN_FMT(text));
        }
        n_twice += twice;
        n_refused++;
    }
    json_decref(theirs);
    reading_free(&ours);
}

/* --- Texts ------------------------------------------------------------------------------------------- */

static uint64_t random_state = 88172645463325252u;

static unsigned random_below(unsigned n) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned) (random_state % n);
}

typedef struct Text {
    char bytes[TEXT_ROOM];
    size_t n;
} Text;

static void put(Text *text, const char *piece) {
    size_t n = strlen(piece);

    cr_assert_leq(text->n + n, TEXT_ROOM);
    memcpy(text->bytes + text->n, piece, n);
    text->n += n;
}

static void put_one_of(Text *text, const char *const *pieces, size_t n) {
    put(text, pieces[random_below((unsigned) n)]);
}

static const char *const spaces[] = {"", "", "", "", "", " ", "\n", "\t", "\r\n", "  "};
static const char *const characters[] = {"a",
                                         "B",
                                         "/",
                                         " ",
                                         "HostConfig",
                                         "0123456789abcdef",
                                         "\x7F",
                                         "\u00e9",
                                         "\u20ac",
                                         "\U0001F433",
                                         "\u017f",
                                         "\\n",
                                         "\\\"",
                                         "\\\\",
                                         "\\/",
                                         "\\b",
                                         "\\f",
                                         "\\r",
                                         "\\t",
                                         "\\u0041",
                                         "\\u00e9",
                                         "\\u20AC",
                                         "\\uD83D\\uDC33",
                                         "\\u017F",
                                         "\\u0001",
                                         "{",
                                         "]",
                                         ":",
                                         ","};
static const char *const literals[] = {"0",
                                       "1",
                                       "-1",
                                       "-0",
                                       "10",
                                       "123456789",
                                       "9223372036854775807",
                                       "-9223372036854775808",
                                       "0.5",
                                       "-0.0",
                                       "1e3",
                                       "1E+3",
                                       "2.5e-3",
                                       "1e308",
                                       "1e-400",
                                       "0e9",
                                       "true",
                                       "false",
                                       "null",
                                       "123456789012345678.9"};
/* What must not be taken, and is nearly good. */
static const char *const bad[] = {"9223372036854775808",
                                  "-9223372036854775809",
                                  "1e309",
                                  "-1e999",
                                  "01",
                                  "-",
                                  "1.",
                                  ".5",
                                  "+1",
                                  "1e",
                                  "NaN",
                                  "Infinity",
                                  "tru",
                                  "True",
                                  "'a'",
                                  "\"\\u0000\"",
                                  "\"\\ud800\"",
                                  "\"\\udc00\"",
                                  "\"\\ud800\\u0041\"",
                                  "\"\\ud800\\ud800\"",
                                  "\"\\x41\"",
                                  "\"\x01\"",
                                  "\"\xC0\xAF\"",
                                  "\"\xED\xA0\x80\"",
                                  "\"\xF5\x80\x80\x80\"",
                                  "\"\xC3\"",
                                  "\xC3\xA9",
                                  "\xFF",
                                  "\xEF\xBB\xBF",
                                  "/**/",
                                  "1 2",
                                  "{}{}",
                                  "{\"a\":1,\"a\":2}",
                                  "{\"a\":1,\"\\u0061\":2}",
                                  "{\"\\u0000\":1}",
                                  "{\"a\"}",
                                  "{\"a\":}",
                                  "{,}",
                                  "[,]",
                                  "[1,]",
                                  "{\"a\":1,}",
                                  "\"",
                                  "\"\\",
                                  "{1:2}",
                                  "99999999999999999999999999999999",
                                  "1e99999999999999999999"};

static void put_string(Text *text) {
    put(text, "\"");
    for (unsigned n = random_below(4); n > 0; n--)
        put_one_of(text, characters, ARRAY_SIZE(characters));
    put(text, "\"");
}

static void put_value(Text *text, unsigned depth);

static void put_many(Text *text, unsigned depth, bool keys) {
    static unsigned number;
    char key[16];

    for (unsigned n = random_below(5), i = 0; i < n; i++) {
        put(text, i > 0 ? "," : "");
        put_one_of(text, spaces, ARRAY_SIZE(spaces));
        if (keys && random_below(4) == 0) { /* which may be there already */
            put_string(text);
        } else if (keys) {
            (void) snprintf(key, sizeof(key), "\"k%u\"", number++ % 10000);
            put(text, key);
        }
        put_one_of(text, spaces, ARRAY_SIZE(spaces));
        put(text, keys ? ":" : "");
        put_value(text, depth + 1);
    }
}

static void put_value(Text *text, unsigned depth) {
    unsigned kind = random_below(depth > 3 ? 5 : 9);

    put_one_of(text, spaces, ARRAY_SIZE(spaces));
    if (kind < 2) {
        put_one_of(text, literals, ARRAY_SIZE(literals));
    } else if (kind < 5) {
        put_string(text);
    } else {
        put(text, kind < 7 ? "{" : "[");
        put_many(text, depth, kind < 7);
        put(text, kind < 7 ? "}" : "]");
    }
    put_one_of(text, spaces, ARRAY_SIZE(spaces));
}

/* A byte changed, put in or taken out, the end cut off, something bad put in. */
static void mutate(Text *text) {
    static const char bytes[] = "{}[]\",:\\u019eE+-.tfn \n\x01\xC3\xA9\xED\xFFz\0";
    size_t at = random_below((unsigned) text->n + 1);
    const char *piece;

    switch (random_below(5)) {
    case 0:
        text->bytes[at < text->n ? at : 0] = bytes[random_below(sizeof(bytes))];
        break;
    case 1:
        text->n = at;
        break;
    case 2:
        memmove(text->bytes + at, text->bytes + at + (at < text->n), text->n - at - (at < text->n));
        text->n -= at < text->n;
        break;
    default:
        piece = bad[random_below(ARRAY_SIZE(bad))];
        memmove(text->bytes + at + strlen(piece), text->bytes + at, text->n - at);
        memcpy(text->bytes + at, piece, strlen(piece));
        text->n += strlen(piece);
    }
}

Test(body_read, agrees_with_jansson) {
    for (unsigned round = 0; round < ROUNDS; round++) {
        Text text = {.n = 0};

        put_value(&text, 0);
        for (unsigned n = random_below(3); n > 0; n--)
            mutate(&text);
        compare((Span){text.bytes, text.n});
    }
    cr_expect(n_taken > ROUNDS / 4 && n_refused > ROUNDS / 4, "%u taken, %u refused", n_taken, n_refused);
    cr_expect(n_twice > 100 && n_lost > 10, "%u keys twice, %u NULs lost", n_twice, n_lost);
}

Test(body_read, agrees_with_jansson_on_what_docker_sends) {
    static const char *const names[] = {"create", "create labels"};

    for (unsigned round = 0; round < 4000; round++) {
        Span sent = body_shape_write(body_shape_find(names[round % 2]), 2048);
        Text text = {.n = sent.size};

        memcpy(text.bytes, sent.data, sent.size);
        free((char *) (uintptr_t) sent.data);
        for (unsigned n = random_below(3); n > 0; n--)
            mutate(&text);
        compare((Span){text.bytes, text.n});
    }
    cr_expect(n_taken > 1000 && n_refused > 1000, "%u taken, %u refused", n_taken, n_refused);
}

/* Each byte where a value, a key, a colon, a comma may stand, and in the midst of tokens. */
Test(body_read, agrees_with_jansson_on_each_byte_at_each_place) {
    static const char seed[] = "{\"a\":[1,true,\"\\u00e9\\n\"],\"b\":{\"c\":-1.5e3},\"d\":null} ";

    for (size_t at = 0; at < sizeof(seed) - 1; at++)
        for (unsigned byte = 0; byte < 256; byte++) {
            char text[sizeof(seed)];

            memcpy(text, seed, sizeof(seed));
            text[at] = (char) byte;
            compare((Span){text, sizeof(seed) - 1});
        }
    for (size_t n = 0; n < sizeof(seed); n++)
        compare((Span){seed, n});
}

Test(body_read, faults_and_their_places) {
    static const struct {
        Span text;
        BodyFault fault;
        size_t line, column;
    } cases[] = {
        {SPAN(""), BODY_FAULT_END, 1, 0},
        {SPAN("{"), BODY_FAULT_END, 1, 1},
        {SPAN("[1\n,"), BODY_FAULT_END, 2, 1},
        {SPAN("{\"a\" 1}"), BODY_FAULT_SYNTAX, 1, 6},
        {SPAN("[1,\n\n 2,]"), BODY_FAULT_SYNTAX, 3, 4},
        {SPAN("[01]"), BODY_FAULT_SYNTAX, 1, 4},
        {SPAN("[\"\u00e9\u20ac\", x]"), BODY_FAULT_SYNTAX, 1, 8}, /* characters, not bytes */
        {SPAN("[\"\\ud800\"]"), BODY_FAULT_SYNTAX, 1, 9},
        {SPAN("[\"a\xFF\"]"), BODY_FAULT_UTF8, 1, 4},
        {SPAN("[\xFF]"), BODY_FAULT_UTF8, 1, 2},
        {SPAN("{} x"), BODY_FAULT_BEHIND, 1, 4},
        {SPAN("{\"\\u0000\":1}"), BODY_FAULT_NUL_KEY, 1, 9},
        {SPAN("[\"\\u0000\"]"), BODY_FAULT_NUL_STRING, 1, 9},
        {SPAN("[1,\n9223372036854775808]"), BODY_FAULT_NUMBER, 2, 19},
        {SPAN("[1e309]"), BODY_FAULT_NUMBER, 1, 6},
        {SPAN("{\"a\":1,\n \"a\":x}"), BODY_FAULT_TWICE, 2, 4},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        Reading reading = read_ours(cases[i].text);

        cr_expect_eq(reading.fault, cases[i].fault, "%.*s: %d", SPAN_FMT(cases[i].text), reading.fault);
        cr_expect_eq(reading.place.line, cases[i].line, "%.*s: %zu", SPAN_FMT(cases[i].text),
                     reading.place.line);
        cr_expect_eq(reading.place.column, cases[i].column, "%.*s: %zu", SPAN_FMT(cases[i].text),
                     reading.place.column);
        reading_free(&reading);
    }
}
