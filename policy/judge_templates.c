// SPDX-License-Identifier: Apache-2.0
/*
 * Swarm's templates (T-092). What a service says of its mounts is text/template to the node that runs the
 * task (swarmkit's template.ExpandContainerSpec): source, target, and the values of a volume's labels and
 * driver options. `/srv/data/{{index .Service.Labels "x"}}` becomes what a label says, `..` as well, and
 * printf can make a dot of 46 (both seen on 20.10); so what has a template in it can't be judged. Env and
 * Hostname are expanded too, and lead nowhere.
 */
#include "judgement.h"

static bool template_is_in(Span text) {
    return text.size > 1 && memmem(text.data, text.size, "{{", 2) != NULL;
}

static bool template_is_expanded(const Judgement *j) {
    return strcmp(j->table->object, "services") == 0;
}

static void template_refuse(Judgement *j, const Place *place, const Field *field) {
    judgement_object(j, place, REASON_FIELD_NOT_ALLOWED, field->rule, NULL,
                     " is a template, and what the node makes of it can't be judged");
}

bool judge_templates_of_mount(Judgement *j, const Place *place, const Field *field, const BodyNode *mount) {
    static const char *const members[] = {"Source", "Target"};
    bool found = false;

    for (size_t i = 0; template_is_expanded(j) && i < ARRAY_SIZE(members); i++) {
        Place at = PLACE_BELOW(place, members[i]);

        if (!template_is_in(judgement_text_of(mount, members[i])))
            continue;
        template_refuse(j, &at, field);
        found = true;
    }
    return found;
}

bool judge_templates_of_options(Judgement *j, const Place *place, const Field *field,
                                const BodyNode *options) {
    Place at = {.parent = place, .kind = PLACE_KEY};
    const BodyNode *value;
    void *iter = NULL;
    bool found = false;

    while (template_is_expanded(j) && body_next(options, &iter, &at.key, &value)) {
        if (body_type(value) != BODY_TYPE_STRING || !template_is_in(body_string(value)))
            continue;
        template_refuse(j, &at, field);
        found = true;
    }
    return found;
}
