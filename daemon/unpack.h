// SPDX-License-Identifier: Apache-2.0
/*
 * What a file or pipe holds, unpacked where gzip has packed it, as it is where not. Of several members (RFC
 * 1952 §2.2, `cat a.gz b.gz`) all are read; what follows them and is no member is an error, as is data that
 * ends in the middle: zlib's gzread() takes the first for the end, so that `cat a.gz b.jsonl` had no b.
 */
#pragma once

#include <sys/types.h>

#include "policy/base.h"

typedef struct Unpack Unpack;

/* Takes `fd`, in any case; it is read from where it stands. NULL: no memory. */
Unpack *unpack_new(int fd);
Unpack *unpack_free(Unpack *unpack); /* closes; accepts NULL, returns NULL */

/*
 * Some bytes; 0: the end. −errno of reading; −EBADMSG: the compressed data is broken, or cut off; −EILSEQ:
 * what follows it isn't compressed; −ENOMEM. A failure comes again with the next call.
 */
ssize_t unpack_read(Unpack *unpack, char *room, size_t size);

/* Back to where it began. 0 or −errno: −ESPIPE of a pipe. */
int unpack_rewind(Unpack *unpack);

uint64_t unpack_taken(const Unpack *unpack); /* bytes of the file, compressed ones where it is, used so far */

/* What an −errno of unpack_read() means, in words: static, or strerror's. */
const char *unpack_error(int r);
