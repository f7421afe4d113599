// SPDX-License-Identifier: Apache-2.0
/*
 * The `answers:` part of a compiled policy as YAML again, every key written out.
 */
#pragma once

#include <stdio.h>

#include "answers.h"

void answers_print(FILE *out, const Answers *answers);
