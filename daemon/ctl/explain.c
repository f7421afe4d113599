// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <unistd.h>

#include "ctl.h"
#include "daemon/file.h"
#include "daemon/json_text.h"
#include "dry_run.h"
#include "fields.h"
#include "policy/explain.h"
#include "policy/time_text.h"

#define TRACE_BYTES (64u << 20) /* of as many fields as a body may have, each with its value */

static const char HELP[] =
    "Usage: quaygate explain [--config FILE] --policy NAME [--all] [--json] METHOD PATH\n"
    "                        [--body FILE|-] [--header 'NAME: VALUE']... [--at TIME] [--engine FILE]\n"
    "\n"
    "Puts a request to a policy, and prints the verdict, the rule and the field that decided. It is what\n"
    "quaygated does with the same request.\n"
    "\n"
    "  --config FILE      default: " CTL_DEFAULT_CONFIG " where it exists, else the presets alone\n"
    "  --policy NAME      a preset or a policy of the config\n"
    "  --body FILE        the request's body, - for stdin; JSON unless --header names another Content-Type\n"
    "  --header TEXT      one more header field; may be given again\n"
    "  --at TIME          judges as if it were that time, like 2026-12-01T18:00:00Z; default: now. It is "
    "for\n"
    "                     entries with 'until' or 'when'\n"
    "  --engine FILE      what an engine would say of the objects that the request names: a YAML mapping of\n"
    "                     paths, /containers/NAME/json, to the JSON of the answer, or to the word absent,\n"
    "                     broken, failing or silent\n"
    "  --all              each header, parameter and field that was looked at, with a verdict of its own:\n"
    "                     allowed or denied by its rule; free, where no rule speaks of it; not set; not\n"
    "                     sent to the engine; not judged, where the profile or unknown_fields lets it pass;\n"
    "                     invalid. What may be a secret is shown as …\n"
    "  --json             the same as one JSON object\n"
    "\n"
    "There is no engine here. Where quaygated would ask it about an object before it lets the request pass, "
    "a\n"
    "line 'look:' names what it would GET: without --engine an 'allow' holds only if the answer has nothing\n"
    "in it that the policy forbids.\n"
    "\n"
    "Example: quaygate explain --policy monitoring POST /v1.41/containers/create --body create.json\n"
    "\n"
    "Exit codes: 0 allowed (or only observed), 3 denied, 4 invalid, 1 configuration, 2 usage.\n";

typedef struct Explain {
    const char *config_path;
    const char *policy_name;
    const char *body_path;
    const char *engine_path;
    bool all;
    bool json;
    bool help;

    Config *config;
    Buffer bytes; /* of the body */
    Buffer engine_text;
    Pretend engine;
    Arena *arena;
    Trace trace;
    DryRun run;
} Explain;

static void explain_done(Explain *e) {
    dry_run_done(&e->run);
    buffer_done(&e->bytes);
    buffer_done(&e->engine_text);
    (void) arena_free(e->trace.arena);
    (void) arena_free(e->arena);
    (void) config_unref(e->config);
}

/* --- the command line */

static int explain_take_header(Explain *e, const char *text) {
    RawHead *head = &e->run.head;
    const char *wrong;

    if (head->n_headers == LIMIT_HEADERS)
        return ctl_fail_usage("explain", "more than %u headers", LIMIT_HEADERS);
    wrong = dry_run_parse_header(span_from(text), &head->headers[head->n_headers]);
    if (wrong)
        return ctl_fail_usage("explain", "%s", wrong);
    head->n_headers++;
    return CTL_OK;
}

static int explain_take_options(Explain *e, int argc, char **argv) {
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"policy", required_argument, NULL, 'p'},
        {"body", required_argument, NULL, 'b'},   {"header", required_argument, NULL, 'H'},
        {"all", no_argument, NULL, 'a'},          {"json", no_argument, NULL, 'j'},
        {"at", required_argument, NULL, 't'},     {"engine", required_argument, NULL, 'e'},
        {"help", no_argument, NULL, 'h'},         {0},
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
        case 'e':
            e->engine_path = optarg;
            break;
        case 'H':
            r = explain_take_header(e, optarg);
            break;
        case 't':
            r = ctl_take_time("explain", optarg, &e->run.now);
            break;
        case 'a':
            e->all = true;
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
    e->run.head.method = span_from(argv[optind]);
    e->run.head.target = span_from(argv[optind + 1]);
    return CTL_OK;
}

static int explain_load(Explain *e) {
    if (ctl_load(e->config_path, &e->config) < 0)
        return CTL_CONFIG;
    e->run.policy = ctl_find_policy("explain", e->config, e->policy_name);
    return e->run.policy ? CTL_OK : CTL_CONFIG;
}

/* All of it, past what any config could let the daemon read. */
static int explain_read_body(Explain *e) {
    bool is_stdin = strcmp(e->body_path, "-") == 0;
    int r = is_stdin ? file_read_fd(STDIN_FILENO, LIMIT_BODY_BYTES_MAX, &e->bytes)
                     : file_read(e->body_path, LIMIT_BODY_BYTES_MAX, &e->bytes);

    if (r < 0) {
        fprintf(stderr, "quaygate explain: %s: %s\n", e->body_path, strerror(-r));
        return CTL_CONFIG;
    }
    e->run.has_body = true;
    e->run.bytes = buffer_span(&e->bytes);
    return CTL_OK;
}

static int explain_read_engine(Explain *e) {
    DocErrors errors = {.arena = e->arena, .file = e->engine_path};
    int r = file_read(e->engine_path, LIMIT_CONFIG_BYTES, &e->engine_text);
    const DocNode *root;

    if (r < 0) {
        fprintf(stderr, "quaygate explain: %s: %s\n", e->engine_path, strerror(-r));
        return CTL_CONFIG;
    }
    root = doc_parse(e->arena, buffer_span(&e->engine_text), &errors);
    if (root)
        pretend_read(e->arena, &errors, root, &e->engine);
    e->run.engine = &e->engine;
    if (errors.n == 0)
        return CTL_OK;
    config_print_errors(&errors, stderr);
    return CTL_CONFIG;
}

/* --- the answer */

/* The status that the client gets from us; 0: what the engine answers. */
static unsigned explain_status(const Explain *e) {
    return verdict_forwards(&e->run.verdict) ? 0 : reason_http_status(e->run.verdict.reason);
}

/* When what is let through is no longer; NULL: never, or nothing is. */
static const char *explain_end(const Explain *e) {
    int64_t end =
        verdict_forwards(&e->run.verdict) ? policy_ends_at(e->run.policy, &e->run.request) : POLICY_FOREVER;

    return end == POLICY_FOREVER ? NULL : time_text_show(e->arena, end);
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
    const Verdict *verdict = &e->run.verdict;
    bool allowed = verdict->effect == EFFECT_ALLOW;

    printf("%-11s%s%s%s\n", "verdict:", ctl_colour(explain_colour(verdict->effect)),
           effect_name(verdict->effect), ctl_colour(CTL_RESET));
    explain_print_line("policy:", policy_name(e->run.policy));
    explain_print_line("operation:", e->run.request.operation ? e->run.request.operation->id : NULL);
    explain_print_line("rule:", verdict_rule(verdict));
    explain_print_line("field:", verdict->field);
    explain_print_line("reason:", allowed ? NULL : verdict_detail(verdict));
    explain_print_line("hint:", verdict->hint);
    explain_print_line("origin:", verdict->origin);
    explain_print_line("ends:", explain_end(e));
    for (size_t i = 0; i < verdict->n_edits; i++)
        explain_print_line("put in:", verdict->edits[i]);
    for (size_t i = 0; i < e->run.n_looks; i++)
        printf("%-11s%s%s\n", "look:", e->run.looks[i], i > 0 ? "" : ": what the engine says of it may deny");
    if (explain_status(e))
        printf("%-11s%u %s\n", "answer:", explain_status(e), sentence);
    if (e->all)
        fields_print(&e->trace);
    return ctl_finish();
}

/* What was put into the body; what would have to be looked at. */
static int explain_append_list(Buffer *out, const char *name, const char *const *texts, size_t n) {
    int r = buffer_printf(out, ", \"%s\": [", name);

    for (size_t i = 0; r == 0 && i < n; i++) {
        r = i > 0 ? buffer_append(out, SPAN(", ")) : 0;
        if (r == 0)
            r = json_text_append_cstr(out, texts[i]);
    }
    return r == 0 ? buffer_append(out, SPAN("]")) : r;
}

static int explain_print_json(Explain *e, const char *sentence) {
    const Verdict *verdict = &e->run.verdict;
    const struct {
        const char *name;
        const char *value;
    } fields[] = {
        {"verdict", effect_name(verdict->effect)},
        {"policy", policy_name(e->run.policy)},
        {"operation", e->run.request.operation ? e->run.request.operation->id : NULL},
        {"rule", verdict_rule(verdict)},
        {"field", verdict->field},
        {"reason", verdict->effect == EFFECT_ALLOW ? NULL : verdict_detail(verdict)},
        {"hint", verdict->hint},
        {"origin", verdict->origin},
        {"ends", explain_end(e)},
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
        r = explain_append_list(&out, "edits", verdict->edits, verdict->n_edits);
    if (r == 0)
        r = explain_append_list(&out, "looks", e->run.looks, e->run.n_looks);
    if (r == 0 && e->all)
        r = fields_append_json(&out, &e->trace);
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
    CLEANUP(explain_done) Explain e = {.run.now = ctl_now()};
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
    e.trace.arena = arena_new(TRACE_BYTES);
    if (!e.arena || !e.trace.arena) {
        fprintf(stderr, "quaygate explain: %s\n", strerror(ENOMEM));
        return CTL_CONFIG;
    }
    if (e.engine_path && (r = explain_read_engine(&e)) != CTL_OK)
        return r;
    e.run.trace = e.all ? &e.trace : NULL;
    e.run.config = e.config;
    e.run.arena = e.arena;
    dry_run_judge(&e.run);
    sentence = explain_sentence(e.arena, &e.run.verdict, &e.run.request, policy_name(e.run.policy), NULL);
    if (!sentence)
        sentence = reason_sentence(e.run.verdict.reason);
    r = e.json ? explain_print_json(&e, sentence) : explain_print(&e, sentence);
    return r == CTL_OK ? explain_exit_code(e.run.verdict.effect) : r;
}
