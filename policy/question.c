// SPDX-License-Identifier: Apache-2.0
#include "question.h"

#include <stdarg.h>
#include <stdio.h>

#include "text.h"

const char *question_say(const Question *question, const char *format, ...) {
    char text[1024];
    va_list args;

    if (!question->arena)
        return NULL;
    va_start(args, format);
    (void) vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return arena_copy(question->arena, span_from(text));
}

const char *question_show(const Question *question, Span text) {
    const char *shown = question->arena ? text_show(question->arena, text, LIMIT_VALUE_SHOWN) : NULL;

    return shown ? shown : "…";
}

const char *question_name(const Question *question) {
    const Request *request = question->request;
    const char *method = method_name(request->method);

    if (request->operation)
        return request->operation->id;
    return question_say(question, "%s %s", method ? method : "?",
                        question_show(question, request->target.path));
}
