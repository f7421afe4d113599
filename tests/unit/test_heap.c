// SPDX-License-Identifier: Apache-2.0
#include "daemon/heap.h"

#include <criterion/criterion.h>

static void come(Heap *heap, size_t n) {
    for (size_t i = 0; i < n; i++)
        heap_client_came(heap);
}

static void go(Heap *heap, size_t n) {
    for (size_t i = 0; i < n; i++)
        heap_client_gone(heap);
}

/* Until no timer is left. */
static size_t trims_after(struct event_base *base, Heap *heap) {
    event_base_dispatch(base);
    return heap_n_trims(heap);
}

Test(heap, a_crowd_that_has_gone_leaves_nothing) {
    struct event_base *base = event_base_new();
    Heap *heap = heap_new(base);

    come(heap, HEAP_CROWD - 1);
    go(heap, HEAP_CROWD - 1);
    cr_expect_eq(trims_after(base, heap), 0, "few leave little");
    come(heap, HEAP_CROWD);
    cr_expect_eq(trims_after(base, heap), 0, "they are all there");
    go(heap, HEAP_CROWD * 3 / 4 - 1);
    cr_expect_eq(trims_after(base, heap), 0, "most of them are");
    go(heap, 1);
    cr_expect_eq(trims_after(base, heap), 1);
    go(heap, HEAP_CROWD / 4);
    cr_expect_eq(trims_after(base, heap), 1, "the rest was no crowd");
    come(heap, 2 * HEAP_CROWD);
    go(heap, 2 * HEAP_CROWD);
    come(heap, HEAP_CROWD);
    cr_expect_eq(trims_after(base, heap), 1, "another has come meanwhile");
    go(heap, HEAP_CROWD);
    cr_expect_eq(trims_after(base, heap), 2);
    heap_free(heap);
    event_base_free(base);
}
