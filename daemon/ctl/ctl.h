// SPDX-License-Identifier: Apache-2.0
/*
 * What the commands of `quaygate` share. Each has a file, a row in main.c's table, and a function that
 * gets its own arguments (argv[0] is its name) and returns the exit code.
 */
#pragma once

#include <getopt.h>
#include <stdio.h>

#include "daemon/config.h"

#define CTL_DEFAULT_CONFIG QUAYGATE_SYSCONFDIR "/quaygate/quaygate.yaml"

typedef enum CtlExit {
    CTL_OK = 0,
    CTL_CONFIG = 1, /* the config, or what it needs, is wrong */
    CTL_USAGE = 2,
    CTL_DENIED = 3,  /* explain */
    CTL_FAILED = 3,  /* test: some verdict is not the expected one */
    CTL_FLIPPED = 3, /* replay: some decision is another under the other policy */
    CTL_PARTLY = 3,  /* suggest: no key of a policy allows all that was seen */
    CTL_INVALID = 4, /* explain */
    CTL_UNTOLD = 4,  /* replay: none is another, but of some it can't be told */
} CtlExit;

int ctl_audit(int argc, char **argv);
int ctl_check(int argc, char **argv);
int ctl_explain(int argc, char **argv);
int ctl_health(int argc, char **argv);
int ctl_import(int argc, char **argv);
int ctl_operations(int argc, char **argv);
int ctl_presets(int argc, char **argv);
int ctl_replay(int argc, char **argv);
int ctl_suggest(int argc, char **argv);
int ctl_test(int argc, char **argv);
int ctl_top(int argc, char **argv);

/* Says on stderr what is wrong with the command line, and where help is. Returns CTL_USAGE. */
int ctl_fail_usage(const char *verb, const char *format, ...) PRINTF_LIKE(2, 3);

/* After a getopt_long that began with ":" in its letters returned '?' or ':'. Returns CTL_USAGE. */
int ctl_fail_option(const char *verb, int option, char **argv);

/* The time, seconds since 1970. */
int64_t ctl_now(void);

/* The argument of --at. CTL_OK, or CTL_USAGE with a message. */
int ctl_take_time(const char *verb, const char *text, int64_t *ret);

/* What the daemon would run with: `path`, else the default file where it is, else the presets alone. */
int ctl_load(const char *path, Config **ret);

/* What a message calls the config that ctl_load takes for `path`. */
const char *ctl_config_name(const char *path);

/* The policy of the config, or NULL, after saying on stderr that there is none. */
Policy *ctl_find_policy(const char *verb, const Config *config, const char *name);

/* "; did you mean 'X'?", or "" (static buffer: one use at a time). */
const char *ctl_did_you_mean(const char *word, const char *const *candidates, size_t n);

/* An escape sequence if stdout is a terminal that wants colour (https://no-color.org), else "". */
const char *ctl_colour(const char *sequence);
#define CTL_RED "\033[31m"
#define CTL_GREEN "\033[32m"
#define CTL_YELLOW "\033[33m"
#define CTL_BOLD "\033[1m"
#define CTL_RESET "\033[0m"

/* All of stdout is written: CTL_OK, or CTL_CONFIG with a message. */
int ctl_finish(void);
