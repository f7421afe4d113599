// SPDX-License-Identifier: Apache-2.0
/*
 * What those who serve a request borrow from the server. All pointers outlive every borrower.
 */
#pragma once

#include <event2/event.h>

#include "alarms.h"
#include "audit.h"
#include "kept.h"
#include "metrics.h"
#include "outbox.h"
#include "reaper.h"
#include "resolve.h"
#include "redactor.h"
#include "subjects.h"
#include "splicer.h"

/*
 * What the engine has told about itself, in any answer; it may be another after a restart, and after a
 * reload: `of` is the config whose engine it is. An exchange of another config neither believes it nor adds
 * to it.
 */
typedef struct EngineFacts {
    const void *of;
    unsigned api_minor; /* the newest API version it speaks: 41 for 1.41; 0: not heard yet */
} EngineFacts;

typedef struct Env {
    struct event_base *base;
    Outbox *outbox; /* an exchange's answer is in it until its record is written */
    Alarms *alarms; /* the clients' deadlines */
    Audit *audit;
    Reaper *reaper;
    EngineFacts *facts;
    Resolver *resolver;
    Redactor *redactor;
    Kept *kept;  /* for restore: true */
    Kept *known; /* for looks */
    Subjects *subjects;
    Splicer *splicer; /* NULL: all is copied */
    Metrics *metrics; /* NULL: nobody wants them */
} Env;

/* The newest API version of the engine of `config`; 0: not heard yet. */
static inline unsigned env_api_minor(const Env *env, const void *config) {
    return env->facts->of == config ? env->facts->api_minor : 0;
}

static inline void env_hear_api_minor(const Env *env, const void *config, unsigned minor) {
    if (env->facts->of == config && minor != 0)
        env->facts->api_minor = minor;
}
