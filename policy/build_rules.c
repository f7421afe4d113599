// SPDX-License-Identifier: Apache-2.0
#include "build_rules.h"

#include "bytes.h"
#include "keys.h"

typedef struct BuildReader {
    Arena *arena;
    DocErrors *errors;
    BuildRules *rules;
} BuildReader;

static void build_read_networks(void *ctx, const DocNode *node) {
    BuildReader *reader = ctx;

    reader->rules->any_network = pattern_list_is_any(node);
    reader->rules->has_networks =
        reader->rules->any_network ||
        pattern_list_read(reader->arena, reader->errors, node, "networks", &reader->rules->networks);
}

static void build_read_remote(void *ctx, const DocNode *node) {
    BuildReader *reader = ctx;

    reader->rules->has_remote = keys_read_bool(reader->errors, node, "remote", &reader->rules->remote);
}

static const KeyRow BUILD_KEYS[] = {
    {"networks", build_read_networks},
    {"remote", build_read_remote},
};

void build_rules_read(Arena *arena, DocErrors *errors, const DocNode *mapping, BuildRules *ret) {
    BuildReader reader = {.arena = arena, .errors = errors, .rules = ret};

    (void) keys_read(errors, mapping, "build.", BUILD_KEYS, ARRAY_SIZE(BUILD_KEYS), &reader);
}

/* The beginning of any network's ID needs its exact pattern, or one for all. */
static bool build_pattern_takes(const Pattern *pattern, Span name) {
    bool any = span_is(SPAN("*"), pattern->text) || span_is(SPAN("**"), pattern->text);

    return glob_match(pattern->glob, name) && (any || glob_is_literal(pattern->glob) || !bytes_are_hex(name));
}

bool build_rules_allow_network(const BuildRules *rules, Span network) {
    Span name = network.size > 0 ? network : SPAN("default");
    bool is_default = span_is(name, "default") || span_is(name, "bridge"); /* one to the engine */
    bool shared = span_is(name, "host") || span_starts_with(name, SPAN("container:")) ||
                  span_starts_with(name, SPAN("ns:"));

    if (rules->any_network)
        return true;
    if (!rules->has_networks)
        return is_default || span_is(name, "none");
    for (size_t i = 0; i < rules->networks.n; i++) {
        const Pattern *pattern = &rules->networks.items[i];

        if (shared ? span_is(name, pattern->text) : build_pattern_takes(pattern, name))
            return true;
        if (is_default && (span_is(SPAN("default"), pattern->text) || span_is(SPAN("bridge"), pattern->text)))
            return true;
    }
    return false;
}
