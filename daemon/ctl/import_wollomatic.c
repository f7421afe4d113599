// SPDX-License-Identifier: Apache-2.0
/*
 * socket-proxy: a regular expression a method, over the path without its query. Its settings stand in its
 * README and internal/config (1.12).
 */
#include <stdlib.h>

#include "daemon/address.h"
#include "import.h"
#include "import_match.h"

#define WOLLOMATIC_PATTERNS_MAX 256u

typedef struct Wollomatic {
    Imported imported;
    ImportPattern patterns[WOLLOMATIC_PATTERNS_MAX];
    size_t n_patterns;
    const char *listen_ip, *port, *socket, *socket_mode, *allow_from, *bind_from;
    const char *from_args[32]; /* names that the command line has: variables of the same don't count */
    size_t n_from_args;
} Wollomatic;

/* "-allowGET=X" to its name and value; as a variable, "SP_ALLOW_GET=X", the name is the argument's. */
typedef struct WollomaticArg {
    char name[64];
    const char *value; /* NULL: none */
    bool variable;
} WollomaticArg;

static const char *const FLAGS[] = {"allowhealthcheck", "logjson", "stoponwatchdog"};
static const char *const IGNORED[] = {"loglevel", "shutdowngracetime", "watchdoginterval"};
static const char *const METHODLESS[] = {"PATCH", "CONNECT", "TRACE", "OPTIONS"};

static bool wollomatic_is_among(const char *const *words, size_t n, const char *word) {
    for (size_t i = 0; i < n; i++)
        if (strcmp(words[i], word) == 0)
            return true;
    return false;
}

/* --- one argument */

/* SP_ALLOW_GET, SP_ALLOW_GET_2: allowGET; SP_LISTENIP: listenip. */
static void wollomatic_name_variable(WollomaticArg *arg, Span name) {
    if (span_starts_with(name, SPAN("ALLOW_"))) {
        size_t size = 0;

        name = (Span){name.data + 6, name.size - 6};
        while (size < name.size && name.data[size] != '_')
            size++;
        (void) snprintf(arg->name, sizeof(arg->name), "allow%.*s", (int) size, name.data);
        return;
    }
    (void) snprintf(arg->name, sizeof(arg->name), "%.*s", SPAN_FMT(name));
    for (char *c = arg->name; *c; c++)
        *c = ascii_lower(*c);
}

/* False: neither an option nor a variable. */
static bool wollomatic_split(const char *text, WollomaticArg *ret) {
    const char *sign = strchr(text, '=');
    size_t size = sign ? (size_t) (sign - text) : strlen(text), dashes = 0;

    *ret = (WollomaticArg){.value = sign ? sign + 1 : NULL};
    if (strncmp(text, "SP_", 3) == 0 && sign) {
        ret->variable = true;
        wollomatic_name_variable(ret, (Span){text + 3, size - 3});
        return true;
    }
    while (size > 0 && dashes < 2 && text[0] == '-') {
        text++;
        size--;
        dashes++;
    }
    if (dashes == 0 || size >= sizeof(ret->name))
        return false;
    (void) snprintf(ret->name, sizeof(ret->name), "%.*s", (int) size, text);
    return ret->name[0] != '\0';
}

static int wollomatic_take_pattern(Wollomatic *w, const WollomaticArg *arg, const char *written) {
    const char *method = arg->name + strlen("allow");

    if (wollomatic_is_among(METHODLESS, ARRAY_SIZE(METHODLESS), method)) {
        imported_note(&w->imported, IMPORT_NARROWER, "no operation has the method %s", method);
        return CTL_OK;
    }
    if (method_parse(span_from(method)) == METHOD_NONE)
        return import_fail_usage("wollomatic: unknown setting '%s'", arg->name);
    if (w->n_patterns == WOLLOMATIC_PATTERNS_MAX)
        return import_fail("wollomatic: more than %u patterns", WOLLOMATIC_PATTERNS_MAX);
    w->patterns[w->n_patterns++] = (ImportPattern){
        .method = method_parse(span_from(method)), .pattern = span_from(arg->value), .by = written};
    return CTL_OK;
}

static int wollomatic_take(Wollomatic *w, const WollomaticArg *arg, const char *written) {
    const struct {
        const char *name;
        const char **value;
    } rows[] = {
        {"listenip", &w->listen_ip},
        {"proxyport", &w->port},
        {"socketpath", &w->imported.upstream},
        {"proxysocketendpoint", &w->socket},
        {"proxysocketendpointfilemode", &w->socket_mode},
        {"allowfrom", &w->allow_from},
        {"allowbindmountfrom", &w->bind_from},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (strcmp(rows[i].name, arg->name) == 0) {
            *rows[i].value = arg->value;
            return CTL_OK;
        }
    if (wollomatic_is_among(FLAGS, ARRAY_SIZE(FLAGS), arg->name) ||
        wollomatic_is_among(IGNORED, ARRAY_SIZE(IGNORED), arg->name))
        return CTL_OK;
    if (strcmp(arg->name, "proxycontainername") == 0) {
        imported_note(&w->imported, IMPORT_OPEN,
                      "proxycontainername: allowlists in labels of containers have no counterpart; give each "
                      "consumer a "
                      "listener of its own");
        return CTL_OK;
    }
    if (strncmp(arg->name, "allow", 5) == 0)
        return wollomatic_take_pattern(w, arg, written);
    return import_fail_usage("wollomatic: unknown setting '%s'", arg->name);
}

/* --- all of them: what the command line has, variables don't say */

static bool wollomatic_in_args(const Wollomatic *w, const char *name) {
    return wollomatic_is_among(w->from_args, w->n_from_args, name);
}

/* There are fewer settings than there is room. */
static bool wollomatic_note_arg(Wollomatic *w, const char *name) {
    if (wollomatic_in_args(w, name) || w->n_from_args == ARRAY_SIZE(w->from_args))
        return true;
    w->from_args[w->n_from_args] = arena_copy(w->imported.arena, span_from(name));
    return w->from_args[w->n_from_args++] != NULL;
}

static int wollomatic_read_pass(Wollomatic *w, int argc, char **argv, bool variables) {
    for (int i = 1; i < argc; i++) {
        const char *written = argv[i];
        WollomaticArg arg;
        int r;

        if (!wollomatic_split(argv[i], &arg))
            return import_fail_usage("wollomatic: '%s' is neither an option (-allowGET=...) nor a variable "
                                     "(SP_ALLOW_GET=...)",
                                     argv[i]);
        /* Go's flags take their value from the next argument too, but for those that are true or false. */
        if (!arg.value && !wollomatic_is_among(FLAGS, ARRAY_SIZE(FLAGS), arg.name)) {
            if (i + 1 == argc)
                return import_fail_usage("wollomatic: '%s' needs a value", argv[i]);
            arg.value = argv[++i];
            written = arena_printf(w->imported.arena, "%s=%s", written, arg.value);
        }
        if (arg.variable != variables)
            continue;
        if (variables && wollomatic_in_args(w, arg.name))
            continue;
        r = written ? wollomatic_take(w, &arg, written) : import_fail("out of memory");
        if (r != CTL_OK)
            return r;
        if (!variables && !wollomatic_note_arg(w, arg.name))
            return import_fail("out of memory");
    }
    return CTL_OK;
}

/* --- where it listened, and for whom */

static void wollomatic_take_network(Wollomatic *w, Span item) {
    const char *why, *text = arena_copy(w->imported.arena, item);
    Network network;

    if (!text || w->imported.n_networks == IMPORTED_ITEMS_MAX) {
        w->imported.failed = true;
        return;
    }
    if (network_parse(item, &network, &why) < 0) {
        imported_note(
            &w->imported, IMPORT_OPEN,
            "allowfrom %s: a name is no address that can be held to; its container needs the socket, or its "
            "network stands in allow_from",
            text);
        return;
    }
    w->imported.networks[w->imported.n_networks++] = text;
    if (network.prefix == 0)
        imported_note(&w->imported, IMPORT_DANGEROUS, "allowfrom %s: whoever could reach it", text);
}

static void wollomatic_listen_tcp(Wollomatic *w) {
    const char *ip = w->listen_ip ? w->listen_ip : "127.0.0.1", *port = w->port ? w->port : "2375";
    const char *text =
        arena_printf(w->imported.arena, strchr(ip, ':') ? "tcp://[%s]:%s" : "tcp://%s:%s", ip, port);
    Span rest = span_from(w->allow_from ? w->allow_from : "127.0.0.1/32");
    Address address;
    const char *why;

    while (rest.size > 0) {
        const char *comma = memchr(rest.data, ',', rest.size);
        size_t size = comma ? (size_t) (comma - rest.data) : rest.size;

        if (size > 0)
            wollomatic_take_network(w, (Span){rest.data, size});
        size += comma ? 1 : 0;
        rest = (Span){rest.data + size, rest.size - size};
    }
    if (text && address_parse(span_from(text), &address, &why) == 0 && !address_is_name(&address) &&
        w->imported.n_networks > 0) {
        w->imported.address = text;
        return;
    }
    w->imported.n_networks = 0;
    imported_note(&w->imported, IMPORT_OPEN,
                  "it listened on %s port %s; here it is a unix socket, which its client must be given", ip,
                  port);
}

static void wollomatic_listen(Wollomatic *w) {
    const char *text = w->socket_mode ? w->socket_mode : "0600";
    char *end;
    unsigned long mode = strtoul(text, &end, 8);

    if (!w->socket)
        return wollomatic_listen_tcp(w);
    if (*end || end == text || mode > 0777) {
        imported_note(&w->imported, IMPORT_OPEN, "proxysocketendpointfilemode %s is no mode: 0600 it is",
                      text);
        mode = 0600;
    }
    w->imported.address = arena_printf(w->imported.arena, "unix://%s", w->socket);
    w->imported.mode = arena_printf(w->imported.arena, "%04lo", mode);
    if (!w->imported.address || !w->imported.mode)
        w->imported.failed = true;
}

static void wollomatic_take_binds(Wollomatic *w) {
    Span rest = span_from(w->bind_from ? w->bind_from : "");

    while (rest.size > 0) {
        const char *comma = memchr(rest.data, ',', rest.size);
        size_t size = comma ? (size_t) (comma - rest.data) : rest.size, n = size;
        const char *text;

        while (n > 1 && rest.data[n - 1] == '/')
            n--;
        text = arena_copy(w->imported.arena, (Span){rest.data, n});
        if (text && strpbrk(text, "*?"))
            imported_note(
                &w->imported, IMPORT_NARROWER,
                "allowbindmountfrom %s is left out: its * or ? would stand for more than itself here", text);
        else if (!text || w->imported.n_binds == IMPORTED_ITEMS_MAX)
            w->imported.failed = true;
        else if (n > 0)
            w->imported.binds[w->imported.n_binds++] = text;
        size += comma ? 1 : 0;
        rest = (Span){rest.data + size, rest.size - size};
    }
}

static void wollomatic_finish(Wollomatic *w) {
    static const char upstream[] = "unix:///var/run/docker.sock";

    if (w->imported.upstream[0] == '/')
        w->imported.upstream = arena_printf(w->imported.arena, "unix://%s", w->imported.upstream);
    if (!w->imported.upstream) {
        w->imported.failed = true;
        w->imported.upstream = upstream;
    }
    wollomatic_listen(w);
    wollomatic_take_binds(w);
    for (size_t i = 0; i < w->n_patterns; i++)
        import_match(&w->imported, &w->patterns[i]);
}

int import_wollomatic(int argc, char **argv) {
    Wollomatic *w = calloc(1, sizeof(*w));
    int r;

    if (!w || !imported_init(&w->imported)) {
        free(w);
        return import_fail("out of memory");
    }
    r = argc < 2 ? import_fail_usage("wollomatic: its arguments are needed")
                 : wollomatic_read_pass(w, argc, argv, false);
    if (r == CTL_OK)
        r = wollomatic_read_pass(w, argc, argv, true);
    if (r == CTL_OK) {
        wollomatic_finish(w);
        r = imported_print(&w->imported, "wollomatic");
    }
    imported_done(&w->imported);
    free(w);
    return r;
}
