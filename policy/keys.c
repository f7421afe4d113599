// SPDX-License-Identifier: Apache-2.0
#include "keys.h"

#include "text.h"

#define KEYS_MAX 64u /* rows of the largest table */

void keys_report_unknown(DocErrors *errors, const DocNode *node, const char *kind,
                         const char *const *candidates, size_t n) {
    const char *nearest = doc_nearest(node->scalar, candidates, n);
    const char *shown = text_show(errors->arena, node->scalar, LIMIT_VALUE_SHOWN);

    if (nearest)
        doc_error(errors, node->mark, "unknown %s '%s'; did you mean '%s'?", kind, shown, nearest);
    else
        doc_error(errors, node->mark, "unknown %s '%s'", kind, shown);
}

static const KeyRow *keys_find(const KeyRow *rows, size_t n, Span name) {
    for (size_t i = 0; i < n; i++)
        if (span_is(name, rows[i].name))
            return &rows[i];
    return NULL;
}

bool keys_read(DocErrors *errors, const DocNode *mapping, const char *where, const KeyRow *rows, size_t n,
               void *ctx) {
    const char *names[KEYS_MAX];
    size_t n_names = 0;

    if (mapping->type != DOC_MAPPING) {
        doc_error(errors, mapping->mark, "must be a mapping of keys to values");
        return false;
    }
    for (size_t i = 0; i < n && n_names < KEYS_MAX; i++)
        if (rows[i].read) /* nobody is sent to a key that isn't served */
            names[n_names++] = rows[i].name;
    for (size_t i = 0; i < mapping->n; i++) {
        const DocPair *pair = &mapping->pairs[i];
        const KeyRow *row = keys_find(rows, n, pair->key.scalar);

        if (!row)
            keys_report_unknown(errors, &pair->key, "key", names, n_names);
        else if (!row->read)
            doc_error(errors, pair->key.mark, "'%s%s' is not served by this release yet", where, row->name);
        else
            row->read(ctx, pair->value);
    }
    return true;
}

bool keys_read_text(DocErrors *errors, const DocNode *node, const char *what, Span *ret) {
    if (node->type != DOC_SCALAR) {
        doc_error(errors, node->mark, "%s must be a text%s", what,
                  node->type == DOC_NULL ? ", and here is none" : "");
        return false;
    }
    *ret = node->scalar;
    return true;
}

bool keys_read_bool(DocErrors *errors, const DocNode *node, const char *what, bool *ret) {
    if (node->type == DOC_SCALAR && !node->quoted && span_is(node->scalar, "true"))
        *ret = true;
    else if (node->type == DOC_SCALAR && !node->quoted && span_is(node->scalar, "false"))
        *ret = false;
    else {
        doc_error(errors, node->mark, "%s must be true or false", what);
        return false;
    }
    return true;
}

bool keys_read_word(DocErrors *errors, const DocNode *node, const char *what, const char *const *words,
                    size_t n, size_t *ret_index) {
    Span text;

    if (!keys_read_text(errors, node, what, &text))
        return false;
    for (size_t i = 0; i < n; i++)
        if (span_is(text, words[i])) {
            *ret_index = i;
            return true;
        }
    keys_report_unknown(errors, node, what, words, n);
    return false;
}

bool keys_is_octal(Span text) {
    return text.size > 1 && text.data[0] == '0' && text.data[1] >= '0' && text.data[1] <= '9';
}

bool keys_is_sequence(DocErrors *errors, const DocNode *node, const char *what) {
    if (node->type == DOC_SEQUENCE)
        return true;
    doc_error(errors, node->mark, "%s must be a list", what);
    return false;
}
