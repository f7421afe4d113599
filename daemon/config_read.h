// SPDX-License-Identifier: Apache-2.0
/*
 * The keys of the config file, from YAML's tree to a Config. For config.c only; others see config.h.
 */
#pragma once

#include "config.h"

#define CONFIG_LISTEN_NAME                                                                                   \
    "a listener's host must be an IP address or localhost: others decide what a name stands for"

typedef struct ConfigReader {
    Config *config;
    DocErrors *errors;
    ConfigPresets presets;
    const DocNode *root;
    const DocNode *upstream; /* what is read only when all keys are known; NULL: not there */
    const DocNode *listeners;
    const DocNode *policies;
    const DocNode *metrics;
    ConfigListener *made; /* config->listeners, for who may still change them */
} ConfigReader;

/* All keys. Mistakes go to reader->errors; then the Config must not be used. */
void config_read(ConfigReader *reader);

/* An engine that isn't behind a unix socket has another machine's files: nothing is guessed of those. */
void config_settle_host(Config *config);

/* `listeners:`; needs config->policies, which is NULL when `policies:` has mistakes. */
void config_read_listeners(ConfigReader *reader);

/* `metrics:`; behind config_read_listeners, which has left room for it. */
void config_read_metrics(ConfigReader *reader);

/* `allow_containers`, or `allow_units`, of a listener. */
void config_read_places(ConfigReader *reader, const DocNode *node, ConfigListener *listener, bool containers);

/* Listeners with `observe: true` get a policy that does; when the policies are all settled. 0 or −ENOMEM. */
int config_settle_observers(ConfigReader *reader);

void config_read_audit(ConfigReader *reader, const DocNode *node); /* `audit:` */

/* What holds where the file says nothing. */
void config_set_defaults(Config *config);
extern const ConfigSink config_default_sink;
extern const ConfigListener config_default_listener;

/*
 * What records tell of each of `listeners` (the config's own; NULL: it has none), when their policies and the
 * config's hash are settled. 0 or −ENOMEM.
 */
int config_tell_listeners(const Config *config, ConfigListener *listeners);
