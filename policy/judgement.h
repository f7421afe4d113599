// SPDX-License-Identifier: Apache-2.0
/*
 * What judge.c hands to its judges: where in the body they are, what the policy says, and how to object.
 * Only for judge*.c, and facts.c, which goes the same way.
 */
#pragma once

#include "fields.h"
#include "judge.h"

/* A place in the body, from the inside out; lives on the walker's stack. */
typedef struct Place {
    const struct Place *parent; /* NULL: the root */
    enum {
        PLACE_MEMBER,
        PLACE_INDEX,
        PLACE_KEY,
    } kind;
    Span key;     /* of a member or a map's entry */
    size_t index; /* in an array */
} Place;

typedef struct Judgement {
    Arena *arena;
    const Rules *rules;
    const FieldTable *table;
    unsigned api_minor; /* 0: unversioned, hence the engine's newest */
    Findings *findings;
    size_t n_ambiguous;
    bool no_memory; /* see judgement_clean() */
    Trace *trace;   /* or NULL */
} Judgement;

typedef void (*JudgeFunction)(Judgement *j, const Place *place, const Field *field, const BodyNode *value);

/* "HostConfig.Binds[0]" (arena), or NULL: no memory. */
const char *place_show(Arena *arena, const Place *place);

/* Below an object: where a judge looks at a member by itself. */
#define PLACE_BELOW(above, member)                                                                           \
    ((Place){.parent = (above), .kind = PLACE_MEMBER, .key = span_from(member)})

/* One more finding. `detail` is put behind the place: "HostConfig.Binds[0]" + "=/:/host". */
void judgement_object(Judgement *j, const Place *place, Reason reason, const char *rule, const char *hint,
                      const char *detail, ...) PRINTF_LIKE(6, 7);

/* judge.c: whether Go takes a value of that kind for the field. */
bool judge_type_fits(FieldType type, BodyType given);

/*
 * judge_trace.c; they do nothing without a trace. A field is noted before it is judged, unless it is only
 * there to hold others, and marked when that is done: `before` is how many findings there were then. `field`
 * is NULL for a key that nobody knows.
 */
TraceEntry *judgement_note(Judgement *j, const Place *place, const Field *field, const BodyNode *value);
void judgement_mark(Judgement *j, TraceEntry *entry, size_t before, TraceMark mark);

/* A rule that isn't the field's own lets the member pass. */
void judgement_allow(Judgement *j, const Place *above, const char *member, const char *rule);

/* A finding past those that are kept; `text` is put behind the place. */
void judgement_trace_rest(Judgement *j, const Place *place, Reason reason, const Finding *finding,
                          const char *text);

/*
 * The value isn't allowed; the finding quotes it, so not for what may hold a secret. NULL: it isn't set, as a
 * client may leave out, and an engine that tells of a mount, what must be there.
 */
void judgement_refuse(Judgement *j, const Place *place, const char *rule, const BodyNode *value);

/* The last finding, if it was kept and is the place's own, is of what a look can tell. */
void judgement_mark_unseen(Judgement *j, size_t before, Unseen what);

/* The same with a hint. */
void judgement_refuse_hinted(Judgement *j, const Place *place, const char *rule, const BodyNode *value,
                             const char *hint);

/*
 * The smallest YAML that would allow it: "containers: {" `open` VALUE `close` "}", VALUE quoted where it
 * must be (arena). NULL where it can't stand there, or nobody would read it.
 */
const char *judgement_hint(Judgement *j, const char *open, Span value, const char *close);

/* True where the profile lets everything pass that no key of the policy speaks of. */
static inline bool judgement_is_privileged(const Judgement *j) {
    return j->rules->profile == PROFILE_PRIVILEGED;
}

/* True where what `key` speaks of is judged: by it, or by a profile that doesn't let everything pass. */
static inline bool judgement_holds(const Judgement *j, RulesKey key) {
    return !judgement_is_privileged(j) || rules_given(j->rules, key);
}

static inline bool judgement_wants_non_root(const Judgement *j) {
    return rules_given(j->rules, RULES_USER) ? !j->rules->user_any : j->rules->profile == PROFILE_RESTRICTED;
}

/* The members of an object by name, safe for absent objects and other types, which the walk reports. */
/*
 * hostpath_clean(); where it fails and that isn't the path's fault, what is found from then on has
 * REASON_NO_MEMORY.
 */
const char *judgement_clean(Judgement *j, Span path);
Span judgement_text_of(const BodyNode *object, const char *key);       /* "" */
bool judgement_flag_of(const BodyNode *object, const char *key);       /* false */
int64_t judgement_integer_of(const BodyNode *object, const char *key); /* 0 */

/* judge.c: one field and what is below it, where another has walked to it. */
void judge_member(Judgement *j, const Place *place, const Field *field, const BodyNode *value);

/* judge_mounts.c: takes the part before `separator` off *rest; false when nothing is left. An empty part
 * counts. */
bool judge_take_part(Span *rest, char separator, Span *ret);
bool judge_is_one_of(Span text, const char *const *list, size_t n);

/* judge_mounts.c: a host path, as the source of a bind mount. `value`: what the finding quotes, or NULL. */
void judge_bind_mount(Judgement *j, const Place *place, const BodyNode *value, Span source, bool readonly);

/* judge_values.c: the judge for values, or NULL when it is none of its own. */
JudgeFunction judge_values_find(FieldJudge judge);

/*
 * judge_values.c: whether the text is in the key's list, or, where that isn't given, in the profile's, which
 * ends in NULL. No for NULL: there was no memory.
 */
bool judge_is_listed(const PatternList *list, const char *const *profile, const char *text);

/* judge_volumes.c: a named volume may be somebody else's; one without a name is new, and none of this. */
void judge_volume_name(Judgement *j, const Place *place, const BodyNode *value, Span name);

/* The others' likewise: NULL when the judge is none of theirs. */
JudgeFunction judge_logs_find(FieldJudge judge);
JudgeFunction judge_mounts_find(FieldJudge judge);
JudgeFunction judge_targets_find(FieldJudge judge);
JudgeFunction judge_things_find(FieldJudge judge);
JudgeFunction judge_templates_find(FieldJudge judge);
JudgeFunction judge_volumes_find(FieldJudge judge);

/*
 * judge_targets.c. Whether something may be mounted on `target`, from `source` on the host ("": none), as a
 * client asks for it, or as an engine tells it; the same for a map's key, with a finding; and whether Podman
 * reads the text as the one value that it is, without any byte of `more`.
 */
bool judge_target_is_safe(Judgement *j, Span target, Span source);
bool judge_target_may_be_there(Judgement *j, Span target, Span source);
void judge_target_key(Judgement *j, const Place *place, const Field *field, const BodyNode *value);
bool judge_is_one_value(Span text, const char *more);

/* judge_values.c: whether `networks` has it; `default` is bridge. */
bool judge_network_is_allowed(const Judgement *j, Span name);

/* judge_values.c: an entry of Env that names no variable. What isn't one may be a secret, and is told
 * nowhere. */
bool judge_env_is_pattern(Span entry);

/* judge_values.c: the NamespaceModes that pass. */
unsigned judge_namespace_modes(const Judgement *j, RulesNamespace which);

/* judge_templates.c: true where there is a template in it, and a finding says so; only of a service. */
bool judge_templates_of_mount(Judgement *j, const Place *place, const Field *field, const BodyNode *mount);
bool judge_templates_of_options(Judgement *j, const Place *place, const Field *field,
                                const BodyNode *options);

/* judge_templates.c: whether anything in it is one. */
bool judge_template_is_in(Span text);

/* judge_templates.c: false where a template does more than name things. *actions: counts on. */
bool judge_template_is_tame(Span text, size_t *actions);

/* judge_templates.c: the same of a text, or of all texts of an array together. */
bool judge_templates_are_tame(const BodyNode *value);

/* judge_required.c: what must be there; after the walk. `root` is the table's object. */
void judge_required(Judgement *j, const BodyNode *root);

/* judge_limits.c: what `limits` says of a create's, an update's and a service's resources. */
void judge_limits_create(Judgement *j, const Place *place, const BodyNode *host);
void judge_limits_update(Judgement *j, const BodyNode *root);
void judge_limits_service(Judgement *j, const Place *place, const BodyNode *resources);
