// SPDX-License-Identifier: Apache-2.0
/*
 * What came out of tests, as TAP (https://testanything.org, version 13) or as JUnit's XML. Names and values
 * may have any bytes in them: neither a line nor an element is ended by one.
 */
#pragma once

#include <stdio.h>

#include "daemon/buffer.h"
#include "vector.h"

typedef struct Report {
    bool junit;
    unsigned n_tests, n_failed;
    Buffer text;
    int r; /* the first failure: then the rest is not written */
} Report;

/* One vector of `file`. */
void report_vector(Report *report, const char *file, const Vector *vector, const VectorResult *result);

/* Any other test; `why`: lines for who reads of its failure, or empty. */
void report_check(Report *report, const char *group, Span name, bool passed, Span why);

/* Writes it all. 0, or −ENOMEM where something is missing; whether `out` took it is the caller's to ask. */
int report_print(const Report *report, FILE *out);
void report_done(Report *report);
