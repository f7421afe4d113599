// SPDX-License-Identifier: Apache-2.0
#include "routes.h"

#include "bytes.h"

#define ROUTE(id, method, path, mux, since, until, body, reply, risk, summary)                               \
    {#id, METHOD_##method, path, since, until, BODY_##body, REPLY_##reply, RISK_##risk, summary},
static const Operation ROUTES[] = {
#include "routes.def"
};
#undef ROUTE

/* moby's template of each row. */
#define ROUTE(id, method, path, mux, since, until, body, reply, risk, summary) mux,
static const char *const ROUTES_MUX[] = {
#include "routes.def"
};
#undef ROUTE

/* What {…} in a template stands for. */
typedef enum Wildcard {
    WILDCARD_ID,  /* one segment of name bytes: {id} and whatever has no pattern of ours */
    WILDCARD_REF, /* {name:**}: one segment or more of an image reference */
    WILDCARD_ONE, /* gorilla/mux {x}: [^/]+ */
    WILDCARD_ANY, /* {x:.*} */
    WILDCARD_SOME /* {x:.+} */
} Wildcard;

static bool routes_begins_name(Span text) {
    return text.size > 0 && byte_is(text.data[0], BYTE_ALNUM);
}

/* How many bytes of `rest` the wildcard may take: from *ret_least to the returned number. */
static size_t routes_reach(Wildcard wildcard, Span rest, size_t *ret_least) {
    size_t n = 0;

    *ret_least = wildcard == WILDCARD_ANY ? 0 : 1;
    switch (wildcard) {
    case WILDCARD_ID: /* all of the segment or nothing: the literal after it starts with a slash */
        return routes_begins_name(rest) ? bytes_of(rest, BYTE_NAME) : 0;
    case WILDCARD_ONE:
        while (n < rest.size && rest.data[n] != '/')
            n++;
        return n;
    case WILDCARD_REF: /* the target has checked its bytes */
        return routes_begins_name(rest) ? rest.size : 0;
    case WILDCARD_ANY:
    case WILDCARD_SOME:
        break;
    }
    return rest.size;
}

static Wildcard routes_parse_wildcard(Span pattern, bool mux) {
    const char *colon = memchr(pattern.data, ':', pattern.size);
    Span rule = colon ? (Span){.data = colon + 1, .size = pattern.size - (size_t) (colon + 1 - pattern.data)}
                      : (Span){0};

    if (!mux)
        return span_is(rule, "**") ? WILDCARD_REF : WILDCARD_ID;
    if (span_is(rule, ".*"))
        return WILDCARD_ANY;
    return span_is(rule, ".+") ? WILDCARD_SOME : WILDCARD_ONE;
}

/*
 * Does all of `path` match all of `pattern`? Longest first, as regexp does, so that *ret_object is what
 * dockerd's handler gets. At most two wildcards to a template, so the depth is bounded by the table.
 */
static bool routes_match_template(const char *pattern, Span path, bool mux, Span *ret_object) {
    size_t i = 0, least, most;
    const char *end;
    Span rest, inner = {0};

    while (pattern[i] != '\0' && pattern[i] != '{') {
        if (i == path.size || pattern[i] != path.data[i])
            return false;
        i++;
    }
    if (pattern[i] == '\0')
        return i == path.size;
    end = strchr(pattern + i, '}');
    rest = (Span){.data = path.data + i, .size = path.size - i};
    most = routes_reach(
        routes_parse_wildcard((Span){.data = pattern + i + 1, .size = (size_t) (end - pattern) - i - 1}, mux),
        rest, &least);
    for (size_t n = most + 1; n-- > least;) {
        if (!routes_match_template(end + 1, (Span){.data = rest.data + n, .size = rest.size - n}, mux,
                                   &inner))
            continue;
        *ret_object = (Span){.data = rest.data, .size = n};
        return true;
    }
    return false;
}

/* What stands before the first and behind the last wildcard of a row's mux template. */
static struct {
    Span head, tail;
    bool literal; /* no wildcard: all of it is the head, and our template is the same */
} routes_edges[ARRAY_SIZE(ROUTES)];

/* Of the first letters, their last five bits: what two share costs but a comparison. */
#define ROUTES_LETTERS 32u

/* The rows by method and first letter: the first of each, and the one that is tried after each. ROUTES_NONE:
 * no more. So nearly all rows are passed over. */
#define ROUTES_NONE ARRAY_SIZE(ROUTES)
static unsigned char routes_first[METHOD_DELETE + 1][ROUTES_LETTERS];
static unsigned char routes_after[ARRAY_SIZE(ROUTES)];

_Static_assert(ROUTES_NONE <= UINT8_MAX, "a row's number fits in a byte");

static unsigned char *routes_begin(Method method, Span path) {
    return &routes_first[method][path.size > 1 ? (unsigned char) path.data[1] % ROUTES_LETTERS : 0];
}

static void routes_build_edge(size_t i) {
    Span whole = span_from(ROUTES_MUX[i]);
    const char *open = strchr(ROUTES_MUX[i], '{'), *close = strrchr(ROUTES_MUX[i], '}');

    routes_edges[i].literal = !open && strcmp(ROUTES[i].path, ROUTES_MUX[i]) == 0;
    routes_edges[i].head = open ? (Span){whole.data, (size_t) (open - whole.data)} : whole;
    routes_edges[i].tail = close ? span_from(close + 1) : whole;
}

/* From the last row on, each before those of its letter that came. All templates begin with a letter. */
static void routes_build(void) {
    memset(routes_first, ROUTES_NONE, sizeof(routes_first));
    for (size_t i = ARRAY_SIZE(ROUTES); i-- > 0;) {
        unsigned char *first;

        routes_build_edge(i);
        first = routes_begin(ROUTES[i].method, routes_edges[i].head);
        routes_after[i] = *first;
        *first = (unsigned char) i;
    }
}

static bool span_ends_with(Span a, Span tail) {
    return a.size >= tail.size && memcmp(a.data + (a.size - tail.size), tail.data, tail.size) == 0;
}

/* Of those that begin alike one or two are left by this, so that templates are seldom looked into. */
static bool routes_may_match(size_t i, Method method, const Target *target) {
    if (ROUTES[i].method != method)
        return false;
    if (routes_edges[i].literal)
        return span_equals(target->path, routes_edges[i].head);
    return span_ends_with(target->path, routes_edges[i].tail) &&
           span_starts_with(target->path, routes_edges[i].head);
}

static bool routes_match_mux(size_t i, Method method, const Target *target, Span *ret_object) {
    return routes_may_match(i, method, target) &&
           (routes_edges[i].literal || routes_match_template(ROUTES_MUX[i], target->path, true, ret_object));
}

/* The first row that is moby's of this target; ROUTES_NONE: there is none. */
static size_t routes_find_mux(Method method, const Target *target, Span *ret_object) {
    size_t i;

    if (routes_edges[0].head.size == 0)
        routes_build();
    i = *routes_begin(method, target->path);
    while (i < ROUTES_NONE && !routes_match_mux(i, method, target, ret_object))
        i = routes_after[i];
    return i;
}

const Operation *routes_all(size_t *ret_n) {
    *ret_n = ARRAY_SIZE(ROUTES);
    return ROUTES;
}

size_t routes_index(const Operation *operation) {
    uintptr_t at = (uintptr_t) operation, first = (uintptr_t) ROUTES;

    return at >= first && at < first + sizeof(ROUTES) ? (size_t) (operation - ROUTES) : SIZE_MAX;
}

const Operation *routes_find(Span id) {
    for (size_t i = 0; i < ARRAY_SIZE(ROUTES); i++)
        if (span_is(id, ROUTES[i].id))
            return &ROUTES[i];
    return NULL;
}

static const char ROUTES_DEBUG[] = "/debug/";

bool routes_has_version(const Operation *operation) {
    return !cstr_starts_with(operation->path, ROUTES_DEBUG);
}

/*
 * gorilla/mux takes the first template that matches, and moby's `.*` takes slashes: POST
 * /containers/a/exec/start is `start` of a container "a/exec" (T-010). So the first row is dockerd's
 * answer; ours has to be the same row with the same name in it, or there is none.
 */
const Operation *routes_match(Method method, const Target *target, Span *ret_object) {
    Span theirs = {0}, ours = {0};
    size_t i = routes_find_mux(method, target, &theirs);

    if (i == ROUTES_NONE)
        return NULL;
    if (!routes_edges[i].literal &&
        (!routes_match_template(ROUTES[i].path, target->path, false, &ours) || !span_equals(theirs, ours)))
        return NULL;
    *ret_object = ours;
    return &ROUTES[i];
}

/* moby to 27 registers the debug routes without a method: a POST reads the heap (T-015, seen on 20.10). */
bool routes_is_taken(Method method, const Target *target) {
    Span object = {0};

    return span_starts_with(target->path, span_from(ROUTES_DEBUG)) ||
           routes_find_mux(method, target, &object) < ROUTES_NONE;
}

static const Span ROUTES_METHODS[] = {
    [METHOD_NONE] = {0},
    [METHOD_GET] = SPAN_INIT("GET"),
    [METHOD_HEAD] = SPAN_INIT("HEAD"),
    [METHOD_POST] = SPAN_INIT("POST"),
    [METHOD_PUT] = SPAN_INIT("PUT"),
    [METHOD_DELETE] = SPAN_INIT("DELETE"),
};

const char *method_name(Method method) {
    return (unsigned) method < ARRAY_SIZE(ROUTES_METHODS) ? ROUTES_METHODS[method].data : NULL;
}

Method method_parse(Span name) {
    for (Method method = METHOD_GET; method < ARRAY_SIZE(ROUTES_METHODS); method++)
        if (span_equals(name, ROUTES_METHODS[method]))
            return method;
    return METHOD_NONE;
}

const char *risk_name(Risk risk) {
    switch (risk) {
    case RISK_READ:
        return "read";
    case RISK_WRITE:
        return "write";
    case RISK_HOST:
        break;
    }
    return "host";
}
