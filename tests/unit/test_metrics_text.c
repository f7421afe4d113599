// SPDX-License-Identifier: Apache-2.0
#include "daemon/metrics_text.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static Metrics *metrics;
static Config *config;
static MetricsPlace *place;

static void setup(void) {
    static const char text[] = "version: 1\nlisteners: [{address: 'unix:///a', policy: none}]\n";

    cr_assert_eq(config_parse(span_from(text), "test", stderr, &config), 0);
    metrics = metrics_new(1500000);
    cr_assert_eq(metrics_prepare(metrics, config), 0);
    place = metrics_place(metrics, &config->listeners[0]);
    cr_assert_not_null(place);
    snprintf(place->listener, sizeof(place->listener),
             "unix:///a\"b\\c\nd"); /* whatever may come to be one */
}

static void teardown(void) {
    metrics_free(metrics);
    config_unref(config);
}

TestSuite(metrics_text, .init = setup, .fini = teardown);

static char *text_of(const MetricsNow *now) {
    Buffer out = {0};
    char *text;

    cr_assert_eq(metrics_text(&out, metrics, now), 0);
    text = strndup(buffer_span(&out).data, buffer_size(&out));
    buffer_done(&out);
    return text;
}

static void expect_lines(const char *text, const char *const *lines, size_t n) {
    for (size_t i = 0; i < n; i++)
        cr_expect_not_null(strstr(text, lines[i]), "%s is missing in\n%s", lines[i], text);
}

#define PLACE "listener=\"unix:///a\\\"b\\\\c\\nd\",policy=\"none\""

Test(metrics_text, labels_are_escaped_and_zeros_left_out) {
    static const char *const lines[] = {
        "\nquaygate_connections_total{" PLACE "} 0\n",
        "\nprocess_start_time_seconds 1.500000\n",
        "\nquaygate_engine_up 0\n",
    };
    char *text = text_of(&(MetricsNow){0});

    expect_lines(text, lines, ARRAY_SIZE(lines));
    cr_expect_null(strstr(text, "quaygate_requests_total{"));
    cr_expect_null(strstr(text, "quaygate_denials_total{"));
    cr_expect_null(strstr(text, "quaygate_audit_last_record_age_seconds "), "there was none");
    free(text);
}

Test(metrics_text, counts_by_operation_rule_and_verdict) {
    static const char *const lines[] = {
        "\nquaygate_requests_total{" PLACE ",operation=\"SystemInfo\",verdict=\"allow\"} 2\n",
        "\nquaygate_requests_total{" PLACE ",operation=\"other\",verdict=\"deny\"} 1\n",
        "\nquaygate_denials_total{" PLACE ",verdict=\"deny\",rule=\"containers.privileged\"} 1\n",
        "\nquaygate_denials_total{" PLACE ",verdict=\"observe\",rule=\"allow\"} 1\n",
        "\nquaygate_errors_total{" PLACE ",verdict=\"invalid\",rule=\"json_syntax\"} 1\n",
        "\nquaygate_errors_total{" PLACE ",verdict=\"error\",rule=\"engine_closed\"} 1\n",
        "\nquaygate_body_bytes_total{" PLACE ",direction=\"up\"} 3\n",
        "\nquaygate_body_bytes_total{" PLACE ",direction=\"down\"} 30\n",
        "\nquaygate_open_tunnels{" PLACE "} 4\n",
        "\nquaygate_audit_records_written_total 8\n",
        "\nquaygate_audit_records_dropped_total 9\n",
        "\nquaygate_audit_last_record_age_seconds 0.000012\n",
        "\nquaygate_connections_limit 1024\n",
    };
    const Operation *info = routes_find(SPAN("SystemInfo"));
    MetricsNow now = {.audit_written = 8,
                      .audit_lost = 9,
                      .audit_has_record = true,
                      .audit_age_usec = 12,
                      .connections_limit = 1024};
    char *text;

    metrics_count_verdict(place, info, &(Verdict){.effect = EFFECT_ALLOW});
    metrics_count_verdict(place, info, &(Verdict){.effect = EFFECT_ALLOW});
    metrics_count_verdict(place, NULL, &(Verdict){.rule = "containers.privileged"});
    metrics_count_verdict(place, info, &(Verdict){.effect = EFFECT_OBSERVE, .rule = "allow"});
    metrics_count_verdict(place, info, &(Verdict){.effect = EFFECT_INVALID, .reason = REASON_JSON_SYNTAX});
    metrics_count_failure(place, &(Verdict){.effect = EFFECT_ERROR, .reason = REASON_ENGINE_CLOSED});
    place->bytes[METRICS_UP] = 1;
    place->open_bytes[METRICS_UP] = 2;
    place->bytes[METRICS_DOWN] = 10;
    place->open_bytes[METRICS_DOWN] = 20;
    place->open[METRICS_TUNNELS] = 4;
    text = text_of(&now);
    expect_lines(text, lines, ARRAY_SIZE(lines));
    free(text);
}

Test(metrics_text, each_bucket_has_those_before_it) {
    static const char *const lines[] = {
        "\nquaygate_decision_duration_seconds_bucket{" PLACE ",le=\"1e-05\"} 1\n",
        "\nquaygate_decision_duration_seconds_bucket{" PLACE ",le=\"2.5e-05\"} 3\n",
        "\nquaygate_decision_duration_seconds_bucket{" PLACE ",le=\"10\"} 3\n",
        "\nquaygate_decision_duration_seconds_bucket{" PLACE ",le=\"+Inf\"} 4\n",
        "\nquaygate_decision_duration_seconds_sum{" PLACE "} 20.000060\n",
        "\nquaygate_decision_duration_seconds_count{" PLACE "} 4\n",
        "\nquaygate_engine_duration_seconds_bucket{le=\"0.001\"} 1\n",
        "\nquaygate_engine_duration_seconds_count 1\n",
    };
    char *text;

    histogram_add(&place->decision, 10);
    histogram_add(&place->decision, 25);
    histogram_add(&place->decision, 25);
    histogram_add(&place->decision, 20000000);
    histogram_add(&metrics->engine, 1000);
    text = text_of(&(MetricsNow){0});
    expect_lines(text, lines, ARRAY_SIZE(lines));
    free(text);
}
