// SPDX-License-Identifier: Apache-2.0
#include "proof.h"

#include <stdlib.h>

#include "proof_line.h"

/* A run of numbers that no line had so far. */
typedef struct ProofGap {
    uint64_t first, n;
    ProofPlace place, before; /* the lines behind and ahead of it */
} ProofGap;

typedef struct ProofSeen {
    uint64_t seq;
    unsigned char hash[PROOF_HASH_BYTES];
} ProofSeen;

struct Proof {
    EVP_PKEY *key;
    ProofHasher *hasher;
    uint64_t order;

    /* The chain so far ends with `last`. */
    bool has_last;
    ProofLine last;
    /*
     * `last` was changed, so that neither its number nor its hash is to be trusted: the next line may fit
     * either, or what was before.
     */
    bool loose;
    uint64_t before_seq;
    unsigned char before_hash[PROOF_HASH_BYTES];
    size_t loose_finding;

    /* A whole line that doesn't follow `last`; the next line tells whether it goes on from it. */
    bool has_suspect;
    ProofLine suspect;

    ProofLine displaced[PROOF_DISPLACED];
    size_t n_displaced;
    ProofGap gaps[PROOF_GAPS];
    size_t n_gaps;
    ProofSeen recent[PROOF_RECENT];
    ProofFinding findings[PROOF_FINDINGS];
    size_t n_findings;
    uint64_t first_finding; /* its place's order */

    unsigned char first_prev[PROOF_HASH_BYTES];
    ProofSummary sum;
    ProofPlace end; /* of the last line of any kind */
};

const char *proof_fault_name(ProofFault fault) {
    static const char *const names[] = {
        [PROOF_GOOD] = "good",
        [PROOF_CHANGED] = "changed",
        [PROOF_MISSING] = "missing",
        [PROOF_CUT] = "cut",
        [PROOF_FOREIGN] = "foreign",
        [PROOF_ORDER] = "order",
        [PROOF_CHECKPOINT] = "checkpoint",
    };

    return names[fault];
}

Proof *proof_new(EVP_PKEY *key) {
    Proof *proof = calloc(1, sizeof(*proof));

    if (!proof)
        return NULL;
    proof->key = key;
    proof->sum.checked = key != NULL;
    proof->hasher = proof_hasher_new();
    return proof->hasher ? proof : proof_free(proof);
}

Proof *proof_free(Proof *proof) {
    if (proof)
        proof_hasher_free(proof->hasher);
    free(proof);
    return NULL;
}

/* --- findings */

/* Where it was put, or PROOF_FINDINGS: only counted. */
static size_t proof_find(Proof *proof, ProofFinding finding) {
    size_t at = proof->n_findings;

    proof->sum.n_faults[finding.fault]++;
    if (at == PROOF_FINDINGS) {
        if (finding.place.order >= proof->first_finding)
            return PROOF_FINDINGS;
        at--; /* the first is never among those that are left out */
    } else {
        proof->n_findings++;
    }
    proof->findings[at] = finding;
    if (proof->n_findings == 1 || finding.place.order < proof->first_finding)
        proof->first_finding = finding.place.order;
    return at;
}

static size_t proof_blame(Proof *proof, ProofFault fault, const ProofLine *line, const char *why) {
    return proof_find(proof,
                      (ProofFinding){.fault = fault, .place = line->place, .seq = line->seq, .why = why});
}

static void proof_add_gap(Proof *proof, ProofGap gap) {
    if (gap.n == 0)
        return;
    if (proof->n_gaps < PROOF_GAPS) {
        proof->gaps[proof->n_gaps++] = gap;
        return;
    }
    proof->sum.n_missing += gap.n;
    (void) proof_find(proof, (ProofFinding){.fault = PROOF_MISSING,
                                            .place = gap.place,
                                            .before = gap.before,
                                            .seq = gap.first,
                                            .n = gap.n,
                                            .why = "lines are missing"});
}

/* Whether the number was missing; it isn't any more. */
static bool proof_fill_gap(Proof *proof, uint64_t seq) {
    for (size_t i = 0; i < proof->n_gaps; i++) {
        ProofGap *gap = &proof->gaps[i];
        ProofGap rest = *gap;

        if (seq < gap->first || seq - gap->first >= gap->n)
            continue;
        rest.first = seq + 1;
        rest.n = gap->n - (seq - gap->first) - 1;
        gap->n = seq - gap->first;
        proof_add_gap(proof, rest);
        return true;
    }
    return false;
}

/* A line that isn't where it belongs; what it is, as far as it can be told. */
static void proof_classify(Proof *proof, const ProofLine *line) {
    const ProofSeen *seen = &proof->recent[line->seq % PROOF_RECENT];

    if (proof_fill_gap(proof, line->seq))
        (void) proof_blame(proof, PROOF_ORDER, line, "it stands in another place than it was written in");
    else if (line->seq > proof->last.seq)
        (void) proof_blame(proof, PROOF_FOREIGN, line,
                           "it is no line of this trail: the chain goes on without it");
    else if (seen->seq == line->seq && memcmp(seen->hash, line->hash, PROOF_HASH_BYTES) != 0)
        (void) proof_blame(proof, PROOF_FOREIGN, line, "another line of this trail has its number");
    else if (line->seq < proof->sum.first_seq)
        (void) proof_blame(proof, PROOF_ORDER, line, "it is older than the lines ahead of it");
    else
        (void) proof_blame(proof, PROOF_ORDER, line, "it stands here once more");
}

static void proof_displace(Proof *proof, const ProofLine *line) {
    if (proof->n_displaced < PROOF_DISPLACED)
        proof->displaced[proof->n_displaced++] = *line;
    else
        proof_classify(proof, line);
}

/* --- the chain goes on */

static bool proof_follows(const ProofLine *line, const unsigned char *hash) {
    return line->has_prev && memcmp(line->prev, hash, PROOF_HASH_BYTES) == 0;
}

static void proof_check_sign(Proof *proof, const ProofLine *line) {
    if (!line->is_checkpoint)
        return;
    proof->sum.n_checkpoints++;
    if (!proof->key || line->signature_good)
        proof->sum.n_unsigned = 0;
    else
        (void) proof_blame(proof, PROOF_CHECKPOINT, line, "its signature isn't of this key");
}

static void proof_accept(Proof *proof, const ProofLine *line) {
    ProofSeen *seen = &proof->recent[line->seq % PROOF_RECENT];

    if (!proof->has_last) {
        proof->sum.first_seq = line->seq;
        proof->sum.begins = !line->has_prev;
        memcpy(proof->first_prev, line->prev, PROOF_HASH_BYTES);
    }
    proof->has_last = true;
    proof->loose = false;
    proof->last = *line;
    seen->seq = line->seq;
    memcpy(seen->hash, line->hash, PROOF_HASH_BYTES);
    proof->sum.n_lines++;
    proof->sum.n_unsigned++;
    proof_check_sign(proof, line);
}

/* Goes on with a line that doesn't follow the last one, and says what is between them. */
static void proof_accept_behind(Proof *proof, const ProofLine *line) {
    if (line->seq > proof->last.seq + 1)
        proof_add_gap(proof, (ProofGap){.first = proof->last.seq + 1,
                                        .n = line->seq - proof->last.seq - 1,
                                        .place = line->place,
                                        .before = proof->last.place});
    else if (!proof->loose)
        (void) proof_blame(
            proof, PROOF_CHANGED, &proof->last,
            "the line that follows was written behind another one: this one was put in its place");
    proof_accept(proof, line);
}

static void proof_settle_suspect(Proof *proof) {
    if (!proof->has_suspect)
        return;
    proof->has_suspect = false;
    if (proof->suspect.seq > proof->last.seq)
        proof_accept_behind(proof, &proof->suspect);
    else
        proof_displace(proof, &proof->suspect);
}

/* The line before was changed. True: this one goes on from it, or from what was before it. */
static bool proof_take_behind_loose(Proof *proof, const ProofLine *line) {
    if (proof_follows(line, proof->last.hash) || line->seq == proof->last.seq + 1) {
        proof_accept_behind(proof, line);
        return true;
    }
    if (!proof_follows(line, proof->before_hash))
        return false;
    /* The chain goes on as if it weren't there: it wasn't changed, but put in. */
    proof->sum.n_faults[PROOF_CHANGED]--;
    proof->sum.n_faults[PROOF_FOREIGN]++;
    proof->sum.n_lines--;
    if (proof->loose_finding < PROOF_FINDINGS) {
        proof->findings[proof->loose_finding].fault = PROOF_FOREIGN;
        proof->findings[proof->loose_finding].why =
            "it is no line of this trail: the chain goes on without it";
    }
    proof->last.seq = proof->before_seq;
    proof_accept_behind(proof, line);
    return true;
}

static void proof_take_suspect(Proof *proof, const ProofLine *line) {
    bool goes_on = proof->has_suspect && proof_follows(line, proof->suspect.hash);

    if (goes_on && proof->suspect.seq > proof->last.seq) {
        proof_settle_suspect(proof);
        if (line->seq == proof->last.seq + 1) {
            proof_accept(proof, line);
            return;
        }
    } else if (proof->has_suspect && line->seq > proof->suspect.seq) {
        proof_settle_suspect(proof);
    } else if (proof->has_suspect && line->seq <= proof->last.seq && proof->suspect.seq > proof->last.seq) {
        proof_displace(proof, line); /* an old line says nothing of a new one */
        return;
    } else if (proof->has_suspect) {
        proof_displace(proof, &proof->suspect);
    }
    proof->suspect = *line;
    proof->has_suspect = true;
}

/* A first line ever, and not the first one here. */
static void proof_take_begin(Proof *proof, const ProofLine *line) {
    proof_settle_suspect(proof);
    if (proof->sum.begins)
        (void) proof_blame(proof, PROOF_FOREIGN, line, "another trail begins here");
    else
        (void) proof_blame(proof, PROOF_ORDER, line, "the trail's first line stands behind what followed it");
    proof_accept(proof, line);
}

static void proof_take_good(Proof *proof, const ProofLine *line) {
    if (!proof->has_last) {
        proof_accept(proof, line);
        return;
    }
    if (!line->has_prev) {
        proof_take_begin(proof, line);
        return;
    }
    if (!proof->has_suspect && proof->loose && proof_take_behind_loose(proof, line))
        return;
    if (proof_follows(line, proof->last.hash)) {
        if (proof->has_suspect)
            proof_displace(proof, &proof->suspect);
        proof->has_suspect = false;
        if (line->seq != proof->last.seq + 1)
            (void) proof_blame(proof, PROOF_CHANGED, line, "its number doesn't follow the one before");
        proof_accept(proof, line);
        return;
    }
    proof_take_suspect(proof, line);
}

static void proof_take_changed(Proof *proof, ProofLine *line) {
    size_t finding;

    proof_settle_suspect(proof);
    finding = proof_blame(proof, PROOF_CHANGED, line, "its hash isn't that of its bytes");
    proof->before_seq = proof->last.seq;
    memcpy(proof->before_hash, proof->last.hash, PROOF_HASH_BYTES);
    if (proof->has_last)
        line->seq = proof->last.seq + 1;
    line->is_checkpoint = false;
    proof_accept(proof, line);
    proof->loose = true;
    proof->loose_finding = finding;
}

/* --- lines */

void proof_take(Proof *proof, Span text, bool whole, const char *file, uint64_t number) {
    ProofLine line = {.place = {.file = file, .line = number, .order = ++proof->order}};
    ProofForm form = proof_line_read(proof->hasher, text, proof->key, &line);

    proof->end = line.place;
    if (!whole && form != PROOF_FORM_GOOD && form != PROOF_FORM_UNCHAINED) {
        (void) proof_blame(proof, PROOF_CUT, &line, "the file ends in the middle of this line");
        return;
    }
    switch (form) {
    case PROOF_FORM_GOOD:
        proof_take_good(proof, &line);
        return;
    case PROOF_FORM_CHANGED:
        proof_take_changed(proof, &line);
        return;
    case PROOF_FORM_UNCHAINED:
        proof->sum.n_unchained++;
        if (proof->has_last)
            (void) proof_blame(proof, PROOF_FOREIGN, &line, "it has no hash, and lines ahead of it have one");
        return;
    case PROOF_FORM_NONE:
        break;
    }
    (void) proof_blame(proof, PROOF_FOREIGN, &line, "it is no record");
}

void proof_take_long(Proof *proof, const char *file, uint64_t number) {
    ProofLine line = {.place = {.file = file, .line = number, .order = ++proof->order}};

    (void) proof_blame(proof, PROOF_FOREIGN, &line, "it is longer than any record");
}

/* --- the end */

static int proof_compare(const void *one, const void *two) {
    const ProofFinding *a = one, *b = two;

    return a->place.order < b->place.order ? -1 : a->place.order > b->place.order;
}

void proof_finish(Proof *proof) {
    size_t n_gaps;

    proof_settle_suspect(proof);
    for (size_t i = 0; i < proof->n_displaced; i++)
        proof_classify(proof, &proof->displaced[i]);
    proof->n_displaced = 0;
    n_gaps = proof->n_gaps;
    for (size_t i = 0; i < n_gaps; i++) {
        const ProofGap *gap = &proof->gaps[i];

        if (gap->n == 0)
            continue;
        proof->sum.n_missing += gap->n;
        (void) proof_find(proof, (ProofFinding){.fault = PROOF_MISSING,
                                                .place = gap->place,
                                                .before = gap->before,
                                                .seq = gap->first,
                                                .n = gap->n,
                                                .why = "lines are missing"});
    }
    proof->n_gaps = 0;
    if (proof->key && proof->has_last && proof->sum.n_checkpoints == 0)
        (void) proof_find(proof,
                          (ProofFinding){.fault = PROOF_CHECKPOINT,
                                         .place = proof->end,
                                         .why = "there is a key, and no signed checkpoint up to here"});
    if (proof->n_findings > 0)
        qsort(proof->findings, proof->n_findings, sizeof(*proof->findings), proof_compare);
    proof->sum.last_seq = proof->has_last ? proof->last.seq : 0;
    if (proof->has_last)
        proof_hash_text(proof->last.hash, proof->sum.last_hash);
}

void proof_summarize(const Proof *proof, ProofSummary *ret) {
    *ret = proof->sum;
}

const ProofFinding *proof_findings(const Proof *proof, size_t *ret_n) {
    *ret_n = proof->n_findings;
    return proof->findings;
}
