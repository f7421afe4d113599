// SPDX-License-Identifier: Apache-2.0
#include "seen_body.h"

#include "policy/hostpath.h"
#include "policy/imageref.h"

typedef struct Taker {
    Seen *seen;
    Arena *arena;
} Taker;

/* --- reading */

static const BodyNode *take_member(const BodyNode *object, const char *key) {
    return object ? body_member(object, key) : NULL;
}

static Span take_text(const BodyNode *object, const char *key) {
    const BodyNode *node = take_member(object, key);

    return node && body_type(node) == BODY_TYPE_STRING ? body_string(node) : SPAN("");
}

static bool take_flag(const BodyNode *object, const char *key) {
    const BodyNode *node = take_member(object, key);

    return node && body_type(node) == BODY_TYPE_BOOL && body_bool(node);
}

static bool take_is_set(const BodyNode *object, const char *key) {
    const BodyNode *node = take_member(object, key);

    return node && !body_is_zero(node);
}

/* Of what is no array none; *ret is NULL then. */
static size_t take_array(const BodyNode *object, const char *key, const BodyNode **ret) {
    const BodyNode *node = take_member(object, key);

    *ret = node && body_type(node) == BODY_TYPE_ARRAY ? node : NULL;
    return *ret ? body_size(*ret) : 0;
}

static void take_add(Taker *t, SeenList list, Span text) {
    if (text.size > 0)
        tally_add(&t->seen->lists[list], text);
}

/* --- one value, as patterns are held against it */

void seen_add_image(Seen *seen, Arena *arena, Span text, bool all_tags) {
    ImageRef ref;
    const char *shown = NULL;

    if (text.size == 0)
        return;
    if (imageref_parse(arena, text, &ref))
        shown = !ref.name    ? ref.text
                : all_tags   ? ref.name
                : ref.digest ? arena_printf(arena, "%s@%s", ref.name, ref.digest)
                             : ref.text;
    tally_add(&seen->lists[SEEN_IMAGES], shown ? span_from(shown) : text);
}

static void take_image(Taker *t, Span text) {
    seen_add_image(t->seen, t->arena, text, false);
}

static void take_capability(Taker *t, Span text) {
    uint64_t bit = rules_capability(text);
    const char *name;

    if (bit == RULES_CAPABILITY_ALL)
        take_add(t, SEEN_CAPABILITIES, SPAN("ALL"));
    for (unsigned i = 0; (name = rules_capability_name(i)) != NULL; i++)
        if (bit == UINT64_C(1) << i)
            take_add(t, SEEN_CAPABILITIES, span_from(name));
}

static void take_device(Taker *t, Span text) {
    const char *clean = hostpath_clean(t->arena, text);

    take_add(t, SEEN_DEVICES, clean ? span_from(clean) : SPAN(""));
}

/* Not set means bridge. */
static void take_network(Taker *t, Span text) {
    take_add(t, SEEN_NETWORKS, text.size == 0 || span_is(text, "default") ? SPAN("bridge") : text);
}

static void take_security_opt(Taker *t, Span text) {
    const char *option = rules_security_opt(t->arena, text);

    take_add(t, SEEN_SECURITY_OPTS, option ? span_from(option) : SPAN(""));
}

static void take_sysctl(Taker *t, Span text) {
    const char *name = rules_sysctl(t->arena, text);

    take_add(t, SEEN_SYSCTLS, name ? span_from(name) : SPAN(""));
}

static void take_namespace(Taker *t, SeenList list, Span text) {
    if (text.size == 0)
        text = SPAN("private");
    take_add(t, list, span_starts_with(text, SPAN("container:")) ? SPAN("container:*") : text);
}

static void take_bind(Taker *t, Span source, bool readonly) {
    const char *clean = hostpath_clean(t->arena, source);

    take_add(t, readonly ? SEEN_BIND_MOUNTS_READONLY : SEEN_BIND_MOUNTS, clean ? span_from(clean) : SPAN(""));
}

/* --- lists and maps of such values */

static void take_texts(Taker *t, const BodyNode *object, const char *key, void (*take)(Taker *t, Span text)) {
    const BodyNode *array;
    size_t n = take_array(object, key, &array);

    for (size_t i = 0; i < n; i++)
        if (body_type(body_at(array, i)) == BODY_TYPE_STRING)
            take(t, body_string(body_at(array, i)));
}

static void take_keys(Taker *t, const BodyNode *object, const char *key, void (*take)(Taker *t, Span text)) {
    const BodyNode *map = take_member(object, key), *value;
    void *iter = NULL;
    Span name;

    while (map && body_type(map) == BODY_TYPE_OBJECT && body_next(map, &iter, &name, &value))
        take(t, name);
}

static void take_extra_host(Taker *t, Span text) {
    take_add(t, SEEN_EXTRA_HOSTS, text);
}

/* --- mounts */

/* SOURCE:TARGET[:MODE]; what is malformed no policy allows. */
static void take_bind_text(Taker *t, Span text) {
    const char *colon = text.size > 0 ? memchr(text.data, ':', text.size) : NULL;
    Span source = {text.data, colon ? (size_t) (colon - text.data) : 0}, rest = {0};
    bool readonly = false;

    if (!colon)
        return; /* anonymous */
    rest = (Span){colon + 1, text.size - source.size - 1};
    colon = rest.size > 0 ? memchr(rest.data, ':', rest.size) : NULL;
    rest = colon ? (Span){colon, rest.size - (size_t) (colon - rest.data)} : SPAN("");
    for (size_t i = 0; i + 3 <= rest.size; i++) /* ":ro", ",ro" */
        readonly = readonly || (memcmp(rest.data + i + 1, "ro", 2) == 0 &&
                                (i + 3 == rest.size || rest.data[i + 3] == ',') &&
                                (rest.data[i] == ':' || rest.data[i] == ','));
    if (source.size > 0 && source.data[0] == '/')
        take_bind(t, source, readonly);
    else
        take_add(t, SEEN_VOLUME_NAMES, source);
}

static bool take_has_flag(Span flags, const char *name) {
    size_t size = strlen(name);

    for (size_t i = 0; i + size <= flags.size; i++)
        if (memcmp(flags.data + i, name, size) == 0 && (i == 0 || flags.data[i - 1] == ',') &&
            (i + size == flags.size || flags.data[i + size] == ','))
            return true;
    return false;
}

/* A bind mount in disguise is one; else option by option, with its value where that is on record. */
static void take_driver_options(Taker *t, const BodyNode *options) {
    Span flags = take_text(options, "o");
    const BodyNode *value;
    void *iter = NULL;
    Span key;

    if (take_has_flag(flags, "bind") || take_has_flag(flags, "rbind")) {
        take_bind(t, take_text(options, "device"),
                  take_has_flag(flags, "ro") && !take_has_flag(flags, "rbind"));
        return;
    }
    while (options && body_type(options) == BODY_TYPE_OBJECT && body_next(options, &iter, &key, &value)) {
        bool told = body_type(value) == BODY_TYPE_STRING && !again_is_stand_in(body_string(value));
        const char *text =
            told ? arena_printf(t->arena, "%.*s=%.*s", SPAN_FMT(key), SPAN_FMT(body_string(value)))
                 : arena_copy(t->arena, key);

        take_add(t, SEEN_VOLUME_OPTIONS, text ? span_from(text) : SPAN(""));
    }
}

static void take_volume_driver(Taker *t, Span name) {
    take_add(t, SEEN_VOLUME_DRIVERS, name);
}

static void take_mounts(Taker *t, const BodyNode *object) {
    const BodyNode *mounts;
    size_t n = take_array(object, "Mounts", &mounts);

    for (size_t i = 0; i < n; i++) {
        const BodyNode *mount = body_at(mounts, i);
        const BodyNode *driver = take_member(take_member(mount, "VolumeOptions"), "DriverConfig");
        bool partly = take_flag(take_member(mount, "BindOptions"), "ReadOnlyNonRecursive");

        if (span_is(take_text(mount, "Type"), "bind"))
            take_bind(t, take_text(mount, "Source"), take_flag(mount, "ReadOnly") && !partly);
        else if (span_is(take_text(mount, "Type"), "volume"))
            take_add(t, SEEN_VOLUME_NAMES, take_text(mount, "Source"));
        take_volume_driver(t, take_text(driver, "Name"));
        take_driver_options(t, take_member(driver, "Options"));
    }
}

/* --- ports */

static void take_port(Taker *t, Span ip, Span port) {
    t->seen->keys |= RULES_BIT(RULES_PORTS);
    take_add(t, SEEN_PORT_IPS, ip.size > 0 ? ip : SPAN("0.0.0.0"));
    take_add(t, SEEN_PORTS, port.size > 0 ? port : SPAN("0"));
}

static void take_port_bindings(Taker *t, const BodyNode *host) {
    const BodyNode *map = take_member(host, "PortBindings"), *list;
    void *iter = NULL;
    Span key;

    while (map && body_type(map) == BODY_TYPE_OBJECT && body_next(map, &iter, &key, &list)) {
        bool is_array = body_type(list) == BODY_TYPE_ARRAY;

        for (size_t i = 0; is_array && i < body_size(list); i++)
            take_port(t, take_text(body_at(list, i), "HostIp"), take_text(body_at(list, i), "HostPort"));
        if (body_is_zero(list))
            take_port(t, SPAN(""), SPAN(""));
    }
    if (take_flag(host, "PublishAllPorts")) {
        t->seen->keys |= RULES_BIT(RULES_PORTS);
        t->seen->flags[SEEN_PUBLISH_ALL]++;
    }
}

static void take_service_ports(Taker *t, const BodyNode *root) {
    const BodyNode *ports;
    size_t n = take_array(take_member(root, "EndpointSpec"), "Ports", &ports);

    for (size_t i = 0; i < n; i++) {
        const BodyNode *port = take_member(body_at(ports, i), "PublishedPort");
        const char *text = port && body_type(port) == BODY_TYPE_INTEGER
                               ? arena_printf(t->arena, "%lld", (long long) body_integer(port))
                               : "0";

        take_port(t, SPAN(""), text ? span_from(text) : SPAN(""));
    }
}

/* --- bodies */

static void take_devices(Taker *t, const BodyNode *host) {
    static const struct {
        const char *list, *path;
    } rows[] = {
        {"Devices", "PathOnHost"},       {"BlkioWeightDevice", "Path"},   {"BlkioDeviceReadBps", "Path"},
        {"BlkioDeviceWriteBps", "Path"}, {"BlkioDeviceReadIOps", "Path"}, {"BlkioDeviceWriteIOps", "Path"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const BodyNode *devices;
        size_t n = take_array(host, rows[i].list, &devices);

        for (size_t k = 0; k < n; k++)
            take_device(t, take_text(body_at(devices, k), rows[i].path));
    }
}

static void take_endpoints(Taker *t, const BodyNode *root) {
    const BodyNode *map = take_member(take_member(root, "NetworkingConfig"), "EndpointsConfig"), *endpoint;
    void *iter = NULL;
    Span name;

    while (map && body_type(map) == BODY_TYPE_OBJECT && body_next(map, &iter, &name, &endpoint)) {
        take_network(t, name);
        take_add(t, SEEN_NETWORKS, take_text(endpoint, "NetworkID"));
    }
}

static void take_host(Taker *t, const BodyNode *host) {
    take_texts(t, host, "Binds", take_bind_text);
    take_mounts(t, host);
    take_volume_driver(t, take_text(host, "VolumeDriver"));
    take_texts(t, host, "CapAdd", take_capability);
    take_texts(t, host, "SecurityOpt", take_security_opt);
    take_keys(t, host, "Sysctls", take_sysctl);
    take_texts(t, host, "ExtraHosts", take_extra_host);
    take_devices(t, host);
    take_port_bindings(t, host);
    take_network(t, take_text(host, "NetworkMode"));
    take_add(t, SEEN_RUNTIMES, take_text(host, "Runtime"));
    take_add(t, SEEN_LOG_DRIVERS, take_text(take_member(host, "LogConfig"), "Type"));
    take_namespace(t, SEEN_PID, take_text(host, "PidMode"));
    take_namespace(t, SEEN_IPC, take_text(host, "IpcMode"));
    take_namespace(t, SEEN_UTS, take_text(host, "UTSMode"));
    take_namespace(t, SEEN_USERNS, take_text(host, "UsernsMode"));
    take_namespace(t, SEEN_CGROUP, take_text(host, "CgroupnsMode"));
    t->seen->flags[SEEN_PRIVILEGED] += take_flag(host, "Privileged");
    t->seen->flags[SEEN_GROUPS] += take_is_set(host, "GroupAdd");
}

#define CONTAINER_KEYS                                                                                       \
    (RULES_BIT(RULES_IMAGES) | RULES_BIT(RULES_NETWORKS) | RULES_BIT(RULES_CAPABILITIES) |                   \
     RULES_BIT(RULES_VOLUMES))

static void take_create(Taker *t, const BodyNode *root) {
    t->seen->keys |= CONTAINER_KEYS;
    take_image(t, take_text(root, "Image"));
    take_host(t, take_member(root, "HostConfig"));
    take_endpoints(t, root);
}

static void take_service_networks(Taker *t, const BodyNode *object, size_t *ret_n) {
    const BodyNode *networks;
    size_t n = take_array(object, "Networks", &networks);

    for (size_t i = 0; i < n; i++)
        take_network(t, take_text(body_at(networks, i), "Target"));
    *ret_n += n;
}

static void take_named(Taker *t, const BodyNode *spec, const char *key, const char *name, SeenList list) {
    const BodyNode *items;
    size_t n = take_array(spec, key, &items);

    for (size_t i = 0; i < n; i++)
        take_add(t, list, take_text(body_at(items, i), name));
}

/* IP NAME as in /etc/hosts, in the list as NAME:IP. */
static void take_service_host(Taker *t, Span text) {
    const char *space = text.size > 0 ? memchr(text.data, ' ', text.size) : NULL;
    size_t n = space ? (size_t) (space - text.data) : 0;
    const char *host =
        space ? arena_printf(t->arena, "%.*s:%.*s", (int) (text.size - n - 1), space + 1, (int) n, text.data)
              : NULL;

    take_add(t, SEEN_EXTRA_HOSTS, host ? span_from(host) : text);
}

static void take_service(Taker *t, const BodyNode *root) {
    const BodyNode *task = take_member(root, "TaskTemplate"), *spec = take_member(task, "ContainerSpec");
    size_t n = 0;

    t->seen->keys |= CONTAINER_KEYS;
    take_image(t, take_text(spec, "Image"));
    take_mounts(t, spec);
    take_texts(t, spec, "CapabilityAdd", take_capability);
    take_keys(t, spec, "Sysctls", take_sysctl);
    take_texts(t, spec, "Hosts", take_service_host);
    take_named(t, spec, "Secrets", "SecretName", SEEN_SECRETS);
    take_named(t, spec, "Configs", "ConfigName", SEEN_CONFIGS);
    take_add(t, SEEN_LOG_DRIVERS, take_text(take_member(task, "LogDriver"), "Name"));
    take_service_networks(t, task, &n);
    take_service_networks(t, root, &n);
    if (n == 0)
        take_network(t, SPAN(""));
    take_service_ports(t, root);
    t->seen->flags[SEEN_GROUPS] += take_is_set(spec, "Groups");
}

static void take_volume(Taker *t, const BodyNode *root) {
    t->seen->keys |= RULES_BIT(RULES_VOLUMES);
    take_add(t, SEEN_VOLUME_NAMES, take_text(root, "Name"));
    take_volume_driver(t, take_text(root, "Driver"));
    take_driver_options(t, take_member(root, "DriverOpts"));
}

static void take_update(Taker *t, const BodyNode *root) {
    take_devices(t, root);
}

static void take_exec(Taker *t, const BodyNode *root) {
    tally_add(&t->seen->lists[SEEN_EXEC_USERS], take_text(root, "User"));
    t->seen->flags[SEEN_EXEC_PRIVILEGED] += take_flag(root, "Privileged");
}

static void take_connect(Taker *t, const BodyNode *root) {
    t->seen->keys |= RULES_BIT(RULES_NETWORKS);
    take_add(t, SEEN_NETWORKS, take_text(take_member(root, "EndpointConfig"), "NetworkID"));
}

void seen_take_body(Seen *seen, const Request *request, const BodyNode *root, Arena *arena) {
    static const struct {
        const char *operation;
        void (*take)(Taker *t, const BodyNode *root);
    } rows[] = {
        {"ContainerCreate", take_create}, {"ServiceCreate", take_service},
        {"ServiceUpdate", take_service},  {"VolumeCreate", take_volume},
        {"ContainerUpdate", take_update}, {"ContainerExec", take_exec},
        {"NetworkConnect", take_connect}, {"NetworkDisconnect", take_connect},
    };
    Taker t = {.seen = seen, .arena = arena};

    if (!root)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (strcmp(rows[i].operation, request->operation->id) == 0)
            rows[i].take(&t, root);
    if (seen->keys & RULES_BIT(RULES_NETWORKS) && (strcmp(request->operation->id, "NetworkConnect") == 0 ||
                                                   strcmp(request->operation->id, "NetworkDisconnect") == 0))
        take_add(&t, SEEN_NETWORKS, request->object);
}
