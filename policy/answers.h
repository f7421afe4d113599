// SPDX-License-Identifier: Apache-2.0
/*
 * The `answers:` part of a policy: what an answer of the engine may not tell (T-100). Nothing set is: all of
 * it passes, untouched. quaygate.yaml(5), ANSWERS, says what each key means and where it looks; view.h does
 * the work.
 *
 * A policy's own and those of what it includes are joined to the strictest: what any of them hides is hidden.
 */
#pragma once

#include "doc.h"
#include "glob.h"
#include "routes.h"

/* What is hidden, as bits: one a key. */
typedef enum AnswerClass {
    ANSWER_ENV = 1u << 0,
    ANSWER_LABELS = 1u << 1,
    ANSWER_ATTRIBUTES = 1u << 2, /* of events */
    ANSWER_COMMANDS = 1u << 3,
    ANSWER_HOST_PATHS = 1u << 4,
    ANSWER_OPTIONS = 1u << 5, /* of drivers */
    ANSWER_HEALTH = 1u << 6,
    ANSWER_BUILD_ARGS = 1u << 7,
    ANSWER_INFO = 1u << 8,
    ANSWER_CONFIGS = 1u << 9,
} AnswerClass;

#define ANSWER_ALL 0x3ffu

/* What an operation's answer is, and what can be in it: answers.def. */
typedef enum AnswerKind {
    ANSWER_DOCUMENT = 0, /* one JSON text */
    ANSWER_LINES,        /* a JSON text a line, as they come */
    ANSWER_OPAQUE,       /* no JSON, or none that could tell any of it: never looked at */
} AnswerKind;

typedef struct AnswerRow {
    const char *operation;
    AnswerKind kind;
    unsigned classes; /* AnswerClass */
} AnswerRow;

typedef struct AnswerPattern {
    const char *text; /* as written */
    const Glob *glob; /* in lower case */
    Span needle;      /* its longest run without wildcards: a name that hasn't got it can't match */
} AnswerPattern;

/* Names whose values are hidden. Their letters' case makes no difference: `password` is none the less one. */
typedef struct AnswerNames {
    bool all; /* deny-all */
    const AnswerPattern *patterns;
    size_t n_patterns;
} AnswerNames;

typedef struct Answers {
    unsigned classes; /* AnswerClass: what of it is hidden at all */
    AnswerNames env, labels, attributes;
    bool restores; /* restore: true. Of the policy itself, not of what it includes */
} Answers;

/*
 * Reads `answers:` from YAML, copying into `arena`. Mistakes go to `errors`; then the result is incomplete
 * and must not be used.
 */
void answers_read(Arena *arena, DocErrors *errors, const DocNode *mapping, Answers *ret);

/* Adds to `answers` what `other` hides; lists grow in `arena`. False: no memory. */
bool answers_join(Arena *arena, Answers *answers, const Answers *other);

/* True where the value of `name` is hidden. Names too long to be looked at are. */
bool answers_hide_name(const AnswerNames *names, Span name);

/* The operation's row. NULL (no operation, or one that has none): a document that can hold all of it. */
const AnswerRow *answers_row(const Operation *operation);
