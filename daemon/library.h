// SPDX-License-Identifier: Apache-2.0
/*
 * Shared libraries that are loaded only where a config or the environment asks for what they do: a small
 * daemon is spared those that it would link for nothing. Before the sandbox is entered: afterwards no file of
 * theirs need be there to be read.
 */
#pragma once

#include "policy/base.h"

typedef struct LibrarySymbol {
    const char *name;
    void **ret; /* a function pointer's place */
} LibrarySymbol;

/* One row each of a table of them: the member `name` of `structure` gets the function of that name. */
#define LIBRARY_SYMBOL(structure, name)                                                                      \
    { #name, (void **) &(structure).name }

/* All of `symbols`, or none: false. A library that was loaded stays. */
bool library_load(const char *file, const LibrarySymbol *symbols, size_t n);
