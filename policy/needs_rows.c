// SPDX-License-Identifier: Apache-2.0
#include "needs_rows.h"

/* --- What the path names -------------------------------------------------------------------------- */

/*
 * What gets into a container, or lets it loose on the host once more, has what that container has. Reading
 * its files is among it: an archive follows the container's mounts.
 */
static const struct {
    const char *operation;
    unsigned uses;
} NEED_PATHS[] = {
    {"ContainerExec", NEED_INSIDE},
    {"ContainerAttach", NEED_INSIDE},
    {"ContainerAttachWebsocket", NEED_INSIDE},
    {"ContainerStart", NEED_INSIDE},
    {"ContainerRestart", NEED_INSIDE},
    {"ContainerUpdate", NEED_INSIDE},
    {"ContainerArchive", NEED_INSIDE},
    {"ContainerArchiveInfo", NEED_INSIDE},
    {"PutContainerArchive", NEED_INSIDE},
    {"ExecStart", NEED_COMMAND},
};

unsigned needs_path_uses(const Operation *operation) {
    unsigned uses = 0;

    for (size_t i = 0; i < ARRAY_SIZE(NEED_PATHS); i++)
        if (strcmp(NEED_PATHS[i].operation, operation->id) == 0)
            uses |= NEED_PATHS[i].uses;
    return uses;
}

/* --- What the query and the body name -------------------------------------------------------------- */

#define BODY_ROW(id, path, form, kind, uses, scoped)                                                         \
    { id, path, false, FORM_##form, NEED_##kind, uses, scoped }
#define QUERY_ROW(id, key, form, kind, uses, scoped)                                                         \
    { id, key, true, FORM_##form, NEED_##kind, uses, scoped }
#define VOLUME_USES (NEED_ORIGIN | NEED_MAY_BE_NEW)

#define SERVICE_ROWS(id)                                                                                     \
    BODY_ROW(id, "TaskTemplate.ContainerSpec.Mounts[]", MOUNT, VOLUME, VOLUME_USES, NEED_SCOPED),            \
        BODY_ROW(id, "TaskTemplate.ContainerSpec.Image", PLAIN, IMAGE, NEED_MAY_BE_NEW, NEED_FREE),          \
        BODY_ROW(id, "TaskTemplate.ContainerSpec.Secrets[]", SECRET, SECRET, 0, NEED_SCOPED | NEED_PINNED),  \
        BODY_ROW(id, "TaskTemplate.ContainerSpec.Configs[]", CONFIG, CONFIG, 0, NEED_SCOPED | NEED_PINNED),  \
        BODY_ROW(id, "TaskTemplate.Networks[]", TARGET, NETWORK, 0, NEED_SCOPED | NEED_PINNED),              \
        BODY_ROW(id, "Networks[]", TARGET, NETWORK, 0, NEED_SCOPED | NEED_PINNED)

#define CREATE_ROW(path, form, kind, uses, scoped)                                                           \
    BODY_ROW("ContainerCreate", "HostConfig." path, form, kind, uses, scoped)

/* Those of an operation stand together. */
static const NeedRow NEED_ROWS[] = {
    CREATE_ROW("Binds[]", BIND, VOLUME, VOLUME_USES, NEED_SCOPED),
    CREATE_ROW("Mounts[]", MOUNT, VOLUME, VOLUME_USES, NEED_SCOPED),
    CREATE_ROW("VolumesFrom[]", FROM, CONTAINER, NEED_INSIDE, NEED_SCOPED),
    CREATE_ROW("PidMode", MODE, CONTAINER, NEED_INSIDE, NEED_SCOPED),
    CREATE_ROW("IpcMode", MODE, CONTAINER, NEED_INSIDE, NEED_SCOPED),
    CREATE_ROW("Cgroup", MODE, CONTAINER, NEED_INSIDE, NEED_SCOPED),
    /* To Podman alone these may name a container. */
    CREATE_ROW("UTSMode", MODE, CONTAINER, NEED_INSIDE, NEED_SCOPED),
    CREATE_ROW("UsernsMode", MODE, CONTAINER, NEED_INSIDE, NEED_SCOPED),
    CREATE_ROW("CgroupnsMode", MODE, CONTAINER, NEED_INSIDE, NEED_SCOPED),
    CREATE_ROW("NetworkMode", MODE, CONTAINER, NEED_INSIDE, NEED_SCOPED),
    CREATE_ROW("NetworkMode", NETWORK, NETWORK, 0, NEED_SCOPED),
    CREATE_ROW("Links[]", FROM, CONTAINER, 0, NEED_SCOPED),
    BODY_ROW("ContainerCreate", "NetworkingConfig.EndpointsConfig{}", NETWORK, NETWORK, 0, NEED_SCOPED),
    BODY_ROW("ContainerCreate", "NetworkingConfig.EndpointsConfig{}", ENDPOINT, NETWORK, 0,
             NEED_SCOPED | NEED_PINNED),
    BODY_ROW("ContainerCreate", "Image", PLAIN, IMAGE, NEED_MAY_BE_NEW, NEED_FREE),
    QUERY_ROW("ContainerCreate", "name", PLAIN, CONTAINER, NEED_MAY_BE_NEW, NEED_NAMING),
    QUERY_ROW("ContainerRename", "name", PLAIN, CONTAINER, NEED_MAY_BE_NEW, NEED_NAMING),
    BODY_ROW("VolumeCreate", "Name", PLAIN, VOLUME, NEED_MAY_BE_NEW, NEED_NAMING),
    BODY_ROW("NetworkCreate", "ConfigFrom.Network", NETWORK, NETWORK, 0, NEED_SCOPED),
    BODY_ROW("NetworkConnect", "Container", PLAIN, CONTAINER, 0, NEED_SCOPED),
    BODY_ROW("NetworkConnect", "EndpointConfig.NetworkID", NETWORK, NETWORK, 0, NEED_SCOPED | NEED_PINNED),
    BODY_ROW("NetworkDisconnect", "Container", PLAIN, CONTAINER, 0, NEED_SCOPED),
    QUERY_ROW("ImageBuild", "networkmode", MODE, CONTAINER, NEED_NETWORKING, NEED_SCOPED),
    QUERY_ROW("ImageBuild", "networkmode", NETWORK, NETWORK, 0, NEED_SCOPED | NEED_PINNED),
    QUERY_ROW("ImageBuild", "t", PLAIN, IMAGE, NEED_MAY_BE_NEW, NEED_NAMING),
    QUERY_ROW("ImageCommit", "container", PLAIN, CONTAINER, 0, NEED_SCOPED),
    SERVICE_ROWS("ServiceCreate"),
    SERVICE_ROWS("ServiceUpdate"),
};

const NeedRow *needs_rows_of(const Operation *operation) {
    const NeedRow *row = NEED_ROWS;

    while (row < NEED_ROWS + ARRAY_SIZE(NEED_ROWS) && strcmp(row->operation, operation->id) != 0)
        row++;
    return row;
}

bool needs_row_is_of(const NeedRow *row, const Operation *operation) {
    return row < NEED_ROWS + ARRAY_SIZE(NEED_ROWS) && strcmp(row->operation, operation->id) == 0;
}

#define NEED_OPERATIONS 160u /* in the catalogue, and room for more */

/* Whether one of the tables has it. Built at the first question. */
bool needs_are_listed(const Operation *operation) {
    static bool listed[NEED_OPERATIONS], built;
    size_t n, at;
    const Operation *all = routes_all(&n);

    for (size_t i = 0; !built && i < n && i < NEED_OPERATIONS; i++) {
        for (size_t k = 0; k < ARRAY_SIZE(NEED_PATHS); k++)
            listed[i] = listed[i] || strcmp(NEED_PATHS[k].operation, all[i].id) == 0;
        for (size_t k = 0; k < ARRAY_SIZE(NEED_ROWS); k++)
            listed[i] = listed[i] || strcmp(NEED_ROWS[k].operation, all[i].id) == 0;
    }
    built = true;
    at = (size_t) (operation - all);
    return at >= NEED_OPERATIONS || listed[at];
}

/* --- How a text names one --------------------------------------------------------------------------- */

static bool need_cut_mode(Span text, Need *need) {
    static const char prefix[] = "container:";
    size_t n = sizeof(prefix) - 1;

    if (!span_starts_with(text, span_from(prefix)))
        return false;
    need->before = (Span){text.data, n};
    need->name = (Span){text.data + n, text.size - n};
    return true;
}

/*
 * The name is what is in front of the first colon. False: there is none, and `whole` says that this is none.
 */
static bool need_cut_colon(Span text, bool whole, Need *need) {
    const char *colon = text.size > 0 ? memchr(text.data, ':', text.size) : NULL;
    size_t n = colon ? (size_t) (colon - text.data) : text.size;

    need->name = (Span){text.data, n};
    need->after = (Span){text.data + n, text.size - n};
    return colon || whole;
}

/* Not one of those that every engine has, which are nobody's, and `networks` of the policy's to judge. */
bool need_network_is_known(Span name) {
    static const char *const known[] = {"", "default", "bridge", "none", "host"};

    for (size_t i = 0; i < ARRAY_SIZE(known); i++)
        if (span_is(name, known[i]))
            return true;
    return false;
}

static bool need_cut_network(Span text, Need *need) {
    if (need_network_is_known(text))
        return false;
    need->name = text;
    return !span_starts_with(text, SPAN("container:")) && !span_starts_with(text, SPAN("ns:"));
}

bool needs_cut(NeedForm form, Span text, Need *need) {
    switch (form) {
    case FORM_PLAIN:
        need->name = text;
        return text.size > 0;
    case FORM_NETWORK:
    case FORM_TARGET:
    case FORM_ENDPOINT:
        return need_cut_network(text, need);
    case FORM_MODE:
        return need_cut_mode(text, need);
    case FORM_FROM:
        return need_cut_colon(text, true, need);
    case FORM_BIND: /* linuxParser.ParseMountRaw (T-071) */
        return need_cut_colon(text, false, need) && need->name.size > 0 && need->name.data[0] != '/';
    case FORM_MOUNT:
    case FORM_SECRET:
    case FORM_CONFIG:
        break;
    }
    return false;
}
