// SPDX-License-Identifier: Apache-2.0
#include "rules_read.h"

#include "hostpath.h"
#include "rule_read.h"
#include "rules_reader.h"
#include "text.h"

void *rules_alloc(RulesReader *reader, const DocNode *list, size_t size) {
    void *items = arena_alloc_array(reader->arena, list->n + 1, size);

    if (!items)
        doc_error(reader->errors, list->mark, "out of memory");
    return items;
}

const char *rules_write_plain(UNUSED RulesReader *reader, const DocNode *node) {
    return node->scalar.data; /* ends in NUL */
}

bool rules_read_pattern(RulesReader *reader, const DocNode *node, const char *what, PatternWriter write,
                        Pattern *ret) {
    Span text;
    const char *written;

    if (!keys_read_text(reader->errors, node, what, &text))
        return false;
    written = write(reader, node);
    if (!written)
        return false;
    ret->text = rule_copy_text(reader->arena, reader->errors, node);
    ret->glob = rule_read_glob(reader->arena, reader->errors, node, span_from(written));
    return ret->text && ret->glob;
}

void rules_read_patterns(RulesReader *reader, const DocNode *list, const char *what, PatternWriter write,
                         PatternList *ret) {
    Pattern *patterns;

    if (!keys_is_sequence(reader->errors, list, what))
        return;
    patterns = rules_alloc(reader, list, sizeof(*patterns));
    if (!patterns)
        return;
    *ret = (PatternList){.given = true, .items = patterns};
    for (size_t i = 0; i < list->n; i++)
        if (rules_read_pattern(reader, list->items[i], what, write, &patterns[ret->n]))
            ret->n++;
}

static void rules_read_profile(void *ctx, const DocNode *node) {
    RulesReader *reader = ctx;
    const char *words[PROFILE_MAX_];
    size_t i;

    for (size_t profile = 0; profile < PROFILE_MAX_; profile++)
        words[profile] = profile_name((Profile) profile);
    if (keys_read_word(reader->errors, node, "profile", words, ARRAY_SIZE(words), &i))
        reader->rules->profile = (Profile) i;
}

static void rules_read_privileged(void *ctx, const DocNode *node) {
    RulesReader *reader = ctx;

    if (keys_read_bool(reader->errors, node, "privileged", &reader->rules->privileged))
        rules_mark(reader, RULES_PRIVILEGED);
}

static void rules_read_unknown_fields(void *ctx, const DocNode *node) {
    static const char *const words[] = {"deny", "allow"};
    RulesReader *reader = ctx;
    size_t i;

    if (keys_read_word(reader->errors, node, "value of unknown_fields", words, ARRAY_SIZE(words), &i))
        reader->rules->unknown_fields_allowed = i == 1;
}

static void rules_read_require_digest(void *ctx, const DocNode *node) {
    RulesReader *reader = ctx;

    if (!keys_read_bool(reader->errors, node, "require_digest", &reader->rules->require_digest))
        return;
    if (reader->rules->require_digest) /* false is what each profile says anyway */
        rules_mark(reader, RULES_REQUIRE_DIGEST);
}

static void rules_read_user(void *ctx, const DocNode *node) {
    static const char *const words[] = {"any", "non-root"};
    RulesReader *reader = ctx;
    size_t i;

    if (!keys_read_word(reader->errors, node, "value of user", words, ARRAY_SIZE(words), &i))
        return;
    reader->rules->user_any = i == 0;
    rules_mark(reader, RULES_USER);
}

/*
 * A pattern is held against cleaned paths, so one that is not clean itself could never match: better
 * said here than found out by a deny.
 */
static void bind_read_path(void *ctx, const DocNode *node) {
    RulesReader *reader = ctx;
    Span text;
    const char *clean;

    if (!keys_read_text(reader->errors, node, "a path of bind_mounts", &text))
        return;
    clean = hostpath_clean(reader->errors->arena, text);
    if (!clean) {
        doc_error(reader->errors, node->mark, "'%s' must be an absolute path without '..'",
                  text_show(reader->errors->arena, text, LIMIT_VALUE_SHOWN));
        return;
    }
    if (!span_is(text, clean)) {
        doc_error(reader->errors, node->mark, "write the path as '%s'",
                  text_show(reader->errors->arena, span_from(clean), LIMIT_VALUE_SHOWN));
        return;
    }
    reader->bind->text = rule_copy_text(reader->arena, reader->errors, node);
    reader->bind->pattern = rule_read_glob(reader->arena, reader->errors, node, text);
}

static void bind_read_readonly(void *ctx, const DocNode *node) {
    RulesReader *reader = ctx;

    (void) keys_read_bool(reader->errors, node, "readonly", &reader->bind->readonly);
}

static const KeyRow BIND_KEYS[] = {
    {"path", bind_read_path},
    {"readonly", bind_read_readonly},
};

static void rules_read_bind_mounts(void *ctx, const DocNode *list) {
    RulesReader *reader = ctx;
    BindRule *binds;

    if (!keys_is_sequence(reader->errors, list, "bind_mounts"))
        return;
    binds = rules_alloc(reader, list, sizeof(*binds));
    if (!binds)
        return;
    for (size_t i = 0; i < list->n; i++) {
        const DocNode *node = list->items[i];

        reader->bind = &binds[i];
        if (node->type != DOC_MAPPING)
            bind_read_path(reader, node);
        else if (keys_read(reader->errors, node, "bind_mounts.", BIND_KEYS, ARRAY_SIZE(BIND_KEYS), reader) &&
                 !doc_get(node, "path"))
            doc_error(reader->errors, node->mark, "'path' is missing");
    }
    reader->rules->bind_mounts = binds;
    reader->rules->n_bind_mounts = list->n;
    rules_mark(reader, RULES_BIND_MOUNTS);
}

static const KeyRow CONTAINERS_KEYS[] = {
    {"profile", rules_read_profile},
    {"privileged", rules_read_privileged},
    {"bind_mounts", rules_read_bind_mounts},
    {"unknown_fields", rules_read_unknown_fields},
    {"volumes", rules_read_volumes},
    {"capabilities", rules_read_capabilities},
    {"devices", rules_read_devices},
    {"networks", rules_read_networks},
    {"namespaces", rules_read_namespaces},
    {"images", rules_read_images},
    {"require_digest", rules_read_require_digest},
    {"user", rules_read_user},
    {"ports", rules_read_ports},
    {"limits", rules_read_limits},
    {"security_opts", rules_read_security_opts},
    {"sysctls", rules_read_sysctls},
    {"runtimes", rules_read_runtimes},
    {"log_drivers", rules_read_log_drivers},
    {"labels", rules_read_labels},
    {"extra_hosts", rules_read_extra_hosts},
    {"secrets", rules_read_secrets},
    {"configs", rules_read_configs},
    {"signals", rules_read_signals},
    {"set", rules_read_set},
};

void rules_read(Arena *arena, DocErrors *errors, const DocNode *mapping, Rules *ret) {
    RulesReader reader = {.arena = arena, .errors = errors, .rules = ret};

    (void) keys_read(errors, mapping, "containers.", CONTAINERS_KEYS, ARRAY_SIZE(CONTAINERS_KEYS), &reader);
    rules_check_set(&reader, mapping);
}
