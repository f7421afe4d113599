// SPDX-License-Identifier: Apache-2.0
/*
 * The built-in policies, as the YAML that anybody could have written: they go through the same compiler
 * as a file's. Each is a file of policy/presets/, which presets.py makes into this table.
 */
#pragma once

#include "base.h"

typedef struct Preset {
    const char *name;
    const char *summary; /* one line, without a full stop */
    const char *yaml;    /* as `quaygate presets NAME` prints it */
} Preset;

/* Made by presets.py; by name. */
extern const Preset PRESETS[];
extern const char *const PRESET_NAMES[];
extern const size_t N_PRESETS;

/* A preset's YAML; NULL: no such preset. */
const char *preset_yaml(Span name);
const char *const *preset_names(size_t *ret_n);

/*
 * The four that mean the same in every config (`monitoring`, `read-only`, `none`, `all`). A config's own
 * policy may have any other preset's name, and is then the one that is meant: a release that brings a preset
 * breaks no config.
 */
bool preset_is_reserved(Span name);
