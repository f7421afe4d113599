// SPDX-License-Identifier: Apache-2.0
#include "dry_run.h"

#include "daemon/decide.h"
#include "policy/version.h"

void dry_run_done(DryRun *run) {
    run->body = body_free(run->body);
}

/* --- the head */

static Span dry_run_trim(Span text) {
    while (text.size > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
        text.data++;
        text.size--;
    }
    while (text.size > 0 && (text.data[text.size - 1] == ' ' || text.data[text.size - 1] == '\t'))
        text.size--;
    return text;
}

const char *dry_run_parse_header(Span text, Header *ret) {
    const char *colon = text.size > 0 ? memchr(text.data, ':', text.size) : NULL;
    size_t n = colon ? (size_t) (colon - text.data) : 0;

    if (n == 0)
        return "a header is written as 'NAME: VALUE'";
    if (memchr(text.data, '\r', text.size) || memchr(text.data, '\n', text.size))
        return "a header is one line";
    *ret = (Header){.name = {.data = text.data, .size = n},
                    .value = dry_run_trim((Span){.data = colon + 1, .size = text.size - n - 1})};
    return NULL;
}

static bool dry_run_has_header(const DryRun *run, const char *name) {
    for (size_t i = 0; i < run->head.n_headers; i++)
        if (span_is_nocase(run->head.headers[i].name, name))
            return true;
    return false;
}

static bool dry_run_add_header(DryRun *run, const char *name, const char *value) {
    if (dry_run_has_header(run, name))
        return true;
    if (!value || run->head.n_headers == LIMIT_HEADERS)
        return false;
    run->head.headers[run->head.n_headers++] = (Header){.name = span_from(name), .value = span_from(value)};
    return true;
}

/* What every client sends by itself, unless it is given otherwise. */
static Reason dry_run_build_head(DryRun *run) {
    bool good;

    run->head.http_minor = 1;
    good = dry_run_add_header(run, "Host", "docker");
    if (run->has_body && !dry_run_has_header(run, "Transfer-Encoding"))
        good = good &&
               dry_run_add_header(run, "Content-Length", arena_printf(run->arena, "%zu", run->bytes.size));
    if (run->has_body)
        good = good && dry_run_add_header(run, "Content-Type", "application/json");
    return good ? REASON_OK : REASON_HEADERS_TOO_LARGE;
}

/* The bytes of the head as they would come: METHOD SP TARGET SP HTTP/1.1, the fields, an empty line. */
static bool dry_run_head_fits(const DryRun *run) {
    size_t size = run->head.method.size + run->head.target.size + strlen("  HTTP/1.1\r\n\r\n");

    for (size_t i = 0; i < run->head.n_headers; i++)
        size += run->head.headers[i].name.size + run->head.headers[i].value.size + strlen(": \r\n");
    return size <= run->config->limits.header_bytes;
}

/* --- the body */

static Reason dry_run_take_body(DryRun *run, const char **ret_detail) {
    Span bytes = run->bytes;

    if (run->request.framing == FRAMING_LENGTH) {
        if (run->request.length > run->config->limits.body_bytes)
            return REASON_BODY_TOO_LARGE;
        if (bytes.size < run->request.length)
            return REASON_BODY_TRUNCATED;
        bytes.size = run->request.length; /* what is behind it would be another request */
    }
    if (bytes.size > run->config->limits.body_bytes)
        return REASON_BODY_TOO_LARGE;
    if (bytes.size > 0)
        return body_parse(run->arena, bytes, &run->body, ret_detail);
    return run->request.operation && run->request.operation->body == BODY_JSON ? REASON_BODY_MISSING
                                                                               : REASON_OK;
}

void dry_run_judge(DryRun *run) {
    const char *detail = NULL;
    Reason reason = dry_run_build_head(run);

    if (reason == REASON_OK && !dry_run_head_fits(run))
        reason = REASON_HEADERS_TOO_LARGE;
    if (reason == REASON_OK)
        reason = request_seal(run->arena, &run->head, &run->request, &detail);
    if (reason == REASON_OK)
        version_settle(&run->config->versions, &run->request, 0); /* there is no engine to ask */
    if (reason == REASON_OK && run->request.skip_bytes == 0 && policy_wants_body(run->policy, &run->request))
        reason = dry_run_take_body(run, &detail);
    if (reason == REASON_OK)
        decide_request(run->policy, &run->config->host, &run->request, run->body, run->arena, &run->verdict);
    else
        run->verdict = verdict_from_reason(reason, detail);
}

Span dry_run_sends(const DryRun *run) {
    const Request *request = &run->request;
    Span bytes = run->bytes.data ? run->bytes : SPAN("");
    size_t size;
    char *text;

    if (!verdict_forwards(&run->verdict))
        return (Span){0};
    if (!request_has_body(request))
        bytes.size = 0;
    else if (request->framing == FRAMING_LENGTH && request->length < bytes.size)
        bytes.size = request->length;
    if (run->verdict.n_edits == 0)
        return bytes;
    size = body_dump(run->body, NULL, 0);
    text = size > 0 ? arena_alloc(run->arena, size) : NULL;
    if (!text || body_dump(run->body, text, size) != size)
        return (Span){0};
    return (Span){.data = text, .size = size};
}
