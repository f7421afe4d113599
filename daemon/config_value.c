// SPDX-License-Identifier: Apache-2.0
#include "config_value.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>

#include "policy/keys.h"
#include "policy/text.h"

typedef struct ConfigUnit {
    const char *name;
    uint64_t factor;
} ConfigUnit;

static const ConfigUnit SIZE_UNITS[] = {
    {"", 1},           {"b", 1},         {"k", 1u << 10},   {"kb", 1u << 10},
    {"kib", 1u << 10}, {"m", 1u << 20},  {"mb", 1u << 20},  {"mib", 1u << 20},
    {"g", 1u << 30},   {"gb", 1u << 30}, {"gib", 1u << 30},
};

static const ConfigUnit TIME_UNITS[] = {
    {"ms", 1000u},
    {"s", 1000000u},
    {"m", 60u * 1000000u},
    {"h", UINT64_C(3600) * 1000000u},
};

/* Digits at the front of `text`; the rest stays in it. False without digits, past 64 bits, or with a zero
 * first. */
static bool config_value_take_digits(Span *text, uint64_t *ret) {
    uint64_t value = 0;
    size_t i = 0;

    if (keys_is_octal(*text))
        return false;
    for (; i < text->size && text->data[i] >= '0' && text->data[i] <= '9'; i++)
        if (__builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (unsigned) (text->data[i] - '0'), &value))
            return false;
    text->data += i;
    text->size -= i;
    *ret = value;
    return i > 0;
}

static bool config_value_take_unit(Span text, const ConfigUnit *units, size_t n, uint64_t *ret) {
    uint64_t value;

    if (!config_value_take_digits(&text, &value))
        return false;
    for (size_t i = 0; i < n; i++)
        if (span_is_nocase(text, units[i].name))
            return !__builtin_mul_overflow(value, units[i].factor, ret);
    return false;
}

bool config_value_size(DocErrors *errors, const DocNode *node, const char *what, uint64_t min, uint64_t max,
                       uint64_t *ret) {
    Span text;
    uint64_t value;

    if (!keys_read_text(errors, node, what, &text))
        return false;
    if (!config_value_take_unit(text, SIZE_UNITS, ARRAY_SIZE(SIZE_UNITS), &value)) {
        doc_error(errors, node->mark, "%s must be a size like 512MiB, 64k or 4096", what);
        return false;
    }
    if (value < min || value > max) {
        doc_error(errors, node->mark, "%s must be from %llu to %llu bytes", what, (unsigned long long) min,
                  (unsigned long long) max);
        return false;
    }
    *ret = value;
    return true;
}

bool config_value_time(DocErrors *errors, const DocNode *node, const char *what, uint64_t *ret) {
    Span text;
    uint64_t value;

    if (!keys_read_text(errors, node, what, &text))
        return false;
    if (!config_value_take_unit(text, TIME_UNITS, ARRAY_SIZE(TIME_UNITS), &value)) {
        doc_error(errors, node->mark, "%s must be a time with its unit, like 500ms, 10s, 15m or 1h", what);
        return false;
    }
    if (value < TIME_CONFIG_MIN_MSEC * UINT64_C(1000) ||
        value > TIME_CONFIG_MAX_SECONDS * UINT64_C(1000000)) {
        doc_error(errors, node->mark, "%s must be from %ums to %uh", what, TIME_CONFIG_MIN_MSEC,
                  TIME_CONFIG_MAX_SECONDS / 3600u);
        return false;
    }
    *ret = value;
    return true;
}

static bool config_value_is_number(Span text, uint64_t *ret) {
    uint64_t value;

    if (!config_value_take_digits(&text, &value) || text.size > 0)
        return false;
    *ret = value;
    return true;
}

bool config_value_number(DocErrors *errors, const DocNode *node, const char *what, uint64_t min, uint64_t max,
                         uint64_t *ret) {
    Span text;
    uint64_t value;

    if (!keys_read_text(errors, node, what, &text))
        return false;
    if (!config_value_is_number(text, &value) || value < min || value > max) {
        doc_error(errors, node->mark, "%s must be a number from %llu to %llu", what, (unsigned long long) min,
                  (unsigned long long) max);
        return false;
    }
    *ret = value;
    return true;
}

bool config_value_mode(DocErrors *errors, const DocNode *node, const char *what, unsigned *ret) {
    Span text;
    unsigned mode = 0;
    bool good;

    if (!keys_read_text(errors, node, what, &text))
        return false;
    good = text.size == 3 || (text.size == 4 && text.data[0] == '0');
    for (size_t i = 0; good && i < text.size; i++) {
        good = text.data[i] >= '0' && text.data[i] <= '7';
        mode = mode << 3 | (unsigned) (text.data[i] - '0');
    }
    if (!good) {
        doc_error(errors, node->mark, "%s must be octal permission bits like \"0660\"", what);
        return false;
    }
    *ret = mode;
    return true;
}

/* (uid_t) −1 means "leave it" to chown and "nobody" to SO_PEERCRED: never a user. */
static bool config_value_id(DocErrors *errors, const DocNode *node, const char *what,
                            bool (*find)(const char *name, uint32_t *ret), uint32_t *ret) {
    Span text;
    uint64_t number;

    if (!keys_read_text(errors, node, what, &text))
        return false;
    if (keys_is_octal(text)) {
        doc_error(errors, node->mark,
                  "the %s '%s' is octal to some readers of YAML: write it without the zero", what,
                  text_show(errors->arena, text, LIMIT_VALUE_SHOWN));
        return false;
    }
    if (config_value_is_number(text, &number)) {
        if (number < UINT32_MAX) {
            *ret = (uint32_t) number;
            return true;
        }
    } else if (find(text.data, ret)) { /* a scalar ends with a NUL, and has none in it (doc.h) */
        return true;
    }
    doc_error(errors, node->mark, "this host has no %s '%s'", what,
              text_show(errors->arena, text, LIMIT_VALUE_SHOWN));
    return false;
}

static bool config_value_find_user(const char *name, uint32_t *ret) {
    const struct passwd *user = getpwnam(name);

    if (user)
        *ret = user->pw_uid;
    return user != NULL;
}

static bool config_value_find_group(const char *name, uint32_t *ret) {
    const struct group *group = getgrnam(name);

    if (group)
        *ret = group->gr_gid;
    return group != NULL;
}

bool config_value_uid(DocErrors *errors, const DocNode *node, uid_t *ret) {
    return config_value_id(errors, node, "user", config_value_find_user, ret);
}

bool config_value_gid(DocErrors *errors, const DocNode *node, gid_t *ret) {
    return config_value_id(errors, node, "group", config_value_find_group, ret);
}

bool config_value_address(DocErrors *errors, const DocNode *node, Address *ret) {
    const char *why = NULL;
    Span text;

    if (!keys_read_text(errors, node, "an address", &text))
        return false;
    if (address_parse(text, ret, &why) < 0) {
        doc_error(errors, node->mark, "'%s': %s", text_show(errors->arena, text, LIMIT_VALUE_SHOWN), why);
        return false;
    }
    return true;
}

void config_value_print_size(FILE *out, uint64_t bytes) {
    static const ConfigUnit units[] = {{"GiB", 1u << 30}, {"MiB", 1u << 20}, {"KiB", 1u << 10}};

    for (size_t i = 0; i < ARRAY_SIZE(units); i++)
        if (bytes > 0 && bytes % units[i].factor == 0) {
            fprintf(out, "%llu%s", (unsigned long long) (bytes / units[i].factor), units[i].name);
            return;
        }
    fprintf(out, "%llu", (unsigned long long) bytes);
}

void config_value_print_time(FILE *out, uint64_t usec) {
    for (size_t i = ARRAY_SIZE(TIME_UNITS); i-- > 0;)
        if (i == 0 || usec % TIME_UNITS[i].factor == 0) {
            fprintf(out, "%llu%s", (unsigned long long) (usec / TIME_UNITS[i].factor), TIME_UNITS[i].name);
            return;
        }
}
