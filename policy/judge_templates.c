// SPDX-License-Identifier: Apache-2.0
/*
 * Swarm's templates (T-092). What a service says of its mounts is text/template to the node that runs the
 * task (swarmkit's template.ExpandContainerSpec): source, target, and the values of a volume's labels and
 * driver options. `/srv/data/{{index .Service.Labels "x"}}` becomes what a label says, `..` as well, and
 * printf can make a dot of 46 (both seen on 20.10); so what has a template in it can't be judged. Env and
 * Hostname are expanded too, and lead nowhere; nor does the tag of a log.
 *
 * But a template is a program, run in the engine, where no limit of a container holds: thirty doublings of a
 * variable, or `pad`, make gigabytes, a range of a number makes hours (seen on 28.5). So these pass where
 * they only name what there is, and not too often, since what they name may be as long as the body.
 */
#include "bytes.h"
#include "judgement.h"
#include "limits.h"

bool judge_template_is_in(Span text) {
    return text.size > 1 && memmem(text.data, text.size, "{{", 2) != NULL;
}

static Span template_behind(Span text, const char *at) {
    return (Span){at, text.size - (size_t) (at - text.data)};
}

/*
 * Not all that there is, of a log with the environment, nor that by itself: a service's may be what templates
 * have made of it, thirty times the body, and the tag would have it thirty times more.
 */
static bool template_is_short(Span field) {
    static const char environment[] = "ContainerEnv";

    return field.size > 1 && !memmem(field.data, field.size, environment, sizeof(environment) - 1);
}

/* How long the token at the head of an action's rest is; 0: one that may do more than name something. */
static size_t template_token(Span rest) {
    static const char *const words[] = {"index", "nil"};
    char c = rest.size > 0 ? rest.data[0] : '\0';
    size_t n = 1;

    if (c == ' ' || c == '-' || c == '(' || c == ')')
        return 1;
    if (c == '"' || c == '`') {
        const char *end = memchr(rest.data + 1, c, rest.size - 1);

        n = end ? (size_t) (end - rest.data) + 1 : 0;
        return n > 0 && !memchr(rest.data, '\\', n) ? n : 0;
    }
    while (n < rest.size && (byte_is(rest.data[n], BYTE_ALNUM) || rest.data[n] == '_' || rest.data[n] == '.'))
        n++;
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (span_is((Span){rest.data, n}, words[i]))
            return n;
    return c == '.' && template_is_short((Span){rest.data, n}) ? n : 0;
}

bool judge_template_is_tame(Span text, size_t *actions) {
    const char *open;

    while (text.size > 1 && (open = memmem(text.data, text.size, "{{", 2))) {
        text = template_behind(text, open + 2);
        if (++*actions > LIMIT_TEMPLATE_ACTIONS)
            return false;
        while (!span_starts_with(text, SPAN("}}"))) {
            size_t n = template_token(text);

            /* A parenthesis counts too: Go's parser goes down with each. */
            if (n == 0 || (text.data[0] == '(' && ++*actions > LIMIT_TEMPLATE_ACTIONS))
                return false;
            text = template_behind(text, text.data + n);
        }
        text = template_behind(text, text.data + 2);
    }
    return true;
}

static bool template_is_expanded(const Judgement *j) {
    return strcmp(j->table->object, "services") == 0;
}

static void template_refuse(Judgement *j, const Place *place, const Field *field) {
    judgement_object(j, place, REASON_FIELD_NOT_ALLOWED, field->rule, NULL,
                     " is a template, and what the node makes of it can't be judged");
}

/* Of the volume that is made for a mount: expanded, and not worth a judge of its own. */
static bool template_is_in_labels(Judgement *j, const Place *place, const Field *field,
                                  const BodyNode *mount) {
    const BodyNode *options = body_member(mount, "VolumeOptions");
    const BodyNode *labels = options ? body_member(options, "Labels") : NULL, *value;
    Place options_at = PLACE_BELOW(place, "VolumeOptions"), labels_at = PLACE_BELOW(&options_at, "Labels");
    Place at = {.parent = &labels_at, .kind = PLACE_KEY};
    void *iter = NULL;
    bool found = false;

    while (template_is_expanded(j) && labels && body_next(labels, &iter, &at.key, &value)) {
        if (body_type(value) != BODY_TYPE_STRING || !judge_template_is_in(body_string(value)))
            continue;
        template_refuse(j, &at, field);
        found = true;
    }
    return found;
}

bool judge_templates_of_mount(Judgement *j, const Place *place, const Field *field, const BodyNode *mount) {
    static const char *const members[] = {"Source", "Target"};
    bool found = false;

    for (size_t i = 0; template_is_expanded(j) && i < ARRAY_SIZE(members); i++) {
        Place at = PLACE_BELOW(place, members[i]);

        if (!judge_template_is_in(judgement_text_of(mount, members[i])))
            continue;
        template_refuse(j, &at, field);
        found = true;
    }
    return template_is_in_labels(j, place, field, mount) || found;
}

bool judge_templates_of_options(Judgement *j, const Place *place, const Field *field,
                                const BodyNode *options) {
    Place at = {.parent = place, .kind = PLACE_KEY};
    const BodyNode *value;
    void *iter = NULL;
    bool found = false;

    while (template_is_expanded(j) && body_next(options, &iter, &at.key, &value)) {
        if (body_type(value) != BODY_TYPE_STRING || !judge_template_is_in(body_string(value)))
            continue;
        template_refuse(j, &at, field);
        found = true;
    }
    return found;
}

/*
 * Of an environment: swarmkit expands what is behind the first = (template.expandEnv). A quote that begins
 * before that is none there, so a name has no template at all.
 */
static bool template_entry_is_tame(Span entry, size_t *actions) {
    const char *equals = entry.size > 0 ? memchr(entry.data, '=', entry.size) : NULL;

    if (equals && judge_template_is_in((Span){entry.data, (size_t) (equals - entry.data)}))
        return false;
    return judge_template_is_tame(entry, actions);
}

bool judge_templates_are_tame(const BodyNode *value) {
    bool is_list = body_type(value) == BODY_TYPE_ARRAY;
    size_t actions = 0;

    if (body_type(value) == BODY_TYPE_STRING)
        return judge_template_is_tame(body_string(value), &actions);
    for (size_t i = 0; is_list && i < body_size(value); i++) {
        const BodyNode *entry = body_at(value, i);

        if (body_type(entry) == BODY_TYPE_STRING && !template_entry_is_tame(body_string(entry), &actions))
            return false;
    }
    return true;
}

/* Hostname, or all of Env. Never quoted: it may be a secret's. */
static void judge_template(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    if (!judge_templates_are_tame(value))
        judgement_object(j, place, REASON_FIELD_NOT_ALLOWED, field->rule,
                         "write {{.Task.Slot}} or {{index .Service.Labels \"x\"}}: names, and nothing else",
                         " is a template that does more than name things, or does so too often");
}

JudgeFunction judge_templates_find(FieldJudge judge) {
    return judge == JUDGE_TEMPLATE ? judge_template : NULL;
}
