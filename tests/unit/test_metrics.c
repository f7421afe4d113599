// SPDX-License-Identifier: Apache-2.0
#include "daemon/metrics.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

/* `n` listeners from number `from` on. */
static Config *config_of(unsigned from, unsigned n) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    Config *config = NULL;

    fprintf(out, "version: 1\nlisteners:\n");
    for (unsigned i = 0; i < n; i++)
        fprintf(out, "- {address: 'unix:///s%u', policy: none}\n", from + i);
    fclose(out);
    cr_assert_eq(config_parse((Span){text, size}, "test", stderr, &config), 0);
    free(text);
    return config;
}

Test(metrics, a_place_for_each_listener) {
    Metrics *metrics = metrics_new(1);
    Config *config = config_of(0, 2);
    MetricsPlace *place;

    cr_expect_null(metrics_place(NULL, &config->listeners[0]), "nobody wants them");
    cr_expect_null(metrics_place(metrics, &config->listeners[0]), "not prepared");
    cr_assert_eq(metrics_prepare(metrics, config), 0);
    cr_expect_eq(metrics->n_places, 2);
    place = metrics_place(metrics, &config->listeners[1]);
    cr_assert_not_null(place);
    cr_expect_str_eq(place->listener, "unix:///s1");
    cr_expect_str_eq(place->policy, "none");
    cr_expect_neq(metrics_place(metrics, &config->listeners[0]), place);
    config_unref(config);
    metrics_free(metrics);
}

Test(metrics, a_place_survives_that_its_listener_goes_and_comes) {
    Metrics *metrics = metrics_new(1);
    Config *config = config_of(0, 2), *other = config_of(1, 1);
    MetricsPlace *place;
    unsigned generation;

    cr_assert_eq(metrics_prepare(metrics, config), 0);
    generation = metrics->generation;
    place = metrics_place(metrics, &config->listeners[0]);
    place->accepted = 7;
    cr_assert_eq(metrics_prepare(metrics, other), 0);
    cr_expect_neq(metrics->generation, generation);
    cr_expect_eq(metrics->n_places, 2);
    cr_assert_eq(metrics_prepare(metrics, config), 0);
    cr_expect_eq(metrics_place(metrics, &config->listeners[0])->accepted, 7);
    config_unref(config);
    config_unref(other);
    metrics_free(metrics);
}

Test(metrics, as_many_places_as_there_may_be_and_one_more) {
    Metrics *metrics = metrics_new(1);
    Config *config, *last = config_of(LIMIT_METRICS_PLACES, 2);
    const char *const other = "other";

    for (unsigned n = 0; n < LIMIT_METRICS_PLACES; n += LIMIT_LISTENERS) {
        config = config_of(n, LIMIT_LISTENERS);
        cr_assert_eq(metrics_prepare(metrics, config), 0);
        cr_expect_str_neq(metrics_place(metrics, &config->listeners[LIMIT_LISTENERS - 1])->listener, other);
        config_unref(config);
    }
    cr_expect_eq(metrics->n_places, LIMIT_METRICS_PLACES, "at the bound each has its own");
    cr_assert_eq(metrics_prepare(metrics, last), 0);
    cr_expect_eq(metrics->n_places, LIMIT_METRICS_PLACES + 1);
    cr_expect_str_eq(metrics_place(metrics, &last->listeners[0])->listener, other);
    cr_expect_str_eq(metrics_place(metrics, &last->listeners[0])->policy, other);
    cr_expect_eq(metrics_place(metrics, &last->listeners[0]), metrics_place(metrics, &last->listeners[1]));
    cr_assert_eq(metrics_prepare(metrics, last), 0);
    cr_expect_eq(metrics->n_places, LIMIT_METRICS_PLACES + 1, "and it stays at that");
    config_unref(last);
    metrics_free(metrics);
}

Test(metrics, each_operation_is_found_and_nothing_else_is_one) {
    size_t n;
    const Operation *all = routes_all(&n);

    cr_expect_eq(metrics_n_operations(), n + 1);
    for (size_t i = 0; i < n; i++) {
        cr_expect_eq(metrics_operation(&all[i]), i);
        cr_expect_str_eq(metrics_operation_name(i), all[i].id);
    }
    cr_expect_eq(metrics_operation(NULL), n);
    cr_expect_eq(metrics_operation(all + n), n, "one past the catalogue");
    cr_expect_str_eq(metrics_operation_name(n), "other");
    cr_expect_str_eq(metrics_operation_name(n + 1), "other");
}

Test(metrics, each_rule_is_found_and_any_other_text_is_other) {
    const char *before = "";

    for (size_t i = 0; i < metrics_n_rules(); i++) {
        const char *name = metrics_rule_name(i);
        Verdict verdict = {.rule = name};

        if (i >= metrics_n_rules() - 1 - REASON_MAX_)
            break;
        cr_expect_lt(strcmp(before, name), 0, "%s stands behind %s", name, before);
        before = name;
        cr_expect_eq(metrics_rule(&verdict), i, "%s", name);
    }
    cr_expect_str_eq(metrics_rule_name(metrics_rule(&(Verdict){.rule = "containers.nosuch"})), "other");
    cr_expect_str_eq(metrics_rule_name(metrics_rule(&(Verdict){.rule = ""})), "other");
    cr_expect_str_eq(metrics_rule_name(metrics_rule(&(Verdict){.rule = "ServiceCreate.body"})), "body");
    cr_expect_str_eq(metrics_rule_name(metrics_n_rules()), "other");
}

Test(metrics, without_a_rule_it_is_the_reason) {
    for (unsigned reason = 0; reason < REASON_MAX_; reason++) {
        Verdict verdict = {.reason = (Reason) reason};

        cr_expect_str_eq(metrics_rule_name(metrics_rule(&verdict)), reason_label((Reason) reason));
    }
    cr_expect_str_eq(metrics_rule_name(metrics_rule(&(Verdict){.reason = REASON_MAX_})), "undecided");
}

Test(metrics, counts) {
    Metrics *metrics = metrics_new(1);
    Config *config = config_of(0, 1);
    const Operation *info = routes_find(SPAN("SystemInfo"));
    Verdict denied = {.rule = "containers.privileged"}, allowed = {.effect = EFFECT_ALLOW, .rule = "allow"};
    Verdict failed = {.effect = EFFECT_ERROR, .reason = REASON_ENGINE_CLOSED};
    MetricsPlace *place;

    cr_assert_eq(metrics_prepare(metrics, config), 0);
    place = metrics_place(metrics, &config->listeners[0]);
    metrics_count_verdict(NULL, info, &allowed);
    metrics_count_failure(NULL, &failed);
    metrics_count_verdict(place, info, &allowed);
    metrics_count_verdict(place, NULL, &denied);
    metrics_count_failure(place, &allowed);
    metrics_count_failure(place, &failed);
    cr_expect_eq(*metrics_request(place, metrics_operation(info), EFFECT_ALLOW), 1);
    cr_expect_eq(*metrics_request(place, metrics_operation(NULL), EFFECT_DENY), 1);
    cr_expect_eq(*metrics_refusal(place, metrics_rule(&denied), EFFECT_DENY), 1);
    cr_expect_eq(*metrics_refusal(place, metrics_rule(&allowed), EFFECT_ALLOW), 0);
    cr_expect_eq(*metrics_refusal(place, metrics_rule(&failed), EFFECT_ERROR), 1);
    config_unref(config);
    metrics_free(metrics);
}

Test(metrics, who_was_denied) {
    char name[HEAVY_NAME_BYTES], exe[] = "/usr/bin/docker", unit[] = "backup.service";
    Subject subject = {.has_creds = true, .uid = 998, .exe = exe};

    metrics_name_client(&subject, name);
    cr_expect_str_eq(name, "uid 998 /usr/bin/docker");
    subject.origin.unit = unit;
    metrics_name_client(&subject, name);
    cr_expect_str_eq(name, "unit backup.service");
    memset(subject.origin.container, 'a', sizeof(subject.origin.container) - 1);
    metrics_name_client(&subject, name);
    cr_expect_eq(strlen(name), strlen("container ") + 64, "the whole ID");
    subject = (Subject){.address = "[2001:db8::1]:41234"};
    metrics_name_client(&subject, name);
    cr_expect_str_eq(name, "[2001:db8::1]");
    subject = (Subject){0};
    metrics_name_client(&subject, name);
    cr_expect_str_eq(name, "");
}

Test(metrics, reloads) {
    Metrics *metrics = metrics_new(5);

    cr_expect(metrics->last_reload_ok);
    metrics_count_reload(NULL, true, 1);
    metrics_count_reload(metrics, false, 7);
    cr_expect_not(metrics->last_reload_ok);
    cr_expect_eq(metrics->loaded_usec, 5, "the old config runs on");
    metrics_count_reload(metrics, true, 9);
    cr_expect(metrics->last_reload_ok);
    cr_expect_eq(metrics->loaded_usec, 9);
    cr_expect_eq(metrics->reloads_ok, 1);
    cr_expect_eq(metrics->reloads_failed, 1);
    metrics_free(metrics);
}
