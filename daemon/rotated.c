// SPDX-License-Identifier: Apache-2.0
#include "rotated.h"

#define YEAR_DIGITS 4u
#define DATE_DIGITS 8u

static bool rotated_is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool rotated_is_suffix(Span text) {
    if (text.size < 2 || (text.data[0] != '.' && text.data[0] != '-') || !rotated_is_digit(text.data[1]))
        return false;
    for (size_t i = 1; i < text.size; i++)
        if (!memchr("0123456789-_.:TZ", text.data[i], 16))
            return false;
    return true;
}

bool rotated_is_inner_suffix(Span text) {
    size_t first = 0, digits = 0;

    for (size_t i = 1; i < text.size; i++) {
        digits += rotated_is_digit(text.data[i]);
        first += rotated_is_digit(text.data[i]) && first == i - 1;
    }
    return rotated_is_suffix(text) && ((text.data[0] == '.' && first == text.size - 1) ||
                                       (first >= YEAR_DIGITS && digits >= DATE_DIGITS));
}
