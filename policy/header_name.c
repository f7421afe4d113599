// SPDX-License-Identifier: Apache-2.0
#include "header_name.h"

/* No two names have both their length and their first letter in common; these numbers keep all apart. */
#define HEADER_SLOTS 128u
#define HEADER_SLOT(size, letter) (((size) + 9u * (letter)) % HEADER_SLOTS)

#define HEADER_NAME(id, letter, spelling)                                                                    \
    [HEADER_SLOT(sizeof(spelling) - 1, (unsigned) (letter))] = HEADER_##id,
static const unsigned char header_slots[HEADER_SLOTS] = {
#include "header_names.def"
};
#undef HEADER_NAME

#define HEADER_NAME(id, letter, spelling) [HEADER_##id] = SPAN_INIT(spelling),
static const Span header_spellings[HEADER_NAMES] = {
#include "header_names.def"
};
#undef HEADER_NAME

/* Asked of few names: in a call, so that the others don't pay for its registers. */
__attribute__((noinline)) static bool header_exposes_session(Span name) {
    Span prefix = SPAN("X-Docker-Expose-Session-");

    return name.size >= prefix.size &&
           span_equals_nocase((Span){.data = name.data, .size = prefix.size}, prefix);
}

HeaderName header_name(Span name) {
    HeaderName found;

    if (name.size == 0)
        return HEADER_OTHER;
    found = header_slots[HEADER_SLOT(name.size, (unsigned char) name.data[0] | 0x20u)];
    if (found != HEADER_OTHER && span_equals_nocase(name, header_spellings[found]))
        return found;
    return header_exposes_session(name) ? HEADER_X_DOCKER_EXPOSE_SESSION_ : HEADER_OTHER;
}

Span header_spelling(HeaderName name) {
    return header_spellings[name];
}
