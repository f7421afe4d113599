// SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <stdio.h>

#include "policy/param_row.h"
#include "policy/params.h"

typedef enum Documented {
    BOOLEAN,
    INTEGER,
    STRING,
    ARRAY,
} Documented;

typedef struct Parameter {
    const char *operation;
    const char *name;
    Documented type;
    unsigned first, last;
} Parameter;

#define PARAMETER(operation, name, type, first, last) {#operation, name, type, first, last},
static const Parameter DOCUMENTED[] = {
#include "tests/api/parameters.def"
};

static bool type_agrees(Documented type, const char *ours) {
    switch (type) {
    case BOOLEAN:
        return strcmp(ours, "boolean") == 0;
    case INTEGER: /* times, which every client also sends with a fraction */
        return strcmp(ours, "integer") == 0 || strcmp(ours, "string") == 0;
    case ARRAY:
        return strncmp(ours, "list of", 7) == 0;
    case STRING:
        return strcmp(ours, "integer") != 0;
    }
    return false;
}

/* A new API version is a diff of data: what its description lists has a row here, from then on. */
Test(params, every_documented_one_has_a_row) {
    for (size_t i = 0; i < ARRAY_SIZE(DOCUMENTED); i++) {
        const Parameter *parameter = &DOCUMENTED[i];
        const Operation *operation = routes_find(span_from(parameter->operation));
        unsigned since = 99, until = 99;
        const char *type;

        cr_assert_not_null(operation, "%s", parameter->operation);
        if (!param_row_tell(operation, span_from(parameter->name), &type, &since, &until)) {
            cr_expect_fail("%s?%s has no row", parameter->operation, parameter->name);
            continue;
        }
        /* Descriptions were late for some; engines were not. */
        cr_expect_leq(since, parameter->first, "%s?%s since", parameter->operation, parameter->name);
        cr_expect_eq(until, parameter->last == API_VERSION_NEWEST ? 0 : parameter->last, "%s?%s until",
                     parameter->operation, parameter->name);
        cr_expect(type_agrees(parameter->type, type), "%s?%s is no %s", parameter->operation, parameter->name,
                  type);
    }
}

/* And what no description lists says where it comes from. */
Test(params, every_other_row_has_a_source) {
    static const struct {
        const char *operation, *name;
    } rows[] =
        {
#define PARAM(operation, name, type, since, until) {#operation, name},
#define PARAM_JUDGED(operation, name, type, judge, rule, words, since, until) {#operation, name},
#include "policy/params.def"
#undef PARAM
#undef PARAM_JUDGED
        },
      exceptions[] = {
#define NO_ROW(operation, path, why)
#define OTHER_VERSIONS(operation, path, why)
#define NO_DESCRIPTION(table, path, source)
#define NO_PARAMETER(operation, name, source) {operation, name},
#include "tests/api/exceptions.def"
      };
    bool used[ARRAY_SIZE(exceptions)] = {0};

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        bool found = false;

        for (size_t k = 0; k < ARRAY_SIZE(DOCUMENTED); k++)
            found = found || (strcmp(rows[i].operation, DOCUMENTED[k].operation) == 0 &&
                              strcmp(rows[i].name, DOCUMENTED[k].name) == 0);
        for (size_t k = 0; k < ARRAY_SIZE(exceptions) && !found; k++) {
            found = strcmp(rows[i].operation, exceptions[k].operation) == 0 &&
                    strcmp(rows[i].name, exceptions[k].name) == 0;
            used[k] = used[k] || found;
        }
        cr_expect(found, "no description has %s?%s", rows[i].operation, rows[i].name);
    }
    for (size_t k = 0; k < ARRAY_SIZE(exceptions); k++)
        cr_expect(used[k], "the exception for %s?%s isn't needed", exceptions[k].operation,
                  exceptions[k].name);
}

Test(params, none_of_another_operation_or_case) {
    unsigned since, until;
    const char *type;

    cr_expect(param_row_tell(routes_find(SPAN("ContainerTop")), SPAN("ps_args"), &type, &since, &until));
    cr_expect_not(param_row_tell(routes_find(SPAN("ContainerTop")), SPAN("Ps_args"), &type, &since, &until));
    cr_expect_not(param_row_tell(routes_find(SPAN("ContainerTop")), SPAN("ps_arg"), &type, &since, &until));
    cr_expect_not(param_row_tell(routes_find(SPAN("ContainerLogs")), SPAN("ps_args"), &type, &since, &until));
    cr_expect_not(param_row_tell(routes_find(SPAN("SystemInfo")), SPAN("filters"), &type, &since, &until));
}

Test(params, types) {
    static const struct {
        ParamType type;
        const char *value;
        Reason reason;
        bool zero;
    } cases[] = {
        {PARAM_TYPE_TEXT, "{", REASON_OK, false},
        {PARAM_TYPE_BOOL, "off", REASON_OK, false},
        {PARAM_TYPE_INT, "0", REASON_OK, false},
        {PARAM_TYPE_INT, "-1", REASON_OK, false},
        {PARAM_TYPE_INT, "999999999999999999", REASON_OK, false},
        {PARAM_TYPE_INT, "9999999999999999999", REASON_QUERY_NOT_ALLOWED, false},
        {PARAM_TYPE_INT, "-", REASON_QUERY_NOT_ALLOWED, false},
        {PARAM_TYPE_INT, "+1", REASON_QUERY_NOT_ALLOWED, false},
        {PARAM_TYPE_INT, "1.5", REASON_QUERY_NOT_ALLOWED, false},
        {PARAM_TYPE_INT, " 1", REASON_QUERY_NOT_ALLOWED, false},
        {PARAM_TYPE_FILTERS, "{\"label\":[\"a\",\"b\"]}", REASON_OK, false},
        {PARAM_TYPE_FILTERS, "{\"label\":{\"a\":true,\"b\":false}}", REASON_OK, false},
        {PARAM_TYPE_FILTERS, "{}", REASON_OK, true},
        {PARAM_TYPE_FILTERS, "null", REASON_OK, true},
        {PARAM_TYPE_FILTERS, "[]", REASON_QUERY_NOT_ALLOWED, true},
        {PARAM_TYPE_FILTERS, "{\"label\":\"a\"}", REASON_QUERY_NOT_ALLOWED, false},
        {PARAM_TYPE_FILTERS, "{\"label\":[1]}", REASON_QUERY_NOT_ALLOWED, false},
        {PARAM_TYPE_FILTERS, "{\"label\":{\"a\":1}}", REASON_QUERY_NOT_ALLOWED, false},
        {PARAM_TYPE_FILTERS, "{\"label\":[\"a\"],\"label\":[\"b\"]}", REASON_JSON_AMBIGUOUS, false},
        {PARAM_TYPE_FILTERS, "{\"label\":[\"a\"]}x", REASON_JSON_SYNTAX, false},
        {PARAM_TYPE_FILTERS, "{'label':[]}", REASON_JSON_SYNTAX, false},
        {PARAM_TYPE_FILTERS, "label=a", REASON_JSON_SYNTAX, false},
        {PARAM_TYPE_MAP, "{\"A\":\"b\",\"C\":null}", REASON_OK, false},
        {PARAM_TYPE_MAP, "{\"A\":1}", REASON_QUERY_NOT_ALLOWED, false},
        {PARAM_TYPE_MAP, "[\"A\"]", REASON_QUERY_NOT_ALLOWED, false},
        {PARAM_TYPE_STRINGS, "[\"a\"]", REASON_OK, false},
        {PARAM_TYPE_STRINGS, "[]", REASON_OK, true},
        {PARAM_TYPE_STRINGS, "[null]", REASON_QUERY_NOT_ALLOWED, false},
        {PARAM_TYPE_PLATFORM, "{\"os\":\"linux\",\"architecture\":\"arm64\",\"variant\":\"v8\"}", REASON_OK,
         false},
        {PARAM_TYPE_PLATFORM, "{\"OS\":\"linux\"}", REASON_QUERY_NOT_ALLOWED, false},
        {PARAM_TYPE_PLATFORM, "{\"os\":1}", REASON_QUERY_NOT_ALLOWED, false},
        {PARAM_TYPE_PLATFORM, "linux/arm64", REASON_JSON_SYNTAX, false},
        {PARAM_TYPE_ULIMITS, "null", REASON_OK, true},
        {PARAM_TYPE_ULIMITS, "[{\"Name\":\"nofile\",\"Soft\":1,\"Hard\":2}]", REASON_OK, false},
        {PARAM_TYPE_ULIMITS, "[{\"name\":\"nofile\"}]", REASON_QUERY_NOT_ALLOWED, false},
        {PARAM_TYPE_ULIMITS, "[null]", REASON_QUERY_NOT_ALLOWED, false},
        {PARAM_TYPE_OUTPUTS, "[{\"Type\":\"local\",\"Attrs\":{\"dest\":\"/\"}}]", REASON_OK, false},
        {PARAM_TYPE_OUTPUTS, "{\"Type\":\"local\"}", REASON_QUERY_NOT_ALLOWED, false},
    };
    Arena *arena = arena_new(1u << 20);

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *detail = NULL;
        bool zero;
        Reason reason = param_json_check(arena, cases[i].type, span_from(cases[i].value), &zero, &detail);

        cr_expect_eq(reason, cases[i].reason, "%s as %s: %s", cases[i].value, param_type_name(cases[i].type),
                     reason_label(reason));
        cr_expect(zero == cases[i].zero, "%s: zero", cases[i].value);
        cr_expect(reason == REASON_OK || (detail && detail[0]), "%s has no words", cases[i].value);
    }
    arena_free(arena);
}

/* 256 keys without a row: counted, and the first is there to decide. */
Test(params, more_findings_than_kept) {
    Arena *arena = arena_new(4u << 20);
    char target[4096] = "/containers/json?";
    Request request = {.method = METHOD_GET};
    Rules rules = {0};
    BuildRules build = {0};
    ParamsQuestion question = {.arena = arena, .request = &request, .rules = &rules, .build = &build};
    Findings *findings = arena_alloc(arena, sizeof(*findings));
    const char *detail;

    for (unsigned i = 0; i < LIMIT_QUERY_PAIRS - 1; i++)
        sprintf(target + strlen(target), "x%u=1&", i);
    strcat(target, "filters=%7B");
    cr_assert_eq(target_parse(arena, span_from(target), &request.target, &detail), REASON_OK);
    request.operation = routes_find(SPAN("ContainerList"));
    params_judge(&question, findings);
    cr_expect_eq(findings->n, LIMIT_QUERY_PAIRS);
    cr_expect_eq(findings->items[0].reason, REASON_JSON_SYNTAX, "what is invalid comes first");
    cr_expect_str_eq(findings->items[1].field, "query.x1");
    arena_free(arena);
}
