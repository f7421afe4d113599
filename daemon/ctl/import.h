// SPDX-License-Identifier: Apache-2.0
/*
 * `quaygate import`: one reader of settings a gate. Each takes its own arguments (argv[0] is its name),
 * prints a config, and returns an exit code.
 */
#pragma once

#include "ctl.h"
#include "daemon/buffer.h"

#define IMPORT_FILE_BYTES (256u << 10)

int import_tecnativa(int argc, char **argv);
int import_wollomatic(int argc, char **argv);
int import_cetusguard(int argc, char **argv);

/* Of any of them. Returns CTL_USAGE or CTL_CONFIG. */
int import_fail_usage(const char *format, ...) PRINTF_LIKE(1, 2);
int import_fail(const char *format, ...) PRINTF_LIKE(1, 2);

/* The file's text, or stdin's for `-`; in *ret. CTL_OK, or CTL_CONFIG with a message. */
int import_read(const char *path, Buffer *ret);
