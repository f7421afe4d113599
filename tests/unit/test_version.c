// SPDX-License-Identifier: Apache-2.0
#include "policy/version.h"

#include <criterion/criterion.h>

Test(version, parse) {
    static const struct {
        const char *text;
        unsigned minor;
    } cases[] = {
        {"1.41", 41}, {"1.0", 0},   {"1.9", 9},   {"1.999", 999}, {"1.1000", 0}, {"1.", 0},
        {"1", 0},     {"", 0},      {"2.41", 0},  {"v1.41", 0},   {"1.4a", 0},   {"1.-1", 0},
        {"1. 41", 0}, {" 1.41", 0}, {"1.41 ", 0}, {"1.4.", 0},    {"01.41", 0},  {"1,41", 0},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        cr_expect_eq(version_parse(span_from(cases[i].text)), cases[i].minor, "'%s'", cases[i].text);
}

/* What the target is sent with. */
static unsigned settled(ApiVersions versions, const char *id, unsigned minor, unsigned engine, bool body) {
    Request request = {.target = {.api_minor = minor}, .framing = body ? FRAMING_CHUNKED : FRAMING_NONE};

    if (id) {
        request.operation = routes_find(span_from(id));
        cr_assert_not_null(request.operation, "%s", id);
    }
    version_settle(&versions, &request, engine);
    return request.target.api_minor;
}

Test(version, needs_engine) {
    Request request = {.operation = routes_find(SPAN("ContainerList"))};

    cr_expect(version_needs_engine(&request));
    request.target.api_minor = 41;
    cr_expect_not(version_needs_engine(&request), "it has one");
    request.target.api_minor = 0;
    request.operation = NULL;
    cr_expect_not(version_needs_engine(&request), "no row");
    request.operation = routes_find(SPAN("SystemPing"));
    cr_expect_not(version_needs_engine(&request), "a ping");
    request.operation = routes_find(SPAN("SystemPingHead"));
    cr_expect_not(version_needs_engine(&request), "a ping");
}

Test(version, unversioned) {
    ApiVersions versions = {.min_minor = 30, .min_judged_minor = 40, .max_minor = 50};

    for (size_t clamp = 0; clamp < 2; clamp++) {
        versions.clamp = clamp != 0;
        cr_expect_eq(settled(versions, "ContainerList", 0, 49, false), 49);
        cr_expect_eq(settled(versions, "ContainerList", 0, 50, false), 50);
        cr_expect_eq(settled(versions, "ContainerList", 0, 51, false), 50, "newer than what we know");
        cr_expect_eq(settled(versions, "ContainerList", 0, 0, false), 0, "the engine's isn't known");
        cr_expect_eq(settled(versions, "SystemPing", 0, 49, false), 0);
        cr_expect_eq(settled(versions, NULL, 0, 49, false), 0);
    }
}

Test(version, outside) {
    ApiVersions versions = {.min_minor = 30, .min_judged_minor = 40, .max_minor = 50, .clamp = true};

    cr_expect_eq(settled(versions, "ContainerList", 29, 0, false), 30);
    cr_expect_eq(settled(versions, "ContainerList", 30, 0, false), 30);
    cr_expect_eq(settled(versions, "ContainerList", 50, 0, false), 50);
    cr_expect_eq(settled(versions, "ContainerList", 51, 0, false), 50);
    cr_expect_eq(settled(versions, "ContainerCreate", 39, 0, true), 40, "a judged body");
    cr_expect_eq(settled(versions, "ContainerCreate", 40, 0, true), 40);
    cr_expect_eq(settled(versions, "ContainerCreate", 39, 0, false), 39, "no body");
    versions.clamp = false;
    cr_expect_eq(settled(versions, "ContainerList", 29, 0, false), 29, "left for the verdict");
    cr_expect_eq(settled(versions, "ContainerList", 51, 0, false), 51);
    cr_expect_eq(settled(versions, "ContainerCreate", 39, 0, true), 39);
}
