// SPDX-License-Identifier: Apache-2.0
/*
 * The tables of fields against the API's descriptions, both ways (tests/api): what a description lists has
 * a row that agrees with it, and a row that none lists says where it comes from. What differs on purpose
 * stands in exceptions.def. So a new API version is a diff of data.
 */
#include "policy/fields.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "policy/policy.h"
#include "policy/routes.h"

typedef enum Kind {
    BOOLEAN,
    INTEGER,
    NUMBER,
    STRING,
    OBJECT,
    ANY,
} Kind;

typedef struct Described {
    const char *operation;
    const char *path;
    Kind kind;
    unsigned first, last;
} Described;

static const Described DESCRIPTIONS[] = {
#define DESCRIBED(operation, path, kind, first, last) {#operation, path, kind, first, last},
#include "tests/api/fields.def"
#undef DESCRIBED
};

typedef enum Exemption {
    ROW,
    VERSIONS,
    DESCRIPTION,
} Exemption;

static struct {
    Exemption from;
    const char *where; /* operation or table */
    const char *path;
    bool used;
} exceptions[] = {
#define NO_ROW(operation, path, why) {ROW, operation, path, false},
#define OTHER_VERSIONS(operation, path, why) {VERSIONS, operation, path, false},
#define NO_DESCRIPTION(table, path, source) {DESCRIPTION, table, path, false},
#define NO_PARAMETER(operation, name, source)
#include "tests/api/exceptions.def"
#undef NO_ROW
#undef OTHER_VERSIONS
#undef NO_DESCRIPTION
#undef NO_PARAMETER
};

/* The rows as they are written: each table by its name, then its paths. */
static const struct {
    const char *table;
    const char *path;
} ROWS_WRITTEN[] = {
#define ROWS(table) {#table, NULL},
#define END_ROWS
#define FIELD(path, type, since, until) {NULL, path},
#define JUDGED(path, type, judge, rule, since, until) {NULL, path},
/* clang-format off */
#include "policy/fields_cluster.def"
#include "policy/fields_container.def"
#include "policy/fields_exec.def"
#include "policy/fields_network.def"
#include "policy/fields_service.def"
#include "policy/fields_volume.def"
/* clang-format on */
#undef ROWS
#undef END_ROWS
#undef FIELD
#undef JUDGED
};

/* The operation whose description has a table's fields. */
static const char *const TABLES[][2] = {
    {"container_create", "ContainerCreate"},
    {"container_update", "ContainerUpdate"},
    {"image_commit", "ImageCommit"},
    {"container_exec", "ContainerExec"},
    {"exec_start", "ExecStart"},
    {"checkpoint_create", "CheckpointCreate"},
    {"volume_create", "VolumeCreate"},
    {"volume_update", "VolumeUpdate"},
    {"network_create", "NetworkCreate"},
    {"network_connect", "NetworkConnect"},
    {"network_disconnect", "NetworkDisconnect"},
    {"service", "ServiceCreate"},
    {"swarm_init", "SwarmInit"},
    {"swarm_join", "SwarmJoin"},
    {"swarm_update", "SwarmUpdate"},
    {"swarm_unlock", "SwarmUnlock"},
    {"node", "NodeUpdate"},
    {"secret", "SecretCreate"},
    {"config", "ConfigCreate"},
    {"plugin_privileges", "PluginPull"},
    {"plugin_set", "PluginSet"},
    {"auth", "SystemAuth"},
};

/* A `*` at one end stands for any rest. */
static bool is_like(const char *text, const char *pattern) {
    size_t n_text = strlen(text), n = strlen(pattern);

    if (pattern[0] == '*' && n > 1 && pattern[n - 1] == '*') {
        char middle[64];

        snprintf(middle, sizeof(middle), "%.*s", (int) n - 2, pattern + 1);
        return strstr(text, middle) != NULL;
    }
    if (pattern[0] == '*')
        return n_text >= n - 1 && strcmp(text + n_text - (n - 1), pattern + 1) == 0;
    if (pattern[n - 1] == '*')
        return strncmp(text, pattern, n - 1) == 0;
    return strcmp(text, pattern) == 0;
}

static bool is_excepted(Exemption from, const char *where, const char *path) {
    for (size_t i = 0; i < ARRAY_SIZE(exceptions); i++)
        if (exceptions[i].from == from && is_like(where, exceptions[i].where) &&
            is_like(path, exceptions[i].path)) {
            exceptions[i].used = true;
            return true;
        }
    return false;
}

/* The row for a described path, and the versions that it and all above it have. NULL: there is none. */
static const Field *find_row(const char *operation, const char *path, unsigned *ret_since,
                             unsigned *ret_until) {
    const FieldTable *table = fields_find(operation);
    const Field *field = table ? table->root : NULL;

    *ret_since = *ret_until = 0;
    while (*path && field && field->type != FIELD_ANY) {
        size_t n = strcspn(path, ".[{");
        const Field *below = NULL;

        if (n > 0)
            field = fields_lookup(field, (Span){path, n}, &below) == FIELD_EXACT ? below : NULL;
        else if (*path != '.')
            field = (*path == '{') == (field->type == FIELD_MAP) ? field->element : NULL;
        path += n > 0 ? n : *path == '.' ? 1 : 2;
        if (field && field->since > *ret_since)
            *ret_since = field->since;
        if (field && field->until != 0 && (*ret_until == 0 || field->until < *ret_until))
            *ret_until = field->until;
    }
    return field;
}

static bool agrees(FieldType type, Kind kind) {
    switch (type) {
    case FIELD_BOOL:
        return kind == BOOLEAN;
    case FIELD_INTEGER:
        return kind == INTEGER;
    case FIELD_REAL:
        return kind == NUMBER;
    case FIELD_STRING:
        return kind == STRING;
    case FIELD_OBJECT:
        return kind == OBJECT;
    case FIELD_ANY: /* closed, whatever is in it */
        return true;
    case FIELD_ARRAY:
    case FIELD_MAP:
    case FIELD_STRSLICE: /* descriptions go on to what is in them */
        return false;
    }
    return false;
}

/*
 * A field that came with a version in which bodies are judged has that version: an engine drops it from an
 * older request without a word, and what a policy asks for would be gone (T-046).
 */
static void check_versions(const Described *described, unsigned since, unsigned until) {
    bool late = described->first > api_versions_default().min_judged_minor;
    bool since_good = late ? since == described->first : since <= described->first;
    unsigned last = described->last == API_VERSION_NEWEST ? 0 : described->last;

    if ((!since_good || until != last) && !is_excepted(VERSIONS, described->operation, described->path))
        cr_expect_fail("%s %s: described from %u to %u, its row has from %u to %u", described->operation,
                       described->path, described->first, described->last, since, until);
}

static void check_descriptions(void) {
    for (size_t i = 0; i < ARRAY_SIZE(DESCRIPTIONS); i++) {
        const Described *described = &DESCRIPTIONS[i];
        unsigned since, until;
        const Field *field = find_row(described->operation, described->path, &since, &until);

        if (!field) {
            cr_expect(is_excepted(ROW, described->operation, described->path), "%s %s has no row",
                      described->operation, described->path);
            continue;
        }
        cr_expect(agrees(field->type, described->kind), "%s %s: its row says %s", described->operation,
                  described->path, field_type_name(field->type));
        check_versions(described, since, until);
    }
}

/* A row of an object, array or map is described by what is in it. */
static bool is_described(const char *operation, const char *path) {
    size_t n = strlen(path);

    for (size_t i = 0; i < ARRAY_SIZE(DESCRIPTIONS); i++)
        if (strcmp(DESCRIPTIONS[i].operation, operation) == 0 &&
            strncmp(DESCRIPTIONS[i].path, path, n) == 0 &&
            (DESCRIPTIONS[i].path[n] == '\0' || strchr(".[{", DESCRIPTIONS[i].path[n])))
            return true;
    return false;
}

static void check_rows(void) {
    const char *table = NULL, *operation = NULL;

    for (size_t i = 0; i < ARRAY_SIZE(ROWS_WRITTEN); i++) {
        if (ROWS_WRITTEN[i].table) {
            table = ROWS_WRITTEN[i].table;
            operation = NULL;
            for (size_t k = 0; k < ARRAY_SIZE(TABLES); k++)
                if (strcmp(TABLES[k][0], table) == 0)
                    operation = TABLES[k][1];
            cr_assert_not_null(operation, "whose table is %s?", table);
        } else if (!is_described(operation, ROWS_WRITTEN[i].path)) {
            cr_expect(is_excepted(DESCRIPTION, table, ROWS_WRITTEN[i].path), "no description has %s's %s",
                      table, ROWS_WRITTEN[i].path);
        }
    }
}

Test(fields, agree_with_the_descriptions) {
    check_descriptions();
    check_rows();
    for (size_t i = 0; i < ARRAY_SIZE(exceptions); i++)
        cr_expect(exceptions[i].used, "the exception for %s %s isn't needed", exceptions[i].where,
                  exceptions[i].path);
}

/* Each operation whose description has a JSON body has a table. */
Test(fields, each_table_is_an_operations) {
    for (size_t i = 0; i < ARRAY_SIZE(TABLES); i++) {
        cr_expect_not_null(routes_find(span_from(TABLES[i][1])), "%s", TABLES[i][1]);
        cr_expect_not_null(fields_find(TABLES[i][1]), "%s", TABLES[i][1]);
    }
}
