// SPDX-License-Identifier: Apache-2.0
/*
 * Who a client is, in a few words for a column: its container, unit or address, its user, its program.
 */
#pragma once

#include "scan.h"

/* The client's address without its port. */
Span who_address(const ScanRecord *record);

/* "3f2c8a1b9d4e uid 998 docker", "172.18.0.5", "?". Printable. 0 or −ENOMEM. */
int who_append(Buffer *out, const ScanRecord *record);
