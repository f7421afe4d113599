// SPDX-License-Identifier: Apache-2.0
/*
 * OPERATION, POLICY and an engine's answer: what the policy hides of it comes out as JSON again, of the same
 * shape, and viewing that once more changes no more than placeholders. A secret that stands where one is
 * hidden (Env of an inspect) is nowhere in what comes out.
 */
#include "fuzz.h"

#include <jansson.h>
#include <stdlib.h>

#include "policy/view.h"

#define ANSWER_BYTES (64u << 10)

static bool put(void *ctx, Span bytes) {
    return buffer_append(ctx, bytes) == 0;
}

static bool hash(void *ctx UNUSED, Span value, unsigned char ret[static PLACEHOLDER_HASH_BYTES]) {
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < value.size; i++)
        h = (h ^ (unsigned char) value.data[i]) * 16777619u;
    memcpy(ret, &h, PLACEHOLDER_HASH_BYTES);
    return true;
}

/* Names may be anybody's, and all else is in the scope: of what comes out, too. */
static ViewChoice ask(void *ctx UNUSED, const ViewObject *object) {
    return span_is(object->list, VIEW_LIST_PEERS) ? VIEW_DROP : VIEW_KEEP;
}

static bool is_same_shape(const json_t *a, const json_t *b) {
    const char *key;
    json_t *value;
    size_t i;

    if (json_typeof(a) != json_typeof(b))
        return false;
    if (json_is_array(a)) {
        if (json_array_size(a) != json_array_size(b))
            return false;
        json_array_foreach(a, i, value) if (!is_same_shape(value, json_array_get(b, i))) return false;
    } else if (json_is_object(a)) {
        if (json_object_size(a) != json_object_size(b))
            return false;
        json_object_foreach((json_t *) (uintptr_t) a, key, value) {
            const json_t *other = json_object_get(b, key);

            if (other && !is_same_shape(value, other))
                return false;
        }
    }
    return true;
}

static void check_shape(Span before, Span after) {
    const size_t flags = JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES;
    json_error_t error;
    json_t *a = json_loadb(before.data, before.size, flags, &error), *b;

    if (!a) /* twice the same key, or a number beyond jansson: not for us to compare */
        return;
    b = json_loadb(after.data, after.size, flags, &error);
    FUZZ_CHECK(b != NULL, "what came out is none: %s: %.*s", error.text, SPAN_FMT(after));
    FUZZ_CHECK(is_same_shape(a, b), "another shape: %.*s | %.*s", SPAN_FMT(before), SPAN_FMT(after));
    json_decref(a);
    json_decref(b);
}

static void run(View *view, Span text) {
    CLEANUP(buffer_done) Buffer out = {0};
    CLEANUP(buffer_done) Buffer again = {0};
    ViewSink sink = {put, &out}, second = {put, &again};

    if (view->keep.ask)
        view->keep.ask = ask;
    if (view_run(view, hash, NULL, text, &sink) != REASON_OK)
        return;
    if (buffer_size(&out) == 0)
        return;
    if (view->sentence && (text.size == 0 || text.data[0] != '{'))
        return; /* a failure in plain text */
    if (!view->many && view->kind == ANSWER_DOCUMENT)
        check_shape(text, buffer_span(&out));
    FUZZ_CHECK(view_run(view, hash, NULL, buffer_span(&out), &second) == REASON_OK,
               "what came out can't be viewed: %.*s", SPAN_FMT(buffer_span(&out)));
    FUZZ_CHECK(buffer_size(&again) > 0, "nothing is left of what came out");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    FuzzInput input = {data, size};
    size_t n;
    const Operation *all = routes_all(&n);
    Request request = {.operation = &all[fuzz_byte(&input) % n]};
    Policy *policy = fuzz_policy(fuzz_byte(&input) % 2 ? 5 : 0);
    View view;

    request.method = request.operation->method;
    if (input.size > ANSWER_BYTES)
        return 0;
    if (view_choose(policy, &request, &view))
        run(&view, fuzz_rest(&input));
    if (view_choose_failure(policy, &request, 500, size % 2, &view))
        run(&view, fuzz_rest(&input));
    return 0;
}
