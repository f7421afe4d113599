// SPDX-License-Identifier: Apache-2.0
#include <errno.h>

#include "again.h"
#include "ctl.h"
#include "daemon/json_text.h"
#include "policy/text.h"

static const char HELP[] =
    "Usage: quaygate replay [--config FILE] --policy NAME [--listener ADDRESS] [--recorded POLICY] [--json]\n"
    "                       AUDIT...\n"
    "\n"
    "Puts recorded requests to a policy, and says which decisions would be others. What was observed counts "
    "as\n"
    "denied: that is what enforcing it would have meant.\n"
    "\n"
    "  --policy NAME        a preset or a policy of the config, to judge by\n"
    "  --config FILE        default: " CTL_DEFAULT_CONFIG " where it exists, else the presets alone\n"
    "  --listener ADDRESS   only what came in there, as the records write it\n"
    "  --recorded POLICY    only what was judged by this policy\n"
    "  --json               an object a line: each decision that would be another, at the end the sums\n"
    "  AUDIT                files as quaygated writes them, or compressed with gzip; - is stdin\n"
    "\n"
    "Of bodies the records have facts where the listener or the policy observes, or with 'audit: {facts: "
    "true}'.\n"
    "Without them, or where a verdict hangs on a value that stays out of the records, it can't be told, and\n"
    "the line says why. Headers are on no record, and taken for harmless; a path without a version is judged "
    "as\n"
    "one of the newest. Host paths are judged where their links lead now, as 'quaygate explain' does.\n"
    "\n"
    "Exit codes: 0 all the same, 3 some are others, 4 none is but of some it can't be told,\n"
    "            1 a file, a line or the config is broken, 2 usage.\n";

typedef struct Replay {
    const char *config_path;
    const char *policy_name;
    TrailFilter filter;
    bool help;
    bool json;

    Config *config;
    const Policy *policy;
    Arena *arena; /* of one record */
    TrailSet trails;
    bool failed; /* a line is missing: no memory */
    size_t n, n_same, n_denied, n_allowed, n_untold, n_others;
} Replay;

static void replay_done(Replay *replay) {
    trail_set_close(&replay->trails);
    (void) arena_free(replay->arena);
    (void) config_unref(replay->config);
}

static int replay_take_options(Replay *replay, int argc, char **argv) {
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"policy", required_argument, NULL, 'p'},
        {"listener", required_argument, NULL, 'l'},
        {"recorded", required_argument, NULL, 'r'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int option;

    while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1)
        switch (option) {
        case 'c':
            replay->config_path = optarg;
            break;
        case 'p':
            replay->policy_name = optarg;
            break;
        case 'l':
            replay->filter.listener = optarg;
            break;
        case 'r':
            replay->filter.policy = optarg;
            break;
        case 'j':
            replay->json = true;
            break;
        case 'h':
            replay->help = true;
            return CTL_OK;
        default:
            return ctl_fail_option("replay", option, argv);
        }
    if (!replay->policy_name)
        return ctl_fail_usage("replay", "--policy is missing");
    return optind < argc ? CTL_OK : ctl_fail_usage("replay", "an AUDIT file is needed");
}

/* What a record says, printably; never NULL. */
static const char *replay_show(Replay *replay, Span text) {
    const char *shown = text_show(replay->arena, text, LIMIT_VALUE_SHOWN);

    return shown ? shown : "…";
}

/* A line for another decision. */
typedef struct ReplayFlip {
    const char *is; /* "allow", …; NULL: it can't be told */
    const char *rule, *field, *why;
    const char *colour;
} ReplayFlip;

/* TIME ID WAS -> IS METHOD PATH (OPERATION): why */
static void replay_print_text(Replay *replay, const TrailRecord *record, const ReplayFlip *flip) {
    printf("%s %s %s%s -> %s%s %s %s", replay_show(replay, record->time), replay_show(replay, record->id),
           ctl_colour(flip->colour), replay_show(replay, record->verdict), flip->is ? flip->is : "can't tell",
           ctl_colour(CTL_RESET), replay_show(replay, record->method), replay_show(replay, record->path));
    if (record->operation.size > 0)
        printf(" (%s)", replay_show(replay, record->operation));
    printf(": %s", flip->why);
    printf(flip->rule ? " (%s)\n" : "\n", flip->rule);
}

static int replay_append(Buffer *out, const char *key, Span text) {
    int r = buffer_printf(out, "%s\"%s\":", buffer_size(out) > 0 ? "," : "{", key);

    if (r == 0)
        r = text.data ? json_text_append(out, text) : buffer_append(out, SPAN("null"));
    return r;
}

static Span replay_or_null(const char *text) {
    return text ? span_from(text) : (Span){0};
}

/* null where the record has nothing. */
static Span replay_known(Span text) {
    return text.size > 0 ? text : (Span){0};
}

static void replay_print_json(Replay *replay, const TrailRecord *record, const ReplayFlip *flip) {
    const struct {
        const char *key;
        Span text;
    } fields[] = {
        {"time", replay_known(record->time)},
        {"id", replay_known(record->id)},
        {"listener", replay_known(record->listener)},
        {"recorded_policy", replay_known(record->policy)},
        {"method", replay_known(record->method)},
        {"path", record->has_path ? record->path : (Span){0}},
        {"operation", replay_known(record->operation)},
        {"was", replay_known(record->verdict)},
        {"is", replay_or_null(flip->is)},
        {"rule", replay_or_null(flip->rule)},
        {"field", replay_or_null(flip->field)},
        {"reason", span_from(flip->why)},
    };
    CLEANUP(buffer_done) Buffer out = {0};
    int r = 0;

    for (size_t i = 0; r == 0 && i < ARRAY_SIZE(fields); i++)
        r = replay_append(&out, fields[i].key, fields[i].text);
    if (r == 0)
        r = buffer_append(&out, SPAN("}\n"));
    if (r == 0)
        fwrite(out.data, 1, buffer_size(&out), stdout);
    else
        replay->failed = true;
}

static void replay_print(Replay *replay, const TrailRecord *record, const ReplayFlip *flip) {
    if (replay->json)
        replay_print_json(replay, record, flip);
    else
        replay_print_text(replay, record, flip);
}

/* Of a policy that observes, what it would deny. */
static void replay_compare(Replay *replay, const TrailRecord *record, const Verdict *verdict) {
    bool was = span_is(record->verdict, "allow"), is = verdict->effect == EFFECT_ALLOW;
    ReplayFlip flip = {.is = effect_name(verdict->effect),
                       .rule = verdict_rule(verdict),
                       .field = verdict->field,
                       .why = verdict_detail(verdict),
                       .colour = CTL_RED};

    if (was == is) {
        replay->n_same++;
        return;
    }
    if (is) {
        const char *why = arena_printf(replay->arena, "was: %s", replay_show(replay, record->reason));

        flip = (ReplayFlip){.is = flip.is,
                            .rule = replay_show(replay, record->rule),
                            .why = why ? why : "…",
                            .colour = CTL_GREEN};
        replay->n_allowed++;
    } else {
        replay->n_denied++;
    }
    replay_print(replay, record, &flip);
}

static bool replay_take(void *ctx, const TrailRecord *record) {
    Replay *replay = ctx;
    AgainVerdict verdict;
    Again again;

    if (!trail_is_wanted(&replay->filter, record))
        return true;
    replay->n++;
    arena_reset(replay->arena);
    again_read(replay->arena, record, &again);
    if (span_is(record->verdict, "invalid") || span_is(record->verdict, "error")) {
        replay->n_others++;
        return true;
    }
    again_judge(&again, replay->config, replay->policy, replay->arena, &verdict);
    if (verdict.told) {
        replay_compare(replay, record, &verdict.run.verdict);
    } else {
        replay->n_untold++;
        replay_print(replay, record, &(ReplayFlip){.why = verdict.why, .colour = CTL_YELLOW});
    }
    dry_run_done(&verdict.run);
    return true;
}

static void replay_print_sums(const Replay *replay) {
    if (replay->json)
        printf(
            "{\"decisions\":%zu,\"policy\":\"%s\",\"same\":%zu,\"denied\":%zu,\"allowed\":%zu,\"untold\":%zu,"
            "\"not_a_policys\":%zu}\n",
            replay->n, replay->policy_name, replay->n_same, replay->n_denied, replay->n_allowed,
            replay->n_untold, replay->n_others);
    else
        printf("%zu decisions under policy %s: %zu the same, %zu now denied, %zu now allowed, %zu can't be "
               "told, "
               "%zu not a policy's\n",
               replay->n, replay->policy_name, replay->n_same, replay->n_denied, replay->n_allowed,
               replay->n_untold, replay->n_others);
}

static int replay_finish(const Replay *replay) {
    int r;

    replay_print_sums(replay);
    r = ctl_finish();
    if (r != CTL_OK || replay->failed || replay->trails.n_broken > 0)
        return CTL_CONFIG;
    if (replay->n_denied + replay->n_allowed > 0)
        return CTL_FLIPPED;
    return replay->n_untold > 0 ? CTL_UNTOLD : CTL_OK;
}

int ctl_replay(int argc, char **argv) {
    CLEANUP(replay_done) Replay replay = {0};
    int r = replay_take_options(&replay, argc, argv);

    if (r == CTL_OK && replay.help) {
        fputs(HELP, stdout);
        return ctl_finish();
    }
    if (r != CTL_OK)
        return r;
    if (ctl_load(replay.config_path, &replay.config) < 0)
        return CTL_CONFIG;
    replay.policy = ctl_find_policy("replay", replay.config, replay.policy_name);
    replay.arena = arena_new(LIMIT_CONFIG_ARENA_BYTES);
    if (!replay.policy || !replay.arena ||
        !trail_set_open(&replay.trails, "replay", argv + optind, (size_t) (argc - optind), false) ||
        !trail_set_read(&replay.trails, replay_take, &replay))
        return CTL_CONFIG;
    return replay_finish(&replay);
}
