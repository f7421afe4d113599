// SPDX-License-Identifier: Apache-2.0
/* What the walk over a body notes, by way of judge_body_traced(). */
#include <criterion/criterion.h>

#include "policy/judge.h"

static Trace trace;
static Arena *arena;

static void setup(void) {
    arena = arena_new(LIMIT_ARENA_BYTES);
    trace = (Trace){.arena = arena_new(LIMIT_ARENA_BYTES)};
    cr_assert(arena && trace.arena);
}

static void teardown(void) {
    arena = arena_free(arena);
    trace.arena = arena_free(trace.arena);
}

TestSuite(judge_trace, .init = setup, .fini = teardown);

static void judge(const char *operation, const char *json, const Rules *rules) {
    CLEANUP(body_free_p) Body *body = NULL;
    const char *detail = "";
    Findings traced, plain;

    cr_assert_eq(body_parse(arena, span_from(json), &body, &detail), REASON_OK, "%s: %s", json, detail);
    judge_body_traced(arena, routes_find(span_from(operation)), 44, body, rules, &trace, &traced);
    /* The verdict is the same without a trace. */
    judge_body(arena, routes_find(span_from(operation)), 44, body, rules, &plain);
    cr_expect_eq(traced.n, plain.n, "%s", json);
    for (size_t i = 0; i < plain.n && i < LIMIT_FINDINGS; i++)
        cr_expect_str_eq(traced.items[i].detail, plain.items[i].detail, "%s", json);
    trace_findings(&trace, &traced); /* as decide.c does, with what was worded */
}

/* Exactly one entry is of `place`. */
static const TraceEntry *of(const char *place) {
    const TraceEntry *found = NULL;

    for (const TraceEntry *entry = trace.first; entry; entry = entry->next)
        if (strcmp(entry->place, place) == 0) {
            cr_assert_null(found, "%s stands twice", place);
            found = entry;
        }
    cr_assert_not_null(found, "%s is not there", place);
    return found;
}

static void expect(const char *place, const char *value, const char *rule, TraceMark mark) {
    const TraceEntry *entry = of(place);

    cr_expect_eq(entry->mark, mark, "%s: %s", place, trace_mark_name(entry->mark));
    if (value)
        cr_expect(entry->value && strcmp(entry->value, value) == 0, "%s: %s", place,
                  entry->value ? entry->value : "NULL");
    else
        cr_expect_null(entry->value, "%s", place);
    if (rule)
        cr_expect(entry->rule && strcmp(entry->rule, rule) == 0, "%s: %s", place,
                  entry->rule ? entry->rule : "NULL");
    else
        cr_expect_null(entry->rule, "%s", place);
}

Test(judge_trace, each_field_with_what_was_made_of_it) {
    judge("ContainerCreate",
          "{\"Image\": \"bb\", \"Tty\": false, \"StopTimeout\": 3, \"Domainname\": \"\", \"HostConfig\": "
          "{\"Privileged\": true, \"CapAdd\": [\"KILL\"], \"Init\": true, \"Mounts\": null}}",
          &(Rules){0});
    expect("Image", "bb", "containers.images", TRACE_ALLOWED);
    expect("Tty", "false", NULL, TRACE_UNSET);
    expect("StopTimeout", "3", NULL, TRACE_FREE);
    expect("Domainname", "\"\"", NULL, TRACE_UNSET);
    expect("HostConfig.Privileged", "true", "containers.privileged", TRACE_DENIED);
    expect("HostConfig.CapAdd[0]", "KILL", "containers.capabilities", TRACE_ALLOWED);
    expect("HostConfig.Init", "true", NULL, TRACE_FREE);
    expect("HostConfig.Mounts", "null", NULL, TRACE_UNSET);
    cr_expect_str_eq(of("HostConfig.Privileged")->reason, "HostConfig.Privileged=true");
}

/* What holds others says nothing itself, where it has no judge. */
Test(judge_trace, no_line_for_what_only_holds_others) {
    judge("ContainerCreate", "{\"HostConfig\": {\"Dns\": [\"10.0.0.1\"]}}", &(Rules){0});
    cr_assert_not_null(trace.first);
    cr_expect_str_eq(trace.first->place, "HostConfig.Dns[0]");
    cr_expect_null(trace.first->next);
}

Test(judge_trace, what_may_be_a_secret_is_not_shown) {
    judge("ContainerCreate",
          "{\"Env\": [\"PASSWORD=hunter2\"], \"Cmd\": [\"-p\"], \"Labels\": {\"a\": \"hunter2\"}, \"New\": "
          "\"hunter2\", \"Hostname\": [\"hunter2\"], \"HostConfig\": {\"LogConfig\": {\"Config\": "
          "{\"splunk-token\": \"hunter2\"}}}}",
          &(Rules){0});
    expect("Env[0]", "…", "containers.env", TRACE_ALLOWED);
    expect("Cmd[0]", "…", NULL, TRACE_FREE);
    expect("Labels[\"a\"]", "…", "containers.labels", TRACE_ALLOWED);
    expect("New", "…", "containers.unknown_fields", TRACE_DENIED);
    expect("Hostname", "…", "containers.unknown_fields", TRACE_DENIED); /* of another type */
    expect("HostConfig.LogConfig.Config[\"splunk-token\"]", "…", "containers.log_drivers", TRACE_DENIED);
    for (const TraceEntry *entry = trace.first; entry; entry = entry->next)
        cr_expect(!entry->reason || !strstr(entry->reason, "hunter2"), "%s", entry->reason);
}

/* What a judge of the whole quotes in its reason may be shown. */
Test(judge_trace, parts_of_what_is_judged_as_a_whole) {
    judge("ContainerCreate",
          "{\"HostConfig\": {\"Mounts\": [{\"Type\": \"bind\", \"Source\": \"/etc\", \"Target\": \"/x\"}]}}",
          &(Rules){0});
    expect("HostConfig.Mounts[0]", "3 keys", "containers.bind_mounts", TRACE_DENIED);
    expect("HostConfig.Mounts[0].Type", "bind", NULL, TRACE_FREE);
    expect("HostConfig.Mounts[0].Target", "/x", NULL, TRACE_FREE);
    /* The objection is to the source, which says why; the walk then comes by and leaves it. */
    for (const TraceEntry *entry = trace.first; entry; entry = entry->next)
        if (entry->reason)
            cr_expect_str_eq(entry->place, "HostConfig.Mounts[0].Source");
}

Test(judge_trace, profile_privileged_judges_nothing) {
    judge("ContainerCreate", "{\"HostConfig\": {\"Privileged\": true}, \"New\": 1, \"Old\": 0}",
          &(Rules){.profile = PROFILE_PRIVILEGED});
    expect("HostConfig.Privileged", "true", "containers.privileged", TRACE_UNJUDGED);
    expect("New", "…", NULL, TRACE_UNJUDGED);
    expect("Old", "…", NULL, TRACE_UNSET);
}

/* More than are worded for the answer: the trace has them all the same. */
Test(judge_trace, findings_past_the_limit) {
    char json[4096] = "{\"HostConfig\": {\"CapAdd\": [\"SYS_ADMIN\"";
    size_t n = 0;

    for (size_t i = 0; i < LIMIT_FINDINGS + 3; i++)
        strcat(json, ", \"SYS_ADMIN\"");
    strcat(json, "]}}");
    judge("ContainerCreate", json, &(Rules){0});
    for (const TraceEntry *entry = trace.first; entry; entry = entry->next)
        if (entry->mark == TRACE_DENIED) {
            cr_assert_not_null(entry->reason, "%s", entry->place);
            n++;
        }
    cr_expect_eq(n, LIMIT_FINDINGS + 4);
    cr_expect_eq(trace.n_lost, 0);
}

Test(judge_trace, limits_are_allowed_by_their_rule) {
    judge("ContainerCreate", "{\"HostConfig\": {\"Memory\": 5, \"PidsLimit\": 9}}",
          &(Rules){.memory = 10, .pids = 8});
    expect("HostConfig.Memory", "5", "containers.limits", TRACE_ALLOWED);
    expect("HostConfig.PidsLimit", "9", "containers.limits", TRACE_DENIED);
}

/* Tracing costs only what is traced: with too little memory the verdict stays. */
Test(judge_trace, without_memory) {
    trace.arena = arena_free(trace.arena);
    trace.arena = arena_new(1);
    judge("ContainerCreate", "{\"HostConfig\": {\"Privileged\": true, \"Init\": true}}", &(Rules){0});
    cr_expect_gt(trace.n_lost, 0);
}
