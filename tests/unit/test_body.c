// SPDX-License-Identifier: Apache-2.0
#include "policy/body.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/suite_arena.h"

TestSuite(body, .init = suite_arena_make, .fini = suite_arena_free);

static Reason parse(Span text, const char **ret_detail) {
    Body *body CLEANUP(body_free_p) = NULL;

    *ret_detail = NULL;
    return body_parse(arena, text, &body, ret_detail);
}

Test(body, verdicts) {
    static const struct {
        Span text;
        Reason reason;
        const char *detail; /* a part of it */
    } cases[] = {
        {SPAN("{}"), REASON_OK, NULL},
        {SPAN("[]"), REASON_OK, NULL},
        {SPAN("null"), REASON_OK, NULL},
        {SPAN("null\n"), REASON_OK, NULL},
        {SPAN(" \t\r\n{ \"a\" : [ 1 , 2.5 , true , null , \"x\" ] }\n"), REASON_OK, NULL},
        {SPAN("{\"a\":{\"a\":1},\"b\":{\"a\":1}}"), REASON_OK, NULL},
        {SPAN("{\"a\":-0}"), REASON_OK, NULL},
        {SPAN("{\"a\":9223372036854775807}"), REASON_OK, NULL},
        {SPAN("{\"a\":\"\\ud83d\\ude00 \\u00e9\\/\"}"), REASON_OK, NULL},
        {SPAN("{\"a\":\"}]:[{\"}"), REASON_OK, NULL},
        {SPAN("{\"a\":\"\\\"{\"}"), REASON_OK, NULL},
        /* twice (T-033, T-034) */
        {SPAN("{\"a\":1,\"a\":1}"), REASON_JSON_AMBIGUOUS, "line 1, column 10: a key stands twice"},
        {SPAN("{\"a\":1,\n\"\\u0061\":1}"), REASON_JSON_AMBIGUOUS, "line 2"},
        {SPAN("[{\"x\":{\"a\":1,\"b\":2,\"a\":{}}}]"), REASON_JSON_AMBIGUOUS, "twice"},
        /* something behind the value (T-036) */
        {SPAN("{} {}"), REASON_JSON_SYNTAX, "something behind the value"},
        {SPAN("{}]"), REASON_JSON_SYNTAX, "something behind the value"},
        {SPAN("{}\0"), REASON_JSON_SYNTAX, NULL},
        /* NUL (T-041) */
        {SPAN("{\"a\":\"x\\u0000y\"}"), REASON_JSON_SYNTAX, "NUL"},
        {SPAN("{\"a\\u0000\":1}"), REASON_JSON_SYNTAX, "NUL"},
        {SPAN("{\"a\":\"x\0y\"}"), REASON_JSON_SYNTAX, NULL},
        /* UTF-8 (T-039) */
        {SPAN("{\"a\":\"\xC0\xAF\"}"), REASON_JSON_SYNTAX, "UTF-8"},
        {SPAN("{\"a\":\"\xED\xA0\x80\"}"), REASON_JSON_SYNTAX, "UTF-8"},
        {SPAN("{\"\xFF\":1}"), REASON_JSON_SYNTAX, "UTF-8"},
        {SPAN("{\"a\":\"\\ud800\"}"), REASON_JSON_SYNTAX, NULL},
        {SPAN("\xEF\xBB\xBF{}"), REASON_JSON_SYNTAX, NULL},
        /* RFC 8259 and no more (T-039) */
        {SPAN(""), REASON_JSON_SYNTAX, "line 1, column 0: ends too early"},
        {{NULL, 0}, REASON_JSON_SYNTAX, "line 1, column 0: ends too early"},
        {SPAN(" "), REASON_JSON_SYNTAX, "ends too early"},
        {SPAN("{\"a\":1"), REASON_JSON_SYNTAX, NULL},
        {SPAN("{'a':1}"), REASON_JSON_SYNTAX, NULL},
        {SPAN("{\"a\":1,}"), REASON_JSON_SYNTAX, NULL},
        {SPAN("[1,]"), REASON_JSON_SYNTAX, NULL},
        {SPAN("{\"a\":01}"), REASON_JSON_SYNTAX, NULL},
        {SPAN("{\"a\":+1}"), REASON_JSON_SYNTAX, NULL},
        {SPAN("{\"a\":.5}"), REASON_JSON_SYNTAX, NULL},
        {SPAN("{\"a\":NaN}"), REASON_JSON_SYNTAX, NULL},
        {SPAN("{\"a\":Infinity}"), REASON_JSON_SYNTAX, NULL},
        {SPAN("{\"a\":TRUE}"), REASON_JSON_SYNTAX, NULL},
        {SPAN("{\"a\":9223372036854775808}"), REASON_JSON_SYNTAX, "too big"},
        {SPAN("{\"a\":1e999}"), REASON_JSON_SYNTAX, "too big"},
        {SPAN("{\"a\":1}//x"), REASON_JSON_SYNTAX, NULL},
        {SPAN("{/**/}"), REASON_JSON_SYNTAX, NULL},
        {SPAN("{\v}"), REASON_JSON_SYNTAX, NULL},
        {SPAN("{\"a\":\"\n\"}"), REASON_JSON_SYNTAX, NULL},
        {SPAN("{\"a\":\"\\x41\"}"), REASON_JSON_SYNTAX, NULL},
        {SPAN("{a:1}"), REASON_JSON_SYNTAX, NULL},
        {SPAN("}"), REASON_JSON_SYNTAX, NULL},
        /* neither object nor array */
        {SPAN("1"), REASON_JSON_SYNTAX, "neither an object nor an array"},
        {SPAN("\"x\""), REASON_JSON_SYNTAX, "neither an object nor an array"},
        {SPAN("true"), REASON_JSON_SYNTAX, "neither an object nor an array"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *detail;
        Reason reason = parse(cases[i].text, &detail);

        cr_expect_eq(reason, cases[i].reason, "%.*s: %s", SPAN_FMT(cases[i].text), reason_label(reason));
        if (reason != REASON_OK)
            cr_expect(detail && (!cases[i].detail || strstr(detail, cases[i].detail)), "%.*s: %s",
                      SPAN_FMT(cases[i].text), detail);
    }
}

Test(body, errors_do_not_quote) {
    const char *detail;

    cr_expect_eq(parse(SPAN("{\"Env\":[\"PASSWORD=geheim\" x]}"), &detail), REASON_JSON_SYNTAX);
    cr_expect_null(strstr(detail, "geheim"));
    cr_expect_eq(parse(SPAN("{\"geheim\":1,\"geheim\":2}"), &detail), REASON_JSON_AMBIGUOUS);
    cr_expect_null(strstr(detail, "geheim"));
}

/* The reason is the same where there is no memory for the place. */
Test(body, errors_without_memory) {
    Body *body CLEANUP(body_free_p) = NULL;
    Arena *small = arena_new(4);
    const char *detail = NULL;

    cr_expect_eq(body_parse(small, SPAN("{\"a\":1,\"a\":1}"), &body, &detail), REASON_JSON_AMBIGUOUS);
    cr_expect_str_eq(detail, "a key stands twice");
    arena_free(small);
}

static char *repeat(const char *piece, size_t n, const char *middle, const char *end) {
    size_t size = strlen(piece), n_end = strlen(end), n_middle = strlen(middle);
    char *text = arena_alloc(arena, n * (size + n_end) + n_middle + 1), *out = text;

    for (size_t i = 0; i < n; i++, out += size)
        memcpy(out, piece, size);
    memcpy(out, middle, n_middle);
    out += n_middle;
    for (size_t i = 0; i < n; i++, out += n_end)
        memcpy(out, end, n_end);
    return text;
}

Test(body, depth_limit) {
    const char *detail;

    cr_expect_eq(parse(span_from(repeat("[", LIMIT_JSON_DEPTH, "", "]")), &detail), REASON_OK);
    cr_expect_eq(parse(span_from(repeat("[", LIMIT_JSON_DEPTH + 1, "", "]")), &detail), REASON_JSON_LIMIT);
    cr_expect_str_eq(detail, "line 1, column 65: nested too deep");
    cr_expect_eq(parse(span_from(repeat("{\"a\":", LIMIT_JSON_DEPTH, "1", "}")), &detail), REASON_OK);
    cr_expect_eq(parse(span_from(repeat("{\"a\":", LIMIT_JSON_DEPTH + 1, "1", "}")), &detail),
                 REASON_JSON_LIMIT);
    /* a parser that recurses must not be reached (corpus json-syntax-009) */
    cr_expect_eq(parse(span_from(repeat("[", 200000, "", "]")), &detail), REASON_JSON_LIMIT);
    /* brackets in strings don't count */
    cr_expect_eq(parse(span_from(arena_printf(arena, "{\"a\":\"%s\"}", repeat("[{", 100, "", ""))), &detail),
                 REASON_OK);
}

static Reason parse_keys(size_t n) {
    char *text = malloc(n * 16 + 16);
    size_t size = 0;
    const char *detail;
    Reason reason;

    text[size++] = '{';
    for (size_t i = 0; i < n; i++)
        size += (size_t) sprintf(text + size, "%s\"%zu\":%zu", i ? "," : "", i, i);
    text[size++] = '}';
    reason = parse((Span){.data = text, .size = size}, &detail);
    free(text);
    return reason;
}

Test(body, keys_limit) {
    cr_expect_eq(parse_keys(LIMIT_JSON_KEYS), REASON_OK);
    cr_expect_eq(parse_keys(LIMIT_JSON_KEYS + 1), REASON_JSON_LIMIT);
}

#define SPACES "            " /* enough that an object's memory doesn't count, as one is for a number's */

/* An array of n - 1 elements: with itself n values. */
static Reason parse_values(size_t n, const char *element) {
    const char *detail = NULL;
    const char *text = repeat(arena_printf(arena, "%s,", element), n - 2, element, "");
    Reason reason = parse(span_from(arena_printf(arena, "[%s]", text)), &detail);

    cr_expect(reason == REASON_OK || strstr(detail, "too many values"), "%s", detail);
    return reason;
}

Test(body, values_limit) {
    cr_expect_eq(parse_values(LIMIT_JSON_VALUES, "1 "), REASON_OK);
    cr_expect_eq(parse_values(LIMIT_JSON_VALUES + 1, "1 "), REASON_JSON_LIMIT);
    /* a bracket begins a value of its own, or what may be one: counted twice here, and never less */
    cr_expect_eq(parse_values(LIMIT_JSON_VALUES / 2, "{ }" SPACES), REASON_OK);
    cr_expect_eq(parse_values(LIMIT_JSON_VALUES, "{ }" SPACES), REASON_JSON_LIMIT);
    cr_expect_eq(parse_values(LIMIT_JSON_VALUES, "\",{[\""), REASON_OK);
}

Test(body, accessors) {
    Body *body CLEANUP(body_free_p) = NULL;
    const char *detail;
    const BodyNode *root, *value;
    Span key;
    void *iter = NULL;
    size_t n = 0;

    cr_assert_eq(body_parse(arena,
                            SPAN("{\"s\":\"te\\u00e9\",\"i\":-7,\"r\":1.5,\"t\":true,\"f\":false,\"n\":null,"
                                 "\"a\":[1,\"x\"],\"o\":{\"k\":1}}"),
                            &body, &detail),
                 REASON_OK);
    root = body_root(body);
    cr_expect_eq(body_type(root), BODY_TYPE_OBJECT);
    cr_expect_eq(body_size(root), 8);
    cr_expect(span_is(body_string(body_member(root, "s")), "te\xC3\xA9"));
    cr_expect_eq(body_integer(body_member(root, "i")), -7);
    cr_expect_eq(body_type(body_member(root, "r")), BODY_TYPE_REAL);
    cr_expect(body_bool(body_member(root, "t")));
    cr_expect_not(body_bool(body_member(root, "f")));
    cr_expect_not(body_bool(body_member(root, "i")));
    cr_expect_eq(body_type(body_member(root, "n")), BODY_TYPE_NULL);
    cr_expect_eq(body_size(body_member(root, "a")), 2);
    cr_expect_eq(body_integer(body_at(body_member(root, "a"), 0)), 1);
    cr_expect_null(body_at(body_member(root, "a"), 2));
    cr_expect_null(body_member(root, "S"));
    cr_expect_null(body_member(body_member(root, "i"), "k"));

    while (body_next(root, &iter, &key, &value))
        n++;
    cr_expect_eq(n, 8);
    iter = NULL;
    cr_expect(body_next(root, &iter, &key, &value));
    cr_expect(span_is(key, "s")); /* as it stands in the text */
    cr_expect_str_eq(body_type_name(BODY_TYPE_STRING), "string");
}

Test(body, zero) {
    static const struct {
        Span text;
        bool zero;
    } cases[] = {
        {SPAN("[null]"), true},   {SPAN("[false]"), true}, {SPAN("[0]"), true},
        {SPAN("[-0]"), true},     {SPAN("[0.0]"), true},   {SPAN("[\"\"]"), true},
        {SPAN("[[]]"), true},     {SPAN("[{}]"), true},    {SPAN("[true]"), false},
        {SPAN("[1]"), false},     {SPAN("[-1]"), false},   {SPAN("[0.1]"), false},
        {SPAN("[\" \"]"), false}, {SPAN("[[0]]"), false},  {SPAN("[{\"a\":null}]"), false},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        Body *body CLEANUP(body_free_p) = NULL;
        const char *detail;

        cr_assert_eq(body_parse(arena, cases[i].text, &body, &detail), REASON_OK);
        cr_expect_eq(body_is_zero(body_at(body_root(body), 0)), cases[i].zero, "%.*s",
                     SPAN_FMT(cases[i].text));
    }
}

Test(body, show) {
    static const struct {
        Span text;
        const char *shown;
    } cases[] = {
        {SPAN("[\"/:/host\"]"), "/:/host"},
        {SPAN("[\"a\\nb\\u001b[0m\"]"), "a\\x0Ab\\x1B[0m"},
        {SPAN("[true]"), "true"},
        {SPAN("[-12]"), "-12"},
        {SPAN("[[\"a\",{\"b\" : 1}]]"), "[\"a\",{\"b\":1}]"},
        {SPAN("[[\"\\u202e\\n\x7F\"]]"), "[\"\\u202E\\n?\"]"},
        {SPAN("[null]"), "null"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        Body *body CLEANUP(body_free_p) = NULL;
        const char *detail;

        cr_assert_eq(body_parse(arena, cases[i].text, &body, &detail), REASON_OK);
        cr_expect_str_eq(body_show(arena, body_at(body_root(body), 0)), cases[i].shown);
    }
}

/* [["xxx…"]]: the inner array is shown as it stands, with four bytes around the string. */
Test(body, show_limit) {
    for (size_t over = 0; over < 2; over++) {
        Body *body CLEANUP(body_free_p) = NULL;
        char *string = repeat("x", LIMIT_VALUE_SHOWN - 4 + over, "", "");
        const char *detail, *shown;

        cr_assert_eq(body_parse(arena, span_from(arena_printf(arena, "[[\"%s\"]]", string)), &body, &detail),
                     REASON_OK);
        shown = body_show(arena, body_at(body_root(body), 0));
        cr_expect_eq(strstr(shown, "…") != NULL, over == 1, "%s", shown);
        cr_expect_eq(strlen(shown), LIMIT_VALUE_SHOWN + (over ? strlen("…") : 0));
    }
}

Test(body, folding) {
    static const struct {
        Span key;
        const char *name;
        bool folds;
    } cases[] = {
        {SPAN("HostConfig"), "HostConfig", false}, /* byte-identical: no other spelling */
        {SPAN("hostconfig"), "HostConfig", true},
        {SPAN("hOsTcOnFiG"), "HostConfig", true},
        {SPAN("Ho\xC5\xBFtConfig"), "HostConfig", true},       /* U+017F */
        {SPAN("Networ\xE2\x84\xAAMode"), "NetworkMode", true}, /* U+212A */
        {SPAN("Ma\xC5\xBF\xE2\x84\xAA"
              "edPath\xC5\xBF"),
         "MaskedPaths", true},
        {SPAN("Pr\xC4\xB1vileged"), "Privileged", false},     /* U+0131 doesn't fold */
        {SPAN("Pr\xC4\xB0vileged"), "Privileged", true},      /* U+0130, to Podman */
        {SPAN("\xEF\xBC\xB0rivileged"), "Privileged", false}, /* full-width P */
        {SPAN("Host_Config"), "HostConfig", false},
        {SPAN("HostConfig "), "HostConfig", false},
        {SPAN("HostConfi"), "HostConfig", false},
        {SPAN("HostConfigs"), "HostConfig", false},
        {SPAN(""), "HostConfig", false},
        {SPAN("[]"), "{}", false},
        {SPAN("@"), "`", false}, /* ASCII letters only */
        {SPAN("\xC5"), "s", false},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        cr_expect_eq(body_key_folds_to(cases[i].key, cases[i].name), cases[i].folds, "%.*s",
                     SPAN_FMT(cases[i].key));
}

Test(body, dump_parses_to_the_same) {
    static const struct {
        const char *text;
        const char *dump; /* NULL: the text itself */
    } cases[] = {
        {"{}", NULL},
        {"null", NULL},
        {"[ 1 ,\n 2 ]", "[1,2]"},
        {"{\"z\":1,\"a\":{\"b\":[true,false,null,\"\"]}}", NULL}, /* in the order it came */
        {"{\"a\":9223372036854775807,\"b\":-9223372036854775808}", NULL},
        {"{\"a\":\"\\\"\\\\/\\n\\u0001\"}", NULL},
        {"{\"a\":\"\\u00e9\\ud83d\\ude00\\/\"}", "{\"a\":\"\u00e9\U0001F600/\"}"},
        {"{\"a\":0.1,\"b\":1e2}", "{\"a\":0.10000000000000001,\"b\":100.0}"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *wanted = cases[i].dump ? cases[i].dump : cases[i].text, *detail = NULL;
        CLEANUP(body_free_p) Body *body = NULL, *again = NULL;
        char room[256] = "";
        size_t size;

        cr_assert_eq(body_parse(arena, span_from(cases[i].text), &body, &detail), REASON_OK, "%s", detail);
        size = body_dump(body, NULL, 0);
        cr_assert_eq(body_dump(body, room, sizeof(room)), size);
        cr_expect_str_eq(room, wanted);
        cr_assert_eq(body_parse(arena, (Span){room, size}, &again, &detail), REASON_OK, "%s", room);
        memset(room, 0, sizeof(room));
        cr_assert_eq(body_dump(again, room, sizeof(room)), size);
        cr_expect_str_eq(room, wanted, "the second time");
    }
}

Test(body, edits) {
    CLEANUP(body_free_p) Body *body = NULL;
    const char *detail = NULL;
    char room[128] = "";
    BodyNode *root, *object, *array;

    cr_assert_eq(body_parse(arena, SPAN("{\"a\":null,\"b\":{\"c\":1}}"), &body, &detail), REASON_OK);
    root = body_edit_root(body);
    cr_expect_null(body_edit_member(root, "x"));
    cr_assert_eq(body_set_string(root, "a", "\u00e9\""), 0);
    cr_assert_eq(body_set_integer(body_edit_member(root, "b"), "c", INT64_MAX), 0);
    object = body_set_object(root, "d");
    cr_assert_not_null(object);
    cr_assert_eq(body_set_bool(object, "e", true), 0);
    array = body_set_array(object, "f");
    cr_assert_not_null(array);
    cr_assert_eq(body_append_string(array, "g"), 0);
    (void) body_dump(body, room, sizeof(room));
    cr_expect_str_eq(
        room, "{\"a\":\"\u00e9\\\"\",\"b\":{\"c\":9223372036854775807},\"d\":{\"e\":true,\"f\":[\"g\"]}}");
    /* A size that doesn't fit is said, and nothing is written past the room. */
    room[8] = '!';
    cr_expect_gt(body_dump(body, room, 8), 8);
    cr_expect_eq(room[8], '!');
}
