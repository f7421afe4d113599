// SPDX-License-Identifier: Apache-2.0
/*
 * Names of header fields as numbers, so that a name is compared once for each time a head is gone through,
 * whatever is then asked about it. Of a request and of an answer alike.
 */
#pragma once

#include "base.h"

typedef enum HeaderName {
    HEADER_OTHER = 0, /* none that a rule speaks of */
#define HEADER_NAME(id, letter, spelling) HEADER_##id,
#include "header_names.def"
#undef HEADER_NAME
    HEADER_X_DOCKER_EXPOSE_SESSION_, /* all that begin with X-Docker-Expose-Session- */
    HEADER_NAMES,
} HeaderName;

/* Which one `name` is, in whatever case (RFC 9110, section 5.1). */
HeaderName header_name(Span name);

/* As it is sent; empty for those that have no one spelling. */
Span header_spelling(HeaderName name);
