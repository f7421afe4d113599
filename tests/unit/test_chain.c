// SPDX-License-Identifier: Apache-2.0
#include "daemon/chain.h"

#include <criterion/criterion.h>

#define NO_HASH ",\"hash\":null}\n"

Test(chain, digest) {
    char hash[CHAIN_HASH_SIZE];

    chain_digest(SPAN("abc"), hash); /* FIPS 180-4's example */
    cr_expect_str_eq(hash, "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    chain_digest((Span){0}, hash);
    cr_expect_str_eq(hash, "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* A line that was sealed by the first version that did. */
Test(chain, a_kept_line) {
    Chain chain = {0};
    Buffer out = {0};

    cr_assert_null(chain_prev(&chain));
    cr_assert_eq(buffer_append(&out, SPAN("{\"seq\":1,\"prev\":null" NO_HASH)), 0);
    cr_assert_eq(chain_seal(&chain, &out, 0), 0);
    cr_expect(span_is(buffer_span(&out),
                      "{\"seq\":1,\"prev\":null,\"hash\":"
                      "\"sha256:980a22b387630201729a9b807dbd7418fdc84133fde03f19c75941f9d5bb794e\"}\n"));
    cr_expect_str_eq(chain_prev(&chain),
                     "sha256:980a22b387630201729a9b807dbd7418fdc84133fde03f19c75941f9d5bb794e");
    buffer_done(&out);
}

/* Each length of a line, behind others, in a buffer whose front was taken: as chain_hash() says it. */
Test(chain, lines_behind_lines) {
    Chain chain = {0};
    Buffer out = {0};
    char hash[CHAIN_HASH_SIZE];

    cr_assert_eq(buffer_append(&out, SPAN("taken")), 0);
    for (size_t size = 0; size < 300; size++) {
        size_t begin = buffer_size(&out), end;

        for (size_t i = 0; i < size; i++)
            cr_assert_eq(buffer_append(&out, SPAN("x")), 0);
        cr_assert_eq(buffer_append(&out, SPAN(NO_HASH)), 0);
        cr_assert_eq(chain_seal(&chain, &out, begin), 0);
        chain_hash((Span){buffer_span(&out).data + begin, size}, hash);
        cr_expect_str_eq(chain.hash, hash, "%zu", size);
        end = begin + size;
        cr_expect(span_starts_with((Span){buffer_span(&out).data + end, buffer_size(&out) - end},
                                   SPAN(",\"hash\":\"sha256:")));
        cr_expect_eq(buffer_size(&out), end + strlen(",\"hash\":\"\"}\n") + strlen(hash));
        if (size == 0)
            buffer_consume(&out, strlen("taken"));
    }
    buffer_done(&out);
}
