// SPDX-License-Identifier: Apache-2.0
#include "proof_line.h"

#include <stdio.h>
#include <stdlib.h>

#include "scan.h"

#define HASH_DIGITS (2u * PROOF_HASH_BYTES)
#define LIFECYCLE_WITHIN 96u /* the event stands behind the number and the time */
#define SIGNATURE_BYTES 64u  /* Ed25519, RFC 8032 */
#define SIGNATURE_DIGITS 88u /* in base64 */

struct ProofHasher {
    EVP_MD *digest;
    EVP_MD_CTX *ctx;
};

ProofHasher *proof_hasher_new(void) {
    ProofHasher *hasher = calloc(1, sizeof(*hasher));

    if (!hasher)
        return NULL;
    hasher->digest = EVP_MD_fetch(NULL, "SHA256", NULL); /* once: the name is looked up with each use else */
    hasher->ctx = EVP_MD_CTX_new();
    if (!hasher->digest || !hasher->ctx) {
        proof_hasher_free(hasher);
        return NULL;
    }
    return hasher;
}

void proof_hasher_free(ProofHasher *hasher) {
    if (!hasher)
        return;
    EVP_MD_CTX_free(hasher->ctx);
    EVP_MD_free(hasher->digest);
    free(hasher);
}

/* --- hashes as text */

static int proof_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool proof_read_hash(const char *digits, unsigned char *ret) {
    for (size_t i = 0; i < PROOF_HASH_BYTES; i++) {
        int high = proof_digit(digits[2 * i]), low = proof_digit(digits[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        ret[i] = (unsigned char) (high << 4 | low);
    }
    return true;
}

void proof_hash_text(const unsigned char *hash, char *ret) {
    for (size_t i = 0; i < PROOF_HASH_BYTES; i++)
        (void) snprintf(ret + 2 * i, 3, "%02x", hash[i]);
}

/* --- the line */

static bool proof_ends(Span text, Span end) {
    return text.size >= end.size && memcmp(text.data + text.size - end.size, end.data, end.size) == 0;
}

/* `,"NAME":"sha256:…"` at the end of the text, which gets shorter by it. */
static bool proof_take_member(Span *text, Span name, unsigned char *ret) {
    size_t size = name.size + HASH_DIGITS + 1;
    const char *member = text->data + text->size - size;

    if (text->size < size || memcmp(member, name.data, name.size) != 0 || member[size - 1] != '"' ||
        !proof_read_hash(member + name.size, ret))
        return false;
    text->size -= size;
    return true;
}

/* `{"seq":42,` */
static bool proof_read_seq(Span text, uint64_t *ret) {
    static const Span head = SPAN_INIT("{\"seq\":");
    size_t i = head.size;

    *ret = 0;
    if (!span_starts_with(text, head))
        return false;
    for (; i < text.size && text.data[i] >= '0' && text.data[i] <= '9'; i++)
        if (__builtin_mul_overflow(*ret, UINT64_C(10), ret) ||
            __builtin_add_overflow(*ret, (uint64_t) (text.data[i] - '0'), ret))
            return false;
    return i > head.size && i < text.size && text.data[i] == ',' && *ret > 0;
}

static bool proof_hash_fits(ProofHasher *hasher, Span text, const unsigned char *hash) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;

    return EVP_DigestInit_ex2(hasher->ctx, hasher->digest, NULL) == 1 &&
           EVP_DigestUpdate(hasher->ctx, text.data, text.size) == 1 &&
           EVP_DigestUpdate(hasher->ctx, "}", 1) == 1 &&
           EVP_DigestFinal_ex(hasher->ctx, digest, &size) == 1 && size == PROOF_HASH_BYTES &&
           memcmp(digest, hash, PROOF_HASH_BYTES) == 0;
}

/* What doesn't end as lines of a chain do: a record all the same? */
static ProofForm proof_read_other(Span text, ProofLine *ret) {
    ScanRecord record;

    if (!scan_record(text, &record) || !scan_has(&record, SCAN_SEQ))
        return PROOF_FORM_NONE;
    ret->seq = record.seq;
    return record.hash.data || record.prev.data ? PROOF_FORM_CHANGED : PROOF_FORM_UNCHAINED;
}

/* --- checkpoints */

/* Over "quaygate-checkpoint\n", the line's number, "\n", and the hash of the line before as it is written. */
static bool proof_signature_fits(EVP_PKEY *key, const ScanRecord *record) {
    unsigned char signature[3 * SIGNATURE_DIGITS / 4];
    char text[32 + 20 + 8 + HASH_DIGITS + 1];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int n = snprintf(text, sizeof(text), "quaygate-checkpoint\n%llu\n%.*s", (unsigned long long) record->seq,
                     SPAN_FMT(record->prev));
    bool good =
        ctx && n > 0 && (size_t) n < sizeof(text) && record->signature.size == SIGNATURE_DIGITS &&
        EVP_DecodeBlock(signature, (const unsigned char *) record->signature.data, (int) SIGNATURE_DIGITS) ==
            (int) sizeof(signature) &&
        EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
        EVP_DigestVerify(ctx, signature, SIGNATURE_BYTES, (const unsigned char *) text, (size_t) n) == 1;

    EVP_MD_CTX_free(ctx);
    return good;
}

static void proof_read_checkpoint(Span text, EVP_PKEY *key, ProofLine *ret) {
    static const Span event = SPAN_INIT("\"event\":\"lifecycle\"");
    size_t within = text.size < LIFECYCLE_WITHIN ? text.size : LIFECYCLE_WITHIN;
    ScanRecord record;

    if (!memmem(text.data, within, event.data, event.size) || !scan_record(text, &record))
        return;
    ret->is_checkpoint = span_is(record.event, "lifecycle") && span_is(record.action, "checkpoint");
    ret->signature_good = ret->is_checkpoint && key && proof_signature_fits(key, &record);
}

ProofForm proof_line_read(ProofHasher *hasher, Span text, EVP_PKEY *key, ProofLine *ret) {
    Span rest = text;

    if (proof_ends(text, SPAN(",\"prev\":null,\"hash\":null}")))
        return proof_read_seq(text, &ret->seq) ? PROOF_FORM_UNCHAINED : PROOF_FORM_NONE;
    if (!proof_ends(text, SPAN("}")))
        return PROOF_FORM_NONE;
    rest.size--;
    if (!proof_take_member(&rest, SPAN(",\"hash\":\"sha256:"), ret->hash))
        return proof_read_other(text, ret);
    if (!proof_hash_fits(hasher, rest, ret->hash)) {
        (void) proof_read_seq(text, &ret->seq);
        ret->has_prev = proof_take_member(&rest, SPAN(",\"prev\":\"sha256:"), ret->prev);
        return PROOF_FORM_CHANGED;
    }
    ret->has_prev = proof_take_member(&rest, SPAN(",\"prev\":\"sha256:"), ret->prev);
    if (!proof_read_seq(text, &ret->seq) || (!ret->has_prev && !proof_ends(rest, SPAN(",\"prev\":null"))))
        return PROOF_FORM_NONE;
    proof_read_checkpoint(text, key, ret);
    return PROOF_FORM_GOOD;
}
