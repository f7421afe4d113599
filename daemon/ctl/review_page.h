// SPDX-License-Identifier: Apache-2.0
/* The page of `quaygate audit report`, made of report/ by report/page.py: what is before its data, and
 * behind. */
#pragma once

#include <stddef.h>

extern const unsigned char REVIEW_BEFORE[];
extern const size_t REVIEW_BEFORE_SIZE;
extern const unsigned char REVIEW_BEHIND[];
extern const size_t REVIEW_BEHIND_SIZE;
