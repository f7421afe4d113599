// SPDX-License-Identifier: Apache-2.0
/*
 * One walk over the body with the table's tree beside it. Each key is looked up once; what has no field,
 * another type or another spelling is a finding, and what is set goes to its field's judge.
 */
#include "judge.h"

#include <stdio.h>

#include "hostpath.h"
#include "judgement.h"
#include "text.h"

#define JUDGE_KEY_SHOWN 64u /* bytes of a client's key in a place; the rest of the place is ours */

const char *place_show(Arena *arena, const Place *place) {
    const char *above, *key;

    if (!place)
        return "";
    above = place_show(arena, place->parent);
    if (!above)
        return NULL;
    if (place->kind == PLACE_INDEX)
        return arena_printf(arena, "%s[%zu]", above, place->index);
    key = text_show(arena, place->key, JUDGE_KEY_SHOWN);
    if (!key)
        return NULL;
    if (place->kind == PLACE_KEY)
        return arena_printf(arena, "%s[\"%s\"]", above, key);
    return arena_printf(arena, "%s%s%s", above, place->parent ? "." : "", key);
}

/* Ambiguous keys come first: they are answered with 400, the rest with 403. */
static void judgement_add(Judgement *j, const Finding *finding) {
    Findings *findings = j->findings;
    size_t at = findings->n;

    if (finding->reason == REASON_JSON_AMBIGUOUS) {
        size_t last = findings->n < LIMIT_FINDINGS ? findings->n : LIMIT_FINDINGS - 1;

        at = j->n_ambiguous++;
        if (at < LIMIT_FINDINGS)
            memmove(&findings->items[at + 1], &findings->items[at], (last - at) * sizeof(*finding));
    }
    if (at < LIMIT_FINDINGS)
        findings->items[at] = *finding;
    findings->n++;
}

const char *judgement_clean(Judgement *j, Span path) {
    const char *clean = hostpath_clean(j->arena, path);

    j->no_memory = j->no_memory || (!clean && hostpath_is_sound(path));
    return clean;
}

void judgement_object(Judgement *j, const Place *place, Reason reason, const char *rule, const char *hint,
                      const char *detail, ...) {
    Finding finding = {.reason = reason, .rule = rule, .hint = hint};
    bool reported = j->findings->n < LIMIT_FINDINGS || reason == REASON_JSON_AMBIGUOUS;
    char text[LIMIT_VALUE_SHOWN * 2];
    va_list args;

    /* A thousand wrong elements need no thousand sentences: only what is reported is worded. */
    if (!reported && !j->trace)
        return judgement_add(j, &finding);
    va_start(args, detail);
    text[0] = '\0';
    if (detail) /* as it always is, but gcc can't see that under UBSan */
        (void) vsnprintf(text, sizeof(text), detail, args);
    va_end(args);
    if (reported) {
        finding.field = place_show(j->arena, place);
        if (finding.field)
            finding.detail = arena_printf(j->arena, "%s%s", finding.field, text);
        if (!finding.detail || j->no_memory) {
            finding = (Finding){.reason = REASON_NO_MEMORY, .rule = rule, .field = ""};
            finding.detail = j->no_memory ? "no memory for a path" : "no memory to say which field";
        }
    } else {
        judgement_trace_rest(j, place, reason, &finding, text);
    }
    judgement_add(j, &finding);
}

void judgement_refuse_hinted(Judgement *j, const Place *place, const char *rule, const BodyNode *value,
                             const char *hint) {
    const char *shown = j->findings->n < LIMIT_FINDINGS && value ? body_show(j->arena, value) : "";

    if (!value)
        return judgement_object(j, place, REASON_FIELD_NOT_ALLOWED, rule, hint, " is not set");
    judgement_object(j, place, REASON_FIELD_NOT_ALLOWED, rule, hint, "=%s", shown ? shown : "…");
}

void judgement_mark_unseen(Judgement *j, size_t before, Unseen what) {
    if (j->findings->n == before + 1 && before < LIMIT_FINDINGS)
        j->findings->items[before].unseen = what;
}

void judgement_refuse(Judgement *j, const Place *place, const char *rule, const BodyNode *value) {
    judgement_refuse_hinted(j, place, rule, value, NULL);
}

const char *judgement_hint(Judgement *j, const char *open, Span value, const char *close) {
    bool plain = value.size > 0;

    if (j->findings->n >= LIMIT_FINDINGS || value.size > LIMIT_VALUE_SHOWN)
        return NULL;
    for (size_t i = 0; i < value.size; i++) {
        char c = ascii_lower(value.data[i]);
        bool alnum = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

        /* A pattern would allow more than what was asked for, and a client chooses what stands here. */
        if (c < 0x20 || c > 0x7E || strchr("\"\\*?", c))
            return NULL;
        plain = plain && (alnum || c == '/' || (i > 0 && (c == '.' || c == '_' || c == '-')));
    }
    return arena_printf(j->arena, "containers: {%s%s%.*s%s%s}", open, plain ? "" : "\"", SPAN_FMT(value),
                        plain ? "" : "\"", close);
}

Span judgement_text_of(const BodyNode *object, const char *key) {
    const BodyNode *node = object ? body_member(object, key) : NULL;

    return node && body_type(node) == BODY_TYPE_STRING ? body_string(node) : SPAN("");
}

bool judgement_flag_of(const BodyNode *object, const char *key) {
    const BodyNode *node = object ? body_member(object, key) : NULL;

    return node && body_bool(node);
}

int64_t judgement_integer_of(const BodyNode *object, const char *key) {
    const BodyNode *node = object ? body_member(object, key) : NULL;

    return node && body_type(node) == BODY_TYPE_INTEGER ? body_integer(node) : 0;
}

static const char *judge_unknown_rule(const Judgement *j) {
    return j->table->unknown_rule;
}

/*
 * What a judge takes to think with goes when it has done, so that the arena grows by what is found and not by
 * what is looked at. What is found is kept: findings, as far as they are worded, and host paths.
 */
typedef struct Scratch {
    ArenaMark mark;
    size_t n_findings, n_ambiguous, n_paths;
} Scratch;

static Scratch judge_scratch_begin(const Judgement *j) {
    return (Scratch){.mark = arena_mark(j->arena),
                     .n_findings = j->findings->n,
                     .n_ambiguous = j->n_ambiguous,
                     .n_paths = j->findings->n_paths};
}

static void judge_scratch_end(Judgement *j, const Scratch *before) {
    bool found = j->findings->n > before->n_findings && before->n_findings < LIMIT_FINDINGS;

    if (!found && j->n_ambiguous == before->n_ambiguous && j->findings->n_paths == before->n_paths)
        arena_release(j->arena, before->mark);
}

bool judge_type_fits(FieldType type, BodyType given) {
    switch (type) {
    case FIELD_OBJECT:
    case FIELD_MAP:
        return given == BODY_TYPE_OBJECT;
    case FIELD_ARRAY:
        return given == BODY_TYPE_ARRAY;
    case FIELD_STRSLICE:
        return given == BODY_TYPE_ARRAY || given == BODY_TYPE_STRING;
    case FIELD_BOOL:
        return given == BODY_TYPE_BOOL;
    case FIELD_INTEGER: /* Go takes neither 7.0 nor 1e9 for an int64 (T-039) */
        return given == BODY_TYPE_INTEGER;
    case FIELD_REAL:
        return given == BODY_TYPE_INTEGER || given == BODY_TYPE_REAL;
    case FIELD_STRING:
        return given == BODY_TYPE_STRING;
    case FIELD_ANY:
        return true;
    }
    return false;
}

/* Under the privileged profile a key that the policy gives holds, and all else passes. */
static bool judge_is_enforced(const Rules *rules, const Field *field) {
    if (field->judge == JUDGE_RESTRICTED || field->judge == JUDGE_RESTART_POLICY)
        return rules->profile == PROFILE_RESTRICTED;
    return rules->profile != PROFILE_PRIVILEGED || (rules->given & field->keys) != 0;
}

static bool judge_has_given_keys(const Rules *rules) {
    return rules->given != 0;
}

/* A list with objects or lists in it. */
static bool judge_is_deep(const BodyNode *value) {
    for (size_t i = 0; body_type(value) == BODY_TYPE_ARRAY && i < body_size(value); i++)
        if (body_type(body_at(value, i)) == BODY_TYPE_OBJECT ||
            body_type(body_at(value, i)) == BODY_TYPE_ARRAY)
            return true;
    return false;
}

static void judge_closed(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    bool restricted = field->judge == JUDGE_RESTRICTED;
    const char *hint = restricted ? "containers: {profile: baseline} allows it"
                                  : "only containers: {profile: privileged} allows it, and with it root on "
                                    "the host";

    /* Values of maps may be secrets (driver options, annotations); keys say enough. */
    if (body_type(value) == BODY_TYPE_OBJECT)
        judgement_object(j, place, REASON_FIELD_NOT_ALLOWED, field->rule, hint, " is set (%zu keys)",
                         body_size(value));
    else if (judge_is_deep(value))
        judgement_object(j, place, REASON_FIELD_NOT_ALLOWED, field->rule, hint, " is set (%zu elements)",
                         body_size(value));
    else
        judgement_refuse_hinted(j, place, field->rule, value, hint);
}

static void judge_privileged(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    const Rules *rules = j->rules;
    bool allowed = rules_given(rules, RULES_PRIVILEGED) ? rules->privileged : judgement_is_privileged(j);

    if (!allowed)
        judgement_object(j, place, REASON_FIELD_NOT_ALLOWED, field->rule,
                         "containers: {privileged: true} allows it, and with it root on the host", "=true");
}

/* Only reached where `privileged: false` stands beside the privileged profile, or in baseline. */
static void judge_exec_privileged(Judgement *j, const Place *place, const Field *field,
                                  const BodyNode *value) {
    if (!judgement_is_privileged(j) || !j->rules->privileged)
        judgement_refuse(j, place, field->rule, value);
}

static JudgeFunction judge_find(FieldJudge judge) {
    static JudgeFunction (*const finders[])(FieldJudge) = {
        judge_mounts_find, judge_volumes_find, judge_targets_find, judge_templates_find,
        judge_logs_find,   judge_things_find,  judge_values_find,
    };
    JudgeFunction function = NULL;

    switch ((int) judge) {
    case JUDGE_CLOSED:
    case JUDGE_UNSET:
    case JUDGE_RESTRICTED:
        return judge_closed;
    case JUDGE_PRIVILEGED:
        return judge_privileged;
    case JUDGE_EXEC_PRIVILEGED:
        return judge_exec_privileged;
    default:
        for (size_t i = 0; !function && i < ARRAY_SIZE(finders); i++)
            function = finders[i](judge);
        return function;
    }
}

static void judge_value(Judgement *j, const Place *place, const Field *field, const BodyNode *value);

static void judge_unknown(Judgement *j, const Place *place) {
    if (judgement_is_privileged(j) || j->rules->unknown_fields_allowed)
        return;
    judgement_object(j, place, REASON_FIELD_UNKNOWN, judge_unknown_rule(j),
                     "containers: {unknown_fields: allow} lets such fields pass unjudged",
                     " is not a field this release knows");
}

static void judge_ambiguous(Judgement *j, const Place *place, const Field *field) {
    judgement_object(j, place, REASON_JSON_AMBIGUOUS, judge_unknown_rule(j), NULL,
                     " is another spelling of %s", field->name.data);
}

/*
 * T-040: dockerd up to 26.1 reads HostConfig's fields at the root too. Neither a known field there nor
 * an unknown one, so `unknown_fields: allow` doesn't open it.
 */
static bool judge_misplaced(Judgement *j, const Place *place, const BodyNode *value) {
    const Field *field;

    switch (fields_lookup(j->table->misplaced, place->key, &field)) {
    case FIELD_UNKNOWN:
        return false;
    case FIELD_FOLDED:
        judge_ambiguous(j, place, field);
        return true;
    case FIELD_EXACT:
        break;
    }
    if (field->judge == JUDGE_UNSET ? body_type(value) == BODY_TYPE_NULL : body_is_zero(value))
        return true;
    if (!judgement_is_privileged(j) || judge_has_given_keys(j->rules))
        judgement_object(j, place, REASON_FIELD_NOT_ALLOWED, "containers.root_fields",
                         "put it into HostConfig",
                         " stands outside of HostConfig, where engines up to 26.1 still read it");
    return true;
}

/* A key that is no field of its object. */
static void judge_stranger(Judgement *j, const Place *place, FieldMatch match, const Field *near,
                           const BodyNode *value) {
    TraceEntry *entry = judgement_note(j, place, NULL, value);
    size_t before = j->findings->n;

    if (match == FIELD_FOLDED)
        judge_ambiguous(j, place, near);
    else if (place->parent || !j->table->misplaced || !judge_misplaced(j, place, value))
        judge_unknown(j, place);
    judgement_mark(j, entry, before, body_is_zero(value) ? TRACE_UNSET : TRACE_UNJUDGED);
}

static void judge_object(Judgement *j, const Place *place, const Field *field, const BodyNode *object) {
    const BodyNode *value;
    void *iter = NULL;
    Place member = {.parent = place, .kind = PLACE_MEMBER};

    while (body_next(object, &iter, &member.key, &value)) {
        const Field *known;

        FieldMatch match = fields_lookup(field, member.key, &known);

        if (match == FIELD_EXACT)
            judge_value(j, &member, known, value);
        else
            judge_stranger(j, &member, match, known, value);
    }
}

static void judge_map(Judgement *j, const Place *place, const Field *field, const BodyNode *map) {
    const BodyNode *value;
    void *iter = NULL;
    Place entry = {.parent = place, .kind = PLACE_KEY};

    while (body_next(map, &iter, &entry.key, &value))
        judge_value(j, &entry, field->element, value);
}

static void judge_array(Judgement *j, const Place *place, const Field *field, const BodyNode *array) {
    Place element = {.parent = place, .kind = PLACE_INDEX};
    size_t n = body_size(array);

    for (; element.index < n; element.index++)
        judge_value(j, &element, field->element, body_at(array, element.index));
}

static void judge_below(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    switch (body_type(value)) {
    case BODY_TYPE_OBJECT:
        if (field->type == FIELD_OBJECT)
            judge_object(j, place, field, value);
        else if (field->type == FIELD_MAP)
            judge_map(j, place, field, value);
        return;
    case BODY_TYPE_ARRAY:
        if (field->type == FIELD_ARRAY || field->type == FIELD_STRSLICE)
            judge_array(j, place, field, value);
        return;
    case BODY_TYPE_STRING: {
        /* A string for an array of one (T-042) is judged as its element. */
        Place element = {.parent = place, .kind = PLACE_INDEX};

        if (field->type == FIELD_STRSLICE && body_string(value).size > 0)
            judge_value(j, &element, field->element, value);
        return;
    }
    case BODY_TYPE_NULL:
    case BODY_TYPE_BOOL:
    case BODY_TYPE_INTEGER:
    case BODY_TYPE_REAL:
        return;
    }
}

/* A type of its own says enough; the value may be a secret that stands at the wrong place. */
static bool judge_type(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    BodyType given = body_type(value);
    bool in_array = place && place->kind == PLACE_INDEX;

    /* null is "not set" (T-035) but in an array, where it makes an element of zeros. */
    if (judge_type_fits(field->type, given) || (given == BODY_TYPE_NULL && !in_array))
        return true;
    if (!judgement_is_privileged(j) || judge_has_given_keys(j->rules))
        judgement_object(j, place, REASON_FIELD_TYPE, field->rule ? field->rule : judge_unknown_rule(j), NULL,
                         "%s: %s where the engine takes %s", place ? "" : "the body", body_type_name(given),
                         field_type_name(field->type));
    return false;
}

/* T-046: an engine of another version would leave it out or read it otherwise. */
static bool judge_version(Judgement *j, const Place *place, const Field *field) {
    bool early = j->api_minor != 0 && j->api_minor < field->since;
    bool late = field->until != 0 && j->api_minor > field->until;

    if ((!early && !late) || judgement_is_privileged(j) || j->rules->unknown_fields_allowed)
        return true;
    judgement_object(j, place, REASON_FIELD_UNKNOWN, judge_unknown_rule(j), NULL,
                     " is a field %s API v1.%u, the request is of v1.%u", early ? "from" : "up to",
                     early ? field->since : field->until, j->api_minor);
    return false;
}

/* The field itself, without what is below it: false where there is nothing to look at. */
static bool judge_field(Judgement *j, const Place *place, const Field *field, const BodyNode *value,
                        TraceMark *ret_mark) {
    bool is_entry = place && place->kind != PLACE_MEMBER; /* an entry is there, whatever its value */
    bool is_set;

    *ret_mark = TRACE_UNJUDGED;
    if (!judge_type(j, place, field, value))
        return false;
    is_set = field->judge == JUDGE_UNSET ? body_type(value) != BODY_TYPE_NULL : !body_is_zero(value);
    if (!is_set)
        *ret_mark = TRACE_UNSET;
    if (!is_set && !is_entry)
        return false;
    if (field->judge == JUDGE_FREE || !judgement_is_privileged(j))
        *ret_mark = TRACE_FREE;
    if (judge_version(j, place, field) && field->judge != JUDGE_FREE && judge_is_enforced(j->rules, field)) {
        JudgeFunction function = judge_find(field->judge);
        Scratch scratch = judge_scratch_begin(j);

        *ret_mark = TRACE_ALLOWED;
        if (function)
            function(j, place, field, value);
        else /* a row whose judge nobody wrote */
            judgement_object(j, place, REASON_UNDECIDED, field->rule, NULL, " has no judge");
        judge_scratch_end(j, &scratch);
    }
    return true;
}

static void judge_value(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    TraceEntry *entry = judgement_note(j, place, field, value);
    size_t before = j->findings->n;
    TraceMark mark;
    bool goes_on = judge_field(j, place, field, value, &mark);

    judgement_mark(j, entry, before, mark);
    if (goes_on)
        judge_below(j, place, field, value);
}

void judge_member(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    judge_value(j, place, field, value);
}

void judge_body(Arena *arena, const Operation *operation, unsigned api_minor, const Body *body,
                const Rules *rules, Findings *ret) {
    judge_body_traced(arena, operation, api_minor, body, rules, NULL, ret);
}

void judge_body_traced(Arena *arena, const Operation *operation, unsigned api_minor, const Body *body,
                       const Rules *rules, Trace *trace, Findings *ret) {
    Judgement j = {.arena = arena, .rules = rules, .api_minor = api_minor, .findings = ret, .trace = trace};
    const BodyNode *root;

    ret->n = ret->n_paths = 0;
    if (!body)
        return;
    root = body_root(body);
    j.table = fields_find(operation->id);
    if (!j.table) {
        const char *rule = arena_printf(arena, "%s.body", operation->id);

        if (!judgement_is_privileged(&j))
            judgement_object(&j, NULL, REASON_BODY_NOT_JUDGED, rule ? rule : "body", NULL,
                             "this release has no table of the fields of %s", operation->id);
        return;
    }
    /* `docker commit` without changes sends null for "no body"; elsewhere it is no object. */
    if (body_type(root) == BODY_TYPE_NULL && operation->body == BODY_JSON_OPTIONAL)
        return;
    if (body_type(root) == BODY_TYPE_NULL) {
        judgement_object(&j, NULL, REASON_FIELD_TYPE, judge_unknown_rule(&j), NULL,
                         "the body is null where the engine takes %s", field_type_name(j.table->root->type));
        return;
    }
    judge_value(&j, NULL, j.table->root, root);
    judge_required(&j, root);
}
