// SPDX-License-Identifier: Apache-2.0
/* `listeners:` of the config. */
#include "config_read.h"

#include <errno.h>

#include "config_value.h"
#include "policy/keys.h"
#include "policy/text.h"

#define SOCKET_MODE 0660u

const ConfigListener config_default_listener = {
    .mode = SOCKET_MODE,
    .owner = (uid_t) -1,
    .group = (gid_t) -1,
};

typedef struct ListenerReader {
    ConfigReader *reader;
    ConfigListener *listener;
} ListenerReader;

static void config_listener_read_address(void *ctx, const DocNode *node) {
    ListenerReader *l = ctx;
    Address address;

    if (!config_value_address(l->reader->errors, node, &address))
        return;
    l->listener->address = address;
}

/*
 * When `policies:` has mistakes there is no set to ask, but there are its names: misspelt ones are told too.
 */
static const char *const *config_listener_policy_names(const ConfigReader *reader, size_t *ret_n) {
    const DocNode *policies = reader->policies;
    size_t n_presets, n = policies && policies->type == DOC_MAPPING ? policies->n : 0;
    const char *const *presets = preset_names(&n_presets);
    const char **names;

    if (reader->config->policies)
        return policy_set_names(reader->config->policies, ret_n);
    *ret_n = 0;
    names = arena_alloc_array(reader->errors->arena, n + n_presets + 1, sizeof(*names));
    if (!names)
        return NULL;
    for (size_t i = 0; i < n_presets; i++)
        names[(*ret_n)++] = presets[i];
    for (size_t i = 0; i < n; i++)
        names[(*ret_n)++] = policies->pairs[i].key.scalar.data;
    return names;
}

static void config_listener_read_policy(void *ctx, const DocNode *node) {
    ListenerReader *l = ctx;
    size_t n, i;
    const char *const *names = config_listener_policy_names(l->reader, &n);

    if (keys_read_word(l->reader->errors, node, "policy", names, n, &i) && l->reader->config->policies)
        l->listener->policy = policy_set_get(l->reader->config->policies, node->scalar);
}

static void config_listener_read_observe(void *ctx, const DocNode *node) {
    ListenerReader *l = ctx;

    (void) keys_read_bool(l->reader->errors, node, "observe", &l->listener->observe);
}

static void config_listener_read_mode(void *ctx, const DocNode *node) {
    ListenerReader *l = ctx;

    (void) config_value_mode(l->reader->errors, node, "mode", &l->listener->mode);
}

static void config_listener_read_owner(void *ctx, const DocNode *node) {
    ListenerReader *l = ctx;

    (void) config_value_uid(l->reader->errors, node, &l->listener->owner);
}

static void config_listener_read_group(void *ctx, const DocNode *node) {
    ListenerReader *l = ctx;

    (void) config_value_gid(l->reader->errors, node, &l->listener->group);
}

/* Room for a list's items, or NULL (reported). An empty list may be meant as "nobody" or as "no limit". */
static void *config_listener_alloc_list(ListenerReader *l, const DocNode *node, const char *what,
                                        size_t size) {
    DocErrors *errors = l->reader->errors;
    void *items;

    if (!keys_is_sequence(errors, node, what))
        return NULL;
    if (node->n == 0 || node->n > LIMIT_LISTENER_ITEMS) {
        doc_error(errors, node->mark, "%s must have from 1 to %u entries", what, LIMIT_LISTENER_ITEMS);
        return NULL;
    }
    items = arena_alloc_array(l->reader->config->arena, node->n, size);
    if (!items)
        doc_error(errors, node->mark, "out of memory");
    return items;
}

static void config_listener_read_allow_uids(void *ctx, const DocNode *node) {
    ListenerReader *l = ctx;
    uid_t *uids = config_listener_alloc_list(l, node, "allow_uids", sizeof(*uids));

    l->listener->has_allow_uids = true;
    l->listener->allow_uids = uids;
    for (size_t i = 0; uids && i < node->n; i++)
        if (config_value_uid(l->reader->errors, node->items[i], &uids[l->listener->n_allow_uids]))
            l->listener->n_allow_uids++;
}

static void config_listener_read_allow_gids(void *ctx, const DocNode *node) {
    ListenerReader *l = ctx;
    gid_t *gids = config_listener_alloc_list(l, node, "allow_gids", sizeof(*gids));

    l->listener->has_allow_gids = true;
    l->listener->allow_gids = gids;
    for (size_t i = 0; gids && i < node->n; i++)
        if (config_value_gid(l->reader->errors, node->items[i], &gids[l->listener->n_allow_gids]))
            l->listener->n_allow_gids++;
}

static void config_listener_read_allow_containers(void *ctx, const DocNode *node) {
    ListenerReader *l = ctx;

    config_read_places(l->reader, node, l->listener, true);
}

static void config_listener_read_allow_units(void *ctx, const DocNode *node) {
    ListenerReader *l = ctx;

    config_read_places(l->reader, node, l->listener, false);
}

static void config_listener_read_allow_from(void *ctx, const DocNode *node) {
    ListenerReader *l = ctx;
    DocErrors *errors = l->reader->errors;
    Network *networks = config_listener_alloc_list(l, node, "allow_from", sizeof(*networks));

    l->listener->allow_from = networks;
    for (size_t i = 0; networks && i < node->n; i++) {
        const char *why = NULL;
        Span text;

        if (!keys_read_text(errors, node->items[i], "a network", &text))
            continue;
        if (network_parse(text, &networks[l->listener->n_allow_from], &why) < 0)
            doc_error(errors, node->items[i]->mark, "'%s': %s",
                      text_show(errors->arena, text, LIMIT_VALUE_SHOWN), why);
        else
            l->listener->n_allow_from++;
    }
}

/* A key that can't do anything on this kind of socket would be a promise that isn't kept. */
static void config_listener_check_keys(ConfigReader *reader, const DocNode *node, AddressKind kind) {
    static const struct {
        const char *key;
        bool on_unix, on_tcp, on_fd; /* what systemd passed has its owner and mode from there */
    } rows[] = {
        {"mode", true, false, false},
        {"owner", true, false, false},
        {"group", true, false, false},
        {"allow_uids", true, false, true},
        {"allow_gids", true, false, true},
        {"allow_from", false, true, true},
        {"allow_containers", true, false, true},
        {"allow_units", true, false, true},
    };

    for (size_t i = 0; i < node->n; i++)
        for (size_t j = 0; j < ARRAY_SIZE(rows); j++) {
            bool fits = kind == ADDRESS_UNIX  ? rows[j].on_unix
                        : kind == ADDRESS_TCP ? rows[j].on_tcp
                                              : rows[j].on_fd;

            if (!fits && span_is(node->pairs[i].key.scalar, rows[j].key))
                doc_error(reader->errors, node->pairs[i].key.mark, "'%s' is only for %s listeners",
                          rows[j].key, rows[j].on_unix ? "unix://" : "tcp://");
        }
}

/* `mark` is the address's; `node` is a mapping, or the address alone. */
static void config_listener_check_address(ConfigReader *reader, const DocNode *node, DocMark mark,
                                          const ConfigListener *listener) {
    DocErrors *errors = reader->errors;

    if (node->type == DOC_MAPPING)
        config_listener_check_keys(reader, node, listener->address.kind);
    if (address_is_name(&listener->address)) {
        doc_error(errors, mark, "'%s': " CONFIG_LISTEN_NAME, listener->address.text);
        return;
    }
    if (listener->address.kind == ADDRESS_TCP && !address_is_loopback(&listener->address) &&
        !doc_get(node, "allow_from"))
        doc_error(errors, mark,
                  "a tcp listener that is not on a loopback address needs allow_from: the networks that may "
                  "connect");
    if (address_equals(&listener->address, &reader->config->upstream))
        doc_error(errors, mark, "this is the upstream's address: requests would come back for ever");
}

static void config_listener_check(ConfigReader *reader, const DocNode *node, const ConfigListener *listener) {
    const DocNode *address = doc_get(node, "address");

    if (!address)
        doc_error(reader->errors, node->mark, "a listener needs an address");
    if (!doc_get(node, "policy"))
        doc_error(reader->errors, node->mark, "a listener needs a policy");
    if (listener->address.kind != ADDRESS_NONE)
        config_listener_check_address(reader, node, address->mark, listener);
}

static void config_listener_check_twins(ConfigReader *reader, const ConfigListener *listeners, size_t n) {
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            if (listeners[i].address.kind != ADDRESS_NONE &&
                address_equals(&listeners[i].address, &listeners[j].address)) {
                doc_error(reader->errors, listeners[i].mark, "'%s' stands here twice, first in line %u",
                          listeners[i].address.text, listeners[j].mark.line);
                break;
            }
}

static void config_listener_read(ConfigReader *reader, const DocNode *node, ConfigListener *listener) {
    static const KeyRow keys[] = {
        {"address", config_listener_read_address},
        {"policy", config_listener_read_policy},
        {"observe", config_listener_read_observe},
        {"mode", config_listener_read_mode},
        {"owner", config_listener_read_owner},
        {"group", config_listener_read_group},
        {"allow_uids", config_listener_read_allow_uids},
        {"allow_gids", config_listener_read_allow_gids},
        {"allow_containers", config_listener_read_allow_containers},
        {"allow_units", config_listener_read_allow_units},
        {"allow_from", config_listener_read_allow_from},
    };
    ListenerReader l = {.reader = reader, .listener = listener};

    *listener = config_default_listener;
    listener->mark = node->mark;
    if (keys_read(reader->errors, node, "listeners.", keys, ARRAY_SIZE(keys), &l))
        config_listener_check(reader, node, listener);
}

int config_settle_observers(ConfigReader *reader) {
    for (size_t i = 0; reader->made && i < reader->config->n_listeners; i++) {
        ConfigListener *listener = &reader->made[i];

        if (!listener->observe)
            continue;
        listener->policy = policy_observer(listener->policy);
        if (!listener->policy)
            return -ENOMEM;
    }
    return 0;
}

void config_read_listeners(ConfigReader *reader) {
    const DocNode *list = reader->listeners;
    ConfigListener *listeners;

    if (!keys_is_sequence(reader->errors, list, "listeners"))
        return;
    if (list->n == 0 || list->n > LIMIT_LISTENERS)
        return doc_error(reader->errors, list->mark, "listeners must have from 1 to %u entries",
                         LIMIT_LISTENERS);
    listeners = arena_alloc_array(reader->config->arena, list->n + 1, sizeof(*listeners)); /* and metrics */
    if (!listeners)
        return doc_error(reader->errors, list->mark, "out of memory");
    for (size_t i = 0; i < list->n; i++)
        config_listener_read(reader, list->items[i], &listeners[i]);
    config_listener_check_twins(reader, listeners, list->n);
    reader->config->listeners = reader->made = listeners;
    reader->config->n_listeners = list->n;
}

/* --- metrics: */

static void config_metrics_check(ConfigReader *reader, ConfigListener *metrics, DocMark mark) {
    const DocNode *node = reader->metrics;
    size_t n = reader->config->n_listeners;

    if (metrics->address.kind == ADDRESS_NONE)
        return;
    config_listener_check_address(reader, node, mark, metrics);
    for (size_t i = 0; i < n; i++)
        if (address_equals(&metrics->address, &reader->made[i].address))
            doc_error(reader->errors, mark, "'%s' is a listener's already, in line %u", metrics->address.text,
                      reader->made[i].mark.line);
}

/* Its address, or a mapping of the keys of a listener that say who may connect. */
void config_read_metrics(ConfigReader *reader) {
    static const KeyRow keys[] = {
        {"address", config_listener_read_address},       {"mode", config_listener_read_mode},
        {"owner", config_listener_read_owner},           {"group", config_listener_read_group},
        {"allow_uids", config_listener_read_allow_uids}, {"allow_gids", config_listener_read_allow_gids},
        {"allow_from", config_listener_read_allow_from},
    };
    const DocNode *node = reader->metrics, *address = node;
    ConfigListener aside, *metrics = reader->made ? &reader->made[reader->config->n_listeners] : &aside;
    ListenerReader l = {.reader = reader, .listener = metrics};

    *metrics = config_default_listener;
    metrics->mark = node->mark;
    if (node->type == DOC_MAPPING) {
        if (!keys_read(reader->errors, node, "metrics.", keys, ARRAY_SIZE(keys), &l))
            return;
        address = doc_get(node, "address");
        if (!address)
            doc_error(reader->errors, node->mark, "metrics need an address");
    } else
        config_listener_read_address(&l, node);
    if (address)
        config_metrics_check(reader, metrics, address->mark);
    reader->config->has_metrics = reader->made != NULL;
}
