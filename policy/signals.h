// SPDX-License-Identifier: Apache-2.0
/*
 * Signals as an engine reads them: moby's signal.ParseSignal (pkg/signal, later moby/sys/signal), which takes
 * a number, or a name in any case, with SIG in front or not. Linux's numbers, of all architectures but MIPS
 * and SPARC.
 */
#pragma once

#include "base.h"

#define SIGNAL_MAX 64u

/* 1 to SIGNAL_MAX; 0: none, or one of a spelling that nobody needs ("+9", "0x9", ſigkill). */
unsigned signal_parse(Span text);

/* "TERM", "RTMIN+1"; NULL for a number without a name. */
const char *signal_name(unsigned number);

/* A bit of Rules.signals. */
static inline uint64_t signal_bit(unsigned number) {
    return number >= 1 && number <= SIGNAL_MAX ? UINT64_C(1) << (number - 1) : 0;
}
