// SPDX-License-Identifier: Apache-2.0
/*
 * Single values of the config: sizes, times, modes, users. Each reader reports what is wrong, at the node,
 * and then returns false and leaves *ret alone. No number but a mode may have a zero in front: YAML 1.1 reads
 * octal there, 1.2 doesn't.
 */
#pragma once

#include <stdio.h>
#include <sys/types.h>

#include "address.h"
#include "policy/doc.h"

/* 512MiB, 64k, 1g, 4096: powers of 1024, as Docker reads them. */
bool config_value_size(DocErrors *errors, const DocNode *node, const char *what, uint64_t min, uint64_t max,
                       uint64_t *ret);

/* 500ms, 10s, 15m, 1h, in microseconds, within TIME_CONFIG_MIN_MSEC and TIME_CONFIG_MAX_SECONDS. */
bool config_value_time(DocErrors *errors, const DocNode *node, const char *what, uint64_t *ret);

bool config_value_number(DocErrors *errors, const DocNode *node, const char *what, uint64_t min, uint64_t max,
                         uint64_t *ret);

/* "0660": octal, permission bits only. */
bool config_value_mode(DocErrors *errors, const DocNode *node, const char *what, unsigned *ret);

/* A number, or a name that the host knows. */
bool config_value_uid(DocErrors *errors, const DocNode *node, uid_t *ret);
bool config_value_gid(DocErrors *errors, const DocNode *node, gid_t *ret);

/* "unix:///run/x.sock", as address.h has it. */
bool config_value_address(DocErrors *errors, const DocNode *node, Address *ret);

/* As the readers above read them, in the largest unit that is exact. */
void config_value_print_size(FILE *out, uint64_t bytes);
void config_value_print_time(FILE *out, uint64_t usec);
