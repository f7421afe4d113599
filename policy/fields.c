// SPDX-License-Identifier: Apache-2.0
/*
 * The rows become a tree of fields in static storage, with two hash tables: over (parent, name), where what
 * a client sends is nearly always found, and over (parent, folded name) for what isn't. What a key is takes
 * one look-up or two, however many fields there are, and a client can't add to it. Built once from constants,
 * so the result is the same on every run; the daemon has one thread.
 */
#include "fields.h"

#include <assert.h>
#include <stdio.h>

#include "body.h"
#include "rules.h"

typedef struct FieldRow {
    const char *path;
    FieldType type;
    FieldJudge judge;
    const char *rule;
    unsigned since, until;
} FieldRow;

#define ROWS(table) static const FieldRow fields_##table[] = {
#define END_ROWS                                                                                             \
    { .path = NULL }                                                                                         \
    }                                                                                                        \
    ;
#define FIELD(field_path, field_type, from, to)                                                              \
    {.path = field_path, .type = FIELD_##field_type, .judge = JUDGE_FREE, .since = from, .until = to},
#define JUDGED(field_path, field_type, by, of, from, to)                                                     \
    {.path = field_path,                                                                                     \
     .type = FIELD_##field_type,                                                                             \
     .judge = JUDGE_##by,                                                                                    \
     .rule = of,                                                                                             \
     .since = from,                                                                                          \
     .until = to},

/* clang-format off */
#include "fields_container.def"
#include "fields_exec.def"
#include "fields_volume.def"
#include "fields_network.def"
#include "fields_service.def"
#include "fields_cluster.def"
/* clang-format on */

static const struct {
    const char *operation;
    const char *object;
    const FieldRow *rows;
    const char *misplaced; /* see FieldTable */
} fields_tables[] = {
    {"ContainerCreate", "containers", fields_container_create, "HostConfig"},
    {"ContainerUpdate", "containers", fields_container_update, NULL},
    {"ImageCommit", "images", fields_image_commit, NULL},
    {"ContainerExec", "exec", fields_container_exec, NULL},
    {"ExecStart", "exec", fields_exec_start, NULL},
    {"CheckpointCreate", "checkpoints", fields_checkpoint_create, NULL},
    {"VolumeCreate", "volumes", fields_volume_create, NULL},
    {"VolumeUpdate", "volumes", fields_volume_update, NULL},
    {"NetworkCreate", "networks", fields_network_create, NULL},
    {"NetworkConnect", "networks", fields_network_connect, NULL},
    {"NetworkDisconnect", "networks", fields_network_disconnect, NULL},
    {"ServiceCreate", "services", fields_service, NULL},
    {"ServiceUpdate", "services", fields_service, NULL},
    {"SwarmInit", "swarm", fields_swarm_init, NULL},
    {"SwarmJoin", "swarm", fields_swarm_join, NULL},
    {"SwarmUpdate", "swarm", fields_swarm_update, NULL},
    {"SwarmUnlock", "swarm", fields_swarm_unlock, NULL},
    {"NodeUpdate", "nodes", fields_node, NULL},
    {"SecretCreate", "secrets", fields_secret, NULL},
    {"SecretUpdate", "secrets", fields_secret, NULL},
    {"ConfigCreate", "configs", fields_config, NULL},
    {"ConfigUpdate", "configs", fields_config, NULL},
    {"PluginPull", "plugins", fields_plugin_privileges, NULL},
    {"PluginUpgrade", "plugins", fields_plugin_privileges, NULL},
    {"PluginSet", "plugins", fields_plugin_set, NULL},
    {"SystemAuth", "auth", fields_auth, NULL},
};

#define FIELDS_ROOM 2048u
#define FIELDS_SLOTS 8192u /* a power of two, at most a quarter full */

static Field fields_pool[FIELDS_ROOM];
static size_t fields_n;
static uint16_t fields_slots[FIELDS_SLOTS];       /* by folded name: index + 1 into fields_pool; 0: free */
static uint16_t fields_exact_slots[FIELDS_SLOTS]; /* by name */
static FieldTable fields_built[ARRAY_SIZE(fields_tables)];

/* FNV-1a over the parent's place and the folded key: twins that Go takes for one key share a hash. */
static uint32_t fields_hash(const Field *parent, Span key) {
    uint32_t hash = 2166136261u ^ (uint32_t) (parent - fields_pool) * 2654435761u;
    unsigned char c;

    while (body_key_take(&key, &c))
        hash = (hash ^ c) * 16777619u;
    return hash;
}

/* Eight bytes, or all of them where there are fewer, some of them twice. */
static uint64_t fields_word(const char *data, size_t n) {
    uint64_t word = 0;
    uint32_t first, last;

    if (n >= 8) {
        memcpy(&word, data, 8);
    } else if (n >= 4) {
        memcpy(&first, data, 4);
        memcpy(&last, data + n - 4, 4);
        word = (uint64_t) last << 32 | first;
    } else if (n > 0) {
        word = (uint64_t) (unsigned char) data[n / 2] << 16 | (uint64_t) (unsigned char) data[n - 1] << 8 |
               (unsigned char) data[0];
    }
    return word;
}

/* The name's ends and its length tell our fields apart; keys that share them only cost a comparison. */
static uint32_t fields_exact_hash(const Field *parent, Span key) {
    uint64_t first = fields_word(key.data, key.size);
    uint64_t last = key.size > 8 ? fields_word(key.data + key.size - 8, 8) : 0;
    uint64_t hash =
        (first ^ (uint64_t) (parent - fields_pool) << 48 ^ key.size) * UINT64_C(0x9E3779B97F4A7C15);

    hash = (hash ^ hash >> 29 ^ last) * UINT64_C(0xBF58476D1CE4E5B9);
    return (uint32_t) (hash >> 32);
}

static const Field *fields_lookup_exact(const Field *object, Span key) {
    uint32_t slot = fields_exact_hash(object, key) % FIELDS_SLOTS;

    for (; fields_exact_slots[slot] != 0; slot = (slot + 1) % FIELDS_SLOTS) {
        const Field *field = &fields_pool[fields_exact_slots[slot] - 1];

        if (field->parent == object && span_equals(field->name, key))
            return field;
    }
    return NULL;
}

static const Field *fields_lookup_folded(const Field *object, Span key) {
    uint32_t hash = fields_hash(object, key);

    for (uint32_t slot = hash % FIELDS_SLOTS; fields_slots[slot] != 0; slot = (slot + 1) % FIELDS_SLOTS) {
        const Field *field = &fields_pool[fields_slots[slot] - 1];

        if (field->hash == hash && field->parent == object && body_key_folds_to(key, field->name.data))
            return field;
    }
    return NULL;
}

FieldMatch fields_lookup(const Field *object, Span key, const Field **ret) {
    const Field *field = fields_lookup_exact(object, key);
    FieldMatch match = field ? FIELD_EXACT : FIELD_FOLDED;

    if (!field)
        field = fields_lookup_folded(object, key);
    if (!field)
        return FIELD_UNKNOWN;
    *ret = field;
    return match;
}

static Field *fields_add(Field *parent, Span name, FieldType type) {
    Field *field;

    assert(fields_n < FIELDS_ROOM); /* tests/unit/test_judge.c watches the room */
    field = &fields_pool[fields_n++];
    *field = (Field){.name = name, .type = type, .parent = parent};
    return field;
}

/*
 * The name must end in NUL for body_key_folds_to(), but the path's parts don't: keep them side by side
 * in storage of their own.
 */
static Span fields_keep_name(Span part) {
    static char names[FIELDS_ROOM * 24];
    static size_t used;
    char *name = names + used;

    assert(used + part.size + 1 <= sizeof(names));
    memcpy(name, part.data, part.size);
    name[part.size] = '\0';
    used += part.size + 1;
    return (Span){.data = name, .size = part.size};
}

static void fields_enter(uint16_t *slots, uint32_t hash, uint16_t number) {
    uint32_t slot = hash % FIELDS_SLOTS;

    while (slots[slot] != 0)
        slot = (slot + 1) % FIELDS_SLOTS;
    slots[slot] = number;
}

static Field *fields_add_member(Field *parent, Span part) {
    const Field *known;
    FieldMatch match = fields_lookup(parent, part, &known);
    Field *field;

    if (match == FIELD_EXACT)
        return &fields_pool[known - fields_pool];

    assert(match == FIELD_UNKNOWN); /* no two fields of one object are spellings of each other */
    field = fields_add(parent, fields_keep_name(part), FIELD_OBJECT);
    field->hash = fields_hash(parent, part);
    fields_enter(fields_slots, field->hash, (uint16_t) fields_n);
    fields_enter(fields_exact_slots, fields_exact_hash(parent, part), (uint16_t) fields_n);
    return field;
}

static Field *fields_add_element(Field *parent, Span suffix) {
    if (!parent->element) {
        parent->element = fields_add(parent, suffix, FIELD_OBJECT);
        if (parent->type == FIELD_OBJECT)
            parent->type = span_equals(suffix, SPAN("{}")) ? FIELD_MAP : FIELD_ARRAY;
    }
    return &fields_pool[parent->element - fields_pool];
}

/* "HostConfig.PortBindings{}[].HostIp" from the root down. */
static Field *fields_descend(Field *root, const char *path) {
    Field *field = root;

    while (*path) {
        size_t n = strcspn(path, ".[{");

        if (n > 0) {
            field = fields_add_member(field, (Span){.data = path, .size = n});
            path += n;
        } else if (*path == '.') {
            path++;
        } else {
            field = fields_add_element(field, *path == '[' ? SPAN("[]") : SPAN("{}"));
            path += 2;
        }
    }
    return field;
}

/* Judges that look at more than the key by which their finding goes. */
static uint32_t fields_more_keys(FieldJudge judge) {
    switch ((int) judge) {
    case JUDGE_BIND: /* also names volumes */
    case JUDGE_MOUNT:
    case JUDGE_CONSISTENCY:
        return RULES_BIT(RULES_VOLUMES);
    case JUDGE_TARGET_KEY:     /* to Podman one with a colon is a bind mount */
    case JUDGE_DRIVER_OPTIONS: /* a bind mount in disguise (T-075) */
        return RULES_BIT(RULES_BIND_MOUNTS);
    case JUDGE_IMAGE:
        return RULES_BIT(RULES_REQUIRE_DIGEST);
    case JUDGE_USER: /* an exec's too */
        return RULES_BIT(RULES_USER);
    default:
        return 0;
    }
}

static void fields_add_row(Field *root, const FieldRow *row) {
    Field *field = fields_descend(root, row->path);

    field->type = row->type;
    if (row->type == FIELD_STRSLICE) {
        fields_pool[field->parent - fields_pool].type = FIELD_STRSLICE;
        field->type = FIELD_STRING;
    }
    field->judge = row->judge;
    field->rule = row->rule;
    field->keys = rules_keys_of(row->rule);
    field->keys |= fields_more_keys(row->judge);
    field->since = row->since;
    field->until = row->until;
}

static const char *fields_unknown_rule(const char *object) {
    char rule[64];
    int n = snprintf(rule, sizeof(rule), "%s.unknown_fields", object);

    assert(n > 0 && (size_t) n < sizeof(rule));
    return fields_keep_name((Span){rule, (size_t) n}).data;
}

static void fields_build(void) {
    for (size_t i = 0; i < ARRAY_SIZE(fields_tables); i++) {
        FieldTable *table = &fields_built[i];
        Field *root = fields_add(NULL, SPAN(""), FIELD_OBJECT);

        for (const FieldRow *row = fields_tables[i].rows; row->path; row++)
            fields_add_row(root, row);
        table->operation = fields_tables[i].operation;
        table->object = fields_tables[i].object;
        table->unknown_rule = fields_unknown_rule(fields_tables[i].object);
        table->root = root;
        if (fields_tables[i].misplaced)
            table->misplaced = fields_descend(root, fields_tables[i].misplaced);
    }
}

const FieldTable *fields_find(const char *operation) {
    if (fields_n == 0)
        fields_build();
    for (size_t i = 0; i < ARRAY_SIZE(fields_built); i++)
        if (strcmp(fields_built[i].operation, operation) == 0)
            return &fields_built[i];
    return NULL;
}

const char *field_type_name(FieldType type) {
    static const char *const names[] = {
        [FIELD_OBJECT] = "an object",   [FIELD_ARRAY] = "an array",
        [FIELD_MAP] = "an object",      [FIELD_BOOL] = "a bool",
        [FIELD_INTEGER] = "an integer", [FIELD_REAL] = "a number",
        [FIELD_STRING] = "a string",    [FIELD_STRSLICE] = "an array of strings or a string",
        [FIELD_ANY] = "anything",
    };

    return (size_t) type < ARRAY_SIZE(names) ? names[type] : "unknown";
}

void fields_usage(size_t *ret_used, size_t *ret_room) {
    (void) fields_find("");
    *ret_used = fields_n;
    *ret_room = FIELDS_ROOM;
}
