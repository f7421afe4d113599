// SPDX-License-Identifier: Apache-2.0
#include "policy/answers.h"

#include <criterion/criterion.h>

static Arena *arena;

static void setup(void) {
    arena = arena_new(1u << 20);
}

static void teardown(void) {
    arena = arena_free(arena);
}

TestSuite(answers, .init = setup, .fini = teardown);

static Answers answers_of(Span yaml) {
    DocErrors errors = {.arena = arena, .file = "f"};
    const DocNode *root = doc_parse(arena, yaml, &errors);
    Answers answers = {0};

    cr_assert_not_null(root);
    answers_read(arena, &errors, root, &answers);
    cr_assert_eq(errors.n, 0, "%s", errors.n ? errors.items[0].message : "");
    return answers;
}

/* A new operation needs a row: what its answer can tell is for somebody to say. */
Test(answers, every_operation_has_a_row) {
    size_t n;
    const Operation *all = routes_all(&n);

    for (size_t i = 0; i < n; i++) {
        const AnswerRow *row = answers_row(&all[i]);

        cr_expect_not_null(row, "%s has no row in answers.def", all[i].id);
        if (row && row->kind != ANSWER_OPAQUE)
            cr_expect_neq(row->classes, 0, "%s", all[i].id);
    }
    cr_expect_null(answers_row(NULL));
}

/*
 * Asked again, and of a copy that is no row of the catalogue, it is the same; of none of its names, nothing.
 */
Test(answers, a_row_stays_what_it_is) {
    size_t n;
    const Operation *all = routes_all(&n);

    for (size_t i = 0; i < n; i++) {
        const AnswerRow *row = answers_row(&all[i]);
        Operation copy = all[i];

        cr_expect_eq(answers_row(&all[i]), row);
        cr_expect_eq(answers_row(&copy), row);
        cr_expect_str_eq(row->operation, all[i].id);
        cr_expect_eq(routes_index(&all[i]), i);
        cr_expect_eq(routes_index(&copy), SIZE_MAX);
    }
    cr_expect_null(answers_row(&(Operation){.id = "ContainerCreat"}));
    cr_expect_eq(routes_index(&all[n]), SIZE_MAX);
    cr_expect_eq(routes_index(NULL), SIZE_MAX);
}

Test(answers, nothing_is_nothing) {
    Answers answers = answers_of(SPAN("{}"));

    cr_expect_eq(answers.classes, 0);
    answers = answers_of(SPAN("{redact_env: [], redact_labels: [], redact_commands: false}"));
    cr_expect_eq(answers.classes, 0);
    cr_expect_not(answers_hide_name(&answers.env, SPAN("A")));
}

Test(answers, each_key_is_a_class) {
    static const struct {
        Span yaml;
        unsigned class;
    } cases[] = {
        {SPAN("redact_env: deny-all"), ANSWER_ENV},
        {SPAN("redact_labels: [a]"), ANSWER_LABELS},
        {SPAN("redact_attributes: [deny-all]"), ANSWER_ATTRIBUTES},
        {SPAN("redact_commands: true"), ANSWER_COMMANDS},
        {SPAN("redact_host_paths: true"), ANSWER_HOST_PATHS},
        {SPAN("redact_options: true"), ANSWER_OPTIONS},
        {SPAN("redact_health: true"), ANSWER_HEALTH},
        {SPAN("redact_build_args: true"), ANSWER_BUILD_ARGS},
        {SPAN("redact_info: true"), ANSWER_INFO},
        {SPAN("redact_configs: true"), ANSWER_CONFIGS},
    };
    unsigned all = 0;

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cr_expect_eq(answers_of(cases[i].yaml).classes, cases[i].class, "%s", cases[i].yaml.data);
        all |= cases[i].class;
    }
    cr_expect_eq(all, ANSWER_ALL);
}

Test(answers, names) {
    Answers answers = answers_of(SPAN("redact_env: ['*_PASSWORD', '*token*', Exact, 'a?b*c??d', \"??\"]"));
    char longest[LIMIT_ANSWER_NAME_BYTES + 1];
    static const char *const hidden[] = {"DB_PASSWORD", "db_password", "_PASSWORD", "TOKEN",
                                         "MyTokenX",    "exact",       "EXACT"};
    static const char *const told[] = {"PASSWORD", "DB_PASSWORD2", "TOKE",  "EXACTLY", "",
                                       "PATH",     "abcxxd",       "axbcd", "b"};

    for (size_t i = 0; i < ARRAY_SIZE(hidden); i++)
        cr_expect(answers_hide_name(&answers.env, span_from(hidden[i])), "%s", hidden[i]);
    for (size_t i = 0; i < ARRAY_SIZE(told); i++)
        cr_expect_not(answers_hide_name(&answers.env, span_from(told[i])), "%s", told[i]);
    memset(longest, 'x', sizeof(longest));
    cr_expect_not(answers_hide_name(&answers.env, (Span){longest, LIMIT_ANSWER_NAME_BYTES}));
    cr_expect(answers_hide_name(&answers.env, (Span){longest, LIMIT_ANSWER_NAME_BYTES + 1}));
}

Test(answers, joined_to_the_strictest) {
    Answers a = answers_of(SPAN("{redact_env: [a], redact_health: true}"));
    Answers b = answers_of(SPAN("{redact_env: [b, c], redact_labels: deny-all}"));
    Answers none = {0};

    cr_assert(answers_join(arena, &a, &none));
    cr_assert(answers_join(arena, &a, &b));
    cr_expect_eq(a.classes, ANSWER_ENV | ANSWER_HEALTH | ANSWER_LABELS);
    cr_expect_eq(a.env.n_patterns, 3);
    cr_expect(answers_hide_name(&a.env, SPAN("a")) && answers_hide_name(&a.env, SPAN("C")));
    cr_expect_not(answers_hide_name(&a.env, SPAN("d")));
    cr_expect(answers_hide_name(&a.labels, SPAN("d")));
}
