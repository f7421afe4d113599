// SPDX-License-Identifier: Apache-2.0
#include "res_read.h"

#include "policy/bytes.h"
#include "policy/header_name.h"
#include "policy/version.h"

/*
 * Not relayed: hop-by-hop fields (RFC 9110 §7.6.1), framing, which we write ourselves, and what tells a
 * client of the engine more than it needs or sends it elsewhere (T-003, T-102).
 */
static const bool res_read_dropped[HEADER_NAMES] = {
    [HEADER_CONNECTION] = true,
    [HEADER_CONTENT_LENGTH] = true,
    [HEADER_TRANSFER_ENCODING] = true,
    [HEADER_KEEP_ALIVE] = true,
    [HEADER_PROXY_CONNECTION] = true,
    [HEADER_TRAILER] = true,
    [HEADER_TE] = true,
    [HEADER_UPGRADE] = true,
    [HEADER_LOCATION] = true,
    [HEADER_SERVER] = true,
    [HEADER_PROXY_AUTHENTICATE] = true,
    [HEADER_PROXY_AUTHORIZATION] = true,
    [HEADER_X_QUAYGATE_REQUEST] = true,
};

/* True when the list in `value` has `token`, as Connection's has `close`. */
static bool res_read_has_token(Span value, Span token) {
    size_t begin = 0;

    for (size_t i = 0; i <= value.size; i++) {
        if (i < value.size && value.data[i] != ',')
            continue;
        size_t end = i;
        while (begin < end && (value.data[begin] == ' ' || value.data[begin] == '\t'))
            begin++;
        while (end > begin && (value.data[end - 1] == ' ' || value.data[end - 1] == '\t'))
            end--;
        if (span_equals_nocase((Span){.data = value.data + begin, .size = end - begin}, token))
            return true;
        begin = i + 1;
    }
    return false;
}

/* A head with its names looked up. */
typedef struct ResReadFields {
    const RawHead *raw;
    unsigned char names[LIMIT_HEADERS]; /* the HeaderName of each */
    bool nominates;                     /* one is a Connection */
} ResReadFields;

static void res_read_names(const RawHead *raw, ResReadFields *ret) {
    ret->raw = raw;
    ret->nominates = false;
    for (size_t i = 0; i < raw->n_headers; i++) {
        ret->names[i] = (unsigned char) header_name(raw->headers[i].name);
        ret->nominates = ret->nominates || ret->names[i] == HEADER_CONNECTION;
    }
}

/* What a Connection field names is for this hop as well. */
static bool res_read_is_nominated(const ResReadFields *fields, Span name) {
    for (size_t i = 0; fields->nominates && i < fields->raw->n_headers; i++)
        if (fields->names[i] == HEADER_CONNECTION && res_read_has_token(fields->raw->headers[i].value, name))
            return true;
    return false;
}

static bool res_read_length(Span value, uint64_t *ret) {
    uint64_t length = 0;

    if (value.size == 0 || value.size > 18)
        return false;
    for (size_t i = 0; i < value.size; i++) {
        if (value.data[i] < '0' || value.data[i] > '9')
            return false;
        length = length * 10 + (uint64_t) (value.data[i] - '0');
    }
    *ret = length;
    return true;
}

typedef struct ResReadSeen {
    bool chunked;
    bool close;
    bool keep_alive;
} ResReadSeen;

/* What the fields of this hop say. NULL, or what is wrong with one. */
static const char *res_read_own(HeaderName name, Span value, ResponseHead *head, ResReadSeen *seen) {
    if (name == HEADER_CONTENT_LENGTH) {
        if (head->has_length)
            return "the engine's answer has two Content-Length";
        if (!res_read_length(value, &head->declared_length))
            return "the engine's answer has no number in its Content-Length";
        head->has_length = true;
    } else if (name == HEADER_TRANSFER_ENCODING) {
        if (seen->chunked || !span_is_nocase(value, "chunked"))
            return "the engine's answer has a Transfer-Encoding other than chunked";
        seen->chunked = true;
    } else if (name == HEADER_CONNECTION) {
        seen->close = seen->close || res_read_has_token(value, SPAN("close"));
        seen->keep_alive = seen->keep_alive || res_read_has_token(value, SPAN("keep-alive"));
    } else if (name == HEADER_UPGRADE)
        head->upgrade = value;
    else if (name == HEADER_API_VERSION)
        head->api_minor = version_parse(value);
    return NULL;
}

static const char *res_read_field(const ResReadFields *fields, size_t i, ResponseHead *head,
                                  ResReadSeen *seen) {
    const Header *header = &fields->raw->headers[i];
    HeaderName name = fields->names[i];
    const char *why = res_read_own(name, header->value, head, seen);

    if (why)
        return why;
    if (res_read_dropped[name] || res_read_is_nominated(fields, header->name))
        return NULL;
    if (!bytes_are_value(header->value))
        return "the engine's answer has a control byte in a header";
    head->headers[head->n_headers++] = header;
    return NULL;
}

static void res_read_frame(ResponseHead *head, bool head_request, const ResReadSeen *seen) {
    bool bodiless = head_request || head->status < 200 || head->status == 204 || head->status == 304;

    head->hijackable = head->status == 200 && !head->has_length && !seen->chunked && !head_request;
    if (bodiless)
        head->framing = FRAMING_NONE;
    else if (seen->chunked)
        head->framing = FRAMING_CHUNKED;
    else if (head->has_length) {
        head->framing = FRAMING_LENGTH;
        head->length = head->declared_length;
    } else
        head->until_close = true;
    head->reusable = !head->until_close && !seen->close && (head->http_minor == 1 || seen->keep_alive);
}

Reason res_read_head(const Reader *reader, bool head_request, ResponseHead *ret, const char **ret_detail) {
    const RawHead *raw = reader_raw(reader);
    ResReadFields fields;
    ResReadSeen seen = {0};
    const char *why;

    memset(ret, 0, offsetof(ResponseHead, headers)); /* of those, n_headers say how many there are */
    ret->status = reader_status(reader);
    ret->http_minor = raw->http_minor;
    if (ret->status < 100 || ret->status > 599) {
        *ret_detail = "the engine's answer has no valid status";
        return REASON_ENGINE_PROTOCOL;
    }
    ret->interim = ret->status < 200 && ret->status != 101;
    res_read_names(raw, &fields);
    for (size_t i = 0; i < raw->n_headers; i++) {
        why = res_read_field(&fields, i, ret, &seen);
        if (why) {
            *ret_detail = why;
            return REASON_ENGINE_PROTOCOL;
        }
    }
    if (seen.chunked && (ret->has_length || ret->http_minor == 0)) {
        *ret_detail = "the engine's answer is framed twice";
        return REASON_ENGINE_PROTOCOL;
    }
    res_read_frame(ret, head_request, &seen);
    return REASON_OK;
}
