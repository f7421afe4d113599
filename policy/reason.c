// SPDX-License-Identifier: Apache-2.0
#include "reason.h"

typedef struct ReasonRow {
    unsigned short status;
    bool closes;
    const char *label;
    const char *sentence;
} ReasonRow;

/* A row that is missing is all zero: reason_row() turns it into REASON_UNDECIDED's. */
static const ReasonRow REASON_ROWS[REASON_MAX_] = {
    [REASON_UNDECIDED] = {403, true, "undecided", "nothing decided about this request, so it is denied"},
    [REASON_OK] = {0, false, "ok", "passes"},

    [REASON_HTTP_SYNTAX] = {400, true, "http_syntax", "not valid HTTP/1"},
    [REASON_HTTP_VERSION] = {400, true, "http_version", "only HTTP/1.0 and HTTP/1.1 are spoken here"},
    [REASON_HTTP_METHOD] = {400, true, "http_method", "the method is none of GET, HEAD, POST, PUT, DELETE"},
    [REASON_HTTP_HEADER] = {400, true, "http_header", "a header field is malformed or stands twice"},
    [REASON_HTTP_HOST] = {400, true, "http_host", "the Host field is missing, repeated or malformed"},
    [REASON_HTTP_FRAMING] = {400, true, "http_framing", "where the body ends could be read in two ways"},
    [REASON_HTTP_EXPECT] = {417, true, "http_expect", "only 100-continue can be expected"},
    [REASON_TARGET_FORM] = {400, true, "target_form", "the target is not a path that starts with /"},
    [REASON_TARGET_PATH] = {400, true, "target_path", "the path could be read in two ways"},
    [REASON_TARGET_VERSION] = {400, true, "target_version", "the API version is not of the form v1.NN"},
    [REASON_TARGET_QUERY] = {400, true, "target_query", "the query could be read in two ways"},
    [REASON_BODY_UNEXPECTED] = {400, true, "body_unexpected", "a body where the operation takes none"},
    [REASON_BODY_MISSING] = {400, true, "body_missing", "no body where the operation needs one"},
    [REASON_BODY_TRUNCATED] = {400, true, "body_truncated", "the body ended before its announced end"},

    [REASON_JSON_SYNTAX] = {400, false, "json_syntax", "the body is not valid JSON"},
    [REASON_JSON_AMBIGUOUS] = {400, false, "json_ambiguous", "a key stands twice or in another case"},
    [REASON_JSON_LIMIT] = {400, false, "json_limit",
                           "the JSON is nested too deep, or there is too much of it"},

    [REASON_HEADER_TIMEOUT] = {408, true, "header_timeout", "the head of the request took too long"},
    [REASON_BODY_TIMEOUT] = {408, true, "body_timeout", "the body of the request took too long"},
    [REASON_BODY_TOO_LARGE] = {413, true, "body_too_large", "the body is larger than what is inspected"},
    [REASON_CONTENT_TYPE] = {415, false, "content_type", "the operation doesn't take this Content-Type"},
    [REASON_CONTENT_ENCODING] = {415, false, "content_encoding", "an encoded body can't be inspected"},
    [REASON_HEADERS_TOO_LARGE] = {431, true, "headers_too_large",
                                  "the header fields are too many or too large"},
    [REASON_TARGET_TOO_LARGE] = {414, true, "target_too_large",
                                 "the target is too long or has too many parts"},

    [REASON_CLIENT_NOT_ALLOWED] = {403, true, "client_not_allowed", "this client may not use this listener"},
    [REASON_CLIENT_UNKNOWN] = {403, true, "client_unknown",
                               "which container or unit this client runs in can't be told"},
    [REASON_OPERATION_UNKNOWN] = {403, false, "operation_unknown",
                                  "no operation known here has this method and path"},
    [REASON_OPERATION_NOT_ALLOWED] = {403, false, "operation_not_allowed",
                                      "the policy doesn't allow the operation"},
    [REASON_OPERATION_DENIED] = {403, false, "operation_denied", "the policy denies the operation"},
    [REASON_QUERY_NOT_ALLOWED] = {403, false, "query_not_allowed", "the policy doesn't allow this query"},
    [REASON_NOT_NOW] = {403, false, "not_now", "the policy doesn't allow it at this time"},
    [REASON_VERSION_NOT_ALLOWED] = {403, false, "version_not_allowed",
                                    "the policy doesn't allow this API version"},
    [REASON_FIELD_NOT_ALLOWED] = {403, false, "field_not_allowed",
                                  "the policy doesn't allow the value of a field"},
    [REASON_FIELD_UNKNOWN] = {403, false, "field_unknown",
                              "the body has a field that this release doesn't know"},
    [REASON_FIELD_TYPE] = {403, false, "field_type", "a field of the body has the wrong type"},
    [REASON_BODY_NOT_JUDGED] = {403, false, "body_not_judged",
                                "no rules exist for the body of this operation"},
    [REASON_PLACEHOLDER] = {403, false, "placeholder",
                            "what stood in an answer for a hidden value can't be set as one"},
    [REASON_SCOPE_OPERATION] = {403, false, "scope_operation",
                                "the operation can't be held to what is in the policy's scope"},
    [REASON_LOOK_MISSING] = {403, false, "look_missing",
                             "what the engine says of an object decides, and it can't be asked here"},
    [REASON_LOOK_NAME] = {403, false, "look_name", "no object of the engine can have this name"},
    [REASON_LOOK_LIMIT] = {403, false, "look_limit",
                           "the request names more objects than the engine is asked about"},
    [REASON_OBJECT_ABSENT] = {404, false, "object_absent", "no such object"},
    [REASON_NAME_TAKEN] = {409, false, "name_taken", "the name is in use"},

    [REASON_ENGINE_UNREACHABLE] = {502, false, "engine_unreachable", "the engine can't be reached"},
    [REASON_ENGINE_CLOSED] = {502, false, "engine_closed", "the engine closed before it had answered"},
    [REASON_ENGINE_PROTOCOL] = {502, false, "engine_protocol", "the engine's answer is not valid HTTP/1"},
    [REASON_ENGINE_TIMEOUT] = {504, false, "engine_timeout", "the engine took too long to answer"},
    [REASON_LOOK_FAILED] = {502, false, "look_failed", "the engine can't be asked about an object"},
    [REASON_LOOK_TIMEOUT] = {504, false, "look_timeout", "the engine took too long to tell about an object"},
    [REASON_LOOK_UNREADABLE] = {502, false, "look_unreadable",
                                "what the engine tells about an object can't be read for certain"},
    [REASON_ANSWER_UNREADABLE] =
        {502, false, "answer_unreadable",
         "the engine's answer can't be read for certain, and parts of it are hidden"},
    [REASON_ANSWER_TOO_LARGE] = {502, false, "answer_too_large",
                                 "the engine's answer is too large to hide parts of it"},
    [REASON_ANSWER_OTHERS] = {502, false, "answer_others",
                              "what the engine's answer tells of is out of the policy's scope"},
    [REASON_AUDIT_FAILED] = {503, false, "audit_failed", "the audit trail can't be written"},
    [REASON_CONNECTION_LIMIT] = {503, true, "connection_limit", "too many connections"},
    [REASON_NO_MEMORY] = {503, true, "no_memory", "the request needs more memory than one request may have"},
    [REASON_SHUTTING_DOWN] = {503, true, "shutting_down", "the gate is shutting down"},
    [REASON_CLIENT_CLOSED] = {503, true, "client_closed", "the client left before the request was decided"},
};

static const ReasonRow *reason_row(Reason reason) {
    unsigned i = (unsigned) reason;

    return i < REASON_MAX_ && REASON_ROWS[i].label ? &REASON_ROWS[i] : &REASON_ROWS[REASON_UNDECIDED];
}

unsigned reason_http_status(Reason reason) {
    return reason_row(reason)->status;
}

const char *reason_label(Reason reason) {
    return reason_row(reason)->label;
}

const char *reason_sentence(Reason reason) {
    return reason_row(reason)->sentence;
}

bool reason_closes_connection(Reason reason) {
    return reason_row(reason)->closes;
}
