// SPDX-License-Identifier: Apache-2.0
#include "policy/verdict.h"

#include <criterion/criterion.h>

Test(verdict, the_value_is_what_the_detail_quotes) {
    const struct {
        const char *field, *detail, *value;
    } cases[] = {
        {"HostConfig.Privileged", "HostConfig.Privileged=true", "true"},
        {"query.follow", "query.follow=", ""},
        {"HostConfig.Binds[0]", "HostConfig.Binds[0]=/:/host", "/:/host"},
        {"HostConfig.Sysctls", "HostConfig.Sysctls is set (2 keys)", NULL},
        {"Host", "HostConfig=x", NULL},
        {NULL, "not allowed by any rule", NULL},
        {"HostConfig", NULL, NULL},
        {"", "=x", NULL},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        Verdict verdict = {.field = cases[i].field, .detail = cases[i].detail};
        const char *value = verdict_value(&verdict);

        if (cases[i].value)
            cr_expect_str_eq(value, cases[i].value);
        else
            cr_expect_null(value, "%s", value);
    }
}

Test(verdict, the_yaml_is_taken_out_of_the_hint) {
    const struct {
        Effect effect;
        const char *hint, *yaml;
    } cases[] = {
        {EFFECT_DENY, "allow: [ContainerStart]", "allow: [ContainerStart]"},
        {EFFECT_OBSERVE, "allow: [ContainerStart]", "allow: [ContainerStart]"},
        {EFFECT_INVALID, "allow: [ContainerStart]", ""},
        {EFFECT_DENY, "only containers: {profile: privileged} allows it, and with it root",
         "containers: {profile: privileged}"},
        {EFFECT_DENY, "allow: [{operation: ContainerLogs, query: {follow: [\"1\"]}}]",
         "allow: [{operation: ContainerLogs, query: {follow: [\"1\"]}}]"},
        {EFFECT_DENY, "containers: {networks: [\"a]}\"]}", "containers: {networks: [\"a]}\"]}"},
        {EFFECT_DENY, "containers: {images: […]} names what may be used", ""},
        {EFFECT_DENY, "containers: {images: [", ""},
        {EFFECT_DENY, "allow: it yourself", ""},
        {EFFECT_DENY, "use a client of API version 1.42 or newer", ""},
        {EFFECT_DENY, NULL, ""},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        Verdict verdict = {.effect = cases[i].effect, .hint = cases[i].hint};
        Span yaml = verdict_allow_with(&verdict);

        cr_expect(span_is(yaml, cases[i].yaml), "%s: %.*s", cases[i].hint, SPAN_FMT(yaml));
    }
}
