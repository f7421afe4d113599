// SPDX-License-Identifier: Apache-2.0
#include "rows.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define ROWS_INDEX 8192u

typedef struct Row {
    Buffer key, cells;
    uint64_t hash, first, last, n;
    uint64_t said;      /* follows: the count that was printed last … */
    uint64_t said_time; /* … and the row's time then */
} Row;

struct Rows {
    FILE *out;
    bool follows;
    bool live; /* follows: what was there before is done */
    Row items[ROWS_WAITING];
    uint64_t begin, end;        /* numbers of rows; each is in items at its number modulo ROWS_WAITING */
    uint64_t index[ROWS_INDEX]; /* by hash: the number of the last such row, plus one */
};

Rows *rows_new(FILE *out, bool follows) {
    Rows *rows = calloc(1, sizeof(*rows));

    if (!rows)
        return NULL;
    rows->out = out;
    rows->follows = follows;
    return rows;
}

Rows *rows_free(Rows *rows) {
    for (size_t i = 0; rows && i < ROWS_WAITING; i++) {
        buffer_done(&rows->items[i].key);
        buffer_done(&rows->items[i].cells);
    }
    free(rows);
    return NULL;
}

static Row *rows_at(Rows *rows, uint64_t number) {
    return &rows->items[number % ROWS_WAITING];
}

/* FNV-1a; whoever makes two keys meet gains a row that isn't joined, since the keys are compared. */
static uint64_t rows_hash(Span key) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < key.size; i++)
        hash = (hash ^ (unsigned char) key.data[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static void rows_print_time(const Rows *rows, uint64_t usec) {
    time_t seconds = (time_t) (usec / 1000000u);
    char text[32] = "-";
    struct tm tm;

    if (usec > 0 && gmtime_r(&seconds, &tm))
        (void) strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
    fprintf(rows->out, "%-20s", text);
}

static void rows_print(const Rows *rows, const Row *row) {
    Span cells = buffer_span(&row->cells);

    rows_print_time(rows, row->first);
    if (row->n > 1)
        fprintf(rows->out, " %5llu  ", (unsigned long long) row->n);
    else
        fputs("        ", rows->out);
    (void) fwrite(cells.data, 1, cells.size, rows->out);
    if (row->n > 1) {
        fputs("  until ", rows->out);
        rows_print_time(rows, row->last);
    }
    fputc('\n', rows->out);
}

/* The count of a row that was printed already. */
static void rows_print_again(const Rows *rows, Row *row) {
    bool is_round = row->n >= 10 * (row->said > 0 ? row->said : 1);

    if (!is_round && row->last - row->said_time < ROWS_MINUTE)
        return;
    rows_print(rows, row);
    row->said = row->n;
    row->said_time = row->last;
}

static void rows_pop(Rows *rows) {
    if (!rows->follows)
        rows_print(rows, rows_at(rows, rows->begin));
    rows->begin++;
}

static Row *rows_find(Rows *rows, uint64_t time, Span key, uint64_t hash) {
    uint64_t number = rows->index[hash % ROWS_INDEX];
    Row *row;

    if (key.size == 0 || number == 0 || number - 1 < rows->begin)
        return NULL;
    row = rows_at(rows, number - 1);
    if (time > row->last && time - row->last > ROWS_GAP)
        return NULL;
    return row->hash == hash && span_equals(buffer_span(&row->key), key) ? row : NULL;
}

static int rows_push(Rows *rows, uint64_t time, uint64_t n, Span key, uint64_t hash, Span cells) {
    Row *row = rows_at(rows, rows->end);

    if (rows->end - rows->begin == ROWS_WAITING)
        rows_pop(rows);
    buffer_clear(&row->key);
    buffer_clear(&row->cells);
    if (buffer_append(&row->key, key) < 0 || buffer_append(&row->cells, cells) < 0)
        return -ENOMEM;
    row->hash = hash;
    row->first = row->last = row->said_time = time;
    row->n = row->said = n;
    rows->end++;
    if (key.size > 0)
        rows->index[hash % ROWS_INDEX] = rows->end;
    if (rows->live)
        rows_print(rows, row);
    return 0;
}

int rows_add(Rows *rows, uint64_t time, uint64_t n, Span key, Span cells) {
    uint64_t hash = rows_hash(key);
    Row *row = rows_find(rows, time, key, hash);

    if (!row)
        return rows_push(rows, time, n, key, hash, cells);
    row->n += n;
    row->last = time > row->last ? time : row->last;
    if (rows->live)
        rows_print_again(rows, row);
    return 0;
}

void rows_begin(Rows *rows) {
    uint64_t n = rows->end - rows->begin;

    if (rows->live)
        return;
    rows->live = true;
    for (uint64_t i = n > ROWS_LAST ? rows->end - ROWS_LAST : rows->begin; i < rows->end; i++) {
        rows_print(rows, rows_at(rows, i));
        rows_at(rows, i)->said = rows_at(rows, i)->n;
    }
}

void rows_finish(Rows *rows) {
    while (rows->begin < rows->end)
        rows_pop(rows);
}
