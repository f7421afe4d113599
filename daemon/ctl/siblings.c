// SPDX-License-Identifier: Apache-2.0
#include "siblings.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/rotated.h"

#define SIBLINGS_DIGITS 6u /* of a number; more are a date's */

int path_list_add(PathList *list, const char *path) {
    char **items = realloc(list->items, (list->n + 1) * sizeof(*items));

    if (!items)
        return -ENOMEM;
    list->items = items;
    items[list->n] = strdup(path);
    if (!items[list->n])
        return -ENOMEM;
    list->n++;
    return 0;
}

void path_list_done(PathList *list) {
    for (size_t i = 0; i < list->n; i++)
        free(list->items[i]);
    free(list->items);
    *list = (PathList){0};
}

static bool siblings_take_end(Span *text, Span end) {
    if (text->size <= end.size || memcmp(text->data + text->size - end.size, end.data, end.size) != 0)
        return false;
    text->size -= end.size;
    return true;
}

/*
 * What rotation put into the name, without ".gz": behind the file's own, or with logrotate's `extension` in
 * front of its last part; "" for itself. False: it is no sibling.
 */
static bool siblings_take_suffix(const char *name, const char *base, Span *ret) {
    const char *dot = strrchr(base, '.');
    size_t size = strlen(base), stem = dot && dot > base ? (size_t) (dot - base) : size;
    Span text = span_from(name);

    *ret = (Span){name + size, 0};
    if (strcmp(name, base) == 0)
        return true;
    if (strncmp(name, base, stem) != 0)
        return false;
    (void) siblings_take_end(&text, SPAN(".gz"));
    if (text.size >= size && strncmp(name, base, size) == 0) {
        *ret = (Span){name + size, text.size - size};
        if (rotated_is_suffix(*ret))
            return true;
    }
    if (text.size < stem) /* the ".gz" was the stem's */
        return false;
    *ret = (Span){name + stem, text.size - stem};
    return stem < size && siblings_take_end(ret, span_from(base + stem)) && rotated_is_inner_suffix(*ret);
}

typedef struct Sibling {
    char *name;
    Span suffix;
} Sibling;

static bool sibling_is_number(const Sibling *sibling) {
    for (size_t i = 1; i < sibling->suffix.size; i++)
        if (sibling->suffix.data[i] < '0' || sibling->suffix.data[i] > '9')
            return false;
    return sibling->suffix.size > 1 && sibling->suffix.size <= 1 + SIBLINGS_DIGITS &&
           sibling->suffix.data[0] == '.';
}

static int sibling_compare_dates(Span a, Span b) {
    int by = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);

    return by != 0 ? by : a.size < b.size ? -1 : 1;
}

/* Dates first, ascending; then numbers, descending; then the file itself. */
static int sibling_compare(const void *one, const void *two) {
    const Sibling *a = one, *b = two;
    int rank_a = a->suffix.size == 0 ? 2 : sibling_is_number(a),
        rank_b = b->suffix.size == 0 ? 2 : sibling_is_number(b);

    if (rank_a != rank_b)
        return rank_a - rank_b;
    if (rank_a == 1) {
        long x = strtol(a->suffix.data + 1, NULL, 10), y = strtol(b->suffix.data + 1, NULL, 10);

        if (x != y)
            return x < y ? 1 : -1;
    } else if (!span_equals(a->suffix, b->suffix)) {
        return sibling_compare_dates(a->suffix, b->suffix);
    }
    return strcmp(a->name, b->name);
}

static int siblings_scan(DIR *dir, const char *base, Sibling **ret, size_t *ret_n) {
    const struct dirent *entry;
    Sibling *more;
    Span suffix;

    while ((entry = readdir(dir))) {
        if (!siblings_take_suffix(entry->d_name, base, &suffix))
            continue;
        more = realloc(*ret, (*ret_n + 1) * sizeof(*more));
        if (!more)
            return -ENOMEM;
        *ret = more;
        more[*ret_n].name = strdup(entry->d_name);
        if (!more[*ret_n].name)
            return -ENOMEM;
        (void) siblings_take_suffix(more[*ret_n].name, base, &more[*ret_n].suffix);
        (*ret_n)++;
    }
    return 0;
}

static bool siblings_are_twins(const char *plain, const char *packed) {
    size_t size = strlen(plain);

    return strncmp(plain, packed, size) == 0 && strcmp(packed + size, ".gz") == 0;
}

/* While a file is being compressed both are there: the plain one, which comes first, is whole. */
static size_t siblings_drop_twins(Sibling *items, size_t n) {
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        if (kept > 0 && siblings_are_twins(items[kept - 1].name, items[i].name))
            free(items[i].name);
        else
            items[kept++] = items[i];
    }
    return kept;
}

int siblings_find(const char *path, PathList *list) {
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    int head = slash ? (int) (slash - path) + 1 : 0;
    Sibling *items = NULL;
    char *folder = NULL;
    size_t n = 0;
    DIR *dir;
    int r;

    if (asprintf(&folder, "%.*s", head > 0 ? head : 1, head > 0 ? path : ".") < 0)
        return -ENOMEM;
    dir = opendir(folder);
    r = dir ? siblings_scan(dir, base, &items, &n) : -errno;
    if (n > 0)
        qsort(items, n, sizeof(*items), sibling_compare);
    n = siblings_drop_twins(items, n);
    for (size_t i = 0; i < n; i++) {
        char *full = NULL;

        if (r == 0 && asprintf(&full, "%.*s%s", head, path, items[i].name) < 0)
            r = -ENOMEM;
        if (r == 0)
            r = path_list_add(list, full);
        free(full);
        free(items[i].name);
    }
    free(items);
    free(folder);
    if (dir)
        (void) closedir(dir);
    return r;
}
