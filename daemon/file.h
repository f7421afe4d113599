// SPDX-License-Identifier: Apache-2.0
/*
 * A whole file into memory, up to a limit.
 */
#pragma once

#include "buffer.h"

/*
 * Appends to *ret what is there, and stops when it holds more than `limit` bytes: the one who parses it
 * says that it is too large. 0 or −errno.
 */
int file_read(const char *path, size_t limit, Buffer *ret);

/* The same from an open descriptor, which stays open. */
int file_read_fd(int fd, size_t limit, Buffer *ret);
