// SPDX-License-Identifier: Apache-2.0
/*
 * What the metrics' socket answers, by path.
 */
#pragma once

#include "control.h"
#include "policy/request.h"

typedef enum ControlPage {
    CONTROL_NONE = 0, /* no such page */
    CONTROL_HEALTH,
    CONTROL_READY,
    CONTROL_METRICS,
    CONTROL_TOP,
} ControlPage;

ControlPage control_page(Span path); /* "/healthz" */
bool control_page_asks_engine(ControlPage page);

typedef struct ControlAnswer {
    bool head_only;
    bool close;
    bool engine_up; /* for the pages that ask it */
} ControlAnswer;

/* Appends the whole answer to GET or HEAD. 0 or −ENOMEM. */
int control_answer(Buffer *out, const ControlView *view, ControlPage page, ControlAnswer how);

/* A short answer: `text` and a newline. 405 says what is allowed. 0 or −ENOMEM. */
int control_answer_text(Buffer *out, unsigned status, const char *text, ControlAnswer how);
