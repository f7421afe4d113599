// SPDX-License-Identifier: Apache-2.0
/*
 * The walk of judge.c once more, without verdicts: the table's tree beside the body, and a note of each value
 * that a judge would be given.
 */
#include "facts.h"

#include <stdio.h>

#include "cidfile.h"
#include "judgement.h"
#include "masks.h"
#include "placeholder.h"
#include "set.h"

typedef struct Gatherer {
    const Policy *policy;
    const Request *request;
    const FieldTable *table;
    Arena *arena;
    Fact *items; /* room for LIMIT_FACTS */
    size_t n, lost;
    size_t bytes;                       /* of places and texts so far */
    char place[LIMIT_FACT_FIELD_BYTES]; /* where the walk is */
    size_t place_size;
} Gatherer;

/* What is known of a field by those above it. */
typedef struct Inside {
    bool told;     /* all that is set is told, for a judge looks at the whole */
    bool harmless; /* options of mount(2) without a secret */
} Inside;

/* --- where the walk is */

static bool gather_is_plain(Span name) {
    for (size_t i = 0; i < name.size; i++) {
        char c = ascii_lower(name.data[i]);

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_' && c != '-')
            return false;
    }
    return name.size > 0;
}

static void gather_put(Gatherer *g, Span text) {
    size_t room = sizeof(g->place) - g->place_size;

    if (text.size < room)
        memcpy(g->place + g->place_size, text.data, text.size);
    g->place_size += text.size < room ? text.size : room; /* full: nothing there can be told */
}

/* .Name, or ["a name"] with quotes and backslashes escaped. */
static void gather_enter(Gatherer *g, Span name, bool entry) {
    if (!entry && gather_is_plain(name)) {
        if (g->place_size > 0)
            gather_put(g, SPAN("."));
        gather_put(g, name);
        return;
    }
    gather_put(g, SPAN("[\""));
    for (size_t i = 0; i < name.size; i++) {
        if (name.data[i] == '"' || name.data[i] == '\\')
            gather_put(g, SPAN("\\"));
        gather_put(g, (Span){name.data + i, 1});
    }
    gather_put(g, SPAN("\"]"));
}

static void gather_enter_index(Gatherer *g, size_t index) {
    char text[32];

    (void) snprintf(text, sizeof(text), "[%zu]", index);
    gather_put(g, span_from(text));
}

/* --- one fact */

static void gather_add(Gatherer *g, Fact fact) {
    size_t bytes = g->bytes + g->place_size + fact.text.size;

    if (g->n == LIMIT_FACTS || g->place_size >= sizeof(g->place) || fact.text.size > LIMIT_FACT_BYTES ||
        bytes > LIMIT_FACTS_BYTES) {
        g->lost++;
        return;
    }
    fact.field = arena_copy(g->arena, (Span){g->place, g->place_size});
    if (fact.text.size > 0)
        fact.text.data = arena_copy(g->arena, fact.text);
    if (!fact.field || (fact.text.size > 0 && !fact.text.data)) {
        g->lost++;
        return;
    }
    g->bytes = bytes;
    g->items[g->n++] = fact;
}

static void gather_withheld(Gatherer *g, const BodyNode *value) {
    gather_add(g, (Fact){.type = body_type(value), .withheld = true});
}

/* An array or object is told of as an empty one. */
static void gather_value(Gatherer *g, const BodyNode *value) {
    Fact fact = {.type = body_type(value)};

    switch (fact.type) {
    case BODY_TYPE_STRING:
        fact.text = body_string(value);
        break;
    case BODY_TYPE_INTEGER:
        fact.integer = body_integer(value);
        break;
    case BODY_TYPE_BOOL:
        fact.flag = body_bool(value);
        break;
    case BODY_TYPE_REAL: /* the API has none but in what isn't judged */
        fact.withheld = true;
        break;
    case BODY_TYPE_NULL:
    case BODY_TYPE_ARRAY:
    case BODY_TYPE_OBJECT:
        break;
    }
    gather_add(g, fact);
}

/* --- what may be told */

static bool gather_is_for(const Gatherer *g, const char *operation) {
    return strcmp(g->table->operation, operation) == 0;
}

/*
 * Numbers and lists that no row has a judge for, but judge_limits.c, judge_required.c and exec_rules.c read.
 */
static bool gather_is_read(const Gatherer *g, const Field *field) {
    static const char *const names[] = {
        "Memory",    "MemorySwap", "MemoryReservation", "KernelMemory",   "KernelMemoryTCP", "NanoCpus",
        "CpuQuota",  "CpuPeriod",  "PidsLimit",         "MemoryBytes",    "NanoCPUs",        "Pids",
        "SwapBytes", "CapDrop",    "CapabilityDrop",    "NoNewPrivileges"};
    static const char *const of_exec[] = {"Cmd", "Env"};

    if (span_is(field->name, "[]") && field->parent)
        field = field->parent;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (span_is(field->name, names[i]))
            return true;
    for (size_t i = 0; i < ARRAY_SIZE(of_exec); i++)
        if (span_is(field->name, of_exec[i]) && gather_is_for(g, "ContainerExec"))
            return true;
    return false;
}

/*
 * Below these everything is looked at; below a network's entry, or a target's, nothing but rows of its own.
 */
static bool gather_is_whole(const Field *field) {
    return field->judge != JUDGE_FREE && field->judge != JUDGE_NETWORK_KEY &&
           field->judge != JUDGE_TARGET_KEY;
}

/*
 * The options of a local volume: only where each flag is one of these, and the device has no user, no
 * password and no token in it. Those of cifs have a password.
 */
static bool gather_options_are_harmless(const BodyNode *options) {
    static const char *const flags[] = {
        "bind",      "rbind", "move",   "remount", "ro",    "rw",       "private",    "rprivate",
        "nosuid",    "nodev", "noexec", "noatime", "suid",  "relatime", "nodiratime", "dev",
        "exec",      "size",  "mode",   "uid",     "gid",   "addr",     "vers",       "nfsvers",
        "nr_inodes", "soft",  "hard",   "sync",    "async", "nolock",   "proto",      "port",
        "rsize",     "wsize", "timeo",  "retrans"};
    Span rest = judgement_text_of(options, "o"), device = judgement_text_of(options, "device");

    if (memchr(device.data, '@', device.size) || memchr(device.data, '?', device.size))
        return false;
    while (rest.size > 0) {
        const char *comma = memchr(rest.data, ',', rest.size);
        Span flag = {rest.data, comma ? (size_t) (comma - rest.data) : rest.size};
        const char *equals = flag.size > 0 ? memchr(flag.data, '=', flag.size) : NULL;
        bool known = flag.size == 0;

        rest = (Span){rest.data + flag.size, rest.size - flag.size};
        if (comma)
            rest = (Span){rest.data + 1, rest.size - 1};
        if (equals)
            flag.size = (size_t) (equals - flag.data);
        for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
            known = known || span_is(flag, flags[i]);
        if (!known)
            return false;
    }
    return true;
}

static bool gather_is_required_label(const Gatherer *g, Span key) {
    for (size_t i = 0; i < g->policy->rules.n_labels; i++)
        if (span_is(key, g->policy->rules.labels[i].key))
            return true;
    return false;
}

/* A value of a map; `key` is the client's. */
static bool gather_entry_may_be_told(const Gatherer *g, const Field *field, const Inside *inside, Span key) {
    if (field->judge == JUDGE_TMPFS)
        return true;
    if (field->judge == JUDGE_LABEL)
        return gather_is_required_label(g, key);
    if (field->judge == JUDGE_LOG_OPTION) /* those whose value is judged, and none is a secret */
        return span_is(key, "tag") || span_is(key, "labels") || span_is(key, "max-buffer-size") ||
               span_is(key, "max-file");
    return inside->harmless && (span_is(key, "type") || span_is(key, "o") || span_is(key, "device"));
}

/* Whether a text may stand in the trail: as judge_trace.c has it of what reasons quote. */
static bool gather_may_be_told(const Gatherer *g, const Field *field, const Inside *inside, Span key) {
    const Field *parent = field->parent;

    if (span_is(field->name, "{}"))
        return gather_entry_may_be_told(g, field, inside, key);
    if (field->rule)
        return true;
    switch ((int) (parent ? parent->judge : JUDGE_FREE)) {
    case JUDGE_MOUNT:
    case JUDGE_DEVICE:
    case JUDGE_ULIMIT:
    case JUDGE_DEVICE_LIMIT:
    case JUDGE_PORT:
    case JUDGE_SERVICE_PORT:
    case JUDGE_SECRET:
    case JUDGE_CONFIG:
        return true;
    default:
        break;
    }
    if (gather_is_for(g, "ContainerExec"))
        return parent && span_is(parent->name, "Cmd");
    return gather_is_read(g, field);
}

/* --- the walk */

static void gather_field(Gatherer *g, const Field *field, const BodyNode *value, Span key, bool entry,
                         Inside inside);

/* A key that is no field, or another's spelling. Zero says nothing of anybody. */
static void gather_stranger(Gatherer *g, const BodyNode *value) {
    if (body_is_zero(value))
        gather_value(g, value);
    else
        gather_withheld(g, value);
}

static void gather_object(Gatherer *g, const Field *field, const BodyNode *object, Inside inside) {
    bool map = field->type == FIELD_MAP;
    size_t before = g->place_size;
    const BodyNode *value;
    void *iter = NULL;
    Span key;

    while (body_next(object, &iter, &key, &value)) {
        const Field *known = field->element;

        /* What counts as not set has no fact: a machine of 256 CPUs masks as many paths. */
        if (gather_is_for(g, "ContainerCreate") && span_is(field->name, "HostConfig") &&
            (masks_are_the_engines(object, key) || cidfile_is_set(object, key)))
            continue;
        gather_enter(g, key, map);
        if (map || fields_lookup(field, key, &known) == FIELD_EXACT)
            gather_field(g, known, value, key, map, inside);
        else
            gather_stranger(g, value);
        g->place_size = before;
    }
}

static void gather_array(Gatherer *g, const Field *field, const BodyNode *array, Inside inside) {
    size_t before = g->place_size;

    for (size_t i = 0; i < body_size(array); i++) {
        if (g->n == LIMIT_FACTS) { /* the thousands behind it need no walk */
            g->lost += body_size(array) - i;
            return;
        }
        gather_enter_index(g, i);
        gather_field(g, field->element, body_at(array, i), SPAN(""), true, inside);
        g->place_size = before;
    }
}

/* One string for an array of one (T-042). */
static void gather_alone(Gatherer *g, const Field *field, const BodyNode *value, Inside inside) {
    size_t before = g->place_size;

    gather_enter_index(g, 0);
    gather_field(g, field->element, value, SPAN(""), true, inside);
    g->place_size = before;
}

/*
 * Where being there is a choice though nothing is set: an update's zero takes a limit off, and a task without
 * a ContainerSpec is none that edit.c or judge_required.c look at.
 */
static bool gather_is_told_empty(const Gatherer *g, const Field *field) {
    return span_is(field->name, "ContainerSpec") ||
           (gather_is_for(g, "ContainerUpdate") && gather_is_read(g, field));
}

/* A text that is judged as the template is, and says nothing of what is around that. */
static void gather_template(Gatherer *g) {
    gather_add(g, (Fact){.type = BODY_TYPE_STRING, .text = SPAN("{{")});
}

/* A label of the volume that a service's mount makes, with a template in it. */
static bool gather_is_template(const Gatherer *g, const Field *field, const BodyNode *value) {
    const Field *above = field->judge == JUDGE_LABEL && field->parent ? field->parent->parent : NULL;

    return above && span_is(above->name, "VolumeOptions") && strcmp(g->table->object, "services") == 0 &&
           body_type(value) == BODY_TYPE_STRING && judge_template_is_in(body_string(value));
}

static void gather_leaf(Gatherer *g, const Field *field, const BodyNode *value, Span key, Inside inside) {
    if (field->judge == JUDGE_ENV && body_type(value) == BODY_TYPE_STRING) {
        if (judge_env_is_pattern(body_string(value))) /* the beginning of names, and no value */
            gather_value(g, value);
        return;
    }
    if (!field->rule && !inside.told && !gather_is_read(g, field))
        return;
    if (gather_is_template(g, field, value))
        return gather_template(g);
    if (body_type(value) == BODY_TYPE_STRING && !gather_may_be_told(g, field, &inside, key))
        gather_withheld(g, value);
    else
        gather_value(g, value);
}

/* T-046: its being there is what is judged. */
static bool gather_is_untimely(const Gatherer *g, const Field *field) {
    unsigned minor = g->request->target.api_minor;

    return minor != 0 && (minor < field->since || (field->until != 0 && minor > field->until));
}

/* A command line, and an environment: that they are there is all that is told. */
static bool gather_is_secret_list(const Gatherer *g, const Field *field) {
    return gather_is_for(g, "ContainerExec") &&
           (span_is(field->name, "Env") || (span_is(field->name, "Cmd") && !g->policy->exec.commands.given));
}

/* Of a service's environment nothing but that it has a template that is denied. */
static void gather_environment(Gatherer *g, const BodyNode *env) {
    size_t before = g->place_size;

    if (judge_templates_are_tame(env))
        return;
    gather_enter_index(g, 0);
    gather_template(g);
    g->place_size = before;
}

static void gather_below(Gatherer *g, const Field *field, const BodyNode *value, bool entry, Inside inside) {
    size_t before = g->n + g->lost;

    if (gather_is_secret_list(g, field))
        return gather_withheld(g, value);
    if (field->judge == JUDGE_TEMPLATE) /* an environment */
        return gather_environment(g, value);
    if (field->judge == JUDGE_DRIVER_OPTIONS)
        inside.harmless = gather_options_are_harmless(value);
    if (body_type(value) == BODY_TYPE_OBJECT)
        gather_object(g, field, value, inside);
    else
        gather_array(g, field, value, inside);
    if (g->n + g->lost == before && (entry || field->rule || inside.told || gather_is_told_empty(g, field)))
        gather_value(g, value);
}

static void gather_field(Gatherer *g, const Field *field, const BodyNode *value, Span key, bool entry,
                         Inside inside) {
    BodyType type = body_type(value);
    bool is_set = field->judge == JUDGE_UNSET ? type != BODY_TYPE_NULL : !body_is_zero(value);

    if (type == BODY_TYPE_NULL || !judge_type_fits(field->type, type) || field->type == FIELD_ANY) {
        if (type == BODY_TYPE_NULL && entry)
            gather_value(g, value);
        else if (type != BODY_TYPE_NULL && (is_set || field->type != FIELD_ANY))
            gather_stranger(g, value);
        return;
    }
    if (!is_set && !entry && !gather_is_told_empty(g, field))
        return;
    inside.told = inside.told || gather_is_whole(field) || gather_is_untimely(g, field);
    if (type == BODY_TYPE_OBJECT || type == BODY_TYPE_ARRAY)
        gather_below(g, field, value, entry, inside);
    else if (field->type == FIELD_STRSLICE)
        gather_alone(g, field, value, inside);
    else
        gather_leaf(g, field, value, key, inside);
}

void facts_gather(const Policy *policy, const Request *request, const Body *body, Arena *arena, Facts *ret) {
    Gatherer g = {.policy = policy, .request = request, .arena = arena};
    const BodyNode *root = body ? body_root(body) : NULL;

    /* One that nobody read, as its head was denied: none of it can be told, which is not nothing. */
    *ret = (Facts){.gathered = body || !request_has_body(request)};
    if (!root || !request->operation)
        return;
    g.table = fields_find(request->operation->id);
    g.items = g.table ? arena_alloc_array(arena, LIMIT_FACTS, sizeof(*g.items)) : NULL;
    if (!g.table) /* no such body is judged, whatever is in it */
        return;
    if (!g.items)
        g.lost++;
    else if (!judge_type_fits(g.table->root->type, body_type(root)))
        gather_stranger(&g, root);
    else
        gather_field(&g, g.table->root, root, SPAN(""), false, (Inside){0});
    if (placeholder_find(arena, body)) /* it may stand where nothing is told, and decides all the same */
        g.lost++;
    ret->items = g.items;
    ret->n = g.n;
    ret->lost = g.lost;
}
