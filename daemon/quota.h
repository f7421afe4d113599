// SPDX-License-Identifier: Apache-2.0
/*
 * Connections counted, in all and by client (a uid, or a TCP address), so that one can't take what all need.
 * Charged at accept, refunded when the connection ends.
 */
#pragma once

#include "identity.h"

typedef struct Quota Quota;

Quota *quota_new(void); /* NULL: out of memory */
Quota *quota_free(Quota *quota);

/* 0; −EMFILE: `limits` are reached (nothing is charged); −ENOMEM. */
int quota_charge(Quota *quota, const Subject *subject, const ConfigLimits *limits);
void quota_refund(Quota *quota, const Subject *subject);

size_t quota_connections(const Quota *quota);
