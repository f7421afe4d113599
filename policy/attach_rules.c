// SPDX-License-Identifier: Apache-2.0
#include "attach_rules.h"

#include "keys.h"
#include "text.h"

static const char RULE[] = "attach";

void attach_rules_read(DocErrors *errors, const DocNode *node, bool *ret_output) {
    static const char *const words[] = {"any", "output"};
    size_t i;

    if (keys_read_word(errors, node, "attach", words, ARRAY_SIZE(words), &i))
        *ret_output = i == 1;
}

static bool attach_is(const Request *request, const char *operation) {
    return request->operation && strcmp(request->operation->id, operation) == 0;
}

static bool attach_is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool attach_rules_is_false(Span value) {
    static const char *const words[] = {"", "0", "no", "false", "none"};

    while (value.size > 0 && attach_is_space(value.data[0]))
        value = (Span){.data = value.data + 1, .size = value.size - 1};
    while (value.size > 0 && attach_is_space(value.data[value.size - 1]))
        value.size--;
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (span_is_nocase(value, words[i]))
            return true;
    return false;
}

/* Every repeat, and the key in any case: Podman takes it so, and some profiles let other spellings pass. */
static const QueryPair *attach_find_stdin(const Target *target) {
    for (size_t i = 0; i < target->n_query; i++)
        if (span_is_nocase(target->query[i].key, "stdin") && !attach_rules_is_false(target->query[i].value))
            return &target->query[i];
    return NULL;
}

static Verdict attach_refuse(Arena *arena, const QueryPair *pair) {
    const char *key = text_show(arena, pair->key, LIMIT_VALUE_SHOWN);
    const char *value = text_show(arena, pair->value, LIMIT_VALUE_SHOWN);
    const char *field = key ? arena_printf(arena, "query.%s", key) : NULL;

    return (Verdict){
        .reason = REASON_QUERY_NOT_ALLOWED,
        .rule = RULE,
        .field = field ? field : "query.stdin",
        .detail = field && value ? arena_printf(arena, "%s=%s", field, value) : NULL,
        .hint = "attach without stdin, as with docker attach --no-stdin",
        .advise = true,
    };
}

Verdict attach_rules_judge(Arena *arena, const Request *request) {
    const QueryPair *pair;

    if (attach_is(request, "ContainerAttachWebsocket"))
        return (Verdict){
            .reason = REASON_OPERATION_NOT_ALLOWED,
            .rule = RULE,
            .detail = "a websocket can't be held to output",
            .hint = "attach with POST as the docker command does, without stdin",
            .advise = true,
        };
    if (!attach_rules_drop(request))
        return (Verdict){0};
    pair = attach_find_stdin(&request->target);
    return pair ? attach_refuse(arena, pair) : (Verdict){0};
}

bool attach_rules_drop(const Request *request) {
    return attach_is(request, "ContainerAttach");
}
