// SPDX-License-Identifier: Apache-2.0
#include "library.h"

#include <dlfcn.h>

bool library_load(const char *file, const LibrarySymbol *symbols, size_t n) {
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    size_t found = 0;

    while (library && found < n && (*symbols[found].ret = dlsym(library, symbols[found].name)))
        found++;
    if (library && found < n)
        dlclose(library);
    return library && found == n;
}
