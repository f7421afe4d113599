// SPDX-License-Identifier: Apache-2.0
/*
 * CetusGuard: lines of METHODS and a regular expression over path and query, with variables between %; lines
 * that begin with ! are comments. The grammar stands in its README, the variables in cetusguard/rule.go; what
 * they stand for is written here as wide as names can be, which makes no difference to what an operation is.
 */
#include <stdlib.h>

#include "import.h"
#include "import_match.h"
#include "policy/text.h"

#define CETUSGUARD_RULES_MAX 256u

#define ONE_NAME "[^/?]+"
#define NAME_WITH_SLASHES "[^/?]+(/[^/?]+)*"
#define PREFIX "(/v[0-9]+([.][0-9]+)*)?"

typedef struct Cetusguard {
    Imported imported;
    const char *file;
    unsigned line;
    size_t n_rules;
} Cetusguard;

static const char *const SLASHED[] = {"IMAGE_NAME", "IMAGE_ID_OR_NAME", "PLUGIN_NAME", "PLUGIN_ID_OR_NAME"};
static const char *const NAMES[] = {"HOST",         "IPV4",           "IPV6",
                                    "IP",           "HOST_OR_IP",     "HOST_OR_IP_WITH_PORT",
                                    "IMAGE_ID",     "IMAGE_TAG",      "IMAGE_COMPONENT",
                                    "CONTAINER_ID", "CONTAINER_NAME", "CONTAINER_ID_OR_NAME",
                                    "VOLUME_ID",    "VOLUME_NAME",    "VOLUME_ID_OR_NAME",
                                    "NETWORK_ID",   "NETWORK_NAME",   "NETWORK_ID_OR_NAME",
                                    "PLUGIN_ID"};
static const char *const SECTIONS[] = {"AUTH",   "BUILD",  "COMMIT",  "CONFIGS", "CONTAINERS", "DISTRIBUTION",
                                       "EVENTS", "EXEC",   "GRPC",    "IMAGES",  "INFO",       "NETWORKS",
                                       "NODES",  "PING",   "PLUGINS", "SECRETS", "SERVICES",   "SESSION",
                                       "SWARM",  "SYSTEM", "TASKS",   "VERSION", "VOLUMES"};

static bool cetusguard_is_among(const char *const *words, size_t n, Span word) {
    for (size_t i = 0; i < n; i++)
        if (span_is(word, words[i]))
            return true;
    return false;
}

/* What the variable stands for, appended. False: there is none of that name. */
static bool cetusguard_expand(Span name, Buffer *out) {
    if (cetusguard_is_among(SLASHED, ARRAY_SIZE(SLASHED), name))
        return buffer_printf(out, "(%s)", NAME_WITH_SLASHES) == 0;
    if (cetusguard_is_among(NAMES, ARRAY_SIZE(NAMES), name))
        return buffer_printf(out, "(%s)", ONE_NAME) == 0;
    if (span_is(name, "API_PREFIX"))
        return buffer_printf(out, "%s", PREFIX) == 0;
    if (!span_starts_with(name, SPAN("API_PREFIX_")))
        return false;
    name = (Span){name.data + strlen("API_PREFIX_"), name.size - strlen("API_PREFIX_")};
    if (!cetusguard_is_among(SECTIONS, ARRAY_SIZE(SECTIONS), name) ||
        buffer_printf(out, "%s/%s", PREFIX, span_is(name, "PING") ? "_" : "") < 0)
        return false;
    for (size_t i = 0; i < name.size; i++) {
        char c = ascii_lower(name.data[i]);

        if (buffer_append(out, (Span){&c, 1}) < 0)
            return false;
    }
    return true;
}

/* The pattern with its variables filled in; what is between % and no variable stays. */
static bool cetusguard_fill(Span pattern, Buffer *out) {
    size_t i = 0;

    while (i < pattern.size) {
        const char *end = pattern.data[i] == '%' && i + 1 < pattern.size
                              ? memchr(pattern.data + i + 1, '%', pattern.size - i - 1)
                              : NULL;
        Span name = {pattern.data + i + 1, end ? (size_t) (end - pattern.data) - i - 1 : 0};

        if (end && cetusguard_expand(name, out))
            i += name.size + 2;
        else if (buffer_append(out, (Span){pattern.data + i, 1}) < 0)
            return false;
        else
            i++;
    }
    return true;
}

static void cetusguard_match(Cetusguard *c, Span methods, Span pattern, const char *by) {
    while (methods.size > 0) {
        const char *comma = memchr(methods.data, ',', methods.size);
        size_t size = comma ? (size_t) (comma - methods.data) : methods.size;
        Method method = method_parse((Span){methods.data, size});

        if (method == METHOD_NONE)
            imported_note(&c->imported, IMPORT_NARROWER, "no operation has the method %.*s (%s)", (int) size,
                          methods.data, by);
        else
            import_match(
                &c->imported,
                &(ImportPattern){.method = method, .pattern = pattern, .by = by, .with_query = true});
        size += comma ? 1 : 0;
        methods = (Span){methods.data + size, methods.size - size};
    }
}

static bool cetusguard_is_blank(char c) {
    return c == ' ' || c == '\t';
}

/* CTL_OK, or an exit code with a message. */
static int cetusguard_take_rule(Cetusguard *c, Span line, const char *by) {
    CLEANUP(buffer_done) Buffer pattern = {0};
    size_t n = 0, space;

    while (n < line.size && ((line.data[n] >= 'A' && line.data[n] <= 'Z') || line.data[n] == ','))
        n++;
    space = n;
    while (space < line.size && cetusguard_is_blank(line.data[space]))
        space++;
    if (n == 0 || space == n || space == line.size)
        return import_fail("%s:%u: a rule is METHODS PATTERN", c->file, c->line);
    if (c->n_rules++ == CETUSGUARD_RULES_MAX)
        return import_fail("%s:%u: more than %u rules", c->file, c->line, CETUSGUARD_RULES_MAX);
    if (!cetusguard_fill((Span){line.data + space, line.size - space}, &pattern))
        return import_fail("out of memory");
    cetusguard_match(c, (Span){line.data, n}, buffer_span(&pattern), by);
    return CTL_OK;
}

static int cetusguard_take_line(Cetusguard *c, Span line) {
    const char *by;

    while (line.size > 0 &&
           (cetusguard_is_blank(line.data[line.size - 1]) || line.data[line.size - 1] == '\r'))
        line.size--;
    while (line.size > 0 && cetusguard_is_blank(line.data[0]))
        line = (Span){line.data + 1, line.size - 1};
    if (line.size == 0 || line.data[0] == '!')
        return CTL_OK;
    by = arena_copy(c->imported.arena, line);
    return by ? cetusguard_take_rule(c, line, by) : import_fail("out of memory");
}

static int cetusguard_read(Cetusguard *c) {
    CLEANUP(buffer_done) Buffer text = {0};
    int r = import_read(c->file, &text);
    Span rest = buffer_span(&text);

    for (c->line = 1; r == CTL_OK && rest.size > 0; c->line++) {
        const char *end = memchr(rest.data, '\n', rest.size);
        size_t size = end ? (size_t) (end - rest.data) : rest.size;

        r = cetusguard_take_line(c, (Span){rest.data, size});
        size += end ? 1 : 0;
        rest = (Span){rest.data + size, rest.size - size};
    }
    return r;
}

/* Unless -no-builtin-rules was given, which only its command line tells. */
static int cetusguard_take_builtin(Cetusguard *c) {
    static const char *const rules[] = {"GET,HEAD %API_PREFIX_PING%", "GET %API_PREFIX_VERSION%",
                                        "GET %API_PREFIX_INFO%"};
    int r = CTL_OK;

    for (size_t i = 0; r == CTL_OK && i < ARRAY_SIZE(rules); i++)
        r = cetusguard_take_rule(c, span_from(rules[i]), "built in");
    return r;
}

int import_cetusguard(int argc, char **argv) {
    Cetusguard *c = calloc(1, sizeof(*c));
    int r;

    if (!c || !imported_init(&c->imported)) {
        free(c);
        return import_fail("out of memory");
    }
    c->file = argv[1];
    r = argc == 2 ? cetusguard_take_builtin(c) : import_fail_usage("cetusguard: one file of rules is needed");
    if (r == CTL_OK)
        r = cetusguard_read(c);
    if (r == CTL_OK) {
        imported_note(
            &c->imported, IMPORT_OPEN,
            "the rules that are built in there are here too: take ping, version and info away if it ran with "
            "-no-builtin-rules");
        imported_note(&c->imported, IMPORT_OPEN,
                      "a pattern there was held against the query too, and refused any where it ends with "
                      "the path; here "
                      "an operation is allowed with each query that its parameters let pass");
        imported_note(&c->imported, IMPORT_OPEN,
                      "it listened where -frontend-addr said; here it is a unix socket, which its client "
                      "must be given");
        r = imported_print(&c->imported, "cetusguard");
    }
    imported_done(&c->imported);
    free(c);
    return r;
}
