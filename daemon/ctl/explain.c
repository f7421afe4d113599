// SPDX-License-Identifier: Apache-2.0
/*
 * The daemon's way of a request, from the head to the verdict, without its sockets: seal, collect what the
 * policy wants of the body within the config's limits, parse, decide. The same functions in the same order
 * as exchange_request.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "ctl.h"
#include "daemon/json_text.h"
#include "policy/explain.h"
#include "policy/version.h"

#define READ_BYTES (64u << 10)

static const char HELP[] =
    "Usage: quaygate explain [--config FILE] --policy NAME [--json] METHOD PATH\n"
    "                        [--body FILE|-] [--header 'NAME: VALUE']...\n"
    "\n"
    "Puts a request to a policy, and prints the verdict, the rule and the field that decided. It is what\n"
    "quaygated does with the same request.\n"
    "\n"
    "  --config FILE      default: " CTL_DEFAULT_CONFIG " where it exists, else the presets alone\n"
    "  --policy NAME      a preset or a policy of the config\n"
    "  --body FILE        the request's body, - for stdin; JSON unless --header names another Content-Type\n"
    "  --header TEXT      one more header field; may be given again\n"
    "  --json             the same as one JSON object\n"
    "\n"
    "Example: quaygate explain --policy monitoring POST /v1.41/containers/create --body create.json\n"
    "\n"
    "Exit codes: 0 allowed (or only observed), 3 denied, 4 invalid, 1 configuration, 2 usage.\n";

typedef struct Explain {
    const char *config_path;
    const char *policy_name;
    const char *body_path;
    bool json;
    bool help;
    Header given[LIMIT_HEADERS]; /* --header */
    size_t n_given;

    Config *config;
    Policy *policy;
    Arena *arena;
    Buffer bytes; /* of the body */
    Body *body;
    RawHead raw;
    Request request;
    Verdict verdict;
} Explain;

static void explain_done(Explain *e) {
    (void) body_free(e->body);
    buffer_done(&e->bytes);
    (void) arena_free(e->arena);
    (void) config_unref(e->config);
}

/* --- the command line */

static Span explain_trim(Span text) {
    while (text.size > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
        text.data++;
        text.size--;
    }
    while (text.size > 0 && (text.data[text.size - 1] == ' ' || text.data[text.size - 1] == '\t'))
        text.size--;
    return text;
}

static int explain_take_header(Explain *e, const char *text) {
    const char *colon = strchr(text, ':');

    if (!colon || colon == text)
        return ctl_fail_usage("explain", "a header is written as 'NAME: VALUE', not '%s'", text);
    if (strpbrk(text, "\r\n"))
        return ctl_fail_usage("explain", "a header is one line");
    if (e->n_given == LIMIT_HEADERS)
        return ctl_fail_usage("explain", "more than %u headers", LIMIT_HEADERS);
    e->given[e->n_given++] = (Header){.name = {.data = text, .size = (size_t) (colon - text)},
                                      .value = explain_trim(span_from(colon + 1))};
    return CTL_OK;
}

static int explain_take_options(Explain *e, int argc, char **argv) {
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"policy", required_argument, NULL, 'p'},
        {"body", required_argument, NULL, 'b'},
        {"header", required_argument, NULL, 'H'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int option, r = CTL_OK;

    while (r == CTL_OK && (option = getopt_long(argc, argv, ":h", options, NULL)) != -1)
        switch (option) {
        case 'c':
            e->config_path = optarg;
            break;
        case 'p':
            e->policy_name = optarg;
            break;
        case 'b':
            e->body_path = optarg;
            break;
        case 'H':
            r = explain_take_header(e, optarg);
            break;
        case 'j':
            e->json = true;
            break;
        case 'h':
            e->help = true;
            return CTL_OK;
        default:
            return ctl_fail_option("explain", option, argv);
        }
    if (r != CTL_OK)
        return r;
    if (!e->policy_name)
        return ctl_fail_usage("explain", "--policy is missing");
    if (argc - optind != 2)
        return ctl_fail_usage("explain", "a METHOD and a PATH are needed, and nothing else");
    e->raw.method = span_from(argv[optind]);
    e->raw.target = span_from(argv[optind + 1]);
    return CTL_OK;
}

static int explain_load(Explain *e) {
    size_t n;
    const char *const *names;

    if (ctl_load(e->config_path, &e->config) < 0)
        return CTL_CONFIG;
    e->policy = policy_set_get(e->config->policies, span_from(e->policy_name));
    if (e->policy)
        return CTL_OK;
    names = policy_set_names(e->config->policies, &n);
    fprintf(stderr, "quaygate explain: unknown policy '%s'%s\n", e->policy_name,
            ctl_did_you_mean(e->policy_name, names, n));
    return CTL_CONFIG;
}

/* All of it, up to one byte past what any config could let the daemon read. */
static int explain_read_body(Explain *e) {
    bool is_stdin = strcmp(e->body_path, "-") == 0;
    int fd = is_stdin ? STDIN_FILENO : open(e->body_path, O_RDONLY | O_CLOEXEC), r = fd < 0 ? -errno : 0;

    while (r == 0 && buffer_size(&e->bytes) <= LIMIT_BODY_BYTES_MAX) {
        char *room = buffer_reserve(&e->bytes, READ_BYTES);
        ssize_t n = room ? read(fd, room, READ_BYTES) : 0;

        if (!room)
            r = -ENOMEM;
        else if (n < 0 && errno != EINTR)
            r = -errno;
        else if (n > 0)
            buffer_commit(&e->bytes, (size_t) n);
        else if (n == 0)
            break;
    }
    if (fd >= 0 && !is_stdin)
        close(fd);
    if (r == 0)
        return CTL_OK;
    fprintf(stderr, "quaygate explain: %s: %s\n", e->body_path, strerror(-r));
    return CTL_CONFIG;
}

/* --- the request */

static bool explain_has_header(const Explain *e, const char *name) {
    for (size_t i = 0; i < e->n_given; i++)
        if (span_is_nocase(e->given[i].name, name))
            return true;
    return false;
}

static bool explain_add_header(Explain *e, const char *name, const char *value) {
    if (explain_has_header(e, name))
        return true;
    if (!value || e->raw.n_headers == LIMIT_HEADERS)
        return false;
    e->raw.headers[e->raw.n_headers++] = (Header){.name = span_from(name), .value = span_from(value)};
    return true;
}

/* What every client sends by itself, unless --header says otherwise. */
static Reason explain_build_head(Explain *e) {
    bool good;

    e->raw.http_minor = 1;
    memcpy(e->raw.headers, e->given, sizeof(e->given));
    e->raw.n_headers = e->n_given;
    good = explain_add_header(e, "Host", "docker");
    if (e->body_path && !explain_has_header(e, "Transfer-Encoding"))
        good = good &&
               explain_add_header(e, "Content-Length", arena_printf(e->arena, "%zu", buffer_size(&e->bytes)));
    if (e->body_path)
        good = good && explain_add_header(e, "Content-Type", "application/json");
    return good ? REASON_OK : REASON_HEADERS_TOO_LARGE;
}

/* The bytes of the head as they would come: METHOD SP TARGET SP HTTP/1.1, the fields, an empty line. */
static bool explain_head_fits(const Explain *e) {
    size_t size = e->raw.method.size + e->raw.target.size + strlen("  HTTP/1.1\r\n\r\n");

    for (size_t i = 0; i < e->raw.n_headers; i++)
        size += e->raw.headers[i].name.size + e->raw.headers[i].value.size + strlen(": \r\n");
    return size <= e->config->limits.header_bytes;
}

static Reason explain_take_body(Explain *e, const char **ret_detail) {
    Span bytes = buffer_span(&e->bytes);

    if (e->request.framing == FRAMING_LENGTH) {
        if (e->request.length > e->config->limits.body_bytes)
            return REASON_BODY_TOO_LARGE;
        if (bytes.size < e->request.length)
            return REASON_BODY_TRUNCATED;
        bytes.size = e->request.length; /* what is behind it would be another request */
    }
    if (bytes.size > e->config->limits.body_bytes)
        return REASON_BODY_TOO_LARGE;
    if (bytes.size > 0)
        return body_parse(e->arena, bytes, &e->body, ret_detail);
    return e->request.operation && e->request.operation->body == BODY_JSON ? REASON_BODY_MISSING : REASON_OK;
}

static void explain_judge(Explain *e) {
    const char *detail = NULL;
    Reason reason = explain_build_head(e);

    if (reason == REASON_OK && !explain_head_fits(e))
        reason = REASON_HEADERS_TOO_LARGE;
    if (reason == REASON_OK)
        reason = request_seal(e->arena, &e->raw, &e->request, &detail);
    if (reason == REASON_OK)
        version_settle(&e->config->versions, &e->request, 0); /* there is no engine to ask */
    if (reason == REASON_OK && e->request.skip_bytes == 0 && policy_wants_body(e->policy, &e->request))
        reason = explain_take_body(e, &detail);
    if (reason == REASON_OK)
        policy_decide(e->policy, &e->request, e->body, e->arena, &e->verdict);
    else
        e->verdict = verdict_from_reason(reason, detail);
}

/* --- the answer */

/* The status that the client gets from us; 0: what the engine answers. */
static unsigned explain_status(const Explain *e) {
    return verdict_forwards(&e->verdict) ? 0 : reason_http_status(e->verdict.reason);
}

static const char *explain_colour(Effect effect) {
    switch (effect) {
    case EFFECT_ALLOW:
        return CTL_GREEN;
    case EFFECT_OBSERVE:
        return CTL_YELLOW;
    case EFFECT_DENY:
    case EFFECT_INVALID:
    case EFFECT_ERROR:
        break;
    }
    return CTL_RED;
}

static void explain_print_line(const char *name, const char *value) {
    if (value)
        printf("%-11s%s\n", name, value);
}

static int explain_print(Explain *e, const char *sentence) {
    const Verdict *verdict = &e->verdict;
    bool allowed = verdict->effect == EFFECT_ALLOW;

    printf("%-11s%s%s%s\n", "verdict:", ctl_colour(explain_colour(verdict->effect)),
           effect_name(verdict->effect), ctl_colour(CTL_RESET));
    explain_print_line("policy:", policy_name(e->policy));
    explain_print_line("operation:", e->request.operation ? e->request.operation->id : NULL);
    explain_print_line("rule:", verdict_rule(verdict));
    explain_print_line("field:", verdict->field);
    explain_print_line("reason:", allowed ? NULL : verdict_detail(verdict));
    explain_print_line("hint:", verdict->hint);
    explain_print_line("origin:", verdict->origin);
    for (size_t i = 0; i < verdict->n_edits; i++)
        explain_print_line("put in:", verdict->edits[i]);
    if (explain_status(e))
        printf("%-11s%u %s\n", "answer:", explain_status(e), sentence);
    return ctl_finish();
}

/* What `containers.set` put into the body. */
static int explain_append_edits(Buffer *out, const Verdict *verdict) {
    int r = buffer_append(out, SPAN(", \"edits\": ["));

    for (size_t i = 0; r == 0 && i < verdict->n_edits; i++) {
        r = i > 0 ? buffer_append(out, SPAN(", ")) : 0;
        if (r == 0)
            r = json_text_append_cstr(out, verdict->edits[i]);
    }
    return r == 0 ? buffer_append(out, SPAN("]")) : r;
}

static int explain_print_json(Explain *e, const char *sentence) {
    const Verdict *verdict = &e->verdict;
    const struct {
        const char *name;
        const char *value;
    } fields[] = {
        {"verdict", effect_name(verdict->effect)},
        {"policy", policy_name(e->policy)},
        {"operation", e->request.operation ? e->request.operation->id : NULL},
        {"rule", verdict_rule(verdict)},
        {"field", verdict->field},
        {"reason", verdict->effect == EFFECT_ALLOW ? NULL : verdict_detail(verdict)},
        {"hint", verdict->hint},
        {"origin", verdict->origin},
        {"message", explain_status(e) ? sentence : NULL},
    };
    CLEANUP(buffer_done) Buffer out = {0};
    int r = 0;

    for (size_t i = 0; r == 0 && i < ARRAY_SIZE(fields); i++) {
        r = buffer_printf(&out, "%s\"%s\": ", i > 0 ? ", " : "{", fields[i].name);
        if (r == 0)
            r = json_text_append_cstr(&out, fields[i].value);
    }
    if (r == 0)
        r = explain_append_edits(&out, verdict);
    if (r == 0)
        r = explain_status(e) ? buffer_printf(&out, ", \"status\": %u}\n", explain_status(e))
                              : buffer_append(&out, SPAN(", \"status\": null}\n"));
    if (r < 0) {
        fprintf(stderr, "quaygate explain: %s\n", strerror(-r));
        return CTL_CONFIG;
    }
    fwrite(out.data, 1, buffer_size(&out), stdout);
    return ctl_finish();
}

static int explain_exit_code(Effect effect) {
    switch (effect) {
    case EFFECT_ALLOW:
    case EFFECT_OBSERVE:
        return CTL_OK;
    case EFFECT_DENY:
        return CTL_DENIED;
    case EFFECT_INVALID:
        return CTL_INVALID;
    case EFFECT_ERROR:
        break;
    }
    return CTL_CONFIG;
}

int ctl_explain(int argc, char **argv) {
    CLEANUP(explain_done) Explain e = {0};
    const char *sentence;
    int r = explain_take_options(&e, argc, argv);

    if (r == CTL_OK && e.help) {
        fputs(HELP, stdout);
        return ctl_finish();
    }
    if (r == CTL_OK)
        r = explain_load(&e);
    if (r == CTL_OK && e.body_path)
        r = explain_read_body(&e);
    if (r != CTL_OK)
        return r;
    e.arena = arena_new(LIMIT_ARENA_BYTES);
    if (!e.arena) {
        fprintf(stderr, "quaygate explain: %s\n", strerror(ENOMEM));
        return CTL_CONFIG;
    }
    explain_judge(&e);
    sentence = explain_sentence(e.arena, &e.verdict, &e.request, policy_name(e.policy), NULL);
    if (!sentence)
        sentence = reason_sentence(e.verdict.reason);
    r = e.json ? explain_print_json(&e, sentence) : explain_print(&e, sentence);
    return r == CTL_OK ? explain_exit_code(e.verdict.effect) : r;
}
