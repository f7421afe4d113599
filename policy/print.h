// SPDX-License-Identifier: Apache-2.0
/*
 * A compiled policy as YAML again.
 */
#pragma once

#include <stdio.h>

#include "policy.h"

/*
 * The policy with includes resolved and every default filled in, as YAML that loads to the same policy:
 * the mapping below `policies:`, indented by two, with `name` as its key. (A preset must get another
 * name before it loads, for a file's policy can't be named like one.) 0, or −EIO when `out` fails.
 */
int policy_print(const Policy *policy, FILE *out);

/* A double-quoted scalar, the one form in which YAML can write every text. */
void print_text(FILE *out, const char *text);
