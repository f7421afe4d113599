// SPDX-License-Identifier: Apache-2.0
/* What each fault is told from: tests/cli/audit has a table of them. Here are the bounds, and each byte. */
#include "daemon/ctl/proof.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define LINE_BYTES 512u

typedef struct Text {
    char bytes[LINE_BYTES];
} Text;

static void digest(const char *text, char *ret) {
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned size;

    EVP_Digest(text, strlen(text), hash, &size, EVP_sha256(), NULL);
    for (unsigned i = 0; i < size; i++)
        (void) snprintf(ret + 2 * i, 3, "%02x", hash[i]);
}

/* A chain of `n` lines, heap. */
static Text *make(size_t n) {
    Text *lines = calloc(n, sizeof(*lines));
    char hash[65] = "";

    for (size_t i = 0; i < n; i++) {
        char *text = lines[i].bytes;
        int size =
            snprintf(text, LINE_BYTES, "{\"seq\":%zu,\"time\":\"t\",\"event\":\"outcome\",\"prev\":%s%s%s}",
                     i + 1, i > 0 ? "\"sha256:" : "null", hash, i > 0 ? "\"" : "");

        digest(text, hash);
        (void) snprintf(text + size - 1, LINE_BYTES - (size_t) size, ",\"hash\":\"sha256:%s\"}", hash);
    }
    return lines;
}

static ProofSummary finish(Proof *proof) {
    ProofSummary sum;

    proof_finish(proof);
    proof_summarize(proof, &sum);
    return sum;
}

Test(proof, good) {
    Text *lines = make(100);
    Proof *proof = proof_new(NULL);
    ProofSummary sum;
    size_t n;

    for (size_t i = 0; i < 100; i++)
        proof_take(proof, span_from(lines[i].bytes), true, "f", i + 1);
    sum = finish(proof);
    (void) proof_findings(proof, &n);
    cr_expect_eq(n, 0u);
    cr_expect(sum.begins && sum.n_lines == 100 && sum.first_seq == 1 && sum.last_seq == 100 &&
              sum.n_unsigned == 100);
    cr_expect(strstr(lines[99].bytes, sum.last_hash));
    proof_free(proof);
    free(lines);
}

/* Whatever byte of a line is changed, and wherever it is cut: the first bad line is that one. */
Test(proof, each_byte) {
    Text *lines = make(3);
    size_t size = strlen(lines[1].bytes);

    for (size_t at = 0; at < 2 * size; at++) {
        Proof *proof = proof_new(NULL);
        Span text = span_from(lines[1].bytes);
        const ProofFinding *findings;
        size_t n;

        proof_take(proof, span_from(lines[0].bytes), true, "f", 1);
        if (at < size)
            lines[1].bytes[at] ^= 1;
        else
            text.size = at - size;
        proof_take(proof, text, at < size, "f", 2);
        if (at < size)
            lines[1].bytes[at] ^= 1;
        if (at < size)
            proof_take(proof, span_from(lines[2].bytes), true, "f", 3);
        (void) finish(proof);
        findings = proof_findings(proof, &n);
        cr_assert_geq(n, 1u, "byte %zu", at);
        cr_expect_eq(findings[0].place.line, 2u, "byte %zu: line %lu", at,
                     (unsigned long) findings[0].place.line);
        cr_expect(at < size ? findings[0].fault == PROOF_CHANGED || findings[0].fault == PROOF_FOREIGN
                            : findings[0].fault == PROOF_CUT,
                  "byte %zu: %s", at, proof_fault_name(findings[0].fault));
        proof_free(proof);
    }
    free(lines);
}

/* As many findings as are kept, and one more: the first is among them, though it is known last. */
Test(proof, findings) {
    Text *lines = make(2 * PROOF_FINDINGS + 10);

    for (size_t more = 0; more < 2; more++) {
        Proof *proof = proof_new(NULL);
        const ProofFinding *findings;
        ProofSummary sum;
        size_t n;

        proof_take(proof, span_from(lines[0].bytes), true, "f", 1);
        for (size_t i = 2; i < 10; i++) /* the second is missing */
            proof_take(proof, span_from(lines[i].bytes), true, "f", i);
        for (size_t i = 0; i < PROOF_FINDINGS - 1 + more; i++)
            proof_take(proof, SPAN("x"), true, "f", 10 + i);
        sum = finish(proof);
        findings = proof_findings(proof, &n);
        cr_expect_eq(n, PROOF_FINDINGS);
        cr_expect_eq(findings[0].fault, PROOF_MISSING);
        cr_expect_eq(findings[0].place.line, 2u);
        cr_expect(sum.n_missing == 1 && sum.n_faults[PROOF_FOREIGN] == PROOF_FINDINGS - 1 + more);
        proof_free(proof);
    }
    free(lines);
}

/* Gaps up to the bound are closed by lines that come late; one past it they are told. */
Test(proof, gaps) {
    Text *lines = make(2 * PROOF_GAPS + 5);

    for (size_t more = 0; more < 2; more++) {
        Proof *proof = proof_new(NULL);
        size_t n = 2 * (PROOF_GAPS + more) + 1;
        ProofSummary sum;

        for (size_t i = 0; i < n; i += 2)
            proof_take(proof, span_from(lines[i].bytes), true, "f", i);
        proof_take(proof, span_from(lines[n].bytes), true, "f", n);
        for (size_t i = 1; i < n; i += 2)
            proof_take(proof, span_from(lines[i].bytes), true, "f", n + i);
        sum = finish(proof);
        cr_expect_eq(sum.n_missing, more, "%zu", (size_t) sum.n_missing);
        cr_expect_eq(sum.n_faults[PROOF_ORDER], PROOF_GAPS + more);
        proof_free(proof);
    }
    free(lines);
}
