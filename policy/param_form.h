// SPDX-License-Identifier: Apache-2.0
/*
 * Forms of a parameter's value that no policy speaks of: what an engine takes for one thing only, and what
 * may be told of it.
 */
#pragma once

#include "base.h"

/* A container's or volume's: RestrictedNamePattern, with a slash before it or not. */
bool param_form_is_name(Span name);

/* ImageBuild's: a path in the context without `..`, to Podman as well. An empty one is the default. */
bool param_form_is_dockerfile(Span value);

/*
 * An image's name, so far as it is none of Podman's transports (dir:/path, oci-archive:/path), which read and
 * write files of the host.
 */
bool param_form_is_reference(Span value);

/* ImageBuild's `remote`: of another machine, not of the host. */
bool param_form_is_address(Span value);

/* A body's field, which dockerode repeats in the query: it begins with a capital, and no parameter of the API
 * does. */
bool param_form_is_body_field(Span key);

/*
 * False where the value of a parameter may hold a secret: then no sentence quotes it, for sentences stand in
 * the audit trail. daemon/record.c leaves the same out of the query.
 */
bool param_form_may_quote(Span key, Span value);
