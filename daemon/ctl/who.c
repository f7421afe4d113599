// SPDX-License-Identifier: Apache-2.0
#include "who.h"

#include "plain.h"

#define WHO_ID_SHOWN 12u   /* of a container's ID, as docker ps shows it */
#define WHO_NAME_SHOWN 40u /* of a unit or a program */

static Span who_base(Span path) {
    for (size_t i = path.size; i > 0; i--)
        if (path.data[i - 1] == '/')
            return (Span){path.data + i, path.size - i};
    return path;
}

/* "172.18.0.5:41822": each connection has a port of its own, and is the same client all the same. */
Span who_address(const ScanRecord *record) {
    for (size_t i = record->address.size; i > 0; i--)
        if (record->address.data[i - 1] == ':')
            return (Span){record->address.data, i - 1};
    return record->address;
}

static int who_word(Buffer *out, size_t begin, Span inside, size_t columns) {
    int r = inside.size > 0 && buffer_size(out) > begin ? buffer_append(out, SPAN(" ")) : 0;

    return r < 0 || inside.size == 0 ? r : plain_inside(out, inside, columns, NULL);
}

int who_append(Buffer *out, const ScanRecord *record) {
    size_t begin = buffer_size(out);
    Span container = record->container;
    int r;

    if (container.size > WHO_ID_SHOWN && !memchr(container.data, '\\', WHO_ID_SHOWN))
        container.size = WHO_ID_SHOWN;
    r = who_word(out, begin, container, 0);
    if (r == 0 && container.size == 0)
        r = who_word(out, begin, record->unit, WHO_NAME_SHOWN);
    if (r == 0)
        r = who_word(out, begin, who_address(record), 0);
    if (r == 0 && scan_has(record, SCAN_UID))
        r = buffer_printf(out, "%suid %llu", buffer_size(out) > begin ? " " : "",
                          (unsigned long long) record->uid);
    if (r == 0)
        r = who_word(out, begin, who_base(record->exe), WHO_NAME_SHOWN);
    if (r == 0 && buffer_size(out) == begin)
        r = buffer_append(out, SPAN("?"));
    return r;
}
