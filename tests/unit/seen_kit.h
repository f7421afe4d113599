// SPDX-License-Identifier: Apache-2.0
/*
 * What the tests of `suggest` and `replay` share: records as text, read as the command reads them, and what a
 * suggestion is made of.
 */
#pragma once

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/ctl/again.h"

static Arena *kit_arena;
static Config *kit_config;
static Trail kit_trail;
static char kit_path[] = "/tmp/quaygate-seen.XXXXXX";

static inline void kit_setup(void) {
    int fd = mkstemp(kit_path);

    cr_assert_geq(fd, 0);
    close(fd);
    kit_arena = arena_new(LIMIT_CONFIG_ARENA_BYTES);
    cr_assert_eq(config_builtin(NULL, NULL, "none", CONFIG_PRESETS_ALL, stderr, &kit_config), 0);
    kit_config->host = (HostView){0};
}

static inline void kit_teardown(void) {
    trail_close(&kit_trail);
    kit_config = config_unref(kit_config);
    kit_arena = arena_free(kit_arena);
    unlink(kit_path);
}

/* The first record of `text`; it lives until the next. */
static inline TrailRecord kit_record(const char *text) {
    FILE *file = fopen(kit_path, "w");
    TrailRecord record;
    const char *why = NULL;

    fputs(text, file);
    fclose(file);
    if (kit_trail.name)
        trail_close(&kit_trail);
    cr_assert_eq(trail_open(&kit_trail, kit_path), 0);
    cr_assert_eq(trail_next(&kit_trail, &record, &why), TRAIL_RECORD, "%s: %s", why, text);
    return record;
}

/* A decision. `more`: further members, as ",\"facts\":[]"; there is a body where facts are. */
#define KIT_RECORD(method, path, query, operation, verdict, more)                                            \
    "{\"event\":\"decision\",\"time\":\"2026-11-24T08:15:30.123456Z\",\"listener\":\"l\",\"policy\":\"p\","  \
    "\"request\":{\"method\":\"" method "\",\"path\":\"" path "\",\"query\":\"" query                        \
    "\",\"operation\":" operation ",\"bytes\":9},\"verdict\":\"" verdict "\"" more "}"
#define KIT_CREATE(query, facts)                                                                             \
    KIT_RECORD("POST", "/v1.44/containers/create", query, "\"ContainerCreate\"", "observe",                  \
               ",\"facts\":[{\"field\":\"Image\",\"value\":\"alpine\"}" facts "]")
