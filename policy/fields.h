// SPDX-License-Identifier: Apache-2.0
/*
 * The fields of every JSON body, as dockerd's own types have them, united over the API's versions: the
 * allowlist that judge.c holds a body against. The data is in fields_*.def, one row a field:
 *
 *   FIELD(path, type, since, until)                 any value of the type passes
 *   JUDGED(path, type, judge, rule, since, until)   a value that is set must pass the judge
 *   ROWS(table) … END_ROWS                          the rows of one table; fields.c says whose
 *
 * `path` goes down with `.`, into an array's elements with `[]`, into a map's values with `{}`. What lies
 * on the way needs no row of its own: `.` makes an object, `[]` an array, `{}` a map; a row for it only
 * adds a judge. Struct keys match as Go's do, map keys are the client's own. `since` and `until` are the
 * minors of the first and the last API version with the field (0: open), given where an engine of
 * another version would read the request otherwise (T-046).
 */
#pragma once

#include "base.h"

typedef enum FieldType {
    FIELD_OBJECT = 0,
    FIELD_ARRAY,
    FIELD_MAP,
    FIELD_BOOL,
    FIELD_INTEGER,
    FIELD_REAL,
    FIELD_STRING,
    FIELD_STRSLICE, /* an array of strings, or one string for an array of one (T-042); rows say it of `[]` */
    FIELD_ANY,      /* not looked into; only under JUDGE_CLOSED */
} FieldType;

typedef enum FieldJudge {
    JUDGE_FREE = 0,   /* any value */
    JUDGE_CLOSED,     /* only what means "not set" */
    JUDGE_UNSET,      /* only null: empty is a choice (T-080) */
    JUDGE_RESTRICTED, /* CLOSED under the restricted profile, FREE in the others */
    JUDGE_PRIVILEGED,
    JUDGE_EXEC_PRIVILEGED,
    /* judge_mounts.c */
    JUDGE_BIND,  /* one of HostConfig.Binds */
    JUDGE_MOUNT, /* one of Mounts, as a whole */
    JUDGE_PROPAGATION,
    JUDGE_CREATE_MOUNTPOINT,
    JUDGE_TMPFS, /* a map whose keys are paths in the container, with mount options as values */
    /* judge_volumes.c */
    JUDGE_VOLUME_NAME,
    JUDGE_VOLUME_DRIVER,
    JUDGE_DRIVER_OPTIONS, /* a local volume's, as a whole */
    JUDGE_SUBPATH,
    /* judge_targets.c */
    JUDGE_TARGET_KEY,    /* the same, of keys alone */
    JUDGE_SECRET_TARGET, /* the file of a service's secret */
    JUDGE_CONFIG_TARGET, /* of its config */
    JUDGE_WORKING_DIR,
    /* judge_templates.c */
    JUDGE_TEMPLATE, /* a text, or all texts of an array */
    /* judge_logs.c */
    JUDGE_LOG_DRIVER,
    JUDGE_LOG_OPTION, /* of a map's keys, and what some of them have */
    /* judge_values.c */
    JUDGE_CAPABILITY,
    JUDGE_NETWORK,
    JUDGE_NETWORK_KEY,     /* of a map whose keys are networks */
    JUDGE_SERVICE_NETWORK, /* the same of a service, where an ID is as good as the name */
    JUDGE_SUBNET,
    JUDGE_PID_NAMESPACE,
    JUDGE_IPC_NAMESPACE,
    JUDGE_UTS_NAMESPACE,
    JUDGE_USER_NAMESPACE,
    JUDGE_CGROUP_NAMESPACE,
    JUDGE_SECURITY_OPT,
    JUDGE_SYSCTL, /* of a map's keys */
    JUDGE_RUNTIME,
    JUDGE_LABEL, /* of a map's keys */
    JUDGE_ENV,
    JUDGE_NOT_NEGATIVE,
    JUDGE_ULIMIT, /* one of Ulimits, as a whole */
    JUDGE_RESTART_POLICY,
    /* judge_values.c: a list of values that no key replaces */
    JUDGE_SERVICE_RUNTIME,
    JUDGE_NETWORK_DRIVER,
    JUDGE_NETWORK_SCOPE,
    JUDGE_DEFAULT,
    JUDGE_CONSISTENCY,
    /* judge_values.c: a list of map keys */
    JUDGE_STORAGE_OPTION,
    JUDGE_NETWORK_OPTION,
    /* judge_things.c */
    JUDGE_IMAGE,
    JUDGE_USER,
    JUDGE_GROUPS,
    JUDGE_DEVICE,       /* one of Devices, as a whole */
    JUDGE_DEVICE_LIMIT, /* one of Blkio*, as a whole */
    JUDGE_PORT_LIST,    /* one of PortBindings' values */
    JUDGE_PORT,         /* one of PortBindings' elements, as a whole */
    JUDGE_PUBLISH_ALL,
    JUDGE_EXTRA_HOST,
    JUDGE_SERVICE_HOST,
    JUDGE_SECRET,       /* one of a service's, as a whole */
    JUDGE_CONFIG,       /* likewise */
    JUDGE_SERVICE_PORT, /* one of a service's ports, as a whole */
    JUDGE_MAX_
} FieldJudge;

typedef struct Field Field;

struct Field {
    Span name; /* "Binds"; "[]" or "{}" for an element */
    FieldType type;
    FieldJudge judge;
    const char *rule; /* "containers.bind_mounts"; NULL under JUDGE_FREE */
    uint32_t keys;    /* RULES_BIT()s: what judges it beside the privileged profile too */
    unsigned since, until;
    const Field *element; /* of an array, map or strslice */
    const Field *parent;
    uint32_t hash; /* of parent and folded name */
};

typedef struct FieldTable {
    const char *operation;    /* "ContainerCreate" */
    const char *object;       /* "containers": whose unknown_fields it is */
    const char *unknown_rule; /* "containers.unknown_fields" */
    const Field *root;
    const Field *misplaced; /* an object whose fields dockerd also reads at the root (T-040), or NULL */
} FieldTable;

/* NULL: no table, the operation's bodies can't be judged. The first call builds all tables. */
const FieldTable *fields_find(const char *operation);

typedef enum FieldMatch {
    FIELD_UNKNOWN = 0,
    FIELD_EXACT,
    FIELD_FOLDED, /* dockerd would take the key for this field, though its bytes differ (T-030) */
} FieldMatch;

/* *ret: the field, but for FIELD_UNKNOWN. One look-up serves both matches. */
FieldMatch fields_lookup(const Field *object, Span key, const Field **ret);

const char *field_type_name(FieldType type); /* "array of strings" */

/* How full the static storage is, for the test that keeps it from overflowing. */
void fields_usage(size_t *ret_used, size_t *ret_room);
