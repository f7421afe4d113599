// SPDX-License-Identifier: Apache-2.0
/*
 * An image's name as a client writes it, to the one form that patterns are held against. After
 * distribution/reference's ParseNormalizedNamed, and stricter where the two could differ (T-090).
 */
#pragma once

#include "rules.h"

typedef struct ImageRef {
    const char *text; /* "docker.io/library/alpine:latest", "r.example.com/a/b:1@sha256:…", "sha256:…" */
    const char *name; /* without tag and digest: "docker.io/library/alpine"; NULL: an ID */
    const char *tag;  /* "latest" where neither a tag nor a digest was written; NULL: none */
    const char *digest; /* "sha256:" and 64 hex digits; NULL: none */
} ImageRef;

/*
 * False: no reference that we read as every engine does, or no memory. What could be an image's ID or the
 * beginning of one (only hex digits, or sha256:…) is an ID, though an image may have such a name: with
 * `:latest` behind it, it is that name.
 */
bool imageref_parse(Arena *arena, Span text, ImageRef *ret);

/* True where the first part of a name is a registry and not a part of docker.io's names. */
bool imageref_has_registry(Span text);

/*
 * By its whole text or by its name alone. Where there is a digest the engine doesn't look at the tag, so
 * neither does a pattern: NAME:3.* is none of NAME:3.1@sha256:…, which is any image of that name.
 */
bool imageref_matches(Arena *arena, const ImageRef *ref, const PatternList *patterns);

/* Whether a pattern is over the name itself, or over all of its tags as NAME:*. */
bool imageref_matches_all_tags(Arena *arena, const ImageRef *ref, const PatternList *patterns);
