// SPDX-License-Identifier: Apache-2.0
/*
 * The rows of params.def: each operation's query parameters, with their types, the versions that have them,
 * and what judges their values.
 */
#pragma once

#include "param_json.h"
#include "routes.h"

typedef enum ParamJudge {
    PARAM_FREE = 0,
    PARAM_CLOSED,
    PARAM_WORDS, /* one of the row's words */
    PARAM_NAME,
    PARAM_HOST,
    PARAM_PATH,
    PARAM_REFERENCE,
    PARAM_BUILDKIT,
    PARAM_LIMIT,
    PARAM_ULIMIT,
    PARAM_SIGNAL,
    PARAM_DOCKERFILE,
    /* Judged where absent too: absent means something. */
    PARAM_FROM_IMAGE,
    PARAM_BUILD_NETWORK,
    PARAM_BUILD_REMOTE,
    PARAM_KILL,   /* a signal; without one KILL */
    PARAM_STREAM, /* one that old engines attach in any case */
} ParamJudge;

/* The number of a row of routes.def. */
enum {
#define ROUTE(id, ...) PARAMS_OF_##id,
#include "routes.def"
#undef ROUTE
};

typedef struct Param {
    uint16_t operation;
    uint8_t type;  /* ParamType */
    uint8_t judge; /* ParamJudge */
    uint8_t since, until;
    const char *name;
    const char *rule;
    const char *words;
} Param;

enum {
    PARAM_ROWS = 0
#define PARAM(...) +1
#define PARAM_JUDGED(...) +1
#include "params.def"
#undef PARAM
#undef PARAM_JUDGED
};

const Param *param_rows(void); /* PARAM_ROWS of them */

unsigned param_row_operation(const Operation *operation); /* PARAMS_OF_… */

/* NULL: there is none. */
const Param *param_row_find(unsigned operation, Span name);
const Param *param_row_find_folded(unsigned operation, Span name);

/*
 * The row of a parameter, for tests of the table: its type's name ("bool") and the versions that have it.
 * False: none.
 */
bool param_row_tell(const Operation *operation, Span name, const char **ret_type, unsigned *ret_since,
                    unsigned *ret_until);
