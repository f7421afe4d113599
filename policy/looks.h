// SPDX-License-Identifier: Apache-2.0
/*
 * The policy's second word: what a request names is looked at, one object after the other, and judged by what
 * the engine answered. Pure: who has an engine asks it, who hasn't brings answers along, or none.
 *
 *     looks_begin → (looks_target → looks_take | looks_fail)* → looks_target says NULL
 *
 * Begun after policy_decide let the request pass: what is denied anyway isn't looked at. Answers are used and
 * forgotten one by one.
 */
#pragma once

#include "members.h"
#include "needs.h"

typedef struct Looks {
    const Policy *policy;
    Request *request;
    Body *body; /* or NULL */
    Arena *arena;
    Verdict *verdict;
    Needs needs;
    Members members;     /* of NEED_CONTAINERS, NEED_SERVICES */
    size_t next;         /* of needs: not looked at yet */
    Reason doubt;        /* of that one: doubt.h; UNDECIDED: none */
    const Verdict *held; /* says no, once whose the object is has been seen; or NULL */
    bool over;
} Looks;

/*
 * `verdict`: policy_decide's; where it isn't an allow there is nothing to look at. All of it is borrowed
 * until the end, and `request` and `body` are written to there: see pin.h. request->sent, where set, is what
 * must be sent; so is body_dump() of `body` where verdict->n_edits isn't 0.
 */
void looks_begin(Looks *looks, const Policy *policy, Request *request, Body *body, Arena *arena,
                 Verdict *verdict);

/* What to GET next (arena). NULL: nothing more, *verdict is final. */
const char *looks_target(Looks *looks);

/*
 * The engine's answer to it: `verdict` is final if it says no. Host paths that must be resolved first are
 * in verdict->host_paths, as policy_decide leaves them.
 */
void looks_take(Looks *looks, unsigned status, Span body);

/*
 * What needn't be asked twice. What looks_target just said may be answered from what the engine told of the
 * same object before, under its full ID (.data NULL: it must be asked); and what looks_take has just read may
 * be kept for that (NEED_NONE: not). Only an exec instance, and the container that one is in.
 *
 * Why these, and no more. A verdict may only hang on what can't have changed since. An event stream doesn't
 * help with the rest: dockerd changes the object first and sends the event then, so whoever is in between is
 * judged on what was. What a full ID has for good, by moby's source (none of it is changed by anything after
 * the create):
 *   - an exec instance: its container, command, user and privilege (container/exec.go, Config);
 *   - a container: its labels, HostConfig but for resources and the restart policy (container_unix.go,
 *     UpdateContainer; a start with a HostConfig, below v1.24, has no body any more when it is sent), and its
 *     mounts. Not its name, so none of it under `scope: {names: …}`.
 * IDs are random, 256 bits, and never come back. But a container may be *named* like the ID of another, and
 * takes its place when that one is gone (daemon/container.go, GetContainer: by ID, then by name). So where a
 * client names the container, or the network, the engine is asked each time; of an exec instance's container
 * the client says nothing, and the ID that is sent is the instance's, which nobody can choose. Volumes come
 * back under their names, services and tags change, and an image's ID shows another platform's labels after a
 * pull.
 */
Span looks_known(const Looks *looks);
NeedKind looks_keeps(const Looks *looks, Span *ret_id);

/* The kind of what looks_target said. */
NeedKind looks_kind(const Looks *looks);

/*
 * There was none, for `reason`: LOOK_MISSING, LOOK_FAILED, LOOK_TIMEOUT, LOOK_UNREADABLE, NO_MEMORY. Of one
 * that can't be read there may be another target: doubt.h.
 */
void looks_fail(Looks *looks, Reason reason);
