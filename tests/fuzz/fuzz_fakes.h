// SPDX-License-Identifier: Apache-2.0
/*
 * In libc's place, for a target and all that is linked with it, libevent too: what time it is, and when
 * something is sent. Whether splice(2) is to be had: tests/support/splice_refusal.h.
 */
#pragma once

#include <stdint.h>

#define FAKE_BEGIN_SECONDS INT64_C(2524608000) /* 2050-01-01T00:00:00Z: when each input begins */

/* Until fake_end() time stands still but for fake_pass(), and the wall's clock begins anew. */
void fake_begin(void);
void fake_end(void);
void fake_pass(uint64_t usec);
int64_t fake_seconds(void); /* since the input began */

/* Called before each send(2) and sendmsg(2), and before a ring sends, while it is set. */
extern void (*fake_on_send)(void *arg);
extern void *fake_on_send_arg;
