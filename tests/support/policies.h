// SPDX-License-Identifier: Apache-2.0
/* Policies of unit tests, from the YAML that stands in them. */
#pragma once

#include "policy/compile.h"

/*
 * `text`: `policies:` with the policies below it, or these alone. A mistake in it ends the test with what is
 * said of it; the set is the caller's, and keeps nothing of `arena`. Places are "p.yaml:LINE".
 */
PolicySet *policies_compile(Arena *arena, Span text);

/*
 * The same where the API's versions aren't the usual ones, or errors are looked at later. `errors` is filled.
 */
PolicySet *policies_compile_for(Arena *arena, Span text, const ApiVersions *versions, DocErrors *errors);
