// SPDX-License-Identifier: Apache-2.0
#include "bytes.h"

#define EVERYWHERE (BYTE_UNRESERVED | BYTE_PATH | BYTE_TOKEN | BYTE_HOST)
#define LETTER (BYTE_ALNUM | BYTE_NAME | EVERYWHERE)

const unsigned char BYTES[256] = {
    ['0' ... '9'] = LETTER,
    ['A' ... 'Z'] = LETTER,
    ['a' ... 'z'] = LETTER,
    ['-'] = BYTE_NAME | EVERYWHERE,
    ['.'] = BYTE_NAME | EVERYWHERE,
    ['_'] = BYTE_NAME | EVERYWHERE,
    ['~'] = EVERYWHERE,
    ['+'] = BYTE_PATH | BYTE_TOKEN | BYTE_HOST,
    ['/'] = BYTE_PATH,
    [':'] = BYTE_PATH,
    ['@'] = BYTE_PATH,
    ['!'] = BYTE_TOKEN | BYTE_HOST,
    ['$'] = BYTE_TOKEN | BYTE_HOST,
    ['%'] = BYTE_TOKEN | BYTE_HOST,
    ['&'] = BYTE_TOKEN | BYTE_HOST,
    ['\''] = BYTE_TOKEN | BYTE_HOST,
    ['*'] = BYTE_TOKEN | BYTE_HOST,
    ['#'] = BYTE_TOKEN,
    ['^'] = BYTE_TOKEN,
    ['`'] = BYTE_TOKEN,
    ['|'] = BYTE_TOKEN,
    ['('] = BYTE_HOST,
    [')'] = BYTE_HOST,
    [','] = BYTE_HOST,
    ['='] = BYTE_HOST,
};

static bool bytes_are_value_each(const char *data, size_t size) {
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char) data[i];

        if ((c < 0x20 && c != '\t') || c == 0x7F)
            return false;
    }
    return true;
}

/* Not zero where one of eight bytes is below 0x20 or 0x7F; the tab is among them. */
static uint64_t bytes_find_control(uint64_t word) {
    uint64_t delete = word ^ BYTES_EACH(0x7F);

    return (((word - BYTES_EACH(0x20)) & ~word) | ((delete - BYTES_EACH(1)) & ~delete)) & BYTES_EACH(0x80);
}

static bool bytes_are_value_eight(const char *data) {
    return !bytes_find_control(bytes_load(data)) || bytes_are_value_each(data, sizeof(uint64_t));
}

bool bytes_are_value(Span text) {
    if (text.size < sizeof(uint64_t))
        return bytes_are_value_each(text.data, text.size);
    for (size_t i = 0; text.size - i >= sizeof(uint64_t); i += sizeof(uint64_t))
        if (!bytes_are_value_eight(text.data + i))
            return false;
    return bytes_are_value_eight(text.data + text.size - sizeof(uint64_t)); /* some of them once more */
}
