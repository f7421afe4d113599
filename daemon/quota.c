// SPDX-License-Identifier: Apache-2.0
#include "quota.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>

/* As many buckets as keep chains short with the largest number of connections. */
#define QUOTA_BUCKETS 256u

typedef struct QuotaEntry {
    LIST_ENTRY(QuotaEntry) link;
    Subject key; /* only what identity_same_client looks at; owns nothing */
    size_t connections;
} QuotaEntry;

struct Quota {
    LIST_HEAD(, QuotaEntry) buckets[QUOTA_BUCKETS];
    size_t connections;
};

Quota *quota_new(void) {
    return calloc(1, sizeof(Quota));
}

Quota *quota_free(Quota *quota) {
    if (!quota)
        return NULL;
    for (size_t i = 0; i < QUOTA_BUCKETS; i++)
        while (!LIST_EMPTY(&quota->buckets[i])) {
            QuotaEntry *entry = LIST_FIRST(&quota->buckets[i]);
            LIST_REMOVE(entry, link);
            free(entry);
        }
    free(quota);
    return NULL;
}

/* Equal for what identity_same_client calls equal: the uid, or the address without its port. */
static size_t quota_bucket(const Subject *subject) {
    const unsigned char *bytes = NULL;
    size_t size = 0;
    unsigned hash = 2166136261u; /* FNV-1a: clients choose neither uid nor address freely */

    if (subject->has_creds)
        return subject->uid % QUOTA_BUCKETS;
    if (subject->peer.any.sa_family == AF_INET) {
        bytes = (const unsigned char *) &subject->peer.in.sin_addr;
        size = sizeof(struct in_addr);
    } else if (subject->peer.any.sa_family == AF_INET6) {
        bytes = (const unsigned char *) &subject->peer.in6.sin6_addr;
        size = sizeof(struct in6_addr);
    }
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 16777619u;
    return hash % QUOTA_BUCKETS;
}

static QuotaEntry *quota_find(Quota *quota, const Subject *subject) {
    QuotaEntry *entry;

    LIST_FOREACH(entry, &quota->buckets[quota_bucket(subject)], link)
    if (identity_same_client(&entry->key, subject))
        return entry;
    return NULL;
}

static QuotaEntry *quota_add(Quota *quota, const Subject *subject) {
    QuotaEntry *entry = calloc(1, sizeof(*entry));

    if (!entry)
        return NULL;
    entry->key = *subject;
    entry->key.groups = NULL;
    entry->key.n_groups = 0;
    entry->key.exe = NULL;
    LIST_INSERT_HEAD(&quota->buckets[quota_bucket(subject)], entry, link);
    return entry;
}

int quota_charge(Quota *quota, const Subject *subject, const ConfigLimits *limits) {
    QuotaEntry *entry = quota_find(quota, subject);

    if (quota->connections >= limits->connections ||
        (entry ? entry->connections : 0) >= limits->connections_per_client)
        return -EMFILE;
    if (!entry)
        entry = quota_add(quota, subject);
    if (!entry)
        return -ENOMEM;
    entry->connections++;
    quota->connections++;
    return 0;
}

void quota_refund(Quota *quota, const Subject *subject) {
    QuotaEntry *entry = quota_find(quota, subject);

    if (!entry)
        return;
    quota->connections--;
    if (--entry->connections > 0)
        return;
    LIST_REMOVE(entry, link);
    free(entry);
}

size_t quota_connections(const Quota *quota) {
    return quota->connections;
}
