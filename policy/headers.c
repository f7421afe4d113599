// SPDX-License-Identifier: Apache-2.0
#include "headers.h"

#include "bytes.h"

/* Those that are looked at. Each is a singleton: twice is a refusal. */
static const struct {
    Reason twice;
    const char *detail; /* when it stands twice; NULL: that is fine */
} HEADERS[HEADER_NAMES] = {
    [HEADER_HOST] = {REASON_HTTP_HOST, "header Host stands twice"},
    [HEADER_CONTENT_LENGTH] = {REASON_HTTP_FRAMING, "header Content-Length stands twice"},
    [HEADER_TRANSFER_ENCODING] = {REASON_HTTP_FRAMING, "header Transfer-Encoding stands twice"},
    [HEADER_CONTENT_TYPE] = {REASON_HTTP_HEADER, "header Content-Type stands twice"},
    [HEADER_CONTENT_ENCODING] = {REASON_HTTP_HEADER, "header Content-Encoding stands twice"},
    [HEADER_EXPECT] = {REASON_HTTP_HEADER, "header Expect stands twice"},
    [HEADER_UPGRADE] = {REASON_HTTP_HEADER, "header Upgrade stands twice"},
    [HEADER_AUTHORIZATION] = {REASON_HTTP_HEADER, "header Authorization stands twice"},
    [HEADER_X_REGISTRY_AUTH] = {REASON_HTTP_HEADER, "header X-Registry-Auth stands twice"},
    [HEADER_X_REGISTRY_CONFIG] = {REASON_HTTP_HEADER, "header X-Registry-Config stands twice"},
};

static Reason headers_refuse(Reason reason, const char *detail, const char **ret_detail) {
    *ret_detail = detail;
    return reason;
}

static bool headers_is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool headers_is_token(Span text) {
    return text.size > 0 && bytes_of(text, BYTE_TOKEN) == text.size;
}

static bool headers_is_space(char c) {
    return c == ' ' || c == '\t';
}

static Span headers_trim(Span text) {
    while (text.size > 0 && headers_is_space(text.data[0]))
        text = (Span){.data = text.data + 1, .size = text.size - 1};
    while (text.size > 0 && headers_is_space(text.data[text.size - 1]))
        text.size--;
    return text;
}

/* What stands before `separator`; *text is what stands after it, {NULL, 0} when nothing more comes. */
static Span headers_cut(Span *text, char separator) {
    const char *at = text->size > 0 ? memchr(text->data, separator, text->size) : NULL;
    Span head = *text;

    *text = (Span){0};
    if (at) {
        size_t n = (size_t) (at - head.data);

        *text = (Span){.data = at + 1, .size = head.size - n - 1};
        head.size = n;
    }
    return head;
}

bool headers_parse_media(Span value, MediaType *ret) {
    Span rest = value;
    Span name = headers_trim(headers_cut(&rest, ';'));
    Span subtype = name;
    Span type = headers_cut(&subtype, '/');
    bool plain = true;

    /* Go's mime.ParseMediaType trims and lower-cases by Unicode: tokens are ASCII, so neither can bite. */
    if (!headers_is_token(type) || !headers_is_token(subtype))
        return false;
    while (rest.data) {
        Span text = headers_trim(headers_cut(&rest, ';'));
        Span key = headers_cut(&text, '=');

        if (text.size >= 2 && text.data[0] == '"' && text.data[text.size - 1] == '"')
            text = (Span){.data = text.data + 1, .size = text.size - 2};
        if (!headers_is_token(key) || !headers_is_token(text))
            return false;
        plain = plain && span_is_nocase(key, "charset") && span_is_nocase(text, "utf-8");
    }
    *ret = (MediaType){.name = name, .plain = plain};
    return true;
}

/* dockerd lets these bodies override the query (T-023, T-024); refused even where there is no body. */
static bool headers_is_form(Span media) {
    Span family = {.data = media.data, .size = media.size < 10 ? media.size : 10};

    return span_is_nocase(media, "application/x-www-form-urlencoded") || span_is_nocase(family, "multipart/");
}

static Reason headers_check_type(Headers *headers, const char **ret_detail) {
    const Header *type = headers->known[HEADER_CONTENT_TYPE];

    if (headers->known[HEADER_CONTENT_ENCODING]) /* T-044 */
        return headers_refuse(REASON_CONTENT_ENCODING, "header Content-Encoding: the body must come as it is",
                              ret_detail);
    if (!type)
        return REASON_OK;
    if (!headers_parse_media(type->value, &headers->type))
        return headers_refuse(REASON_CONTENT_TYPE, "header Content-Type is malformed", ret_detail);
    if (headers_is_form(headers->type.name))
        return headers_refuse(REASON_CONTENT_TYPE, "header Content-Type: form data could override the query",
                              ret_detail);
    return REASON_OK;
}

/*
 * reg-name, IPv4 address or [IPv6 address], with or without a port; empty is fine (T-061). It is never
 * forwarded, so the syntax is all that counts: who sends another one speaks to something else.
 */
static bool headers_is_host(Span host) {
    size_t i = 0, n_port = 0;

    if (host.size > 0 && host.data[0] == '[') {
        for (i = 1; i < host.size &&
                    (byte_is(host.data[i], BYTE_ALNUM) || host.data[i] == ':' || host.data[i] == '.');)
            i++;
        if (i < 3 || i == host.size || host.data[i++] != ']')
            return false;
    } else {
        i = bytes_of(host, BYTE_HOST);
    }
    if (i == host.size)
        return true;
    if (host.data[i++] != ':')
        return false;
    while (i < host.size && headers_is_digit(host.data[i])) {
        i++;
        n_port++;
    }
    return i == host.size && n_port <= 5;
}

static Reason headers_check_host(const RawHead *raw, const Headers *headers, const char **ret_detail) {
    const Header *host = headers->known[HEADER_HOST];

    if (!host && raw->http_minor == 0)
        return REASON_OK;
    if (!host)
        return headers_refuse(REASON_HTTP_HOST, "header Host is missing", ret_detail);
    if (!headers_is_host(host->value))
        return headers_refuse(REASON_HTTP_HOST, "header Host is malformed", ret_detail);
    return REASON_OK;
}

static Reason headers_check_length(Headers *headers, const char **ret_detail) {
    Span value = headers->known[HEADER_CONTENT_LENGTH]->value;
    uint64_t n = 0;

    if (value.size < 1 || value.size > 19) /* T-052; 19 digits fit into 64 bits */
        return headers_refuse(REASON_HTTP_FRAMING, "header Content-Length is not 1 to 19 digits", ret_detail);
    for (size_t i = 0; i < value.size; i++) {
        if (!headers_is_digit(value.data[i]))
            return headers_refuse(REASON_HTTP_FRAMING, "header Content-Length is not 1 to 19 digits",
                                  ret_detail);
        n = n * 10 + (uint64_t) (value.data[i] - '0');
    }
    if (n > INT64_MAX) /* where Go gives up */
        return headers_refuse(REASON_HTTP_FRAMING, "header Content-Length is too large", ret_detail);
    headers->framing = FRAMING_LENGTH;
    headers->length = n;
    return REASON_OK;
}

static Reason headers_check_framing(const RawHead *raw, Headers *headers, const char **ret_detail) {
    const Header *coding = headers->known[HEADER_TRANSFER_ENCODING];

    if (!coding)
        return headers->known[HEADER_CONTENT_LENGTH] ? headers_check_length(headers, ret_detail) : REASON_OK;
    if (headers->known[HEADER_CONTENT_LENGTH]) /* T-050 */
        return headers_refuse(REASON_HTTP_FRAMING, "header Content-Length beside Transfer-Encoding",
                              ret_detail);
    if (raw->http_minor == 0) /* T-051 */
        return headers_refuse(REASON_HTTP_FRAMING, "header Transfer-Encoding in HTTP/1.0", ret_detail);
    if (!span_is_nocase(coding->value, "chunked"))
        return headers_refuse(REASON_HTTP_FRAMING, "header Transfer-Encoding is not chunked", ret_detail);
    headers->framing = FRAMING_CHUNKED;
    return REASON_OK;
}

static Reason headers_check_rest(const RawHead *raw, Headers *headers, const char **ret_detail) {
    const Header *expect = headers->known[HEADER_EXPECT];
    const Header *upgrade = headers->known[HEADER_UPGRADE];

    if (expect && !span_is_nocase(expect->value, "100-continue"))
        return headers_refuse(REASON_HTTP_EXPECT, "header Expect is not 100-continue", ret_detail);
    headers->expect_continue = expect && raw->http_minor > 0; /* RFC 9110, 10.1.1: 1.0 knows no 100 */
    if (upgrade) {
        Span version = upgrade->value;
        Span protocol = headers_cut(&version, '/');

        if (!headers_is_token(protocol) || (version.data && !headers_is_token(version)))
            return headers_refuse(REASON_HTTP_HEADER, "header Upgrade is not one protocol", ret_detail);
    }
    return REASON_OK;
}

static bool headers_has_close(Span connection) {
    while (connection.data)
        if (span_is_nocase(headers_trim(headers_cut(&connection, ',')), "close"))
            return true;
    return false;
}

static Reason headers_collect(const RawHead *raw, Headers *headers, const char **ret_detail) {
    for (size_t i = 0; i < raw->n_headers; i++) {
        const Header *header = &raw->headers[i];
        HeaderName name = header_name(header->name);

        headers->names[i] = (unsigned char) name;
        /* T-058; an empty name too. Those of ours are tokens. */
        if (header_spelling(name).size == 0 && !headers_is_token(header->name))
            return headers_refuse(REASON_HTTP_HEADER, "a header name that is no token", ret_detail);
        if (!bytes_are_value(header->value))
            return headers_refuse(REASON_HTTP_HEADER, "a header value with control bytes", ret_detail);
        if (name == HEADER_CONNECTION)
            headers->close = headers->close || headers_has_close(header->value);
        if (!HEADERS[name].detail)
            continue;
        if (headers->known[name])
            return headers_refuse(HEADERS[name].twice, HEADERS[name].detail, ret_detail);
        headers->known[name] = header;
    }
    return REASON_OK;
}

Reason headers_check(const RawHead *raw, Headers *ret, const char **ret_detail) {
    Reason reason;

    *ret = (Headers){0};
    if (raw->n_headers > LIMIT_HEADERS)
        return headers_refuse(REASON_HEADERS_TOO_LARGE, "more header fields than the limit", ret_detail);
    reason = headers_collect(raw, ret, ret_detail);
    if (reason == REASON_OK)
        reason = headers_check_host(raw, ret, ret_detail);
    if (reason == REASON_OK)
        reason = headers_check_framing(raw, ret, ret_detail);
    if (reason == REASON_OK)
        reason = headers_check_type(ret, ret_detail);
    if (reason == REASON_OK)
        reason = headers_check_rest(raw, ret, ret_detail);
    return reason;
}
