// SPDX-License-Identifier: Apache-2.0
#include "again.h"

#include "daemon/json_text.h"
#include "policy/rules.h"
#include "policy/text.h"
#include "policy/time_text.h"

#define REDACTED "…" /* as record.c writes it */

/* Whatever pattern matches both matches anything. */
static const char *const AGAIN_STAND_INS[] = {"quaygate-withheld", "/quaygate/withheld"};

bool again_is_stand_in(Span text) {
    return span_is(text, AGAIN_STAND_INS[0]) || span_is(text, AGAIN_STAND_INS[1]);
}

/* --- the place of a fact: HostConfig.Mounts[0].Labels["a b"] */

typedef struct AgainStep {
    bool is_index;
    size_t index;
    Span key;
} AgainStep;

typedef struct AgainPlace {
    AgainStep steps[LIMIT_JSON_DEPTH];
    size_t n;
} AgainPlace;

static bool again_take_index(Span *rest, AgainStep *ret) {
    size_t n = 0;

    ret->is_index = true;
    ret->index = 0;
    for (; n < rest->size && n < 6 && rest->data[n] >= '0' && rest->data[n] <= '9'; n++)
        ret->index = ret->index * 10 + (size_t) (rest->data[n] - '0');
    if (n == 0 || n == rest->size || rest->data[n] != ']')
        return false;
    *rest = (Span){rest->data + n + 1, rest->size - n - 1};
    return true;
}

/* Behind `["`, up to `"]`. */
static bool again_take_quoted(Arena *arena, Span *rest, AgainStep *ret) {
    char *key = arena_alloc(arena, rest->size + 1);
    size_t n = 0, i = 0;

    for (; key && i < rest->size && rest->data[i] != '"'; i++) {
        if (rest->data[i] == '\\' && ++i == rest->size)
            return false;
        key[n++] = rest->data[i];
    }
    if (!key || rest->size - i < 2 || rest->data[i + 1] != ']')
        return false;
    *rest = (Span){rest->data + i + 2, rest->size - i - 2};
    ret->key = (Span){key, n};
    return true;
}

static bool again_take_name(Span *rest, AgainStep *ret) {
    size_t n = 0;

    while (n < rest->size && rest->data[n] != '.' && rest->data[n] != '[')
        n++;
    ret->key = (Span){rest->data, n};
    *rest = (Span){rest->data + n, rest->size - n};
    return n > 0;
}

static bool again_take_step(Arena *arena, Span *rest, bool first, AgainStep *ret) {
    *ret = (AgainStep){0};
    if (span_starts_with(*rest, SPAN("[\""))) {
        *rest = (Span){rest->data + 2, rest->size - 2};
        return again_take_quoted(arena, rest, ret);
    }
    if (rest->data[0] == '[') {
        *rest = (Span){rest->data + 1, rest->size - 1};
        return again_take_index(rest, ret);
    }
    if (!first && rest->data[0] != '.')
        return false;
    if (!first)
        *rest = (Span){rest->data + 1, rest->size - 1};
    return again_take_name(rest, ret);
}

static bool again_parse_place(Arena *arena, Span text, AgainPlace *ret) {
    for (ret->n = 0; text.size > 0; ret->n++)
        if (ret->n == ARRAY_SIZE(ret->steps) ||
            !again_take_step(arena, &text, ret->n == 0, &ret->steps[ret->n]))
            return false;
    return true;
}

/* --- the shape of the body */

/* Facts come in the order of the body, so what is open is what the last one and the next have in common. */
typedef struct AgainWriter {
    Buffer *out;
    const char *stand_in;
    AgainPlace last;
    size_t counts[LIMIT_JSON_DEPTH]; /* of elements, level by level */
    bool good;
} AgainWriter;

static void again_put(AgainWriter *w, Span text) {
    w->good = w->good && buffer_append(w->out, text) == 0;
}

static void again_put_text(AgainWriter *w, Span text) {
    w->good = w->good && json_text_append(w->out, text) == 0;
}

static void again_close(AgainWriter *w, size_t down_to) {
    for (size_t level = w->last.n; level > down_to; level--)
        again_put(w, w->last.steps[level - 1].is_index ? SPAN("]") : SPAN("}"));
}

/* At its level: the comma, and the key. */
static void again_put_step(AgainWriter *w, const AgainStep *step, size_t level) {
    if (w->counts[level] > 0)
        again_put(w, SPAN(","));
    if (step->is_index) {
        w->good = w->good && step->index == w->counts[level];
    } else {
        again_put_text(w, step->key);
        again_put(w, SPAN(":"));
    }
    w->counts[level]++;
}

static bool again_step_is_same(const AgainStep *a, const AgainStep *b) {
    return a->is_index == b->is_index && a->index == b->index && span_equals(a->key, b->key);
}

/* Closes what the new place isn't in, and opens what it is in, up to where its value goes. */
static void again_go(AgainWriter *w, const AgainPlace *place) {
    size_t common = 0;

    while (common < place->n && common < w->last.n &&
           again_step_is_same(&place->steps[common], &w->last.steps[common]))
        common++;
    /* One within the other, or an element beside a key: nobody wrote that. */
    w->good = w->good && place->n > 0 && common < place->n &&
              (w->last.n == 0 ||
               (common < w->last.n && place->steps[common].is_index == w->last.steps[common].is_index));
    if (!w->good)
        return;
    again_close(w, w->last.n > 0 ? common + 1 : 0);
    if (w->last.n > 0)
        again_put_step(w, &place->steps[common], common);
    for (size_t level = w->last.n > 0 ? common + 1 : 0; level < place->n; level++) {
        w->counts[level] = 0;
        again_put(w, place->steps[level].is_index ? SPAN("[") : SPAN("{"));
        again_put_step(w, &place->steps[level], level);
    }
    w->last = *place;
}

static void again_put_withheld(AgainWriter *w, Span type) {
    if (span_is(type, "string"))
        again_put_text(w, span_from(w->stand_in));
    else if (span_is(type, "array")) {
        again_put(w, SPAN("["));
        again_put_text(w, span_from(w->stand_in));
        again_put(w, SPAN("]"));
    } else if (span_is(type, "object")) {
        again_put(w, SPAN("{\"quaygate-withheld\":"));
        again_put_text(w, span_from(w->stand_in));
        again_put(w, SPAN("}"));
    } else if (span_is(type, "bool"))
        again_put(w, SPAN("true"));
    else if (span_is(type, "integer"))
        again_put(w, SPAN("1"));
    else if (span_is(type, "null"))
        again_put(w, SPAN("null"));
    else
        again_put(w, SPAN("1.5"));
}

static void again_put_value(AgainWriter *w, const BodyNode *value) {
    switch (body_type(value)) {
    case BODY_TYPE_NULL:
        return again_put(w, SPAN("null"));
    case BODY_TYPE_BOOL:
        return again_put(w, body_bool(value) ? SPAN("true") : SPAN("false"));
    case BODY_TYPE_INTEGER:
        w->good = w->good && buffer_printf(w->out, "%lld", (long long) body_integer(value)) == 0;
        return;
    case BODY_TYPE_STRING:
        return again_put_text(w, body_string(value));
    case BODY_TYPE_ARRAY:
        return again_put(w, SPAN("[]"));
    case BODY_TYPE_OBJECT:
        return again_put(w, SPAN("{}"));
    case BODY_TYPE_REAL:
        break;
    }
    w->good = false;
}

static void again_put_fact(AgainWriter *w, const BodyNode *fact) {
    const BodyNode *withheld = body_member(fact, "withheld"), *value = body_member(fact, "value");

    if (withheld && body_type(withheld) == BODY_TYPE_STRING)
        again_put_withheld(w, body_string(withheld));
    else if (value)
        again_put_value(w, value);
    else
        w->good = false;
}

/* .data NULL: these facts are of no body, or there is no memory. */
static Span again_write(Arena *arena, const BodyNode *facts, const char *stand_in) {
    CLEANUP(buffer_done) Buffer out = {0};
    AgainWriter w = {.out = &out, .stand_in = stand_in, .good = true};
    AgainPlace place;

    for (size_t i = 0; w.good && i < body_size(facts); i++) {
        const BodyNode *fact = body_at(facts, i), *field = body_member(fact, "field");

        if (!field || body_type(field) != BODY_TYPE_STRING ||
            !again_parse_place(arena, body_string(field), &place))
            return (Span){0};
        if (place.n > 0)
            again_go(&w, &place);
        else
            w.good = w.good && body_size(facts) == 1; /* the body itself is no object */
        again_put_fact(&w, fact);
    }
    again_close(&w, 0);
    if (body_size(facts) == 0)
        again_put(&w, SPAN("{}"));
    return (Span){w.good ? arena_copy(arena, buffer_span(&out)) : NULL, buffer_size(&out)};
}

static bool again_add_withheld(Arena *arena, Again *again, const char *what, Span place) {
    again->withheld[again->n_withheld] = arena_printf(arena, "%s%.*s", what, SPAN_FMT(place));
    return again->withheld[again->n_withheld] && ++again->n_withheld > 0;
}

/* False: some of them are lost. */
static bool again_read_facts(Arena *arena, const BodyNode *facts, Again *ret) {
    size_t before = ret->n_withheld;

    for (size_t i = 0; i < body_size(facts); i++) {
        const BodyNode *fact = body_at(facts, i), *field = body_member(fact, "field");

        if (body_member(fact, "lost"))
            return false;
        if (body_member(fact, "withheld") && field && body_type(field) == BODY_TYPE_STRING &&
            !again_add_withheld(arena, ret, "", body_string(field)))
            return false;
    }
    ret->body = again_write(arena, facts, AGAIN_STAND_INS[0]);
    if (ret->n_withheld > before)
        ret->other = again_write(arena, facts, AGAIN_STAND_INS[1]);
    return ret->body.data && (ret->n_withheld == before || ret->other.data);
}

static void again_read_body(Arena *arena, const TrailRecord *record, Again *ret) {
    const Operation *operation = routes_find(record->operation);
    bool is_json = operation && (operation->body == BODY_JSON || operation->body == BODY_JSON_OPTIONAL);

    ret->body_is_told = true;
    if ((record->has_bytes && record->request_bytes == 0) || (operation && !is_json))
        return; /* a stream isn't judged */
    ret->has_body = true;
    ret->body = SPAN("{}");
    if (is_json)
        ret->body_is_told = record->facts && again_read_facts(arena, record->facts, ret);
    if (!ret->body.data)
        ret->body = SPAN("{}");
}

/* --- the target */

/*
 * What takes the place of a value that the trail doesn't have; JSON where the engine would read it as that.
 */
static int again_append_pair(Arena *arena, Buffer *out, Span pair, Again *ret) {
    const char *equals = pair.size > 0 ? memchr(pair.data, '=', pair.size) : NULL;
    Span key = {pair.data, equals ? (size_t) (equals - pair.data) : pair.size};

    if (!equals || !span_is((Span){equals + 1, pair.size - key.size - 1}, REDACTED))
        return buffer_append(out, pair);
    ret->redacted = true;
    if (!again_add_withheld(arena, ret, "query.", key))
        return -1;
    if (buffer_append(out, (Span){pair.data, key.size + 1}) < 0)
        return -1;
    return buffer_append(out, span_is(key, "buildargs") ? SPAN("%7B%7D") : span_from(AGAIN_STAND_INS[0]));
}

static Span again_read_target(Arena *arena, const TrailRecord *record, Again *ret) {
    const char *path = text_percent_encode(arena, record->path, BYTE_PATH);
    CLEANUP(buffer_done) Buffer out = {0};
    size_t start = 0;
    int r = path ? buffer_append(&out, span_from(path)) : -1;

    if (r == 0 && record->query.size > 0)
        r = buffer_append(&out, SPAN("?"));
    for (size_t i = 0; r == 0 && record->query.size > 0 && i <= record->query.size; i++) {
        if (i < record->query.size && record->query.data[i] != '&')
            continue;
        r = again_append_pair(arena, &out, (Span){record->query.data + start, i - start}, ret);
        if (r == 0 && i < record->query.size)
            r = buffer_append(&out, SPAN("&"));
        start = i + 1;
    }
    return (Span){r == 0 ? arena_copy(arena, buffer_span(&out)) : NULL, buffer_size(&out)};
}

/* "container["web"].HostConfig.Privileged", or an object that wasn't there. */
static bool again_was_looked(const TrailRecord *record) {
    return span_starts_with(record->field, SPAN("container[\"")) ||
           span_starts_with(record->field, SPAN("volume[\"")) || span_is(record->rule, "object_absent") ||
           span_is(record->rule, "scope");
}

void again_read(Arena *arena, const TrailRecord *record, Again *ret) {
    size_t room = LIMIT_QUERY_PAIRS + (record->facts ? body_size(record->facts) : 0);

    *ret = (Again){.method = record->method,
                   .was_allowed = span_is(record->verdict, "allow"),
                   .was_denied = span_is(record->verdict, "deny"),
                   .was_looked = again_was_looked(record)};
    if (time_text_parse(record->time, &ret->now))
        ret->now = 0;
    if (span_is(record->verdict, "error"))
        ret->untold = "the engine, or the daemon itself, failed it";
    else if (span_is(record->verdict, "invalid"))
        ret->untold = "no policy allows what can't be read for certain";
    else if (record->method.size == 0 || !record->has_path || !record->has_query)
        ret->untold = "its head was not understood";
    else if (span_starts_with(record->field, SPAN("header ")))
        ret->untold = "headers are not on record";
    if (ret->untold)
        return;
    ret->withheld = arena_alloc_array(arena, room, sizeof(*ret->withheld));
    ret->target = ret->withheld ? again_read_target(arena, record, ret) : (Span){0};
    if (ret->target.data)
        again_read_body(arena, record, ret);
    else
        ret->untold = "there is no memory for it";
}

/* --- the verdict */

static void again_run(const Again *again, Span body, const Config *config, const Policy *policy, Arena *arena,
                      DryRun *ret) {
    *ret = (DryRun){.config = config,
                    .policy = policy,
                    .arena = arena,
                    .now = again->now,
                    .has_body = again->has_body,
                    .bytes = body};
    ret->head.method = again->method;
    ret->head.target = again->target;
    dry_run_judge(ret);
}

static bool again_text_is_same(const char *a, const char *b) {
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool again_is_same(const Verdict *a, const Verdict *b) {
    return a->effect == b->effect && a->reason == b->reason && again_text_is_same(a->rule, b->rule) &&
           again_text_is_same(a->field, b->field);
}

/*
 * Whether a denial hangs on a value that is withheld. Of most places that have one the key, or that it is set
 * at all, decides; these rules look at what it is.
 */
static bool again_hangs_on_value(const Again *again, const Policy *policy, const Verdict *verdict) {
    const Rules *rules = policy_rules(policy);
    const char *rule = verdict_rule(verdict), *field = verdict->field;
    bool is_query = field && strncmp(field, "query.", 6) == 0, withheld = false, looks;

    for (size_t i = 0; field && i < again->n_withheld; i++)
        withheld = withheld || strcmp(again->withheld[i], field) == 0;
    looks = is_query || strcmp(rule, "exec.commands") == 0 || strcmp(rule, "containers.volumes") == 0 ||
            strcmp(rule, "containers.bind_mounts") == 0;
    if (strcmp(rule, "containers.labels") == 0)
        for (size_t i = 0; i < rules->n_labels; i++)
            looks = looks || (field && strstr(field, rules->labels[i].key));
    if (verdict->effect == EFFECT_ALLOW) /* which may still have been something that nobody reads */
        return again->was_denied && again->redacted;
    return withheld && looks;
}

/* A pattern allows what is no operation only without a body and an upgrade; one that was allowed had none. */
static bool again_may_carry_more(const Again *again, const DryRun *run) {
    return !again->was_allowed && run->verdict.effect == EFFECT_ALLOW && !run->request.operation &&
           run->request.method != METHOD_GET && run->request.method != METHOD_HEAD;
}

/*
 * Looks aren't made again: what they let pass once is taken to pass them still, and so is what nobody has
 * looked at. But what was denied for them may be again, and under a scope all hangs on them.
 */
static bool again_hangs_on_engine(const Again *again, const DryRun *run) {
    return run->verdict.reason == REASON_LOOK_MISSING || (run->n_looks > 0 && again->was_looked);
}

void again_judge(const Again *again, const Config *config, const Policy *policy, Arena *arena,
                 AgainVerdict *ret) {
    DryRun other;

    *ret = (AgainVerdict){.why = again->untold};
    if (again->untold)
        return;
    again_run(again, again->body, config, policy, arena, &ret->run);
    if (!again->body_is_told && policy_wants_body(policy, &ret->run.request)) {
        ret->why = "not all that is judged of its body is on record";
        return;
    }
    ret->told = !again_hangs_on_value(again, policy, &ret->run.verdict);
    if (ret->told && again->other.data) {
        again_run(again, again->other, config, policy, arena, &other);
        ret->told = again_is_same(&ret->run.verdict, &other.verdict);
        dry_run_done(&other);
    }
    if (ret->told && again_may_carry_more(again, &ret->run)) {
        ret->told = false;
        ret->why = "whether it had a body, or wanted an upgrade, is not on record";
        return;
    }
    if (!ret->told)
        ret->why = "it hangs on a value that is not on record";
    else if (again_hangs_on_engine(again, &ret->run)) {
        ret->told = false;
        ret->why = "it hangs on what the engine says of an object, which is not on record";
    }
}
