// SPDX-License-Identifier: Apache-2.0
/*
 * YAML for people, through libyaml's emitter, which quotes what a client sent: what is read back is what was
 * written, and nothing in it steers a terminal. libyaml writes no comments, so these are kept beside: the
 * text has an item a line, and they are put to their lines when it is printed.
 */
#pragma once

#include <stdio.h>

#include "daemon/buffer.h"
#include "policy/arena.h"

typedef struct YamlOut YamlOut;

/* A document. NULL: no memory. Everything below does nothing more once there was none. */
YamlOut *yaml_out_new(void);
YamlOut *yaml_out_free(YamlOut *out); /* accepts NULL, returns NULL */

void yaml_out_map(YamlOut *out);
void yaml_out_map_end(YamlOut *out);
void yaml_out_list(YamlOut *out);
void yaml_out_list_end(YamlOut *out);
void yaml_out_text(YamlOut *out, const char *text); /* UTF-8; a key, a value or an item */

void yaml_out_flag(YamlOut *out, bool flag); /* true or false */

/* Behind the line of the last text. Printed as yaml_out_show() makes it. */
void yaml_out_comment(YamlOut *out, const char *format, ...) PRINTF_LIKE(2, 3);

/*
 * In ASCII, all other bytes as \xNN: a line's end to YAML (U+2028) or to a terminal is none. NULL: no memory.
 */
const char *yaml_out_show(Arena *arena, Span text);

/* The document ends. Its text, as long as `out` lives; .data NULL: no memory, or no UTF-8. */
Span yaml_out_finish(YamlOut *out);
Span yaml_out_written(const YamlOut *out); /* after that: the same again */

/* After that: a comment of its own above line `line` (from 1), and at the end for 0. */
void yaml_out_note(YamlOut *out, unsigned line, const char *format, ...) PRINTF_LIKE(3, 4);

void yaml_out_print(const YamlOut *out, FILE *file);
