// SPDX-License-Identifier: Apache-2.0
/*
 * A log file and what rotation made of it, as logrotate and we name them: FILE.1, FILE.2.gz, with `dateext`
 * FILE-20261124, FILE-20261124.gz, FILE-20261124-1764000000, with its `extension` FI-20261124.LE; oldest
 * first, FILE last. The daemon goes on from those, and asks less of a name (tail.c).
 */
#pragma once

#include "policy/base.h"

typedef struct PathList {
    char **items;
    size_t n;
} PathList;

/*
 * Appends to *list (malloc'd strings) those that are there. 0, also where none is; −errno where the folder
 * can't be read.
 */
int siblings_find(const char *path, PathList *list);

int path_list_add(PathList *list, const char *path); /* a copy; 0 or −ENOMEM */
void path_list_done(PathList *list);
