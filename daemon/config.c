// SPDX-License-Identifier: Apache-2.0
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "config_guard.h"
#include "config_read.h"
#include "file.h"
#include "policy/text.h"

#define BUILTIN_LISTEN "unix:///run/quaygate/docker.sock"
#define BUILTIN_POLICY "monitoring"

static Config *config_new(void) {
    Config *config = calloc(1, sizeof(*config));

    if (!config)
        return NULL;
    config->n_refs = 1;
    config->arena = arena_new(LIMIT_CONFIG_ARENA_BYTES);
    if (!config->arena) {
        free(config);
        return NULL;
    }
    config_set_defaults(config);
    return config;
}

Config *config_ref(Config *config) {
    config->n_refs++;
    return config;
}

Config *config_unref(Config *config) {
    if (!config || --config->n_refs > 0)
        return NULL;
    (void) policy_set_free(config->policies); /* lives on while an exchange holds one of its policies */
    (void) arena_free(config->arena);
    free(config);
    return NULL;
}

/* --- a file */

static int config_compare_errors(const void *a, const void *b) {
    const DocError *x = a, *y = b;

    if (x->mark.line != y->mark.line)
        return x->mark.line < y->mark.line ? -1 : 1;
    if (x->mark.column != y->mark.column)
        return x->mark.column < y->mark.column ? -1 : 1;
    return strcmp(x->message, y->message);
}

void config_print_errors(DocErrors *errors, FILE *messages) {
    size_t n = errors->n < LIMIT_CONFIG_ERRORS ? errors->n : LIMIT_CONFIG_ERRORS;

    qsort(errors->items, n, sizeof(errors->items[0]), config_compare_errors);
    for (size_t i = 0; i < n; i++)
        fprintf(messages, "%s:%u:%u: %s\n", errors->file, errors->items[i].mark.line,
                errors->items[i].mark.column, errors->items[i].message);
    if (errors->n > n)
        fprintf(messages, "%s: and %zu mistakes more\n", errors->file, errors->n - n);
}

static int config_fail(const char *file, int r, FILE *messages) {
    fprintf(messages, "%s: %s\n", file, strerror(-r));
    return r;
}

static int config_fail_memory(const char *file, FILE *messages) {
    return config_fail(file, -ENOMEM, messages);
}

static int config_finish(Config *config, const char *file, FILE *messages) {
    const char *place;
    int r = config_guard(config, config->policies, &place);

    if (r < 0 && place)
        fprintf(messages, "%s: what no bind mount may reach can't be told: ", file);
    return r < 0 ? config_fail(place ? place : file, r, messages) : 0;
}

static int config_parse_with(Span bytes, const char *file, ConfigPresets presets, FILE *messages,
                             Config **ret) {
    CLEANUP(config_unref_p) Config *config = config_new();
    CLEANUP(arena_free_p) Arena *scratch = arena_new(LIMIT_CONFIG_ARENA_BYTES); /* the tree, the messages */
    DocErrors errors = {.arena = scratch, .file = file};
    ConfigReader reader = {.config = config, .errors = &errors, .presets = presets};
    int r;

    if (!config || !scratch)
        return config_fail_memory(file, messages);
    config->file = arena_copy(config->arena, span_from(file));
    if (!config->file)
        return config_fail_memory(file, messages);
    chain_digest(bytes, config->hash);
    reader.root = doc_parse(scratch, bytes, &errors);
    if (reader.root)
        config_read(&reader);
    if (errors.n > 0) {
        config_print_errors(&errors, messages);
        return -EINVAL;
    }
    r = config_finish(config, file, messages);
    if (r < 0)
        return r;
    if (config_settle_observers(&reader) < 0 || config_tell_listeners(config, reader.made) < 0)
        return config_fail_memory(file, messages);
    *ret = TAKE_PTR(config);
    return 0;
}

int config_parse(Span bytes, const char *file, FILE *messages, Config **ret) {
    return config_parse_with(bytes, file, CONFIG_PRESETS_ALL, messages, ret);
}

bool config_is_absent(const char *path) {
    struct stat st;

    return lstat(path, &st) < 0 && (errno == ENOENT || errno == ENOTDIR);
}

/* One byte past the limit is enough for doc_parse to refuse it. */
int config_load(const char *path, ConfigPresets presets, FILE *messages, Config **ret) {
    CLEANUP(buffer_done) Buffer text = {0};
    int r = file_read(path, LIMIT_CONFIG_BYTES, &text);

    if (r < 0) {
        fprintf(messages, "%s: %s\n", path, strerror(-r));
        return r;
    }
    return config_parse_with(buffer_span(&text), path, presets, messages, ret);
}

/* --- the command line */

/* What a file with the same content would be: `--print-config` shows it. */
static int config_hash_printed(Config *config) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    int r;

    if (!out)
        return -ENOMEM;
    r = config_print(config, out);
    if (fclose(out) == EOF && r == 0)
        r = -ENOMEM;
    if (r == 0)
        chain_digest((Span){.data = text, .size = size}, config->hash);
    free(text);
    return r;
}

static int config_builtin_address(const char *option, const char *text, FILE *messages, Address *ret) {
    const char *why = NULL;

    if (address_parse(span_from(text), ret, &why) == 0)
        return 0;
    fprintf(messages, "%s %s: %s\n", option, text, why);
    return -EINVAL;
}

static int config_builtin_listener(Config *config, const char *listen, const char *policy, FILE *messages,
                                   ConfigListener *listener) {
    const Address *address = &listener->address;
    const char *const *names, *nearest;
    size_t n;

    *listener = config_default_listener;
    if (config_builtin_address("--listen", listen, messages, &listener->address) < 0)
        return -EINVAL;
    if (address_is_name(address)) {
        fprintf(messages, "--listen %s: " CONFIG_LISTEN_NAME "\n", listen);
        return -EINVAL;
    }
    if (address->kind == ADDRESS_TCP && !address_is_loopback(address)) {
        fprintf(messages, "--listen %s: an address that is not loopback needs allow_from, in a config file\n",
                listen);
        return -EINVAL;
    }
    if (address_equals(address, &config->upstream)) {
        fprintf(messages, "--listen %s: this is the upstream's address\n", listen);
        return -EINVAL;
    }
    listener->policy = policy_set_get(config->policies, span_from(policy));
    if (listener->policy)
        return 0;
    names = policy_set_names(config->policies, &n);
    nearest = doc_nearest(span_from(policy), names, n);
    fprintf(messages, "--policy %s: no such policy%s%s%s\n", policy, nearest ? "; did you mean '" : "",
            nearest ? nearest : "", nearest ? "'?" : "");
    return -EINVAL;
}

int config_builtin(const char *listen, const char *upstream, const char *policy, ConfigPresets presets,
                   FILE *messages, Config **ret) {
    CLEANUP(config_unref_p) Config *config = config_new();
    CLEANUP(arena_free_p) Arena *scratch = arena_new(LIMIT_CONFIG_ARENA_BYTES);
    DocErrors errors = {.arena = scratch, .file = "presets"};
    ConfigListener *listener = config ? arena_alloc(config->arena, sizeof(*listener)) : NULL;
    int r;

    policy = policy ? policy : BUILTIN_POLICY;
    if (!listener || !scratch)
        return config_fail_memory("quaygate", messages);
    if (upstream && config_builtin_address("--upstream", upstream, messages, &config->upstream) < 0)
        return -EINVAL;
    config_settle_host(config);
    if (config->upstream.kind == ADDRESS_FD) {
        fprintf(messages, "--upstream %s: the upstream can't be a passed socket\n", upstream);
        return -EINVAL;
    }
    config->policies =
        presets == CONFIG_PRESETS_ALL
            ? policy_set_compile(NULL, &config->versions, &errors)
            : policy_set_compile_with(NULL, &(Span){policy, strlen(policy)}, 1, &config->versions, &errors);
    if (!config->policies) {
        config_print_errors(&errors, messages);
        return errors.n > 0 ? -EINVAL : config_fail_memory("quaygate", messages);
    }
    if (config_builtin_listener(config, listen ? listen : BUILTIN_LISTEN, policy, messages, listener) < 0)
        return -EINVAL;
    config->listeners = listener;
    config->n_listeners = 1;
    r = config_finish(config, "quaygate", messages);
    if (r == 0)
        r = config_hash_printed(config);
    if (r == 0)
        r = config_tell_listeners(config, listener);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(config);
    return 0;
}
