// SPDX-License-Identifier: Apache-2.0
/*
 * What the readers of `containers:` share. Only for rules_read*.c.
 */
#pragma once

#include "keys.h"
#include "rules.h"

typedef struct RulesReader {
    Arena *arena; /* of what is compiled */
    DocErrors *errors;
    Rules *rules;
    BindRule *bind; /* the entry of bind_mounts being read */
} RulesReader;

/*
 * What a pattern's glob is made of, from how it is written: itself, another writing of it (in the errors'
 * arena), or NULL after saying in the errors what is wrong.
 */
typedef const char *(*PatternWriter)(RulesReader *reader, const DocNode *node);

/* As it is written. */
const char *rules_write_plain(RulesReader *reader, const DocNode *node);

/* A list of patterns. After a mistake *ret is incomplete. */
void rules_read_patterns(RulesReader *reader, const DocNode *list, const char *what, PatternWriter write,
                         PatternList *ret);
bool rules_read_pattern(RulesReader *reader, const DocNode *node, const char *what, PatternWriter write,
                        Pattern *ret);

void *rules_alloc(RulesReader *reader, const DocNode *list, size_t size); /* NULL is reported */

static inline void rules_mark(RulesReader *reader, RulesKey key) {
    reader->rules->given |= RULES_BIT(key);
}

/* rules_read_limits.c: each reads a number more than 0; `what` is the key's name in a mistake. */
void rules_read_size(RulesReader *reader, const DocNode *node, const char *what, int64_t *ret);
void rules_read_nano_cpus(RulesReader *reader, const DocNode *node, const char *what, int64_t *ret);
void rules_read_pids(RulesReader *reader, const DocNode *node, const char *what, int64_t *ret);

/* Likewise: each reads the value of its key. */
void rules_read_ports(void *ctx, const DocNode *node);
void rules_read_limits(void *ctx, const DocNode *node);

/* rules_read_lists.c: likewise. */
void rules_read_volumes(void *ctx, const DocNode *node);
void rules_read_capabilities(void *ctx, const DocNode *node);
void rules_read_devices(void *ctx, const DocNode *node);
void rules_read_networks(void *ctx, const DocNode *node);
void rules_read_namespaces(void *ctx, const DocNode *node);
void rules_read_images(void *ctx, const DocNode *node);
void rules_read_security_opts(void *ctx, const DocNode *node);
void rules_read_sysctls(void *ctx, const DocNode *node);
void rules_read_runtimes(void *ctx, const DocNode *node);
void rules_read_log_drivers(void *ctx, const DocNode *node);
void rules_read_secrets(void *ctx, const DocNode *node);
void rules_read_configs(void *ctx, const DocNode *node);
void rules_read_extra_hosts(void *ctx, const DocNode *node);
void rules_read_signals(void *ctx, const DocNode *node);
void rules_read_labels(void *ctx, const DocNode *node);

/* rules_read_set.c: likewise; and what only shows when all keys are read. */
void rules_read_set(void *ctx, const DocNode *node);
void rules_check_set(RulesReader *reader, const DocNode *containers);
