// SPDX-License-Identifier: Apache-2.0
#include "version.h"

static unsigned version_smaller(unsigned a, unsigned b) {
    return a < b ? a : b;
}

/* What moby registers without a version prefix stays without one; a ping is how clients find theirs. */
static bool version_takes_one(const Operation *operation) {
    return operation && routes_has_version(operation) && !cstr_starts_with(operation->path, "/_ping");
}

bool version_needs_engine(const Request *request) {
    return request->target.api_minor == 0 && version_takes_one(request->operation);
}

static void version_clamp(const ApiVersions *versions, Request *request) {
    unsigned *minor = &request->target.api_minor;
    bool judged = request->operation &&
                  (request->operation->body == BODY_JSON || request->operation->body == BODY_JSON_OPTIONAL);
    unsigned least = judged && request_has_body(request) && versions->min_judged_minor > versions->min_minor
                         ? versions->min_judged_minor
                         : versions->min_minor;

    if (*minor < least)
        *minor = least;
    if (*minor > versions->max_minor)
        *minor = versions->max_minor;
}

void version_settle(const ApiVersions *versions, Request *request, unsigned engine_minor) {
    if (version_needs_engine(request) && engine_minor != 0)
        request->target.api_minor = version_smaller(engine_minor, versions->max_minor);
    else if (request->target.api_minor != 0 && versions->clamp)
        version_clamp(versions, request);
}

unsigned version_parse(Span text) {
    unsigned minor = 0;

    if (!span_starts_with(text, SPAN("1.")) || text.size < 3 || text.size > 5)
        return 0;
    for (size_t i = 2; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return 0;
        minor = minor * 10 + (unsigned) (text.data[i] - '0');
    }
    return minor;
}
