// SPDX-License-Identifier: Apache-2.0
/*
 * What of a query may be on record: a query's values can hold secrets (ImageBuild's buildargs, ImageCommit's
 * changes, a URL with a password), and the trail has many readers.
 */
#pragma once

#include "buffer.h"

/*
 * Appends `query` (as it came) with the values that can hold a secret replaced by `…`: whatever key and
 * escapes hide it, a key that can't be decoded included. Not yet escaped for JSON. 0 or −ENOMEM.
 */
int query_redact(Buffer *out, Span query);
