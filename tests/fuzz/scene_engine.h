// SPDX-License-Identifier: Apache-2.0
/*
 * The engine of a scene: reads what the gate sends on each of its connections, has it checked, and answers as
 * the script says. What the script has nothing for is answered somehow: 404 to looks, else what succeeds.
 */
#pragma once

#include "scene_check.h"
#include "scene_text.h"

#define ENGINES 24u

typedef enum Phase {
    PHASE_HEAD = 0,
    PHASE_BODY,
    PHASE_RAW,  /* behind what may be an upgrade */
    PHASE_GONE, /* the gate has ended it */
} Phase;

/* A connection of the gate's to the engine. */
typedef struct Line {
    int fd; /* −1: closed */
    Phase phase;
    Reader *reader;
    Buffer in, body, out;
    Request request;
    Question *question; /* that is being answered */
    bool ends;          /* once all is out */
} Line;

typedef struct Scene {
    SceneText text;
    Check check;
    Client *client;
    int fd; /* the client's; −1: gone */
    Buffer out, heard;
    bool client_paused, engine_paused, moved;
    Line lines[ENGINES];
    size_t n_lines;
    unsigned n_asked[SCENE_PARTS]; /* of a part `k`: on the first of its path */
    size_t next_answer;            /* of the parts j, a, n */
} Scene;

/* Reads and writes what can be, on all connections; `listener`: where new ones come. */
void scene_engine_turn(Scene *scene, int listener);
void scene_engine_done(Scene *scene, int listener); /* they are closed; nobody waits any more */

Line *scene_last_line(Scene *scene); /* NULL: none yet */
void scene_line_close(Line *line);

/* What one read gives, behind what is there; what recv(2) says. */
ssize_t scene_hear(int fd, Buffer *into);
