// SPDX-License-Identifier: Apache-2.0
#include "repeats.h"

#include <stdlib.h>

#include "chain.h"
#include "policy/limits.h"

#define WAYS 8u /* places that one key may have */
#define MINUTE_USEC UINT64_C(60000000)

typedef struct Repeat {
    char key[CHAIN_HASH_SIZE]; /* "": free */
    uint64_t count, untold;
    uint64_t seq; /* told last */
    uint64_t told_usec, seen_usec;
} Repeat;

struct Repeats {
    RepeatsUntold untold;
    void *ctx;
    size_t n_untold; /* places with something to tell */
    Buffer text;
    Repeat places[LIMIT_AUDIT_REPEATS];
};

Repeats *repeats_new(RepeatsUntold untold, void *ctx) {
    Repeats *repeats = calloc(1, sizeof(*repeats));

    if (repeats) {
        repeats->untold = untold;
        repeats->ctx = ctx;
    }
    return repeats;
}

static void repeats_tell(Repeats *repeats, Repeat *repeat) {
    uint64_t n = repeat->untold;

    if (n == 0)
        return;
    repeat->untold = 0;
    repeats->n_untold--;
    repeats->untold(repeats->ctx, repeat->seq, n);
}

void repeats_tell_all(Repeats *repeats) {
    for (size_t i = 0; i < LIMIT_AUDIT_REPEATS && repeats->n_untold > 0; i++)
        repeats_tell(repeats, &repeats->places[i]);
}

Repeats *repeats_free(Repeats *repeats) {
    if (!repeats)
        return NULL;
    repeats_tell_all(repeats);
    buffer_done(&repeats->text);
    free(repeats);
    return NULL;
}

/* Each part with its size before it, so that no two keys have one text. */
static int repeats_add(Buffer *out, Span part) {
    const Span parts[] = {{.data = (const char *) &part.size, .size = sizeof(part.size)}, part};

    return buffer_append_all(out, parts, ARRAY_SIZE(parts));
}

/* Each connection over TCP has a port of its own, and is the same client all the same. */
static Span repeats_host(const Subject *client) {
    Span address = span_from(client ? client->address : "");
    const char *colon = address.size > 0 ? strrchr(address.data, ':') : NULL;

    return colon ? (Span){address.data, (size_t) (colon - address.data)} : address;
}

static int repeats_key(Buffer *text, const Record *record, char ret[static CHAIN_HASH_SIZE]) {
    const Subject *client = record->client;
    const Request *request = record->request;
    const Verdict *verdict = record->verdict;
    uint64_t numbers[] = {client ? client->has_creds : 0, client ? client->uid : 0, client ? client->gid : 0,
                          request ? (uint64_t) request->method : 0, verdict->reason};
    Span parts[] = {
        {.data = (const char *) numbers, .size = sizeof(numbers)},
        span_from(record->listener ? record->listener : ""),
        span_from(record->policy ? record->policy : ""),
        span_from(client && client->exe ? client->exe : ""),
        span_from(client ? client->origin.container : ""),
        repeats_host(client),
        request && request->operation ? span_from(request->operation->id)
        : request                     ? request->target.path
                                      : SPAN(""),
        span_from(verdict_rule(verdict)),
        span_from(verdict->field ? verdict->field : ""),
    };
    int r = 0;

    buffer_clear(text);
    for (size_t i = 0; r == 0 && i < ARRAY_SIZE(parts); i++)
        r = repeats_add(text, parts[i]);
    if (r == 0)
        chain_digest(buffer_span(text), ret);
    return r;
}

/* Its place, or the one of its places that was seen longest ago, made free. */
static Repeat *repeats_find(Repeats *repeats, const char *key) {
    size_t hash = 0;
    Repeat *set, *oldest;

    for (size_t i = 0; i < sizeof(hash); i++)
        hash = hash << 8 ^ (unsigned char) key[sizeof(CHAIN_PREFIX) - 1 + i] ^ hash >> 24;
    set = oldest = &repeats->places[hash % (LIMIT_AUDIT_REPEATS / WAYS) * WAYS];
    for (size_t i = 0; i < WAYS; i++) {
        if (strcmp(set[i].key, key) == 0)
            return &set[i];
        if (set[i].seen_usec < oldest->seen_usec)
            oldest = &set[i];
    }
    repeats_tell(repeats, oldest);
    *oldest = (Repeat){0};
    memcpy(oldest->key, key, CHAIN_HASH_SIZE);
    return oldest;
}

static bool repeats_is_round(uint64_t n) {
    while (n >= 10 && n % 10 == 0)
        n /= 10;
    return n == 1;
}

bool repeats_note(Repeats *repeats, const Record *record, const uint64_t *last_seq, uint64_t now_usec,
                  uint64_t *ret_count) {
    char key[CHAIN_HASH_SIZE];
    Repeat *repeat;

    *ret_count = 0;
    if (record->event != RECORD_DECISION || !record->verdict || verdict_forwards(record->verdict) ||
        repeats_key(&repeats->text, record, key) < 0)
        return true;
    repeat = repeats_find(repeats, key);
    repeat->count++;
    repeat->seen_usec = now_usec;
    if (!repeats_is_round(repeat->count) && now_usec - repeat->told_usec < MINUTE_USEC) {
        repeats->n_untold += repeat->untold++ == 0;
        return false;
    }
    *ret_count = repeat->untold + 1;
    repeats->n_untold -= repeat->untold > 0;
    repeat->untold = 0;
    repeat->seq = *last_seq + 1;
    repeat->told_usec = now_usec;
    return true;
}

bool repeats_sweep(Repeats *repeats, uint64_t now_usec) {
    for (size_t i = 0; i < LIMIT_AUDIT_REPEATS && repeats->n_untold > 0; i++)
        if (repeats->places[i].untold > 0 && now_usec - repeats->places[i].seen_usec >= MINUTE_USEC)
            repeats_tell(repeats, &repeats->places[i]);
    return repeats->n_untold > 0;
}
