// SPDX-License-Identifier: Apache-2.0
#include "daemon/library.h"

#include <criterion/criterion.h>
#include <zlib.h> /* a library that there is */

static struct {
    __typeof__(&zlibVersion) zlibVersion;
    __typeof__(&crc32) crc32;
    void *nobody_has_this;
} functions;

Test(library, what_is_there_is_found) {
    const LibrarySymbol symbols[] = {LIBRARY_SYMBOL(functions, zlibVersion),
                                     LIBRARY_SYMBOL(functions, crc32)};

    cr_assert(library_load("libz.so.1", symbols, ARRAY_SIZE(symbols)));
    cr_expect_str_eq(functions.zlibVersion(), zlibVersion());
    cr_expect_eq(functions.crc32(0, (const Bytef *) "a", 1), crc32(0, (const Bytef *) "a", 1));
    cr_expect(library_load("libz.so.1", symbols, ARRAY_SIZE(symbols)), "once more");
}

Test(library, all_or_nothing) {
    const LibrarySymbol symbols[] = {LIBRARY_SYMBOL(functions, zlibVersion),
                                     LIBRARY_SYMBOL(functions, nobody_has_this)};

    cr_expect_not(library_load("libz.so.1", symbols, ARRAY_SIZE(symbols)));
    cr_expect_null(functions.nobody_has_this);
    cr_expect_not(library_load("libquaygate-nobody-has-this.so.0", symbols, 1));
}
