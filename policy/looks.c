// SPDX-License-Identifier: Apache-2.0
#include "looks.h"

#include "bytes.h"
#include "doubt.h"
#include "found.h"
#include "judge_inside.h"
#include "needs_made.h"
#include "pin.h"
#include "scope_filter.h"
#include "scope_image.h"
#include "set.h"
#include "text.h"

/* Nothing more is looked at. Under observe the request goes on as it came. */
static void looks_end(Looks *looks, const Verdict *verdict) {
    looks->over = true;
    if (!verdict)
        return;
    *looks->verdict = *verdict;
    if (looks->policy->observes)
        looks->verdict->effect = EFFECT_OBSERVE;
}

static void looks_refuse(Looks *looks, Reason reason, const char *field, const char *detail) {
    Verdict verdict = verdict_from_reason(reason, detail);

    verdict.field = field;
    looks_end(looks, &verdict);
}

static void looks_refuse_rule(Looks *looks, Reason reason, const char *rule, const char *field,
                              const char *detail) {
    looks_refuse(looks, reason, field, detail);
    looks->verdict->rule = rule;
}

/* "container web: what the engine says …"; of an exec instance's container, the instance. */
static void looks_refuse_need(Looks *looks, const Need *need, Reason reason) {
    bool told = need->told_kind != NEED_NONE;
    const char *kind = need_kind_name(told ? need->told_kind : need->kind);
    const char *shown = text_show(looks->arena, told ? need->told_name : need->name, LIMIT_VALUE_SHOWN);
    const char *detail =
        shown ? arena_printf(looks->arena, "%s %s: %s", kind, shown, reason_sentence(reason)) : NULL;

    looks_refuse(looks, reason, need->field, detail);
}

/* What the engine says of it isn't what it says of what is there, nor of what isn't. */
static void looks_doubt(Looks *looks, const Need *need, Reason reason) {
    if (doubt_concerns(looks->policy, need))
        looks->doubt = reason;
    else
        looks_refuse_need(looks, need, reason);
}

/* The engine's word on a name that nobody has. */
static void looks_settle(Looks *looks, unsigned status) {
    const Need *need = &looks->needs.items[looks->next];
    Verdict verdict;

    if (!doubt_is_settled(status))
        return looks_refuse_need(looks, need, looks->doubt);
    verdict = doubt_verdict(looks->arena, need, looks->doubt);
    looks_end(looks, &verdict);
}

static void looks_add_edits(Looks *looks, const char **edits, size_t n) {
    Verdict *verdict = looks->verdict;
    const char **all;

    if (n == 0)
        return;
    all = arena_alloc_array(looks->arena, verdict->n_edits + n, sizeof(*all));
    if (!all)
        return looks_refuse(looks, REASON_NO_MEMORY, NULL, NULL);
    if (verdict->n_edits > 0)
        memcpy(all, verdict->edits, verdict->n_edits * sizeof(*all));
    memcpy(all + verdict->n_edits, edits, n * sizeof(*all));
    verdict->edits = all;
    verdict->n_edits += n;
}

/* All have been looked at, and none was objected to. */
static void looks_pass(Looks *looks) {
    const char **edits = NULL;
    size_t n = 0;
    const char *field = NULL, *detail = NULL;
    Reason reason = REASON_OK;

    looks_end(looks, looks->held);
    if (looks->held)
        return;
    /* First: a need tells of its pair of the query by number. */
    if (!looks->policy->observes &&
        pin_all(&looks->needs, looks->arena, looks->request, &edits, &n) != REASON_OK)
        return looks_refuse(looks, REASON_NO_MEMORY, NULL, NULL);
    if (looks->policy->scope.given && looks->request->operation)
        reason = scope_filter(looks->arena, &looks->policy->scope, looks->request, &field, &detail);
    if (looks->policy->observes)
        looks->request->sent = NULL;
    if (reason != REASON_OK)
        return looks_refuse_rule(looks, reason, "scope", field, detail);
    if (!looks->policy->observes)
        looks_add_edits(looks, edits, n);
}

/* True where an earlier answer was about the same object, for the same ends. */
static bool looks_know(Looks *looks, Need *need) {
    for (const Need *other = looks->needs.items; other < need; other++)
        if (other->kind == need->kind && !need->filters && span_equals(other->name, need->name) &&
            (other->uses & need->uses) == need->uses) {
            need->id = other->id;
            return true;
        }
    return false;
}

/* What could not be collected is refused before anything is asked. */
static bool looks_are_sound(Looks *looks) {
    const Needs *needs = &looks->needs;

    if (needs->reason == REASON_UNDECIDED)
        return true;
    looks_refuse(looks, needs->reason, needs->field,
                 arena_printf(looks->arena, "%s: %s", needs->field ? needs->field : "the request",
                              needs->detail ? needs->detail : reason_sentence(needs->reason)));
    return false;
}

void looks_begin(Looks *looks, const Policy *policy, Request *request, Body *body, Arena *arena,
                 Verdict *verdict) {
    looks->policy = policy;
    looks->request = request;
    looks->body = body;
    looks->arena = arena;
    looks->verdict = verdict;
    looks->members = (Members){0};
    looks->next = 0;
    looks->doubt = REASON_UNDECIDED;
    looks->held = NULL;
    looks->over = verdict->effect != EFFECT_ALLOW;
    needs_clear(&looks->needs, arena);
    if (!looks->over)
        needs_collect(policy, request, body, arena, &looks->needs);
}

const char *looks_target(Looks *looks) {
    Needs *needs = &looks->needs;
    const char *target;

    if (looks->over || !looks_are_sound(looks))
        return NULL;
    while (looks->next < needs->n && looks_know(looks, &needs->items[looks->next]))
        looks->next++;
    if (looks->next == needs->n) {
        looks_pass(looks);
        return NULL;
    }
    target = looks->doubt ? doubt_target(looks->arena, looks->request, &needs->items[looks->next])
                          : need_target(looks->arena, looks->request, &needs->items[looks->next]);
    if (!target)
        looks_refuse(looks, REASON_NO_MEMORY, NULL, NULL);
    return target;
}

/* --- What is known ------------------------------------------------------------------------------------ */

NeedKind looks_kind(const Looks *looks) {
    return !looks->over && looks->next < looks->needs.n ? looks->needs.items[looks->next].kind : NEED_NONE;
}

Span looks_known(const Looks *looks) {
    const Need *need;

    if (looks->over || looks->doubt || looks->next >= looks->needs.n || looks->policy->scope.names.given)
        return (Span){0};
    need = &looks->needs.items[looks->next];
    if (!bytes_are_id(need->name))
        return (Span){0};
    return need->kind == NEED_EXEC || (need->kind == NEED_CONTAINER && need->told_kind == NEED_EXEC)
               ? need->name
               : (Span){0};
}

NeedKind looks_keeps(const Looks *looks, Span *ret_id) {
    const Operation *operation = looks->request->operation;
    const Need *need = looks->next > 0 ? &looks->needs.items[looks->next - 1] : NULL;

    if (looks->over || looks->doubt || !need || !need->id || !bytes_are_id(span_from(need->id)))
        return NEED_NONE;
    *ret_id = span_from(need->id);
    if (need->kind == NEED_EXEC || (need->kind == NEED_CONTAINER && need->told_kind == NEED_EXEC))
        return need->kind;
    /* What comes next is the start of it. */
    return need->kind == NEED_CONTAINER && need->place == NEED_IN_PATH && operation &&
                   strcmp(operation->id, "ContainerExec") == 0
               ? need->kind
               : NEED_NONE;
}

void looks_fail(Looks *looks, Reason reason) {
    if (looks->over || looks->next >= looks->needs.n)
        return;
    if (reason == REASON_NO_MEMORY)
        looks_refuse(looks, reason, NULL, NULL);
    else if (reason == REASON_LOOK_UNREADABLE && !looks->doubt)
        looks_doubt(looks, &looks->needs.items[looks->next], reason);
    else
        looks_refuse_need(looks, &looks->needs.items[looks->next], reason);
}

/* --- All of the scope, by a list --------------------------------------------------------------------- */

static void looks_read_members(Looks *looks, const Need *need, Span text) {
    ScopeKind kind = need->kind == NEED_CONTAINERS ? SCOPE_CONTAINER : SCOPE_SERVICE;

    if (!members_read(&looks->members, looks->arena, &looks->policy->scope, kind, text))
        looks_refuse_need(looks, need, REASON_LOOK_UNREADABLE);
}

/* Of the request: which of the scope's objects there are. */
static bool looks_follow_members(Looks *looks, const Need *from, NeedKind kind) {
    const char *operation = kind == NEED_CONTAINERS ? "ContainerList" : "ServiceList";
    Need need = {.kind = kind, .uses = NEED_SCOPED, .name = SPAN("all"), .field = from->field};

    need.filters = scope_filter_text(looks->arena, &looks->policy->scope, operation);
    if (need.filters)
        needs_add(&looks->needs, &need);
    return need.filters != NULL;
}

static bool looks_take_id(Looks *looks, Need *need, const BodyNode *answer) {
    static const char *const keys[NEED_KIND_MAX_] = {
        [NEED_CONTAINER] = "Id", [NEED_EXEC] = "ID",     [NEED_IMAGE] = "Id",
        [NEED_NETWORK] = "Id",   [NEED_VOLUME] = "Name", [NEED_SERVICE] = "ID",
        [NEED_SECRET] = "ID",    [NEED_CONFIG] = "ID",   [NEED_TASK] = "ID",
    };
    const BodyNode *id = body_member(answer, keys[need->kind]);

    if (!id || body_type(id) != BODY_TYPE_STRING || !need_has_id(need, body_string(id)))
        return false;
    need->id = arena_copy(looks->arena, body_string(id));
    return need->id != NULL;
}

/* Another object that the answer names: its name must outlive the answer. */
static bool looks_follow(Looks *looks, const Need *from, NeedKind kind, const BodyNode *name, unsigned uses) {
    char *copy = name ? arena_copy(looks->arena, body_string(name)) : NULL;
    Need need = {.kind = kind, .uses = uses, .name = span_from(copy), .field = from->field};

    if (from->kind == NEED_EXEC || from->kind == NEED_TASK) {
        need.told_kind = from->kind;
        need.told_name = from->name;
    }
    if (copy)
        needs_add(&looks->needs, &need);
    return copy != NULL;
}

/* A container's volumes may be binds in disguise, each of them: they have to be looked at too. */
static bool looks_follow_volumes(Looks *looks, const Need *need, const BodyNode *answer) {
    const BodyNode *mounts = body_member(answer, "Mounts");

    for (size_t i = 0; mounts && judge_origin_matters(&looks->policy->rules) && i < body_size(mounts); i++) {
        const BodyNode *mount = body_at(mounts, i), *type = found_text(mount, "Type");

        if (type && span_is(body_string(type), "volume") &&
            !looks_follow(looks, need, NEED_VOLUME, found_text(mount, "Name"), NEED_ORIGIN | NEED_MAY_BE_NEW))
            return false;
    }
    return true;
}

/* False: the answer lacks what would have to be looked at next, or there is no memory for it. */
static bool looks_follow_all(Looks *looks, const Need *need, const BodyNode *answer) {
    unsigned uses = need->uses & NEED_SCOPED;

    if ((need->uses & NEED_INSIDE) && !looks_follow_volumes(looks, need, answer))
        return false;
    if (!needs_made(looks->policy, looks->request->operation, need, answer, looks->arena, &looks->needs))
        return false;
    if ((need->uses & NEED_COMMAND) && judge_inside_matters(&looks->policy->rules))
        uses |= NEED_INSIDE;
    if (looks->policy->scope.given && need->place == NEED_IN_PATH &&
        members_are_named(looks->request->operation, answer) &&
        !looks_follow_members(looks, need, NEED_CONTAINERS))
        return false;
    if (need->kind == NEED_TASK)
        return looks_follow(looks, need, NEED_SERVICE, found_text(answer, "ServiceID"), NEED_SCOPED);
    return need->kind != NEED_EXEC || uses == 0 ||
           looks_follow(looks, need, NEED_CONTAINER, found_text(answer, "ContainerID"), uses);
}

/* --- The scope --------------------------------------------------------------------------------------- */

static const ScopeKind LOOKS_SCOPES[NEED_KIND_MAX_] = {
    [NEED_CONTAINER] = SCOPE_CONTAINER, [NEED_EXEC] = SCOPE_KIND_MAX_, [NEED_IMAGE] = SCOPE_IMAGE,
    [NEED_NETWORK] = SCOPE_NETWORK,     [NEED_VOLUME] = SCOPE_VOLUME,  [NEED_SERVICE] = SCOPE_SERVICE,
    [NEED_SECRET] = SCOPE_SERVICE,      [NEED_CONFIG] = SCOPE_SERVICE, [NEED_TASK] = SCOPE_KIND_MAX_,
};

static void looks_refuse_scope(Looks *looks, const Need *need) {
    looks_refuse_rule(looks, REASON_OBJECT_ABSENT, "scope", need->field, need_absent(looks->arena, need));
}

/* By its ID an image is deleted under all of its names. */
static bool looks_is_in_scope(const Looks *looks, const Need *need, const BodyNode *answer) {
    const Scope *scope = &looks->policy->scope;
    const Operation *operation = looks->request->operation;

    if (!scope_has(scope, LOOKS_SCOPES[need->kind], answer))
        return false;
    if (need->kind != NEED_IMAGE)
        return true;
    /* A name it becomes, though by its hex digits the engine may tell of an image with such an ID. */
    if (need->uses & NEED_NAMING)
        return scope_image_may_have(looks->arena, scope, need->name);
    return scope_image_has(looks->arena, scope, need->name, answer,
                           operation && strcmp(operation->id, "ImageDelete") == 0);
}

/* Whether what was found may be known of. An exec instance is its container's, and a task its service's,
 * which is looked at next. */
static bool looks_check_scope(Looks *looks, const Need *need, const BodyNode *answer) {
    const Scope *scope = &looks->policy->scope;
    ScopeKind kind = LOOKS_SCOPES[need->kind];
    bool has = kind == SCOPE_KIND_MAX_ || looks_is_in_scope(looks, need, answer) || found_is_known(need);

    if (has || !(need->uses & (NEED_SCOPED | NEED_FREE | NEED_NAMING)))
        return true;
    if (need->uses & NEED_NAMING) {
        if (!found_has_name(need, answer))
            return true;
        looks_refuse_rule(looks, REASON_NAME_TAKEN, "scope", need->field, need_taken(looks->arena, need));
        return false;
    }
    if ((need->uses & NEED_FREE) && !scope_is_others(scope, kind, answer) &&
        (!(need->uses & (NEED_SCOPED | NEED_LISTED)) ||
         found_is_listed(looks->arena, &looks->policy->rules.images, answer)))
        return true;
    looks_refuse_scope(looks, need);
    return false;
}

/* What isn't there yet must get a name of the scope. */
static bool looks_check_new(Looks *looks, const Need *need) {
    const Scope *scope = &looks->policy->scope;

    if (!(need->uses & (NEED_SCOPED | NEED_NAMING)) ||
        (need->kind == NEED_IMAGE ? scope_image_may_have(looks->arena, scope, need->name)
                                  : scope_has_name(scope, need->name)))
        return true;
    looks_refuse_scope(looks, need);
    return false;
}

static Reason looks_judge(Looks *looks, const Need *need, const BodyNode *answer, Findings *findings) {
    const Rules *rules = &looks->policy->rules;
    bool inside = (need->uses & NEED_INSIDE) != 0;

    if (need->uses & NEED_COMMAND)
        return judge_command(looks->arena, rules, &looks->policy->exec, answer, findings);
    if (inside || (need->uses & NEED_NETWORKING))
        judge_inside(looks->arena, rules, need->name, answer, !inside, findings);
    if ((need->uses & NEED_LISTED) && !found_is_listed(looks->arena, &looks->policy->rules.images, answer)) {
        const char *shown = text_show(looks->arena, need->name, LIMIT_VALUE_SHOWN);

        findings->items[0] =
            (Finding){.reason = REASON_FIELD_NOT_ALLOWED,
                      .rule = "containers.images",
                      .field = need->field,
                      .detail = arena_printf(looks->arena, "%s=%s: none of its names is listed", need->field,
                                             shown ? shown : "…"),
                      .hint = "containers: {images: […]} names what may be used"};
        findings->n = 1;
    }
    if (need->uses & NEED_ORIGIN)
        judge_origin(looks->arena, rules, need->name, answer, findings);
    return REASON_OK;
}

/* What an instance runs isn't told before it is known whose container it is in. */
static void looks_hold(Looks *looks, const Verdict *verdict) {
    Verdict *held = arena_alloc(looks->arena, sizeof(*held));

    if (!held)
        return looks_refuse(looks, REASON_NO_MEMORY, NULL, NULL);
    *held = *verdict;
    looks->held = held;
}

/* The first objection decides. Host paths are left for who sees the host. */
static void looks_conclude(Looks *looks, const Need *need, const Findings *findings) {
    const Finding *first = &findings->items[0];
    Verdict verdict;

    if (findings->n == 0) {
        looks->verdict->host_paths = findings->paths;
        looks->verdict->n_host_paths = findings->n_paths;
        return;
    }
    verdict = verdict_from_reason(
        first->reason == REASON_UNDECIDED ? REASON_FIELD_NOT_ALLOWED : first->reason, first->detail);
    verdict.rule = first->rule;
    verdict.field = first->field ? first->field : need->field;
    verdict.hint = first->hint;
    verdict.advise = first->advise;
    if (need->kind == NEED_EXEC && looks->policy->scope.given)
        looks_hold(looks, &verdict);
    else
        looks_end(looks, &verdict);
}

static void looks_read(Looks *looks, Need *need, Span text) {
    CLEANUP(body_free_p) Body *answer = NULL;
    Findings *findings = arena_alloc(looks->arena, sizeof(*findings));
    const char *detail = NULL;
    Reason reason = findings ? body_parse(looks->arena, text, &answer, &detail) : REASON_NO_MEMORY;

    if (reason == REASON_NO_MEMORY)
        return looks_refuse(looks, reason, NULL, NULL);
    if (reason != REASON_OK || body_type(body_root(answer)) != BODY_TYPE_OBJECT ||
        !looks_take_id(looks, need, body_root(answer)) || !found_is_certain(need, body_root(answer)))
        return looks_doubt(looks, need, REASON_LOOK_UNREADABLE);
    if (!looks_check_scope(looks, need, body_root(answer)))
        return;
    reason = looks_judge(looks, need, body_root(answer), findings);
    if (reason != REASON_OK)
        return looks_refuse(looks, reason, NULL, NULL);
    looks_conclude(looks, need, findings);
    if (looks->over || looks_follow_all(looks, need, body_root(answer)))
        return;
    if (LOOKS_SCOPES[need->kind] == SCOPE_KIND_MAX_) /* whose it is was still to be seen */
        looks_doubt(looks, need, REASON_LOOK_UNREADABLE);
    else
        looks_refuse_need(looks, need, REASON_LOOK_UNREADABLE);
}

void looks_take(Looks *looks, unsigned status, Span body) {
    Need *need;

    if (looks->over || looks->next >= looks->needs.n)
        return;
    need = &looks->needs.items[looks->next];
    looks->verdict->host_paths = NULL;
    looks->verdict->n_host_paths = 0;
    if (looks->doubt)
        return looks_settle(looks, status);
    /* 400 is for a name that no object can have, and for the beginning of more than one ID. */
    if ((status == 404 || status == 400) && !need->filters) {
        if (!(need->uses & NEED_MAY_BE_NEW))
            return looks_refuse(looks, REASON_OBJECT_ABSENT, need->field, need_absent(looks->arena, need));
        if (!looks_check_new(looks, need))
            return;
    } else if (status != 200)
        return looks_doubt(looks, need, REASON_LOOK_FAILED);
    else if (need->filters)
        looks_read_members(looks, need, body);
    else
        looks_read(looks, need, body);
    looks->next += looks->doubt == REASON_UNDECIDED;
}
