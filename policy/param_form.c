// SPDX-License-Identifier: Apache-2.0
#include "param_form.h"

#include "bytes.h"

bool param_form_is_name(Span name) {
    if (name.size > 0 && name.data[0] == '/')
        name = (Span){name.data + 1, name.size - 1};
    return bytes_are_name(name);
}

/* Below the context. Podman takes JSON for several files, fetches an address, and joins `..` as it stands. */
bool param_form_is_dockerfile(Span value) {
    for (size_t begin = 0, i = 0; i <= value.size; i++) {
        if (i < value.size && strchr("[\"", value.data[i])) /* NUL too */
            return false;
        if (i < value.size && value.data[i] != '/')
            continue;
        if (span_is((Span){value.data + begin, i - begin}, ".."))
            return false;
        begin = i + 1;
    }
    return value.size == 0 || !memmem(value.data, value.size, "://", 3);
}

bool param_form_is_reference(Span value) {
    return value.size < 2 || !memmem(value.data, value.size, ":/", 2);
}

/*
 * What moby's remotecontext.Detect takes for an address. Podman takes all else for a folder of the host, and
 * what stands behind `#` for one below the context, `..` as well.
 */
bool param_form_is_address(Span value) {
    static const char *const prefixes[] = {"http://", "https://", "git://", "git@", "github.com/", "ssh://"};

    for (size_t i = 0; i + 1 < value.size; i++)
        if (value.data[i] == '.' && value.data[i + 1] == '.')
            return false;
    for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
        if (span_starts_with(value, span_from(prefixes[i])))
            return true;
    return false;
}

bool param_form_is_body_field(Span key) {
    return key.size > 0 && key.data[0] >= 'A' && key.data[0] <= 'Z';
}

bool param_form_may_quote(Span key, Span value) {
    static const struct {
        const char *key;
        const char *marks; /* NULL: never; else only one that has such a byte in it may hold a secret */
        bool address;      /* or what begins as an address */
    } secrets[] = {{"buildargs", NULL, false}, {"changes", NULL, false},    {"remote", "@?%", false},
                   {"fromSrc", "@?%", false},  {"dockerfile", "@?%", true}, {"fromImage", "", true}};

    if (param_form_is_body_field(key))
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(secrets); i++) {
        if (!span_is_nocase(key, secrets[i].key))
            continue;
        if (!secrets[i].marks ||
            (secrets[i].address && value.size > 2 && memmem(value.data, value.size, ":/", 2)))
            return false;
        for (size_t k = 0; k < value.size; k++)
            if (value.data[k] == '\0' || strchr(secrets[i].marks, value.data[k]))
                return false;
    }
    return true;
}
