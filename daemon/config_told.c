// SPDX-License-Identifier: Apache-2.0
/* What of a record hangs on the config alone, so that it isn't written anew for each request. */
#include "config_read.h"

#include <errno.h>

#include "buffer.h"
#include "json_text.h"

static int config_told_member(Buffer *out, Span name, const char *value) {
    int r = buffer_append(out, name);

    return r < 0 ? r : json_text_append_cstr(out, value);
}

static int config_tell_listener(const Config *config, ConfigListener *listener) {
    CLEANUP(buffer_done) Buffer text = {0};
    int r = config_told_member(&text, SPAN(",\"listener\":"), listener->address.text);

    if (r == 0)
        r = config_told_member(&text, SPAN(",\"policy\":"), policy_name(listener->policy));
    if (r == 0)
        r = config_told_member(&text, SPAN(",\"policy_hash\":"), config->hash);
    if (r < 0)
        return r;
    listener->told =
        (Span){.data = arena_copy(config->arena, buffer_span(&text)), .size = buffer_size(&text)};
    return listener->told.data ? 0 : -ENOMEM;
}

int config_tell_listeners(const Config *config, ConfigListener *listeners) {
    int r = 0;

    for (size_t i = 0; listeners && r == 0 && i < config->n_listeners; i++)
        r = config_tell_listener(config, &listeners[i]);
    return r;
}
