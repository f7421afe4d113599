// SPDX-License-Identifier: Apache-2.0
#include "request.h"

#include "headers.h"

/*
 * What goes on to the engine, written with our spelling of the name (T-058), and with which operations. Not
 * here, so never sent: Host and the framing, which are written anew; Connection and Upgrade, which go
 * together or not at all (T-066); Accept-Encoding, since answers are read; Expect, since we answer it;
 * credentials where nobody reads them.
 */
static const char REQUEST_ANY[] = "*";
static const char *const REQUEST_FORWARDED[HEADER_NAMES][11] = {
    [HEADER_USER_AGENT] = {REQUEST_ANY},
    [HEADER_ACCEPT] = {REQUEST_ANY},
    [HEADER_CONTENT_TYPE] = {REQUEST_ANY},
    /* Where moby reads it: httputils, registry.DecodeAuthConfig and their callers. */
    [HEADER_X_REGISTRY_AUTH] = {"ImageCreate", "ImagePush", "ImageSearch", "DistributionInspect",
                                "ServiceCreate", "ServiceUpdate", "PluginPull", "PluginPush", "PluginUpgrade",
                                "GetPluginPrivileges"},
    [HEADER_X_REGISTRY_CONFIG] = {"ImageBuild"},
    /* BuildKit's session, and the names it exposes. */
    [HEADER_X_DOCKER_EXPOSE_SESSION_] = {"Session", "GrpcUpgrade"},
    /* RFC 6455, section 4.1. */
    [HEADER_SEC_WEBSOCKET_KEY] = {"ContainerAttachWebsocket"},
    [HEADER_SEC_WEBSOCKET_VERSION] = {"ContainerAttachWebsocket"},
    [HEADER_SEC_WEBSOCKET_PROTOCOL] = {"ContainerAttachWebsocket"},
    [HEADER_SEC_WEBSOCKET_EXTENSIONS] = {"ContainerAttachWebsocket"},
};

/*
 * What an operation that leaves HTTP goes on as. dockerd's attach and exec look whether an Upgrade field is
 * there, not what it says (T-066), so the word that is sent is ours.
 */
static const struct {
    const char *operation;
    Span protocol;
} REQUEST_PROTOCOLS[] = {
    {"ContainerAttach", SPAN("tcp")},
    {"ExecStart", SPAN("tcp")},
    {"ContainerAttachWebsocket", SPAN("websocket")},
    {"Session", SPAN("h2c")},
    {"GrpcUpgrade", SPAN("h2c")},
};

/*
 * Of a body that is a tar archive, or in ImageCreate nothing. The docker CLI sends text/plain wherever
 * it has no type of its own (cp, import), dockerode application/json with its options again (pull).
 */
static const char *const REQUEST_STREAM_TYPES[] = {
    "application/x-tar", "application/tar", "application/octet-stream", "text/plain", "application/json",
};

static Reason request_refuse(Reason reason, const char *detail, const char **ret_detail) {
    *ret_detail = detail;
    return reason;
}

bool request_has_body(const Request *request) {
    return request->framing == FRAMING_CHUNKED || (request->framing == FRAMING_LENGTH && request->length > 0);
}

static bool request_is_json_type(const MediaType *type) {
    return type->plain && span_is_nocase(type->name, "application/json");
}

/*
 * Where an operation takes no body, dockerode sends its options once more as JSON, `{}` at the least.
 * dockerd has not read such bodies since API v1.24, so leaving it out says the same, and saves
 * thinking about hijacked connections that begin with one (T-068). A body is never left out where an
 * old dockerd would act on it: `start`, from 8 bytes on or chunked (T-070).
 */
static bool request_skips_body(const Request *request, const Headers *headers) {
    bool start = span_is(span_from(request->operation->id), "ContainerStart");

    return request->method == METHOD_POST && request->framing == FRAMING_LENGTH &&
           request->length <= (start ? LIMIT_SKIPPED_START_BYTES : LIMIT_SKIPPED_BODY_BYTES) &&
           request_is_json_type(&headers->type);
}

static Reason request_check_none(Request *request, const Headers *headers, const char **ret_detail) {
    if (!request_has_body(request))
        return REASON_OK;
    if (!request_skips_body(request, headers))
        return request_refuse(REASON_BODY_UNEXPECTED, "a body where the operation takes none", ret_detail);
    request->skip_bytes = request->length;
    request->framing = FRAMING_NONE;
    request->length = 0;
    return REASON_OK;
}

static Reason request_check_json(const Request *request, const Headers *headers, const char **ret_detail) {
    if (!request_has_body(request)) /* whether one is missing is asked of what the policy grants (T-045) */
        return REASON_OK;
    if (!request_is_json_type(&headers->type)) /* T-043 */
        return request_refuse(REASON_CONTENT_TYPE, "header Content-Type is not application/json", ret_detail);
    return REASON_OK;
}

static Reason request_check_stream(const Request *request, const Headers *headers, const char **ret_detail) {
    if (!request_has_body(request) || headers->type.name.size == 0)
        return REASON_OK;
    for (size_t i = 0; i < ARRAY_SIZE(REQUEST_STREAM_TYPES); i++)
        if (span_is_nocase(headers->type.name, REQUEST_STREAM_TYPES[i]))
            return REASON_OK;
    return request_refuse(REASON_CONTENT_TYPE, "header Content-Type is not that of a tar archive",
                          ret_detail);
}

static Reason request_check_body(Request *request, const Headers *headers, const char **ret_detail) {
    bool reads =
        request->method == METHOD_GET || request->method == METHOD_HEAD || request->method == METHOD_DELETE;

    if (reads && request_has_body(request)) /* T-029 */
        return request_refuse(REASON_BODY_UNEXPECTED, "a body with GET, HEAD or DELETE", ret_detail);
    if (!request->operation) /* the policy's to say: only a `request:` pattern can allow it */
        return REASON_OK;
    switch (request->operation->body) {
    case BODY_JSON:
    case BODY_JSON_OPTIONAL:
        return request_check_json(request, headers, ret_detail);
    case BODY_STREAM:
        return request_check_stream(request, headers, ret_detail);
    case BODY_NONE:
        break;
    }
    return request_check_none(request, headers, ret_detail);
}

/* Each row ends with a NULL. */
static bool request_forwards(const Request *request, HeaderName name) {
    const char *const *with = REQUEST_FORWARDED[name];

    if (*with == REQUEST_ANY)
        return true;
    for (; *with && request->operation; with++)
        if (strcmp(request->operation->id, *with) == 0)
            return true;
    return false;
}

/* What of a field is the client's must outlive its bytes. */
static bool request_take_header(Arena *arena, HeaderName name, const Header *header, Header *ret) {
    Span spelling = header_spelling(name);

    *ret = (Header){
        .name = spelling.size > 0 ? spelling : arena_copy_span(arena, header->name),
        .value = arena_copy_span(arena, header->value),
    };
    return ret->name.data && ret->value.data;
}

static Reason request_take_headers(Arena *arena, const RawHead *raw, const Headers *checked,
                                   Request *request) {
    /* A type of nothing would only be one more thing to misread; of an unknown operation it stays. */
    bool typed = !request->operation || request_has_body(request);
    Header *headers = arena_alloc_array(arena, raw->n_headers, sizeof(*headers));

    if (!headers)
        return REASON_NO_MEMORY;
    request->headers = headers;
    for (size_t i = 0; i < raw->n_headers; i++) {
        HeaderName name = checked->names[i];

        if (!request_forwards(request, name) || (!typed && name == HEADER_CONTENT_TYPE))
            continue;
        if (!request_take_header(arena, name, &raw->headers[i], &headers[request->n_headers]))
            return REASON_NO_MEMORY;
        request->n_headers++;
    }
    return REASON_OK;
}

/*
 * Where the engine does nothing but upgrade, a client that asks for another protocol hasn't asked for that
 * one: it gets what the engine says to who doesn't ask.
 */
static void request_take_upgrade(const Headers *headers, Request *request) {
    const Header *upgrade = headers->known[HEADER_UPGRADE];
    const Operation *operation = request->operation;

    if (!upgrade)
        return;
    request->wants_upgrade = true;
    for (size_t i = 0; operation && i < ARRAY_SIZE(REQUEST_PROTOCOLS); i++)
        if (strcmp(REQUEST_PROTOCOLS[i].operation, operation->id) == 0)
            request->upgrade = REQUEST_PROTOCOLS[i].protocol;
    if (operation && operation->reply == REPLY_UPGRADE)
        request->wants_upgrade =
            request->upgrade.data && span_is_nocase(upgrade->value, request->upgrade.data);
}

/* Method, target and operation: first, so that the audit record of a refusal has them. */
static Reason request_take_line(Arena *arena, const RawHead *raw, Request *request, const char **ret_detail) {
    Reason reason;

    request->http_1_0 = raw->http_minor == 0;
    request->method = method_parse(raw->method);
    reason = target_parse(arena, raw->target, &request->target, ret_detail);
    if (request->method == METHOD_NONE) /* T-014 */
        return request_refuse(REASON_HTTP_METHOD, reason_sentence(REASON_HTTP_METHOD), ret_detail);
    if (raw->http_minor > 1) /* T-060 */
        return request_refuse(REASON_HTTP_VERSION, reason_sentence(REASON_HTTP_VERSION), ret_detail);
    if (reason == REASON_OK)
        request->operation = routes_match(request->method, &request->target, &request->object);
    return reason;
}

Reason request_seal(Arena *arena, const RawHead *raw, Request *ret, const char **ret_detail) {
    Headers headers;
    Reason reason;

    *ret = (Request){0};
    reason = request_take_line(arena, raw, ret, ret_detail);
    if (reason != REASON_OK)
        return reason;
    reason = headers_check(raw, &headers, ret_detail);
    if (reason != REASON_OK)
        return reason;
    ret->framing = headers.framing;
    ret->length = headers.length;
    ret->expect_continue = headers.expect_continue;
    ret->keep_alive = !ret->http_1_0 && !headers.close;
    reason = request_check_body(ret, &headers, ret_detail);
    if (reason == REASON_OK)
        reason = request_take_headers(arena, raw, &headers, ret);
    if (reason == REASON_OK)
        request_take_upgrade(&headers, ret);
    return reason;
}
