// SPDX-License-Identifier: Apache-2.0
#include "scratch.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

static char path[] = "/tmp/quaygate-test.XXXXXX";

void scratch_make(void) {
    int fd = mkstemp(path);

    cr_assert_geq(fd, 0);
    close(fd);
}

void scratch_remove(void) {
    unlink(path);
}

const char *scratch_path(void) {
    return path;
}

void scratch_cut(size_t size) {
    cr_assert_eq(truncate(path, (off_t) size), 0);
}

void scratch_append(const char *bytes, size_t size) {
    FILE *file = fopen(path, "a");

    cr_assert(file);
    cr_assert_eq(fwrite(bytes, 1, size, file), size);
    cr_assert_eq(fclose(file), 0);
}

void scratch_write(const char *bytes, size_t size) {
    scratch_cut(0);
    scratch_append(bytes, size);
}

void scratch_pack(const char *bytes, size_t size) {
    gzFile file = gzopen(path, "ab");

    cr_assert(file);
    cr_assert_eq(gzwrite(file, bytes, (unsigned) size), (int) size);
    cr_assert_eq(gzclose(file), Z_OK);
}
