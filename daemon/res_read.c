// SPDX-License-Identifier: Apache-2.0
#include "res_read.h"

#include "policy/version.h"

/*
 * Not relayed: hop-by-hop fields (RFC 9110 §7.6.1), framing, which we write ourselves, and what tells a
 * client of the engine more than it needs or sends it elsewhere (T-003, T-102).
 */
static const Span res_read_dropped[] = {
    SPAN_INIT("connection"),
    SPAN_INIT("content-length"),
    SPAN_INIT("transfer-encoding"),
    SPAN_INIT("keep-alive"),
    SPAN_INIT("proxy-connection"),
    SPAN_INIT("trailer"),
    SPAN_INIT("te"),
    SPAN_INIT("upgrade"),
    SPAN_INIT("location"),
    SPAN_INIT("server"),
    SPAN_INIT("proxy-authenticate"),
    SPAN_INIT("proxy-authorization"),
    SPAN_INIT("x-quaygate-request"),
};

static bool res_read_same(const char *data, Span token) {
    for (size_t i = 0; i < token.size; i++)
        if (ascii_lower(data[i]) != ascii_lower(token.data[i]))
            return false;
    return true;
}

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
        if (end - begin == token.size && res_read_same(value.data + begin, token))
            return true;
        begin = i + 1;
    }
    return false;
}

/* What a Connection field names is for this hop as well. */
static bool res_read_is_nominated(const RawHead *raw, Span name) {
    for (size_t i = 0; i < raw->n_headers; i++)
        if (span_is_nocase(raw->headers[i].name, "connection") &&
            res_read_has_token(raw->headers[i].value, name))
            return true;
    return false;
}

static bool res_read_is_dropped(const RawHead *raw, Span name) {
    for (size_t i = 0; i < ARRAY_SIZE(res_read_dropped); i++)
        if (name.size == res_read_dropped[i].size &&
            ascii_lower(name.data[0]) == res_read_dropped[i].data[0] &&
            span_equals_nocase(name, res_read_dropped[i]))
            return true;
    return res_read_is_nominated(raw, name);
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

static const char *res_read_field(const RawHead *raw, const Header *header, ResponseHead *head,
                                  ResReadSeen *seen) {
    if (span_is_nocase(header->name, "content-length")) {
        if (head->has_length)
            return "the engine's answer has two Content-Length";
        if (!res_read_length(header->value, &head->declared_length))
            return "the engine's answer has no number in its Content-Length";
        head->has_length = true;
    } else if (span_is_nocase(header->name, "transfer-encoding")) {
        if (seen->chunked || !span_is_nocase(header->value, "chunked"))
            return "the engine's answer has a Transfer-Encoding other than chunked";
        seen->chunked = true;
    } else if (span_is_nocase(header->name, "connection")) {
        seen->close = seen->close || res_read_has_token(header->value, SPAN("close"));
        seen->keep_alive = seen->keep_alive || res_read_has_token(header->value, SPAN("keep-alive"));
    } else if (span_is_nocase(header->name, "upgrade"))
        head->upgrade = header->value;
    else if (span_is_nocase(header->name, "api-version"))
        head->api_minor = version_parse(header->value);
    if (res_read_is_dropped(raw, header->name))
        return NULL;
    for (size_t i = 0; i < header->value.size; i++)
        if (((unsigned char) header->value.data[i] < 0x20 && header->value.data[i] != '\t') ||
            header->value.data[i] == 0x7f)
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
    ResReadSeen seen = {0};
    const char *why;

    *ret = (ResponseHead){.status = reader_status(reader), .http_minor = raw->http_minor};
    if (ret->status < 100 || ret->status > 599) {
        *ret_detail = "the engine's answer has no valid status";
        return REASON_ENGINE_PROTOCOL;
    }
    ret->interim = ret->status < 200 && ret->status != 101;
    for (size_t i = 0; i < raw->n_headers; i++) {
        why = res_read_field(raw, &raw->headers[i], ret, &seen);
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
