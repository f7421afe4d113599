// SPDX-License-Identifier: Apache-2.0
#include "review.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/json_text.h"
#include "plain.h"
#include "policy/reason.h"
#include "who.h"

enum {
    PART_VERDICT,
    PART_LISTENER,
    PART_POLICY,
    PART_CLIENT, /* as who_append writes it, and no JSON */
    PART_CONTAINER,
    PART_OPERATION,
    PART_METHOD,
    PART_RULE,
    PART_FIELD,
    PART_REASON,
    PART_WHERE,
    PART_MAX,
};

enum { ROW_FIRST = 0, ROW_VERDICTS = 4 }; /* of moments: one a verdict, then one a kind */

static const char *const REVIEW_VERDICTS[] = {"deny", "observe", "invalid", "error", "allow"};

/* What is kept of one kind beside its parts. */
typedef struct ReviewKind {
    Review *review;
    size_t row;
    Buffer lines[REVIEW_SAMPLES]; /* the first record, then a ring of the last ones */
    uint64_t n;                   /* records that were put in so far */
    Buffer allow_with;
} ReviewKind;

typedef struct ReviewLife {
    uint64_t time;
    Buffer action, message; /* insides */
} ReviewLife;

struct Review {
    Kinds *kinds;
    Moments moments;
    size_t free_rows[REVIEW_KINDS];
    size_t n_free;
    size_t kept; /* bytes */
    Buffer who;
    uint64_t n_records, first, last;
    uint64_t n_verdicts[ARRAY_SIZE(REVIEW_VERDICTS)];
    ReviewLife life[REVIEW_LIFE];
    uint64_t n_life;
};

static void review_drop_kind(void *extra) {
    ReviewKind *kind = extra;

    for (size_t i = 0; i < REVIEW_SAMPLES; i++) {
        kind->review->kept -= buffer_size(&kind->lines[i]);
        buffer_done(&kind->lines[i]);
    }
    buffer_done(&kind->allow_with);
    moments_clear(&kind->review->moments, kind->row);
    kind->review->free_rows[kind->review->n_free++] = kind->row;
    free(kind);
}

Review *review_new(void) {
    Review *review = calloc(1, sizeof(*review));

    if (!review)
        return NULL;
    review->kinds = kinds_new(REVIEW_KINDS, PART_MAX, review_drop_kind);
    if (!review->kinds || moments_init(&review->moments, ROW_VERDICTS + REVIEW_KINDS) < 0)
        return review_free(review);
    while (review->n_free < REVIEW_KINDS) {
        review->free_rows[review->n_free] = ROW_VERDICTS + review->n_free;
        review->n_free++;
    }
    return review;
}

Review *review_free(Review *review) {
    if (!review)
        return NULL;
    review->kinds = kinds_free(review->kinds);
    moments_done(&review->moments);
    for (size_t i = 0; i < REVIEW_LIFE; i++) {
        buffer_done(&review->life[i].action);
        buffer_done(&review->life[i].message);
    }
    buffer_done(&review->who);
    free(review);
    return NULL;
}

/* --- taking */

static int review_set(Buffer *buffer, Span text) {
    buffer_clear(buffer);
    return buffer_append(buffer, text);
}

/* The first one stays; the others go round. */
static int review_keep(Review *review, ReviewKind *kind, const ScanRecord *record) {
    size_t slot = kind->n == 0 ? 0 : 1 + (size_t) ((kind->n - 1) % (REVIEW_SAMPLES - 1));
    Buffer *line = &kind->lines[slot];
    int r;

    if (record->line.size > REVIEW_LINE_BYTES)
        return 0;
    if (review->kept - buffer_size(line) + record->line.size > REVIEW_KEPT_BYTES)
        return 0;
    review->kept -= buffer_size(line);
    buffer_clear(line);
    r = plain_page(line, record->line);
    review->kept += buffer_size(line);
    kind->n++;
    return r;
}

static ReviewKind *review_new_kind(Review *review, const ScanRecord *record) {
    ReviewKind *kind = calloc(1, sizeof(*kind));

    if (!kind)
        return NULL;
    kind->review = review;
    if (record->allow_with.size < REVIEW_LINE_BYTES &&
        buffer_append(&kind->allow_with, record->allow_with) < 0) {
        free(kind);
        return NULL;
    }
    kind->row = review->free_rows[--review->n_free];
    return kind;
}

static int review_count(Review *review, const ScanRecord *record, uint64_t time, size_t verdict) {
    Span parts[PART_MAX] = {
        [PART_VERDICT] = record->verdict,     [PART_LISTENER] = record->listener,
        [PART_POLICY] = record->policy,       [PART_CONTAINER] = record->container,
        [PART_OPERATION] = record->operation, [PART_METHOD] = record->method,
        [PART_RULE] = record->rule,           [PART_FIELD] = record->field,
        [PART_REASON] = record->reason,       [PART_WHERE] = record->where,
    };
    ReviewKind *extra;
    Kind *kind;

    buffer_clear(&review->who);
    if (who_append(&review->who, record) < 0)
        return -ENOMEM;
    parts[PART_CLIENT] = buffer_span(&review->who);
    kind = kinds_add(review->kinds, parts, time, scan_count(record));
    if (!kind)
        return -ENOMEM;
    if (!kind->extra)
        kind->extra = review_new_kind(review, record);
    extra = kind->extra;
    if (!extra)
        return -ENOMEM;
    if (time > 0)
        moments_add(&review->moments, time, scan_count(record),
                    (const size_t[]){ROW_FIRST + verdict, extra->row}, 2);
    return review_keep(review, extra, record);
}

static int review_take_life(Review *review, const ScanRecord *record, uint64_t time) {
    ReviewLife *life = &review->life[review->n_life++ % REVIEW_LIFE];
    Span message = record->message;
    int r;

    if (span_is(record->action,
                "checkpoint")) { /* there may be very many, and the chain's state counts them */
        review->n_life--;
        return 0;
    }
    if (message.size > REVIEW_LIFE_BYTES)
        message = (Span) SPAN_INIT("…");
    life->time = time;
    r = review_set(&life->action,
                   record->action.size <= REVIEW_LIFE_BYTES ? record->action : (Span) SPAN_INIT("…"));
    return r < 0 ? r : review_set(&life->message, message);
}

int review_take(Review *review, const ScanRecord *record, uint64_t time) {
    review->n_records++;
    if (time > 0) {
        review->first = review->first == 0 || time < review->first ? time : review->first;
        review->last = time > review->last ? time : review->last;
    }
    if (span_is(record->event, "lifecycle"))
        return review_take_life(review, record, time);
    if (!span_is(record->event, "decision"))
        return 0;
    for (size_t i = 0; i < ARRAY_SIZE(REVIEW_VERDICTS); i++)
        if (span_is(record->verdict, REVIEW_VERDICTS[i])) {
            review->n_verdicts[i] += scan_count(record);
            return i < ROW_VERDICTS ? review_count(review, record, time, i) : 0;
        }
    return 0;
}

/* --- writing; times are milliseconds */

static int review_inside(Buffer *out, const char *name, Span inside) {
    int r = buffer_printf(out, "\"%s\":", name);

    if (r < 0 || !inside.data)
        return r < 0 ? r : buffer_append(out, SPAN("null,"));
    r = buffer_append(out, SPAN("\""));
    if (r == 0)
        r = plain_page(out, inside);
    return r < 0 ? r : buffer_append(out, SPAN("\","));
}

int review_write_text(Buffer *out, Span text) {
    CLEANUP(buffer_done) Buffer json = {0};
    int r = json_text_append(&json, text);

    return r < 0 ? r : plain_page(out, buffer_span(&json));
}

/* [[bin,count],…] */
static int review_write_row(const Moments *moments, size_t row, const char *name, Buffer *out) {
    const char *comma = "";
    int r = buffer_printf(out, "\"%s\":[", name);

    for (unsigned i = 0; r == 0 && i < MOMENTS_BINS; i++)
        if (moments->rows[row][i] > 0) {
            r = buffer_printf(out, "%s[%u,%u]", comma, i, (unsigned) moments->rows[row][i]);
            comma = ",";
        }
    return r < 0 ? r : buffer_append(out, SPAN("],"));
}

static int review_write_timeline(const Review *review, Buffer *out) {
    const Moments *moments = &review->moments;
    int r = buffer_printf(out, "\"timeline\":{\"start\":%llu,\"step\":%llu,\"n\":%llu,",
                          (unsigned long long) (moments->low * moments->width / 1000),
                          (unsigned long long) (moments->width / 1000),
                          (unsigned long long) (moments->high - moments->low + 1));

    for (size_t i = 0; r == 0 && i < ROW_VERDICTS; i++)
        r = review_write_row(moments, ROW_FIRST + i, REVIEW_VERDICTS[i], out);
    out->end--; /* the last comma */
    return r < 0 ? r : buffer_append(out, SPAN("},"));
}

static int review_write_records(const ReviewKind *kind, size_t n, Buffer *out) {
    int r = buffer_append(out, SPAN("\"records\":["));

    for (size_t i = 0; r == 0 && i < n; i++) {
        /* The first, then the last ones, oldest first. */
        size_t ring = kind->n - 1 < REVIEW_SAMPLES ? 0 : (size_t) ((kind->n - 1) % (REVIEW_SAMPLES - 1));
        size_t slot = i == 0 ? 0 : 1 + (ring + i - 1) % (REVIEW_SAMPLES - 1);

        r = i > 0 ? buffer_append(out, SPAN(",")) : 0;
        if (r == 0)
            r = buffer_append(out, buffer_span(&kind->lines[slot]));
    }
    return r < 0 ? r : buffer_append(out, SPAN("]}"));
}

static int review_write_kind(const Review *review, const Kind *kind, size_t n_records, Buffer *out) {
    static const struct {
        const char *name;
        size_t part;
    } parts[] = {{"verdict", PART_VERDICT},     {"listener", PART_LISTENER},   {"policy", PART_POLICY},
                 {"container", PART_CONTAINER}, {"operation", PART_OPERATION}, {"method", PART_METHOD},
                 {"rule", PART_RULE},           {"field", PART_FIELD},         {"reason", PART_REASON},
                 {"where", PART_WHERE}};
    const ReviewKind *extra = kind->extra;
    int r = buffer_printf(
        out, "{\"count\":%llu,\"first\":%llu,\"last\":%llu,\"client\":", (unsigned long long) kind->n,
        (unsigned long long) (kind->first / 1000), (unsigned long long) (kind->last / 1000));

    if (r == 0)
        r = review_write_text(out, kind->parts[PART_CLIENT]);
    if (r == 0)
        r = buffer_append(out, SPAN(","));
    for (size_t i = 0; r == 0 && i < ARRAY_SIZE(parts); i++)
        r = review_inside(out, parts[i].name, kind->parts[parts[i].part]);
    if (r == 0)
        r = review_inside(out, "allow",
                          buffer_size(&extra->allow_with) > 0 ? buffer_span(&extra->allow_with) : (Span){0});
    if (r == 0)
        r = review_write_row(&review->moments, extra->row, "hist", out);
    return r < 0 ? r : review_write_records(extra, n_records, out);
}

/* How many records of each kind the page has: one of each first, most frequent kinds first. */
static void review_share(const Kind *kinds, size_t n, unsigned char *ret) {
    size_t used = 0;

    for (size_t round = 0; round < REVIEW_SAMPLES; round++)
        for (size_t i = 0; i < n; i++) {
            const ReviewKind *extra = kinds[i].extra;
            size_t size = buffer_size(&extra->lines[round]);

            if (ret[i] != round || round >= extra->n || size == 0 || used + size > REVIEW_RECORDS_BYTES)
                continue;
            used += size;
            ret[i]++;
        }
}

static int review_write_kinds(Review *review, Buffer *out) {
    unsigned char shares[REVIEW_SHOWN] = {0};
    const Kind *kinds;
    size_t n, before;
    int r = buffer_append(out, SPAN("\"groups\":["));

    kinds = kinds_sort(review->kinds, &n);
    n = n < REVIEW_SHOWN ? n : REVIEW_SHOWN;
    review_share(kinds, n, shares);
    for (size_t i = 0; r == 0 && i < n; i++) {
        before = buffer_size(out);
        r = i > 0 ? buffer_append(out, SPAN(",")) : 0;
        if (r == 0)
            r = review_write_kind(review, &kinds[i], shares[i], out);
        if (r == 0 && buffer_size(out) > REVIEW_DATA_BYTES) { /* words of clients as long as they can be */
            out->end = out->begin + before;
            n = i;
        }
    }
    kinds_cut(review->kinds, n);
    if (r == 0)
        r = buffer_printf(out, "],\"others\":{\"count\":%llu},",
                          (unsigned long long) kinds_others(review->kinds)->n);
    return r;
}

/* Sentences of those rules that are labels of a reason. */
static int review_write_reasons(Buffer *out) {
    int r = buffer_append(out, SPAN("\"reasons\":{"));

    for (Reason reason = REASON_UNDECIDED; r == 0 && reason < REASON_MAX_; reason++) {
        r = reason > 0 ? buffer_append(out, SPAN(",")) : 0;
        if (r == 0)
            r = json_text_append_cstr(out, reason_label(reason));
        if (r == 0)
            r = buffer_append(out, SPAN(":"));
        if (r == 0)
            r = json_text_append_cstr(out, reason_sentence(reason));
    }
    return r < 0 ? r : buffer_append(out, SPAN("},"));
}

static int review_write_life(const Review *review, Buffer *out) {
    uint64_t n = review->n_life < REVIEW_LIFE ? review->n_life : REVIEW_LIFE;
    int r = buffer_append(out, SPAN("\"life\":["));

    for (uint64_t i = review->n_life - n; r == 0 && i < review->n_life; i++) {
        const ReviewLife *life = &review->life[i % REVIEW_LIFE];

        r = buffer_printf(out, "%s{\"time\":%llu,", i > review->n_life - n ? "," : "",
                          (unsigned long long) (life->time / 1000));
        if (r == 0)
            r = review_inside(out, "action", buffer_span(&life->action));
        if (r == 0)
            r = review_inside(out, "message", buffer_span(&life->message));
        out->end--;
        if (r == 0)
            r = buffer_append(out, SPAN("}"));
    }
    return r < 0 ? r : buffer_printf(out, "],\"life_more\":%llu,", (unsigned long long) (review->n_life - n));
}

int review_write(Review *review, Buffer *out) {
    int r = buffer_printf(out, "\"records\":%llu,\"first\":%llu,\"last\":%llu,\"verdicts\":{",
                          (unsigned long long) review->n_records, (unsigned long long) (review->first / 1000),
                          (unsigned long long) (review->last / 1000));

    for (size_t i = 0; r == 0 && i < ARRAY_SIZE(REVIEW_VERDICTS); i++)
        r = buffer_printf(out, "%s\"%s\":%llu", i > 0 ? "," : "", REVIEW_VERDICTS[i],
                          (unsigned long long) review->n_verdicts[i]);
    if (r == 0)
        r = buffer_append(out, SPAN("},"));
    if (r == 0)
        r = review_write_timeline(review, out);
    if (r == 0)
        r = review_write_reasons(out);
    if (r == 0)
        r = review_write_life(review, out);
    return r < 0 ? r : review_write_kinds(review, out);
}
