// SPDX-License-Identifier: Apache-2.0
/*
 * Lines of an audit trail that has been anywhere, to the scanner and the chain's proof of `quaygate audit`:
 * what the scanner takes for a record is JSON to jansson too, and says the same; what is proved good has no
 * finding.
 */
#include "fuzz.h"

#include <jansson.h>

#include "daemon/ctl/proof.h"
#include "daemon/ctl/scan.h"

static void check_text(const json_t *root, const char *key, Span inside) {
    const json_t *value = json_object_get(root, key);
    CLEANUP(buffer_done) Buffer text = {0};

    FUZZ_CHECK((inside.data != NULL) == json_is_string(value), "%s: %.*s", key, SPAN_FMT(inside));
    if (!inside.data || scan_text(&text, inside) < 0)
        return;
    FUZZ_CHECK(span_equals(buffer_span(&text), (Span){json_string_value(value), json_string_length(value)}),
               "%s is another: %.*s", key, SPAN_FMT(inside));
}

static void check_record(Span line, const ScanRecord *record) {
    json_error_t error;
    json_t *root = json_loadb(line.data, line.size, JSON_ALLOW_NUL, &error);

    if (!root) { /* numbers beyond jansson's, lone surrogates, more depth than it has */
        FUZZ_CHECK(json_error_code(&error) != json_error_premature_end_of_input, "%s", error.text);
        return;
    }
    FUZZ_CHECK(json_is_object(root), "no object");
    check_text(root, "event", record->event);
    check_text(root, "verdict", record->verdict);
    check_text(root, "hash", record->hash);
    check_text(root, "prev", record->prev);
    if (scan_has(record, SCAN_SEQ))
        FUZZ_CHECK(json_is_integer(json_object_get(root, "seq")), "seq");
    json_decref(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    FuzzInput input = {data, size};
    Proof *proof = proof_new(NULL);
    ProofSummary summary;
    size_t n_findings, n_faults = 0;
    uint64_t number = 0;

    FUZZ_CHECK(proof != NULL, "no memory");
    while (input.size > 0) {
        const uint8_t *begin = input.p;
        Span line = fuzz_line(&input);
        bool whole = input.p > begin && input.p[-1] == '\n';
        ScanRecord record = {0};

        if (scan_record(line, &record))
            check_record(line, &record);
        proof_take(proof, line, whole, "fuzz", ++number);
    }
    proof_finish(proof);
    proof_summarize(proof, &summary);
    (void) proof_findings(proof, &n_findings);
    for (size_t i = 0; i < PROOF_FAULT_MAX_; i++)
        n_faults += i == PROOF_GOOD ? 0 : summary.n_faults[i] > 0;
    FUZZ_CHECK((n_findings > 0) == (n_faults > 0), "%zu findings, %zu kinds of faults", n_findings, n_faults);
    proof_free(proof);
    return 0;
}
