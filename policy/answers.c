// SPDX-License-Identifier: Apache-2.0
#include "answers.h"

#include "keys.h"
#include "rule_read.h"

#define DENY_ALL "deny-all"

typedef struct AnswersReader {
    Arena *arena;
    DocErrors *errors;
    Answers *answers;
} AnswersReader;

/* --- from YAML */

static Span answers_needle(const char *pattern) {
    Span longest = {.data = pattern};

    for (size_t n; *pattern; pattern += n + (pattern[n] != '\0')) {
        n = strcspn(pattern, "*?");
        if (n > longest.size)
            longest = (Span){pattern, n};
    }
    return longest;
}

/* Held against lower case: the pattern too. `text` stays as it was written. */
static bool answers_read_pattern(AnswersReader *reader, const DocNode *node, AnswerPattern *ret) {
    const char *text = rule_copy_text(reader->arena, reader->errors, node);
    char *lower = text ? arena_copy(reader->arena, span_from(text)) : NULL;

    for (char *p = lower; p && *p; p++)
        *p = ascii_lower(*p);
    if (!lower)
        return false;
    *ret = (AnswerPattern){
        .text = text,
        .glob = rule_read_glob(reader->arena, reader->errors, node, span_from(lower)),
        .needle = answers_needle(lower),
    };
    return ret->glob != NULL;
}

/* A list of patterns, one of which may be the word deny-all; or that word alone. */
static void answers_read_names(AnswersReader *reader, const DocNode *node, const char *what,
                               AnswerNames *names, AnswerClass class) {
    bool alone = node->type == DOC_SCALAR && span_is(node->scalar, DENY_ALL);
    AnswerPattern *patterns;
    Span text;

    if (!alone && !keys_is_sequence(reader->errors, node, what))
        return;
    patterns = arena_alloc_array(reader->arena, node->n + 1, sizeof(*patterns));
    if (!patterns)
        return doc_error(reader->errors, node->mark, "out of memory");
    *names = (AnswerNames){.all = alone, .patterns = patterns};
    for (size_t i = 0; !alone && i < node->n; i++) {
        if (!keys_read_text(reader->errors, node->items[i], what, &text))
            continue;
        if (span_is(text, DENY_ALL))
            names->all = true;
        else if (answers_read_pattern(reader, node->items[i], &patterns[names->n_patterns]))
            names->n_patterns++;
    }
    if (names->all || names->n_patterns > 0)
        reader->answers->classes |= class;
}

static void answers_read_env(void *ctx, const DocNode *node) {
    AnswersReader *reader = ctx;

    answers_read_names(reader, node, "redact_env", &reader->answers->env, ANSWER_ENV);
}

static void answers_read_labels(void *ctx, const DocNode *node) {
    AnswersReader *reader = ctx;

    answers_read_names(reader, node, "redact_labels", &reader->answers->labels, ANSWER_LABELS);
}

static void answers_read_attributes(void *ctx, const DocNode *node) {
    AnswersReader *reader = ctx;

    answers_read_names(reader, node, "redact_attributes", &reader->answers->attributes, ANSWER_ATTRIBUTES);
}

static void answers_read_flag(AnswersReader *reader, const DocNode *node, const char *what,
                              AnswerClass class) {
    bool hidden = false;

    if (keys_read_bool(reader->errors, node, what, &hidden) && hidden)
        reader->answers->classes |= class;
}

#define ANSWERS_FLAG(name, class)                                                                            \
    static void answers_read_##name(void *ctx, const DocNode *node) {                                        \
        answers_read_flag(ctx, node, "redact_" #name, class);                                                \
    }

ANSWERS_FLAG(commands, ANSWER_COMMANDS)
ANSWERS_FLAG(host_paths, ANSWER_HOST_PATHS)
ANSWERS_FLAG(options, ANSWER_OPTIONS)
ANSWERS_FLAG(health, ANSWER_HEALTH)
ANSWERS_FLAG(build_args, ANSWER_BUILD_ARGS)
ANSWERS_FLAG(info, ANSWER_INFO)
ANSWERS_FLAG(configs, ANSWER_CONFIGS)

static void answers_read_restore(void *ctx, const DocNode *node) {
    AnswersReader *reader = ctx;

    (void) keys_read_bool(reader->errors, node, "restore", &reader->answers->restores);
}

static const KeyRow ANSWERS_KEYS[] = {
    {"redact_env", answers_read_env},
    {"redact_labels", answers_read_labels},
    {"redact_attributes", answers_read_attributes},
    {"redact_commands", answers_read_commands},
    {"redact_host_paths", answers_read_host_paths},
    {"redact_options", answers_read_options},
    {"redact_health", answers_read_health},
    {"redact_build_args", answers_read_build_args},
    {"redact_info", answers_read_info},
    {"redact_configs", answers_read_configs},
    {"restore", answers_read_restore},
};

void answers_read(Arena *arena, DocErrors *errors, const DocNode *mapping, Answers *ret) {
    AnswersReader reader = {.arena = arena, .errors = errors, .answers = ret};

    (void) keys_read(errors, mapping, "answers.", ANSWERS_KEYS, ARRAY_SIZE(ANSWERS_KEYS), &reader);
}

/* --- joined */

static bool answers_join_names(Arena *arena, AnswerNames *names, const AnswerNames *other) {
    size_t n = names->n_patterns + other->n_patterns;
    AnswerPattern *patterns;

    names->all = names->all || other->all;
    if (other->n_patterns == 0)
        return true;
    patterns = arena_alloc_array(arena, n, sizeof(*patterns));
    if (!patterns)
        return false;
    for (size_t i = 0; i < n; i++)
        patterns[i] = i < names->n_patterns ? names->patterns[i] : other->patterns[i - names->n_patterns];
    names->patterns = patterns;
    names->n_patterns = n;
    return true;
}

bool answers_join(Arena *arena, Answers *answers, const Answers *other) {
    answers->classes |= other->classes;
    return answers_join_names(arena, &answers->env, &other->env) &&
           answers_join_names(arena, &answers->labels, &other->labels) &&
           answers_join_names(arena, &answers->attributes, &other->attributes);
}

/* --- asked */

static bool answers_has(Span text, Span part) {
    const char *p = text.data, *end = text.data + text.size;

    if (part.size == 0)
        return true;
    for (; part.size <= (size_t) (end - p); p++) {
        p = memchr(p, part.data[0], (size_t) (end - p) - part.size + 1);
        if (!p)
            return false;
        if (memcmp(p, part.data, part.size) == 0)
            return true;
    }
    return false;
}

bool answers_hide_name(const AnswerNames *names, Span name) {
    char bytes[LIMIT_ANSWER_NAME_BYTES];
    Span lower = {bytes, name.size};

    if (names->all || name.size > sizeof(bytes))
        return true;
    if (names->n_patterns == 0)
        return false;
    for (size_t i = 0; i < name.size; i++)
        bytes[i] = ascii_lower(name.data[i]);
    for (size_t i = 0; i < names->n_patterns; i++)
        if (answers_has(lower, names->patterns[i].needle) && glob_match(names->patterns[i].glob, lower))
            return true;
    return false;
}

static const AnswerRow answers_rows[] = {
#define ENV ANSWER_ENV
#define LABELS ANSWER_LABELS
#define ATTRIBUTES ANSWER_ATTRIBUTES
#define COMMANDS ANSWER_COMMANDS
#define HOST_PATHS ANSWER_HOST_PATHS
#define OPTIONS ANSWER_OPTIONS
#define HEALTH ANSWER_HEALTH
#define BUILD_ARGS ANSWER_BUILD_ARGS
#define INFO ANSWER_INFO
#define CONFIGS ANSWER_CONFIGS
#define DOCUMENT(operation, classes) {#operation, ANSWER_DOCUMENT, (classes)},
#define LINES(operation, classes) {#operation, ANSWER_LINES, (classes)},
#define OPAQUE(operation) {#operation, ANSWER_OPAQUE, 0},
#include "answers.def"
};

static const AnswerRow *answers_find(const Operation *operation) {
    for (size_t i = 0; operation && i < ARRAY_SIZE(answers_rows); i++)
        if (strcmp(answers_rows[i].operation, operation->id) == 0)
            return &answers_rows[i];
    return NULL;
}

/* Asked with each answer: of what was found for an operation its place is kept. */
const AnswerRow *answers_row(const Operation *operation) {
    static const AnswerRow *found[256];
    size_t i = operation ? routes_index(operation) : SIZE_MAX;

    if (i >= ARRAY_SIZE(found))
        return answers_find(operation);
    if (!found[i])
        found[i] = answers_find(operation);
    return found[i];
}
