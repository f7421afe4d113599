// SPDX-License-Identifier: Apache-2.0
#include "policy/param_form.h"

#include <criterion/criterion.h>

typedef struct Case {
    Span value;
    bool good;
} Case;

static void expect(const char *what, bool (*form)(Span value), const Case *cases, size_t n) {
    for (size_t i = 0; i < n; i++)
        cr_expect_eq(form(cases[i].value), cases[i].good, "%s '%.*s'", what, SPAN_FMT(cases[i].value));
}

Test(param_form, names) {
    static const Case cases[] = {
        {SPAN("a"), true},    {SPAN("/a"), true},    {SPAN("A0_.-"), true}, {SPAN(""), false},
        {SPAN("/"), false},   {SPAN("//a"), false},  {SPAN("_a"), false},   {SPAN("a/b"), false},
        {SPAN("a\n"), false}, {SPAN("a\0b"), false}, {SPAN(".."), false},   {SPAN("\xC3\xA9"), false},
    };

    expect("name", param_form_is_name, cases, ARRAY_SIZE(cases));
}

Test(param_form, dockerfiles) {
    static const Case cases[] = {
        {SPAN(""), true},           {SPAN("Dockerfile"), true}, {SPAN("/a/b"), true},
        {SPAN("./a"), true},        {SPAN("a..b/..c"), true},   {SPAN("http:/a"), true},
        {SPAN(".."), false},        {SPAN("../a"), false},      {SPAN("a/.."), false},
        {SPAN("a/../b"), false},    {SPAN("/.."), false},       {SPAN("http://a"), false},
        {SPAN("https://a"), false}, {SPAN("[\"a\"]"), false},   {SPAN(" [\"a\"]"), false},
        {SPAN("a\0b"), false},      {SPAN("//.."), false},
    };

    expect("dockerfile", param_form_is_dockerfile, cases, ARRAY_SIZE(cases));
}

Test(param_form, references) {
    static const Case cases[] = {
        {SPAN(""), true},    {SPAN("a"), true},      {SPAN("h:5000/a:1@sha256:0"), true},
        {SPAN(":"), true},   {SPAN("dir:/"), false}, {SPAN("docker://a"), false},
        {SPAN(":/"), false},
    };

    expect("reference", param_form_is_reference, cases, ARRAY_SIZE(cases));
}

Test(param_form, addresses) {
    static const Case cases[] = {
        {SPAN("https://a/b.git#c:d"), true},
        {SPAN("http://a"), true},
        {SPAN("git://a"), true},
        {SPAN("git@a:b"), true},
        {SPAN("github.com/a/b"), true},
        {SPAN("ssh://a/b"), true},
        {SPAN(""), false},
        {SPAN("/etc"), false},
        {SPAN("etc"), false},
        {SPAN("."), false},
        {SPAN("-"), false},
        {SPAN("HTTPS://a"), false},
        {SPAN("file:///etc"), false},
        {SPAN(" https://a"), false},
        {SPAN("https:/a"), false},
        {SPAN("https://a#b:../c"), false},
        {SPAN("git://a#:.."), false},
    };

    expect("address", param_form_is_address, cases, ARRAY_SIZE(cases));
}
