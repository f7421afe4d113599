// SPDX-License-Identifier: Apache-2.0
/*
 * A config file: whatever it is, it is read or its mistakes are told; what is read prints as YAML that loads
 * to what prints the same.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/config.h"

#define INPUT_BYTES (64u << 10)

/* malloc'd; NULL: it doesn't load. */
static char *print_of(Span bytes, size_t *ret_size, char **ret_messages) {
    CLEANUP(config_unref_p) Config *config = NULL;
    size_t messages_size = 0;
    FILE *messages = open_memstream(ret_messages, &messages_size), *out;
    char *text = NULL;
    int r = config_parse(bytes, "fuzz.yaml", messages, &config);

    fclose(messages);
    FUZZ_CHECK((r < 0) == (config == NULL), "%d, with or without a config", r);
    FUZZ_CHECK(r == 0 || messages_size > 0, "refused without a word");
    if (r < 0)
        return NULL;
    out = open_memstream(&text, ret_size);
    FUZZ_CHECK(config_print(config, out) == 0, "it can't be printed");
    fclose(out);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *messages = NULL, *messages_again = NULL, *text, *again = NULL;
    size_t text_size = 0, again_size = 0;

    if (size > INPUT_BYTES)
        return 0;
    text = print_of((Span){(const char *) data, size}, &text_size, &messages);
    if (text) {
        again = print_of((Span){text, text_size}, &again_size, &messages_again);
        FUZZ_CHECK(again != NULL, "what was printed doesn't load: %s\n%s", messages_again, text);
        FUZZ_CHECK(text_size == again_size && memcmp(text, again, text_size) == 0,
                   "printed again it is another:\n%s\n---\n%s", text, again);
    }
    free(text);
    free(again);
    free(messages);
    free(messages_again);
    return 0;
}
