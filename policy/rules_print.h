// SPDX-License-Identifier: Apache-2.0
/*
 * `containers:` as YAML that reads back as the same rules. For print.c.
 */
#pragma once

#include <stdio.h>

#include "rules.h"

void rules_print(FILE *out, const Rules *rules);
