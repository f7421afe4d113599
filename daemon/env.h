// SPDX-License-Identifier: Apache-2.0
/*
 * What those who serve a request borrow from the server. All pointers outlive every borrower.
 */
#pragma once

#include <event2/event.h>

#include "audit.h"
#include "reaper.h"
#include "resolve.h"

/* What the engine has told about itself, in any answer; it may be another after a restart. */
typedef struct EngineFacts {
    unsigned api_minor; /* the newest API version it speaks: 41 for 1.41; 0: not heard yet */
} EngineFacts;

typedef struct Env {
    struct event_base *base;
    Audit *audit;
    Reaper *reaper;
    EngineFacts *facts;
    Resolver *resolver;
} Env;
