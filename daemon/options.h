// SPDX-License-Identifier: Apache-2.0
/*
 * quaygated's command line.
 */
#pragma once

#include <stdio.h>

#include "policy/base.h"

/* Exit codes of both programs' contract. */
enum {
    EXIT_OK = 0,
    EXIT_CONFIG = 1,
    EXIT_USAGE = 2,
    EXIT_START = 3, /* could not listen or reach what it needs to start */
};

typedef enum OptionsAction {
    OPTIONS_SERVE = 0,
    OPTIONS_CHECK,
    OPTIONS_PRINT_CONFIG,
    OPTIONS_VERSION,
    OPTIONS_HELP,
} OptionsAction;

typedef struct Options {
    OptionsAction action;
    const char *config; /* NULL: not given */
    const char *listen;
    const char *upstream;
    const char *policy;
} Options;

/* 0, or −EINVAL with a message on `messages`. Strings are borrowed from argv. */
int options_parse(int argc, char **argv, FILE *messages, Options *ret);
void options_help(FILE *out);
void options_version(FILE *out); /* version, and each library's */
