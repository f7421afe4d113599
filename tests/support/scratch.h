// SPDX-License-Identifier: Apache-2.0
/* One file in /tmp for a unit test, plain or as gzip has it. A failure ends the test. */
#pragma once

#include <stddef.h>

/* For .init and .fini of a suite. */
void scratch_make(void);
void scratch_remove(void);

const char *scratch_path(void);

void scratch_write(const char *bytes, size_t size);  /* in the place of what is there */
void scratch_append(const char *bytes, size_t size); /* behind it */
void scratch_pack(const char *bytes, size_t size);   /* likewise: a gzip member of its own */
void scratch_cut(size_t size);                       /* to its first bytes */
