// SPDX-License-Identifier: Apache-2.0
/* `allow_containers` and `allow_units` of a listener. */
#include "config_read.h"

#include "policy/cgroup.h"
#include "policy/keys.h"
#include "policy/rule_read.h"
#include "policy/text.h"

/* What `docker ps` shows of an ID; a name may look the same, so fewer digits with a `*` are a name's. */
#define SHORT_ID_DIGITS 12u

/* Hexadecimal digits at the front, in lower case as the engine writes them. */
static size_t config_place_digits(Span text) {
    size_t n = 0;

    while (n < text.size &&
           ((text.data[n] >= '0' && text.data[n] <= '9') || (text.data[n] >= 'a' && text.data[n] <= 'f')))
        n++;
    return n;
}

/* The letters of Docker's names (daemon/names/names.go, RestrictedNameChars), and of our patterns. */
static bool config_place_is_name(Span text) {
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i], lower = ascii_lower(c);

        if (!((c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z') || c == '_' || c == '.' || c == '-' ||
              c == '*' || c == '?'))
            return false;
    }
    return true;
}

/* NULL: good. */
static const char *config_place_check_container(Span text, bool *ret_is_id) {
    size_t digits = config_place_digits(text);

    *ret_is_id = digits == text.size ? digits == CGROUP_ID_SIZE
                                     : digits >= SHORT_ID_DIGITS && digits < CGROUP_ID_SIZE &&
                                           digits + 1 == text.size && text.data[digits] == '*';
    if (*ret_is_id)
        return NULL;
    if (digits == text.size && digits >= SHORT_ID_DIGITS)
        return "this may be a name or the beginning of an ID: write all 64 digits of an ID, or put a * "
               "behind "
               "its beginning";
    if (!config_place_is_name(text))
        return "no container has such a name: letters, digits, _ . - and the wildcards * and ? are in one";
    return NULL;
}

static bool config_place_is_uid(Span text) {
    for (size_t i = 0; i < text.size; i++)
        if ((text.data[i] < '0' || text.data[i] > '9') && text.data[i] != '*' && text.data[i] != '?')
            return false;
    return text.size > 0;
}

/* A unit's own name; wildcards stand for a letter here. */
static bool config_place_is_unit(Span text) {
    char name[LIMIT_UNIT_BYTES];

    if (text.size > sizeof(name))
        return false;
    for (size_t i = 0; i < text.size; i++)
        name[i] = text.data[i] == '*' || text.data[i] == '?' ? 'x' : text.data[i];
    return cgroup_is_unit((Span){.data = name, .size = text.size});
}

static const char *config_place_check_unit(Span text) {
    static const char before[] = "user@", after[] = ".service";
    const char *slash = text.size ? memchr(text.data, '/', text.size) : NULL;
    Span unit = text, manager = {0};

    if (slash) {
        manager = (Span){.data = text.data, .size = (size_t) (slash - text.data)};
        unit = (Span){.data = slash + 1, .size = text.size - manager.size - 1};
        if (!span_starts_with(manager, span_from(before)) ||
            manager.size < sizeof(before) - 1 + sizeof(after) - 1 ||
            memcmp(manager.data + manager.size - (sizeof(after) - 1), after, sizeof(after) - 1) != 0 ||
            !config_place_is_uid((Span){.data = manager.data + sizeof(before) - 1,
                                        .size = manager.size - (sizeof(before) - 1) - (sizeof(after) - 1)}))
            return "a user's unit is written as user@UID.service/NAME.service";
    }
    if (!config_place_is_unit(unit))
        return "no unit has such a name: write it with its type, as nginx.service; a slice, timer or target "
               "runs "
               "no process";
    return NULL;
}

/* Copies one entry. `**` would reach from a system's unit to those that users name. */
static bool config_place_read_item(ConfigReader *reader, const DocNode *node, bool containers,
                                   ConfigPlace *ret) {
    DocErrors *errors = reader->errors;
    Arena *arena = reader->config->arena;
    const char *why = NULL;
    Span text;

    if (!keys_read_text(errors, node, containers ? "a container" : "a unit", &text))
        return false;
    if (text.size > 1 && memmem(text.data, text.size, "**", 2))
        why = "** has no meaning here: * stands for any run of characters";
    else if (containers)
        why = config_place_check_container(text, &ret->is_id);
    else
        why = config_place_check_unit(text);
    if (why) {
        doc_error(errors, node->mark, "'%s': %s", text_show(errors->arena, text, LIMIT_VALUE_SHOWN), why);
        return false;
    }
    ret->text = rule_copy_text(arena, errors, node);
    ret->glob = rule_read_glob(arena, errors, node, text);
    return ret->text && ret->glob;
}

void config_read_places(ConfigReader *reader, const DocNode *node, ConfigListener *listener,
                        bool containers) {
    const char *what = containers ? "allow_containers" : "allow_units";
    ConfigPlaces *places = containers ? &listener->allow_containers : &listener->allow_units;
    ConfigPlace *items;

    places->given = true;
    if (!keys_is_sequence(reader->errors, node, what))
        return;
    if (node->n == 0 || node->n > LIMIT_LISTENER_ITEMS)
        return doc_error(reader->errors, node->mark, "%s must have from 1 to %u entries", what,
                         LIMIT_LISTENER_ITEMS);
    items = arena_alloc_array(reader->config->arena, node->n, sizeof(*items));
    if (!items)
        return doc_error(reader->errors, node->mark, "out of memory");
    places->items = items;
    for (size_t i = 0; i < node->n; i++)
        if (config_place_read_item(reader, node->items[i], containers, &items[places->n]))
            places->n++;
}
