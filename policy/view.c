// SPDX-License-Identifier: Apache-2.0
#include "view.h"

#include "set.h"
#include "view_walk.h"

/* Beside AnswerClass. */
#define EVERY (1u << 24)
#define EVENT (1u << 25)
#define TOP (1u << 26)
#define VOLUME (1u << 27)
#define FAILURE (1u << 28)
#define PEERS (1u << 16) /* and these only under a scope */
#define COUNTS (1u << 17)
#define MADE_BY (1u << 18)
#define SENTENCE (1u << 19)
#define SUMS (1u << 20)

static const ViewRule view_rules[] = {
#define ENV ANSWER_ENV
#define LABELS ANSWER_LABELS
#define ATTRIBUTES ANSWER_ATTRIBUTES
#define COMMANDS ANSWER_COMMANDS
#define HOST_PATHS ANSWER_HOST_PATHS
#define OPTIONS ANSWER_OPTIONS
#define HEALTH ANSWER_HEALTH
#define BUILD_ARGS ANSWER_BUILD_ARGS
#define INFO ANSWER_INFO
#define CONFIGS ANSWER_CONFIGS
#define ANY NULL
#define ROOT ""
#define KEY(key, parent, classes, edit) {key, parent, (classes), edit},
#include "view.def"
#undef KEY
};

_Static_assert(ARRAY_SIZE(view_rules) <= VIEW_EDITS, "VIEW_EDITS has room for view.def");

const ViewRule *view_rule(unsigned i) {
    return &view_rules[i];
}

/*
 * What a scope has to do with an answer: lists that `keep` is asked of, beside arrays at the root and lines.
 */
typedef struct ViewScope {
    const char *operation;
    const char *lists;
    unsigned classes;
    bool whole;
} ViewScope;

static const ViewScope view_scopes[] = {
    {"ContainerList", "Names ", PEERS, false},
    {"ContainerInspect", "", PEERS, false},
    {"ImageList", "RepoTags RepoDigests Containers ", 0, false},
    {"ImageInspect", "RepoTags RepoDigests Containers ", MADE_BY, false},
    {"ImageHistory", "Tags ", 0, false},
    {"NetworkList", "Containers Services ", 0, false},
    {"NetworkInspect", "Containers Services ", 0, false},
    {"VolumeList", "Volumes ", 0, false},
    {"VolumeInspect", "", 0, true},
    {"VolumeCreate", "", 0, true},
    {"ServiceList", "", 0, false},
    {"TaskList", "", 0, false},
    {"SecretList", "", 0, false},
    {"ConfigList", "", 0, false},
    {"SystemEvents", "", 0, false},
    {"SystemInfo", "", COUNTS, false},
    {"SystemDataUsage", "Images Containers Volumes BuildCache Items Names RepoTags RepoDigests ",
     SUMS | PEERS, false},
};

static const ViewScope *view_scope(const Policy *policy, const Request *request) {
    for (size_t i = 0; policy->scope.given && !policy->observes && i < ARRAY_SIZE(view_scopes); i++)
        if (request->operation && strcmp(request->operation->id, view_scopes[i].operation) == 0)
            return &view_scopes[i];
    return NULL;
}

/* Until somebody is there who knows. */
static ViewChoice view_is_unsure(void *ctx, const ViewObject *object) {
    (void) ctx;
    (void) object;
    return VIEW_UNSURE;
}

/* From the last to the first, so that a slot's chain has them in their order. */
static void view_settle(View *view, unsigned classes) {
    for (unsigned i = ARRAY_SIZE(view_rules); i-- > 0;) {
        unsigned slot = view_slot(span_from(view_rules[i].key));

        if (!(view_rules[i].classes & classes))
            continue;
        view->next[i] = view->first[slot];
        view->first[slot] = (unsigned char) (i + 1);
    }
}

static bool is_operation(const Request *request, const char *id) {
    return request->operation && strcmp(request->operation->id, id) == 0;
}

/* What only this operation's answer has. */
static unsigned view_classes_of(const Request *request, unsigned classes, View *view) {
    unsigned more = 0;

    if ((!request->operation || is_operation(request, "SystemEvents")) && (classes & ANSWER_COMMANDS))
        more |= EVENT;
    if ((is_operation(request, "VolumeInspect") || is_operation(request, "VolumeList") ||
         is_operation(request, "VolumeCreate") || is_operation(request, "SystemDataUsage")) &&
        (classes & ANSWER_OPTIONS))
        more |= VOLUME;
    if ((!request->operation || is_operation(request, "ContainerTop")) &&
        view_top_is_asked(request, view->answers, &view->top_is_renamed))
        more |= TOP;
    /* Podman's own: nobody said what its columns may be. */
    view->top_is_renamed = view->top_is_renamed || !request->operation;
    return more;
}

/*
 * Podman's own interface, which is no operation: a stream of events in Docker's form, one a line (podman
 * pkg/api/handlers/compat/events.go serves both). As a document it would never arrive.
 */
static bool is_libpod_events(const Request *request) {
    return !request->operation && request->method == METHOD_GET &&
           span_is(request->target.path, "/libpod/events");
}

bool view_choose(const Policy *policy, const Request *request, View *ret) {
    const AnswerRow *row = answers_row(request->operation);
    const ViewScope *scope = view_scope(policy, request);
    unsigned possible = row ? row->classes : ANSWER_ALL, classes = policy->answers.classes, more;

    *ret = (View){
        .answers = &policy->answers,
        .kind = row                         ? row->kind
                : is_libpod_events(request) ? ANSWER_LINES
                                            : ANSWER_DOCUMENT,
        .many = request->operation == NULL,
        .lists = "",
    };
    if (scope) {
        ret->lists = scope->lists;
        ret->whole = scope->whole;
        ret->keep.ask = view_is_unsure;
        ret->hides_peers = ret->kind == ANSWER_LINES;
    } else if (ret->kind == ANSWER_OPAQUE || !(classes & possible))
        return false;
    more = view_classes_of(request, classes, ret) | (scope ? scope->classes : 0);
    if (is_operation(request, "ContainerTop") && !(more & TOP))
        return false;
    /* What is looked at at all, is looked at for these too, wherever they stand. */
    view_settle(ret, (classes & (possible | ANSWER_ENV | ANSWER_LABELS)) | more | EVERY);
    return true;
}

bool view_choose_failure(const Policy *policy, const Request *request, unsigned status, bool restored,
                         View *ret) {
    bool scoped = policy->scope.given && !policy->observes;
    bool hidden;
    View view;

    hidden = status != 404 && status != 409 &&
             (restored || (is_operation(request, "ContainerTop") && view_choose(policy, request, &view)));
    if (!hidden && !scoped)
        return false;
    *ret = (View){.answers = &policy->answers, .kind = ANSWER_DOCUMENT, .lists = ""};
    ret->keep.ask = scoped ? view_is_unsure : NULL;
    ret->sentence = scoped && !hidden;
    view_settle(ret, hidden ? FAILURE : SENTENCE);
    return true;
}

Reason view_run(const View *view, ViewHash hash, void *hash_ctx, Span text, const ViewSink *sink) {
    ViewWalk walk = {
        .view = view,
        .hash = hash,
        .hash_ctx = hash_ctx,
        .sink = sink,
        .scan = {.p = text.data, .end = text.data + text.size},
        .copied = text.data,
        .reason = REASON_OK,
    };
    ViewObject object = {0};
    const char *begin;

    /* RFC 7464, which a client can ask events for. */
    if (view->kind == ANSWER_LINES && json_scan_peek(&walk.scan) == 0x1e)
        walk.scan.p++;
    json_scan_space(&walk.scan);
    begin = walk.scan.p;
    if (view->sentence && json_scan_peek(&walk.scan) != '{') {
        (void) (view_scope_string(&walk, EDIT_WORDS, text) && view_cut(&walk, walk.scan.end, walk.scan.end));
        return walk.reason;
    }
    if ((view->kind == ANSWER_LINES || view->whole) && view->keep.ask) {
        ViewChoice choice;

        if (!view_skip(&walk, &object.bytes))
            return walk.reason;
        choice = view->keep.ask(view->keep.ctx, &object);
        if (choice == VIEW_UNSURE)
            return REASON_ANSWER_UNREADABLE;
        if (choice == VIEW_DROP)
            return view->whole ? REASON_ANSWER_OTHERS : REASON_OK;
        walk.scan.p = begin;
    }
    if (!view_top_begin(&walk))
        return walk.reason;
    do {
        if (!view_value(&walk, EDIT_NONE, (Span){0}))
            return walk.reason;
        json_scan_space(&walk.scan);
    } while (view->many && walk.scan.p < walk.scan.end);
    if (walk.scan.p < walk.scan.end)
        return REASON_ANSWER_UNREADABLE;
    (void) view_put(&walk, (Span){walk.copied, (size_t) (walk.scan.end - walk.copied)});
    return walk.reason;
}
