// SPDX-License-Identifier: Apache-2.0
/*
 * What stands in an answer for a value that the policy hides: `quaygate:redacted:` and eight hexadecimal
 * digits of a keyed hash. Equal values have equal digits as long as the key is the same; without the key they
 * say nothing else. Such a text must not come back as a value: an updater that re-creates a container from
 * what inspect told it would set it.
 */
#pragma once

#include "body.h"
#include "request.h"
#include "verdict.h"

#define PLACEHOLDER_HASH_BYTES 4u
#define PLACEHOLDER_SIZE                                                                                     \
    (sizeof("quaygate:redacted:") - 1 + 2 * PLACEHOLDER_HASH_BYTES) /* bytes, without NUL */
#define PLACEHOLDER_BASE64_SIZE ((PLACEHOLDER_SIZE + 2) / 3 * 4)

/* Both write without a NUL. */
void placeholder_write(const unsigned char hash[static PLACEHOLDER_HASH_BYTES],
                       char ret[static PLACEHOLDER_SIZE]);
void placeholder_write_base64(const unsigned char hash[static PLACEHOLDER_HASH_BYTES],
                              char ret[static PLACEHOLDER_BASE64_SIZE]);

/* Whether `text` has one in it, or its beginning, as it is or as base64. */
bool placeholder_is_in(Span text);

/*
 * The first place of `body` that has one, a key or a string: "Env[2]", in `arena`. NULL: none. "…" where
 * there is no memory for its name.
 */
const char *placeholder_find(Arena *arena, const Body *body);

/* The same of the query's values: "query.buildargs". */
const char *placeholder_find_query(Arena *arena, const Target *target);

/*
 * REASON_PLACEHOLDER where the body (which may be NULL) or the query has one; zero (REASON_UNDECIDED) else,
 * and of GET and HEAD, which set nothing: a filter by a placeholder finds nothing.
 */
Verdict placeholder_judge(Arena *arena, const Request *request, const Body *body);
