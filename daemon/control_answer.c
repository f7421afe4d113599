// SPDX-License-Identifier: Apache-2.0
#include "control_answer.h"

#include "clock.h"
#include "res_write.h"
#include "watch.h"

static const struct {
    const char *path;
    ControlPage page;
    bool asks_engine;
} control_pages[] = {
    {"/healthz", CONTROL_HEALTH, false},
    {"/readyz", CONTROL_READY, true},
    {"/metrics", CONTROL_METRICS, true},
    {"/top", CONTROL_TOP, true},
};

ControlPage control_page(Span path) {
    for (size_t i = 0; i < ARRAY_SIZE(control_pages); i++)
        if (span_is(path, control_pages[i].path))
            return control_pages[i].page;
    return CONTROL_NONE;
}

bool control_page_asks_engine(ControlPage page) {
    for (size_t i = 0; i < ARRAY_SIZE(control_pages); i++)
        if (control_pages[i].page == page)
            return control_pages[i].asks_engine;
    return false;
}

static int control_append(Buffer *out, unsigned status, const char *type, Span body, ControlAnswer how) {
    int r =
        buffer_printf(out,
                      "HTTP/1.1 %u %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nCache-Control: "
                      "no-store\r\nX-Content-Type-Options: nosniff\r\n%s%s\r\n",
                      status, res_write_phrase(status), type, body.size,
                      status == 405 ? "Allow: GET, HEAD\r\n" : "", how.close ? "Connection: close\r\n" : "");

    return r < 0 || how.head_only ? r : buffer_append(out, body);
}

int control_answer_text(Buffer *out, unsigned status, const char *text, ControlAnswer how) {
    CLEANUP(buffer_done) Buffer body = {0};
    int r = buffer_printf(&body, "%s\n", text);

    return r < 0 ? r : control_append(out, status, "text/plain; charset=utf-8", buffer_span(&body), how);
}

/* With `on_failure: continue` requests go on without a trail, and so the gate is ready. */
static int control_answer_ready(Buffer *out, const ControlView *view, ControlAnswer how) {
    bool losing = audit_stats(view->env->audit).losing && (*view->config)->on_failure == AUDIT_FAILURE_DENY;

    if (!how.engine_up && losing)
        return control_answer_text(out, 503, "the engine doesn't answer; the audit trail can't be written",
                                   how);
    if (!how.engine_up)
        return control_answer_text(out, 503, "the engine doesn't answer", how);
    return losing ? control_answer_text(out, 503, "the audit trail can't be written", how)
                  : control_answer_text(out, 200, "ready", how);
}

static MetricsNow control_look(const ControlView *view, bool engine_up) {
    AuditStats audit = audit_stats(view->env->audit);

    watch_count(view->env->metrics, *view->clients);
    return (MetricsNow){
        .engine_up = engine_up,
        .audit_writable = !audit.losing,
        .audit_written = audit.n_written,
        .audit_lost = audit.n_lost,
        .audit_has_record = audit.written_usec != 0,
        .audit_age_usec = clock_monotonic_usec() - audit.written_usec,
        .connections_limit = (*view->config)->limits.connections,
        .process = process_use(),
    };
}

int control_answer(Buffer *out, const ControlView *view, ControlPage page, ControlAnswer how) {
    CLEANUP(buffer_done) Buffer body = {0};
    MetricsNow now;
    int r;

    if (page == CONTROL_NONE)
        return control_answer_text(out, 404, "there is /metrics, /healthz, /readyz and /top", how);
    if (page == CONTROL_HEALTH)
        return control_answer_text(out, 200, "ok", how);
    if (page == CONTROL_READY)
        return control_answer_ready(out, view, how);
    now = control_look(view, how.engine_up);
    r = page == CONTROL_METRICS ? metrics_text(&body, view->env->metrics, &now)
                                : watch_write(&body, view->env->metrics, &now, *view->clients);
    if (r < 0)
        return r;
    return control_append(out, 200, page == CONTROL_METRICS ? METRICS_TEXT_TYPE : "application/json",
                          buffer_span(&body), how);
}
