// SPDX-License-Identifier: Apache-2.0
#include "bytes.h"

#define EVERYWHERE (BYTE_UNRESERVED | BYTE_PATH | BYTE_TOKEN | BYTE_HOST)
#define LETTER (BYTE_ALNUM | BYTE_NAME | EVERYWHERE)

const unsigned char BYTES[256] = {
    [0x00 ... 0x1F] = BYTE_CONTROL,
    [0x7F] = BYTE_CONTROL,
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
    for (size_t i = 0; i < size; i++)
        if (byte_is(data[i], BYTE_CONTROL) && data[i] != '\t')
            return false;
    return true;
}

static bool bytes_have_control(uint64_t word) {
    uint64_t delete = word ^ BYTES_EACH(0x7F);
    uint64_t found = ((word - BYTES_EACH(0x20)) & ~word) | ((delete - BYTES_EACH(1)) & ~delete);

    return found & BYTES_EACH(0x80);
}

/* A word that has a control byte, the tab among them, is looked at byte by byte. */
static bool bytes_are_value_eight(const char *data) {
    return !bytes_have_control(bytes_load(data)) || bytes_are_value_each(data, sizeof(uint64_t));
}

bool bytes_are_value(Span text) {
    if (text.size < sizeof(uint64_t))
        return (text.size >= sizeof(uint32_t) && !bytes_have_control(bytes_load_few(text.data, text.size))) ||
               bytes_are_value_each(text.data, text.size);
    for (size_t i = 0; text.size - i >= sizeof(uint64_t); i += sizeof(uint64_t))
        if (!bytes_are_value_eight(text.data + i))
            return false;
    return bytes_are_value_eight(text.data + text.size - sizeof(uint64_t)); /* some of them once more */
}

bool bytes_are_hex(Span text) {
    for (size_t i = 0; i < text.size; i++) {
        char c = ascii_lower(text.data[i]);

        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
            return false;
    }
    return text.size > 0;
}

bool bytes_are_id(Span text) {
    if (text.size != BYTES_ID_SIZE)
        return false;
    for (size_t i = 0; i < text.size; i++)
        if (!(text.data[i] >= '0' && text.data[i] <= '9') && !(text.data[i] >= 'a' && text.data[i] <= 'f'))
            return false;
    return true;
}
