// SPDX-License-Identifier: Apache-2.0
/*
 * Judges of what has a form of its own: images, users, devices, ports.
 */
#include "hostpath.h"
#include "imageref.h"
#include "judgement.h"
#include "text.h"

/* --- Images --------------------------------------------------------------------------------------- */

static void judge_image(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    const Rules *rules = j->rules;
    size_t before = j->findings->n;
    ImageRef ref;

    if (!rules->images.given && !rules->require_digest)
        return;
    if (!imageref_parse(j->arena, body_string(value), &ref)) {
        judgement_refuse_hinted(j, place, field->rule, value, "write the image as NAME:TAG or NAME@sha256:…");
        return;
    }
    if (rules->images.given && !imageref_matches(j->arena, &ref, &rules->images)) {
        const char *hint = judgement_hint(j, "images: [", span_from(ref.text), "]");

        if (!ref.name)
            hint = "this is, or could be, an image's ID: write a name with its tag, like NAME:latest";
        judgement_refuse_hinted(j, place, field->rule, value, hint);
        if (!ref.name)
            judgement_mark_unseen(j, before, UNSEEN_IMAGE);
    } else if (rules->require_digest && !(ref.name && ref.digest)) {
        judgement_refuse_hinted(j, place, "containers.require_digest", value,
                                "write the image as NAME@sha256:…");
    }
}

/* --- Users ---------------------------------------------------------------------------------------- */

/*
 * UID or UID:GROUP, where UID is a number but 0. A name is the image's to explain, as is "nobody" when the
 * image says so; Kubernetes' runAsNonRoot takes none either. dockerd reads "00" and "+0" as 0, and " 0"
 * as a name.
 */
static bool user_is_non_root(Span user) {
    int64_t uid = 0;
    size_t i = 0;

    for (; i < user.size && user.data[i] != ':'; i++) {
        if (user.data[i] < '0' || user.data[i] > '9')
            return false;
        uid = uid * 10 + (user.data[i] - '0');
        if (uid > INT32_MAX)
            return false;
    }
    return uid > 0;
}

/* What is not set is judge_required()'s. */
static void judge_user(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    if (!judgement_wants_non_root(j) || user_is_non_root(body_string(value)))
        return;
    judgement_refuse_hinted(j, place, field->rule, value,
                            "ask for a user by a number other than 0, like 1000; or containers: {user: any}");
}

static void judge_groups(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    if (!rules_given(j->rules, RULES_USER) || !j->rules->user_any)
        judgement_refuse_hinted(j, place, field->rule, value, "containers: {user: any}");
}

/* --- Devices -------------------------------------------------------------------------------------- */

/* T-081: any path, a folder of nodes too; what a link below /dev leads to only root has said. */
static bool device_is_allowed(Judgement *j, Span path) {
    const char *clean = judgement_clean(j, path);

    return clean && hostpath_is_in(span_from(clean), SPAN("/dev")) &&
           pattern_list_has(&j->rules->devices, span_from(clean));
}

static void device_refuse(Judgement *j, const Place *place, const Field *field, const BodyNode *device,
                          const char *member) {
    const BodyNode *path = body_member(device, member);
    Place at = PLACE_BELOW(place, member);

    if (path)
        judgement_refuse_hinted(j, &at, field->rule, path,
                                judgement_hint(j, "devices: [", judgement_text_of(device, member), "]"));
    else
        judgement_object(j, &at, REASON_FIELD_NOT_ALLOWED, field->rule, NULL, " is not set");
}

static void judge_device(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    Span permissions = judgement_text_of(value, "CgroupPermissions");
    Place at = PLACE_BELOW(place, "CgroupPermissions");

    if (!device_is_allowed(j, judgement_text_of(value, "PathOnHost")))
        device_refuse(j, place, field, value, "PathOnHost");
    for (size_t i = 0; i < permissions.size; i++)
        if (!strchr("rwm", permissions.data[i]) || permissions.data[i] == '\0') {
            judgement_refuse(j, &at, field->rule, body_member(value, "CgroupPermissions"));
            return;
        }
}

/* dockerd stat()s the path on the host and says whether it is there. */
static void judge_device_limit(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    if (!device_is_allowed(j, judgement_text_of(value, "Path")))
        device_refuse(j, place, field, value, "Path");
}

/* --- Ports ---------------------------------------------------------------------------------------- */

static const char PORT_CLOSED_HINT[] =
    "containers: {ports: {}} opens all, {ports: {host_ips: […], host_ports: "
    "[…]}} some";

static bool port_is_allowed(const Rules *rules, unsigned first, unsigned last) {
    if (!rules->has_ports)
        return true;
    for (size_t i = 0; i < rules->n_ports; i++)
        if (rules->ports[i].first <= first && last <= rules->ports[i].last)
            return true;
    return false;
}

static bool port_take(Span *text, unsigned *ret) {
    unsigned value = 0;
    size_t i = 0;

    for (; i < text->size && text->data[i] >= '0' && text->data[i] <= '9'; i++) {
        value = value * 10 + (unsigned) (text->data[i] - '0');
        if (value > 65535)
            return false;
    }
    *text = (Span){text->data + i, text->size - i};
    *ret = value;
    return i > 0;
}

/* "", "0": one of the engine's choice; "80"; "8000-8010": one of these. */
static bool port_text_is_allowed(const Rules *rules, Span text) {
    unsigned first = 0, last = 0;

    if (text.size > 0) {
        if (!port_take(&text, &first))
            return false;
        last = first;
        if (text.size > 0 && text.data[0] == '-') {
            text = (Span){text.data + 1, text.size - 1};
            if (!port_take(&text, &last) || last < first)
                return false;
        }
        if (text.size > 0)
            return false;
    }
    if (last == 0)
        return rules->publish_all || port_is_allowed(rules, 0, 0);
    return first > 0 && port_is_allowed(rules, first, last);
}

/* All interfaces when empty. */
static bool port_ip_is_allowed(const Rules *rules, Span ip) {
    if (!rules->port_ips.given)
        return true;
    return pattern_list_has(&rules->port_ips, ip.size > 0 ? ip : SPAN("0.0.0.0"));
}

static void judge_port(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    Span ip = judgement_text_of(value, "HostIp"), port = judgement_text_of(value, "HostPort");
    Place at = PLACE_BELOW(place, "HostIp");
    const char *shown;

    if (!rules_given(j->rules, RULES_PORTS)) {
        judgement_object(j, place, REASON_FIELD_NOT_ALLOWED, field->rule, PORT_CLOSED_HINT,
                         " publishes a port of the host");
        return;
    }
    if (!port_ip_is_allowed(j->rules, ip)) {
        shown = text_show(j->arena, ip, LIMIT_VALUE_SHOWN);
        judgement_object(j, &at, REASON_FIELD_NOT_ALLOWED, field->rule,
                         judgement_hint(j, "ports: {host_ips: [", ip.size > 0 ? ip : SPAN("0.0.0.0"), "]}"),
                         "=%s%s", shown ? shown : "…", ip.size > 0 ? "" : ": all addresses of the host");
    }
    if (!port_text_is_allowed(j->rules, port)) {
        at = PLACE_BELOW(place, "HostPort");
        shown = text_show(j->arena, port, LIMIT_VALUE_SHOWN);
        judgement_object(j, &at, REASON_FIELD_NOT_ALLOWED, field->rule,
                         judgement_hint(j, "ports: {host_ports: [", port.size > 0 ? port : SPAN("0"), "]}"),
                         "=%s%s", shown ? shown : "…",
                         port.size > 0 ? "" : ": a port of the engine's choice");
    }
}

/* Engines before API 1.53 take an empty list for one entry with nothing set: a port of their choice. */
static void judge_port_list(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    if (body_is_zero(value))
        judge_port(j, place, field, value);
}

static void judge_publish_all(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    if (!rules_given(j->rules, RULES_PORTS) || !j->rules->publish_all)
        judgement_refuse_hinted(j, place, field->rule, value, "containers: {ports: {publish_all: true}}");
}

/* A service's ports are on all addresses of all nodes. */
static void judge_service_port(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    const Rules *rules = j->rules;
    int64_t port = judgement_integer_of(value, "PublishedPort");
    Place at = PLACE_BELOW(place, "PublishedPort");
    bool allowed =
        rules_given(rules, RULES_PORTS) && port >= 0 && port <= 65535 && port_ip_is_allowed(rules, SPAN(""));

    allowed = allowed &&
              (port_is_allowed(rules, (unsigned) port, (unsigned) port) || (port == 0 && rules->publish_all));
    if (!allowed)
        judgement_object(j, &at, REASON_FIELD_NOT_ALLOWED, field->rule, PORT_CLOSED_HINT,
                         "=%lld on all addresses of the host", (long long) port);
}

/* --- Extra hosts ---------------------------------------------------------------------------------- */

/*
 * host-gateway is the way to what the host serves on its bridge; an address is no more than a name for what a
 * container reaches anyway.
 */
static bool host_is_allowed(const Judgement *j, Span host) {
    return j->rules->extra_hosts.given ? pattern_list_has(&j->rules->extra_hosts, host)
                                       : rules_host_has_address(host);
}

static void judge_extra_host(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    Span host = body_string(value);

    if (!host_is_allowed(j, host))
        judgement_refuse_hinted(j, place, field->rule, value, judgement_hint(j, "extra_hosts: [", host, "]"));
}

static Span host_take_word(Span *rest) {
    Span word = *rest;

    while (word.size > 0 && word.data[0] == ' ')
        word = (Span){word.data + 1, word.size - 1};
    *rest = word;
    word.size = 0;
    while (rest->size > 0 && rest->data[0] != ' ') {
        *rest = (Span){rest->data + 1, rest->size - 1};
        word.size++;
    }
    return word;
}

/* As a line of hosts(5): ADDRESS NAME…. Swarm makes NAME:ADDRESS of each, and parts at all that is white. */
static void judge_service_host(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    Span rest = body_string(value), address = host_take_word(&rest), name;
    const char *host = NULL;

    for (size_t i = 0; i < body_string(value).size; i++)
        if (body_string(value).data[i] < ' ' || body_string(value).data[i] > '~') /* char may be signed */
            return judgement_refuse(j, place, field->rule, value);
    while ((name = host_take_word(&rest)).size > 0) {
        host = arena_printf(j->arena, "%.*s:%.*s", SPAN_FMT(name), SPAN_FMT(address));
        if (!host || !host_is_allowed(j, span_from(host)))
            return judgement_refuse_hinted(j, place, field->rule, value,
                                           host ? judgement_hint(j, "extra_hosts: [", span_from(host), "]")
                                                : NULL);
    }
    if (!host)
        judgement_refuse_hinted(j, place, field->rule, value, "write it as ADDRESS NAME");
}

/* --- Secrets and configs of a service ------------------------------------------------------------- */

typedef struct ReferenceRow {
    const char *member, *open; /* where its name is; of a hint */
    RulesKey key;
} ReferenceRow;

/*
 * By name: swarm takes a reference only where its ID is of something with that name. Where no list is given,
 * one of the scope is good, and whether it is says a look.
 */
static void reference_judge(Judgement *j, const Place *place, const Field *field, const BodyNode *value,
                            const ReferenceRow *row, const PatternList *names) {
    Span name = judgement_text_of(value, row->member);
    Place at = PLACE_BELOW(place, row->member);
    size_t before = j->findings->n;
    const char *shown;

    if (name.size > 0 && pattern_list_has(names, name))
        return;
    shown = text_show(j->arena, name, LIMIT_VALUE_SHOWN);
    judgement_object(j, &at, REASON_FIELD_NOT_ALLOWED, field->rule, judgement_hint(j, row->open, name, "]"),
                     "=%s", shown ? shown : "…");
    if (!rules_given(j->rules, row->key))
        judgement_mark_unseen(j, before, UNSEEN_OBJECT);
}

static void judge_secret(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    static const ReferenceRow row = {"SecretName", "secrets: [", RULES_SECRETS};

    reference_judge(j, place, field, value, &row, &j->rules->secrets);
}

static void judge_config(Judgement *j, const Place *place, const Field *field, const BodyNode *value) {
    static const ReferenceRow row = {"ConfigName", "configs: [", RULES_CONFIGS};

    reference_judge(j, place, field, value, &row, &j->rules->configs);
}

JudgeFunction judge_things_find(FieldJudge judge) {
    static const struct {
        FieldJudge judge;
        JudgeFunction function;
    } rows[] = {
        {JUDGE_IMAGE, judge_image},
        {JUDGE_USER, judge_user},
        {JUDGE_GROUPS, judge_groups},
        {JUDGE_DEVICE, judge_device},
        {JUDGE_DEVICE_LIMIT, judge_device_limit},
        {JUDGE_PORT_LIST, judge_port_list},
        {JUDGE_PORT, judge_port},
        {JUDGE_PUBLISH_ALL, judge_publish_all},
        {JUDGE_SERVICE_PORT, judge_service_port},
        {JUDGE_SECRET, judge_secret},
        {JUDGE_CONFIG, judge_config},
        {JUDGE_EXTRA_HOST, judge_extra_host},
        {JUDGE_SERVICE_HOST, judge_service_host},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (rows[i].judge == judge)
            return rows[i].function;
    return NULL;
}
