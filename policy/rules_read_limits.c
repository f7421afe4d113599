// SPDX-License-Identifier: Apache-2.0
/*
 * `containers.ports` and `containers.limits`: numbers, sizes and ranges.
 */
#include "rules_reader.h"
#include "text.h"

#define PORT_MAX 65535u
#define NANO 1000000000 /* of a CPU */

/* Digits at the front of `text`; the rest stays in it. False without digits, past `max`, or with a zero
 * first. */
static bool limit_take_digits(Span *text, int64_t max, int64_t *ret) {
    int64_t value = 0;
    size_t i = 0;

    if (keys_is_octal(*text))
        return false;
    for (; i < text->size && text->data[i] >= '0' && text->data[i] <= '9'; i++) {
        value = value * 10 + (text->data[i] - '0');
        if (value > max)
            return false;
    }
    *text = (Span){text->data + i, text->size - i};
    *ret = value;
    return i > 0;
}

/* --- ports ---------------------------------------------------------------------------------------- */

/* Text is compared, not addresses: one that is written otherwise doesn't match, which is a deny. */
static const char *port_ip_write(RulesReader *reader, const DocNode *node) {
    Span text = node->scalar;
    bool good = memchr(text.data, '.', text.size) || memchr(text.data, ':', text.size);

    for (size_t i = 0; i < text.size; i++)
        good = good && text.data[i] != '\0' && strchr("0123456789abcdef.:", text.data[i]);
    if (good)
        return text.data;
    doc_error(reader->errors, node->mark, "a host IP is an address like 127.0.0.1 or ::1, in lower case");
    return NULL;
}

static void ports_read_ips(void *ctx, const DocNode *list) {
    RulesReader *reader = ctx;

    rules_read_patterns(reader, list, "ports.host_ips", port_ip_write, &reader->rules->port_ips);
}

/* "8080" or "8000-8999"; "0" is a port of the engine's choice. */
static bool port_read_range(RulesReader *reader, const DocNode *node, PortRange *ret) {
    Span text;
    int64_t first, last;

    if (!keys_read_text(reader->errors, node, "ports.host_ports", &text))
        return false;
    if (limit_take_digits(&text, PORT_MAX, &first)) {
        last = first;
        if (text.size > 0 && text.data[0] == '-') {
            text = (Span){text.data + 1, text.size - 1};
            if (!limit_take_digits(&text, PORT_MAX, &last) || first == 0)
                last = -1;
        }
        if (text.size == 0 && first <= last) {
            *ret = (PortRange){(unsigned) first, (unsigned) last};
            return true;
        }
    }
    doc_error(
        reader->errors, node->mark,
        "a host port is a number like 8080, a range like 8000-8999, or 0 for one of the engine's choice");
    return false;
}

static void ports_read_ports(void *ctx, const DocNode *list) {
    RulesReader *reader = ctx;
    PortRange *ranges;

    if (!keys_is_sequence(reader->errors, list, "ports.host_ports"))
        return;
    ranges = arena_alloc_array(reader->arena, list->n + 1, sizeof(*ranges));
    if (!ranges) {
        doc_error(reader->errors, list->mark, "out of memory");
        return;
    }
    reader->rules->has_ports = true;
    reader->rules->ports = ranges;
    for (size_t i = 0; i < list->n; i++)
        if (port_read_range(reader, list->items[i], &ranges[reader->rules->n_ports]))
            reader->rules->n_ports++;
}

static void ports_read_publish_all(void *ctx, const DocNode *node) {
    RulesReader *reader = ctx;

    (void) keys_read_bool(reader->errors, node, "ports.publish_all", &reader->rules->publish_all);
}

void rules_read_ports(void *ctx, const DocNode *node) {
    static const KeyRow keys[] = {
        {"host_ips", ports_read_ips},
        {"host_ports", ports_read_ports},
        {"publish_all", ports_read_publish_all},
    };
    RulesReader *reader = ctx;

    if (keys_read(reader->errors, node, "containers.ports.", keys, ARRAY_SIZE(keys), reader))
        rules_mark(reader, RULES_PORTS);
}

/* --- limits --------------------------------------------------------------------------------------- */

/* As in `limits:` of the config: 512MiB, 64k, 4096. */
static bool limit_take_size(Span text, int64_t *ret) {
    static const struct {
        const char *name;
        int64_t factor;
    } units[] = {
        {"", 1},          {"b", 1},         {"k", 1 << 10},    {"kb", 1 << 10},    {"kib", 1 << 10},
        {"m", 1 << 20},   {"mb", 1 << 20},  {"mib", 1 << 20},  {"g", 1 << 30},     {"gb", 1 << 30},
        {"gib", 1 << 30}, {"t", 1LL << 40}, {"tb", 1LL << 40}, {"tib", 1LL << 40},
    };
    int64_t value;

    if (!limit_take_digits(&text, INT64_MAX / 16, &value))
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(units); i++)
        if (span_is_nocase(text, units[i].name))
            return !__builtin_mul_overflow(value, units[i].factor, ret) && *ret > 0;
    return false;
}

void rules_read_size(RulesReader *reader, const DocNode *node, const char *what, int64_t *ret) {
    Span text;

    if (keys_read_text(reader->errors, node, what, &text) && !limit_take_size(text, ret))
        doc_error(reader->errors, node->mark, "%s must be a size like 512MiB, more than 0", what);
}

static void limits_read_memory(void *ctx, const DocNode *node) {
    RulesReader *reader = ctx;

    rules_read_size(reader, node, "limits.memory", &reader->rules->memory);
}

/* "2", "1.5": nine digits behind the point, as NanoCpus has them. */
static bool limit_take_cpus(Span text, int64_t *ret) {
    int64_t whole, nano = 0, scale = NANO / 10;

    if (!limit_take_digits(&text, LIMIT_RULE_CPUS, &whole))
        return false;
    if (text.size > 0 && (text.data[0] != '.' || text.size == 1))
        return false;
    for (size_t i = 1; i < text.size; i++, scale /= 10) {
        if (text.data[i] < '0' || text.data[i] > '9' || scale == 0)
            return false;
        nano += (text.data[i] - '0') * scale;
    }
    *ret = whole * NANO + nano;
    return *ret >= LIMIT_NANO_CPUS_LEAST;
}

void rules_read_nano_cpus(RulesReader *reader, const DocNode *node, const char *what, int64_t *ret) {
    Span text;

    if (keys_read_text(reader->errors, node, what, &text) && !limit_take_cpus(text, ret))
        doc_error(reader->errors, node->mark, "%s must be a number like 2 or 1.5, from 0.01 to %d", what,
                  LIMIT_RULE_CPUS);
}

static void limits_read_cpus(void *ctx, const DocNode *node) {
    RulesReader *reader = ctx;

    rules_read_nano_cpus(reader, node, "limits.cpus", &reader->rules->nano_cpus);
}

void rules_read_pids(RulesReader *reader, const DocNode *node, const char *what, int64_t *ret) {
    Span text;

    if (keys_read_text(reader->errors, node, what, &text) &&
        (!limit_take_digits(&text, LIMIT_RULE_PIDS, ret) || text.size > 0 || *ret == 0))
        doc_error(reader->errors, node->mark, "%s must be a number from 1 to %d", what, LIMIT_RULE_PIDS);
}

static void limits_read_pids(void *ctx, const DocNode *node) {
    RulesReader *reader = ctx;

    rules_read_pids(reader, node, "limits.pids", &reader->rules->pids);
}

void rules_read_limits(void *ctx, const DocNode *node) {
    static const KeyRow keys[] = {
        {"memory", limits_read_memory},
        {"cpus", limits_read_cpus},
        {"pids", limits_read_pids},
    };
    RulesReader *reader = ctx;

    if (keys_read(reader->errors, node, "containers.limits.", keys, ARRAY_SIZE(keys), reader))
        rules_mark(reader, RULES_LIMITS);
}
