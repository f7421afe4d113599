// SPDX-License-Identifier: Apache-2.0
/*
 * Preloaded into the daemon: the Nth allocation from now fails, and all after it where that is wanted. What
 * is wanted stands in the file $NTH_FILE, which the test maps as well.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct {
    int64_t left;    /* allocations until one fails; 0: none does */
    int64_t forever; /* once one has failed, all do */
    int64_t failed;  /* so many have, since the test last looked */
} Wish;

static Wish *wish;

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *old, size_t size);

__attribute__((constructor)) static void nth_init(void) {
    const char *path = getenv("NTH_FILE");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*wish), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (map == MAP_FAILED)
        abort();
    (void) close(fd);
    wish = map;
}

static int nth_fails(void) {
    int64_t left = wish ? __atomic_load_n(&wish->left, __ATOMIC_SEQ_CST) : 0;

    if (left == 0)
        return 0;
    if (left > 1 || !wish->forever)
        left = __atomic_sub_fetch(&wish->left, 1, __ATOMIC_SEQ_CST) + 1;
    if (left != 1)
        return 0;
    (void) __atomic_add_fetch(&wish->failed, 1, __ATOMIC_SEQ_CST);
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size) {
    return nth_fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size) {
    return nth_fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size) {
    return nth_fails() ? NULL : __libc_realloc(old, size);
}
