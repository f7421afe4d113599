// SPDX-License-Identifier: Apache-2.0
/*
 * What rotation puts into a file's name, logrotate's or ours: `.1`, `-20261126`, `-20261126-1764000000`,
 * `.torn-…` not among it.
 */
#pragma once

#include "policy/base.h"

/* Behind a whole name: a dot or a dash, a digit, and what dates have. */
bool rotated_is_suffix(Span text);

/*
 * In front of the extension (logrotate's `extension`): a number behind a dot, or a date, year first. a-2.log
 * is another trail beside a.log.
 */
bool rotated_is_inner_suffix(Span text);
