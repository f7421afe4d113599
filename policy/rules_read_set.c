// SPDX-License-Identifier: Apache-2.0
/*
 * `containers.set`: plain values, no patterns. What edit.c puts in is judged like the client's own, so
 * nothing here has to ask whether the rest of the policy allows it; what would refuse everybody is said.
 */
#include "rule_read.h"
#include "rules_reader.h"

/* A text that says something: an empty one would be what the client left out. */
static const char *set_read_text(RulesReader *reader, const DocNode *node, const char *what) {
    Span text;

    if (!keys_read_text(reader->errors, node, what, &text))
        return NULL;
    if (text.size == 0) {
        doc_error(reader->errors, node->mark, "%s must not be empty", what);
        return NULL;
    }
    return rule_copy_text(reader->arena, reader->errors, node);
}

static void set_read_user(void *ctx, const DocNode *node) {
    RulesReader *reader = ctx;

    reader->rules->set.user = set_read_text(reader, node, "set.user");
}

static void set_read_memory(void *ctx, const DocNode *node) {
    RulesReader *reader = ctx;

    rules_read_size(reader, node, "set.memory", &reader->rules->set.memory);
}

static void set_read_cpus(void *ctx, const DocNode *node) {
    RulesReader *reader = ctx;

    rules_read_nano_cpus(reader, node, "set.cpus", &reader->rules->set.nano_cpus);
}

static void set_read_pids(void *ctx, const DocNode *node) {
    RulesReader *reader = ctx;

    rules_read_pids(reader, node, "set.pids", &reader->rules->set.pids);
}

/* The one value that anybody would want put in; absent is the engine's default, which may be host. */
static void set_read_cgroup_namespace(void *ctx, const DocNode *node) {
    static const char *const words[] = {"private"};
    RulesReader *reader = ctx;
    size_t i;

    reader->rules->set.private_cgroup =
        keys_read_word(reader->errors, node, "value of set.cgroup_namespace", words, ARRAY_SIZE(words), &i);
}

/* A list, or the one option by itself. */
static void set_read_security_opts(void *ctx, const DocNode *node) {
    RulesReader *reader = ctx;
    RulesSet *set = &reader->rules->set;
    size_t n = node->type == DOC_SEQUENCE ? node->n : 1;
    const char **options = arena_alloc_array(reader->arena, n + 1, sizeof(*options));

    if (!options) {
        doc_error(reader->errors, node->mark, "out of memory");
        return;
    }
    set->security_opts = options;
    for (size_t i = 0; i < n; i++) {
        const DocNode *item = node->type == DOC_SEQUENCE ? node->items[i] : node;
        const char *text = set_read_text(reader, item, "set.security_opts");

        if (text)
            options[set->n_security_opts++] = text;
    }
}

static void set_read_texts(RulesReader *reader, const DocNode *mapping, const char *what,
                           const NamedText **ret, size_t *ret_n) {
    NamedText *texts;

    if (mapping->type != DOC_MAPPING) {
        doc_error(reader->errors, mapping->mark, "%s must be a mapping of names to values", what);
        return;
    }
    texts = rules_alloc(reader, mapping, sizeof(*texts));
    if (!texts)
        return;
    for (size_t i = 0; i < mapping->n; i++) {
        const DocPair *pair = &mapping->pairs[i];
        Span value;

        texts[i].name = set_read_text(reader, &pair->key, what);
        if (keys_read_text(reader->errors, pair->value, what, &value))
            texts[i].value = rule_copy_text(reader->arena, reader->errors, pair->value);
    }
    *ret = texts;
    *ret_n = mapping->n;
}

static void set_read_labels(void *ctx, const DocNode *mapping) {
    RulesReader *reader = ctx;
    RulesSet *set = &reader->rules->set;

    set_read_texts(reader, mapping, "set.labels", &set->labels, &set->n_labels);
}

static void set_read_log_driver(void *ctx, const DocNode *node) {
    RulesReader *reader = ctx;

    reader->rules->set.log_driver = set_read_text(reader, node, "set.log_driver");
}

static void set_read_log_opts(void *ctx, const DocNode *mapping) {
    RulesReader *reader = ctx;
    RulesSet *set = &reader->rules->set;

    set_read_texts(reader, mapping, "set.log_opts", &set->log_opts, &set->n_log_opts);
}

void rules_read_set(void *ctx, const DocNode *node) {
    static const KeyRow keys[] = {
        {"user", set_read_user},
        {"memory", set_read_memory},
        {"cpus", set_read_cpus},
        {"pids", set_read_pids},
        {"cgroup_namespace", set_read_cgroup_namespace},
        {"security_opts", set_read_security_opts},
        {"labels", set_read_labels},
        {"log_driver", set_read_log_driver},
        {"log_opts", set_read_log_opts},
    };
    RulesReader *reader = ctx;

    reader->rules->set.given =
        keys_read(reader->errors, node, "containers.set.", keys, ARRAY_SIZE(keys), reader);
    if (reader->rules->set.given && doc_get(node, "log_opts") && !doc_get(node, "log_driver"))
        doc_error(reader->errors, node->mark,
                  "set.log_opts needs set.log_driver: options are a driver's own");
}

/* Every container that leaves it out would be refused for what the policy itself put in. */
void rules_check_set(RulesReader *reader, const DocNode *containers) {
    const Rules *rules = reader->rules;
    const struct {
        const char *name;
        int64_t value, most;
    } rows[] = {
        {"memory", rules->set.memory, rules->memory},
        {"cpus", rules->set.nano_cpus, rules->nano_cpus},
        {"pids", rules->set.pids, rules->pids},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (rows[i].most > 0 && rows[i].value > rows[i].most)
            doc_error(reader->errors, doc_get(containers, "set")->mark, "set.%s is more than limits.%s",
                      rows[i].name, rows[i].name);
}
