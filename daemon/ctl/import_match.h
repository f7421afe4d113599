// SPDX-License-Identifier: Apache-2.0
/*
 * What a method and a regular expression over paths come to: an operation is granted where the expression
 * takes one of its sample paths, which have names that nobody has. So one that is for certain names grants
 * nothing, and that is said.
 */
#pragma once

#include "go_regex.h"
#include "imported.h"

typedef struct ImportPattern {
    Method method;
    Span pattern;    /* a Go expression */
    const char *by;  /* as the old settings write it */
    bool with_query; /* the old gate held it against path and query, else against the path alone */
} ImportPattern;

void import_match(Imported *imported, const ImportPattern *pattern);
