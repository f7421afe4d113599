// SPDX-License-Identifier: Apache-2.0
/*
 * The host's time zones, as tables for the policy, which may not look them up itself.
 *
 * libc is asked, once for each zone when a config is loaded: it is the one well-kept reader of the zone files
 * and of the rules at their end. It has a single zone at a time, the process's own (TZ), so that one is
 * changed while it is asked and then put back; nothing else here goes by it. A name that libc doesn't know is
 * UTC to it, without a word: so the file is looked at first. No request, and no turn of the loop but a
 * reload, waits for any of that.
 */
#pragma once

#include "policy/compile.h"

/*
 * Tells `set` of the zones that its policies name: those of /usr/share/zoneinfo, `local`, which is
 * /etc/localtime (whatever TZ says, so that the command and the daemon agree), and UTC, which needs no file.
 * What isn't there, or can't be read, is a mistake in `errors`.
 */
void zones_settle(PolicySet *set, DocErrors *errors);

/*
 * The table of the zone in the file `path` (absolute), in `arena`. NULL, or why there is none (static). It
 * leaves the process in that zone: zones_settle puts it back.
 */
const char *zones_read(Arena *arena, const char *path, const ZoneSpan **ret, size_t *ret_n);
