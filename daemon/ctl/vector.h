// SPDX-License-Identifier: Apache-2.0
/*
 * Tables of requests and expected verdicts, in YAML: `policies:`, as a config has them, where the table
 * brings its own, and `vectors:`, a list of
 *
 *   policy, request, expect            needed; request is "METHOD PATH", expect a verdict
 *   headers, body                      a list of "NAME: VALUE", and a text
 *   at                                 the time at which it comes, 2026-12-01T18:00:00Z; else the caller's
 *   engine                             what an engine would answer to looks; see pretend.h
 *   rule, field, reason, detail, hint, origin, sends, sends_to    what else must come out; not looked at
 * where absent
 *
 * Operators write them for `quaygate test`; those of tests/vectors are the project's own.
 */
#pragma once

#include "dry_run.h"

/* What may be expected beside the verdict. */
typedef enum VectorPart {
    VECTOR_REASON,
    VECTOR_RULE,
    VECTOR_FIELD,
    VECTOR_DETAIL,
    VECTOR_HINT,
    VECTOR_ORIGIN,   /* FILE may be the end of a longer path */
    VECTOR_SENDS,    /* the body that goes to the engine */
    VECTOR_SENDS_TO, /* the target */
    VECTOR_PARTS_
} VectorPart;

typedef struct Vector {
    DocMark mark;
    const Policy *policy;
    Span request; /* as written */
    Span method, target;
    const Header *headers;
    size_t n_headers;
    Span body;
    bool has_body;
    int64_t at; /* seconds since 1970; 0: not given */
    Pretend engine;
    bool has_engine;
    Span expect;               /* an effect's name */
    Span parts[VECTOR_PARTS_]; /* .data NULL: not looked at */
} Vector;

typedef struct VectorFile {
    const char *name;    /* for messages and origins */
    PolicySet *policies; /* its own; NULL: it has none, the config's hold */
    const Vector *vectors;
    size_t n;
} VectorFile;

/*
 * `text`: YAML, borrowed as long as *ret, like `config`, whose policies hold where the file has none, and
 * `name`. Everything else is in `arena`. False on mistakes, all of which are in `errors`; a file without a
 * vector is one. *ret is to be freed in either case.
 */
bool vector_read_file(Arena *arena, Span text, const char *name, Config *config, DocErrors *errors,
                      VectorFile *ret);
void vector_file_done(VectorFile *file);

/* What came out otherwise than it was expected. */
typedef struct VectorMiss {
    const char *what; /* "verdict", "rule" */
    Span wanted, got;
} VectorMiss;

typedef struct VectorResult {
    DryRun run; /* to be ended with dry_run_done */
    VectorMiss misses[VECTOR_PARTS_ + 1];
    size_t n_misses; /* 0: as expected */
} VectorResult;

/* The question alone, not judged yet. `now`: where the vector has no time. */
void vector_ask(const Vector *vector, const Config *config, int64_t now, Arena *arena, DryRun *ret);

/* The same, judged and compared. `arena`: of this one try. `trace`: as DryRun has it. */
void vector_try(const Vector *vector, const Config *config, int64_t now, Arena *arena, Trace *trace,
                VectorResult *ret);
