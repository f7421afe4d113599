// SPDX-License-Identifier: Apache-2.0
/*
 * The script of a scene. Parts end at a byte RS; a part's first byte says what it is (fuzz_scene.c), and its
 * text has three bytes that stand for something: so that mutation neither breaks lengths nor has to find what
 * only the play knows.
 *
 *   US n    n × 4 KiB of filler
 *   GS      SCENE_SECRET, which is to be hidden where the policy says so
 *   FS n    the placeholder that the client was told so far of number n, by its last four bits
 */
#pragma once

#include "fuzz.h"

#define SCENE_PARTS 48u
#define SCENE_SECRET "hidden-4f1c"
#define SCENE_FILLER_BYTES (3u << 19) /* of one scene */

typedef struct SceneText {
    Span parts[SCENE_PARTS];
    size_t n;
    size_t filler_left;
    /*
     * All secrets stand where answers of this policy don't tell them, and nowhere else; and there are some.
     */
    bool guarded;
} SceneText;

/* `hides`: the policy has the `answers` of scenes.yaml's team; `scoped`: its scope, too. */
void scene_text_read(SceneText *text, Span input, bool hides, bool scoped);

/* Written out. `heard`: what the client has got. */
void scene_text_expand(SceneText *text, Span part, Span heard, Buffer *out);

size_t scene_text_line_size(Span text); /* of the first line, without its newline */
Span scene_text_behind_line(Span text);
