// SPDX-License-Identifier: Apache-2.0
#include "report.h"

#include <errno.h>

#include "daemon/json_text.h"
#include "policy/explain.h"
#include "policy/text.h"

#define NAME_SHOWN 200u   /* bytes of a request in a test's name */
#define VALUE_SHOWN 2000u /* bytes of a value in a diagnostic */

static void report_keep(Report *report, int r) {
    if (report->r == 0)
        report->r = r;
}

static void report_put(Report *report, Span text) {
    if (report->r == 0)
        report_keep(report, buffer_append(&report->text, text));
}

/* The first line, without its end; it is taken off `text`. */
static Span report_take_line(Span *text) {
    const char *end = text->size > 0 ? memchr(text->data, '\n', text->size) : NULL;
    Span line = {.data = text->data, .size = end ? (size_t) (end - text->data) : text->size};
    size_t taken = line.size + (end != NULL);

    *text = (Span){.data = text->data + taken, .size = text->size - taken};
    return line;
}

/* --- XML */

/*
 * Its five special characters; what is none of XML 1.0's characters (section 2.2) can't stand there at all.
 */
static Span report_xml_piece(uint32_t rune, Span plain) {
    switch (rune) {
    case '&':
        return SPAN("&amp;");
    case '<':
        return SPAN("&lt;");
    case '>':
        return SPAN("&gt;");
    case '"':
        return SPAN("&quot;");
    case '\'':
        return SPAN("&#39;");
    default:
        return (rune < 0x20 && rune != '\n') || rune == 0xFFFE || rune == 0xFFFF ? SPAN("\xEF\xBF\xBD")
                                                                                 : plain;
    }
}

static void report_put_xml(Report *report, Span text) {
    for (size_t i = 0; i < text.size;) {
        uint32_t rune = 0;
        size_t n = text_take_rune(text.data + i, text.size - i, &rune);

        report_put(report, n > 0 ? report_xml_piece(rune, (Span){.data = text.data + i, .size = n})
                                 : SPAN("\xEF\xBF\xBD"));
        i += n > 0 ? n : 1;
    }
}

static void report_put_attribute(Report *report, Span name, Span value) {
    report_put(report, name);
    report_put_xml(report, value);
    report_put(report, SPAN("\""));
}

static void report_check_junit(Report *report, const char *group, Span name, bool passed, Span why) {
    Span first = report_take_line(&(Span){.data = why.data, .size = why.size});

    report_put_attribute(report, SPAN("    <testcase classname=\""), span_from(group));
    report_put_attribute(report, SPAN(" name=\""), name);
    if (passed)
        return report_put(report, SPAN("/>\n"));
    report_put_attribute(report, SPAN(">\n      <failure message=\""), first.size > 0 ? first : name);
    report_put(report, SPAN(">"));
    report_put_xml(report, why);
    report_put(report, SPAN("</failure>\n    </testcase>\n"));
}

/* --- TAP */

/* A `#` would begin a directive: "# SKIP" makes a failure of no account. */
static void report_put_tap(Report *report, Span text) {
    for (size_t i = 0; i < text.size; i++)
        report_put(report, text.data[i] == '#' ? SPAN("\\x23") : (Span){.data = text.data + i, .size = 1});
}

static void report_check_tap(Report *report, Span name, bool passed, Span why) {
    report_put(report, passed ? SPAN("ok ") : SPAN("not ok "));
    if (report->r == 0)
        report_keep(report, buffer_printf(&report->text, "%u - ", report->n_tests));
    report_put_tap(report, name);
    report_put(report, SPAN("\n"));
    while (!passed && why.size > 0) {
        report_put(report, SPAN("# "));
        report_put(report, report_take_line(&why));
        report_put(report, SPAN("\n"));
    }
}

void report_check(Report *report, const char *group, Span name, bool passed, Span why) {
    report->n_tests++;
    report->n_failed += !passed;
    if (report->junit)
        report_check_junit(report, group, name, passed, why);
    else
        report_check_tap(report, name, passed, why);
}

/* --- vectors */

/* In double quotes, as YAML takes it too: what came out can be copied into the file. */
static int report_append_value(Buffer *out, Span value) {
    bool cut = value.size > VALUE_SHOWN;
    int r;

    if (!value.data)
        return buffer_append(out, SPAN("none"));
    if (cut)
        value.size = VALUE_SHOWN;
    r = json_text_append(out, value);
    return r == 0 && cut ? buffer_append(out, SPAN(", cut")) : r;
}

static int report_append_miss(Buffer *out, const VectorMiss *miss) {
    int r = buffer_printf(out, "%s: expected ", miss->what);

    if (r == 0)
        r = report_append_value(out, miss->wanted);
    if (r == 0)
        r = buffer_append(out, SPAN(", got "));
    if (r == 0)
        r = report_append_value(out, miss->got);
    return r == 0 ? buffer_append(out, SPAN("\n")) : r;
}

/* "verdict: expected "deny", got "allow"", a line a difference, and the whole verdict in words. */
static int report_append_why(Buffer *out, const VectorResult *result) {
    const DryRun *run = &result->run;
    const char *sentence;
    int r = 0;

    for (size_t i = 0; r == 0 && i < result->n_misses; i++)
        r = report_append_miss(out, &result->misses[i]);
    sentence = explain_sentence(run->arena, &run->verdict, &run->request, policy_name(run->policy), NULL);
    return r == 0 ? buffer_printf(out, "%s\n", sentence ? sentence : reason_sentence(run->verdict.reason))
                  : r;
}

/* "ci.yaml:7 GET /v1.41/info → allow" */
static const char *report_name(Arena *arena, const char *file, const Vector *vector) {
    const char *shown = text_show(arena, vector->request, NAME_SHOWN);
    const char *place = text_show(arena, span_from(file), NAME_SHOWN);
    const char *name = shown && place ? arena_printf(arena, "%s:%u %s → %.*s", place, vector->mark.line,
                                                     shown, SPAN_FMT(vector->expect))
                                      : NULL;

    return name ? name : "a request";
}

void report_vector(Report *report, const char *file, const Vector *vector, const VectorResult *result) {
    CLEANUP(buffer_done) Buffer why = {0};

    if (result->n_misses > 0)
        report_keep(report, report_append_why(&why, result));
    report_check(report, file, span_from(report_name(result->run.arena, file, vector)), result->n_misses == 0,
                 buffer_span(&why));
}

int report_print(const Report *report, FILE *out) {
    if (report->r < 0)
        return report->r;
    if (report->junit)
        fprintf(out,
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
                "  <testsuite name=\"quaygate\" tests=\"%u\" failures=\"%u\" errors=\"0\" skipped=\"0\">\n",
                report->n_tests, report->n_failed);
    else
        fprintf(out, "TAP version 13\n");
    fwrite(report->text.data, 1, buffer_size(&report->text), out);
    if (report->junit)
        fputs("  </testsuite>\n</testsuites>\n", out);
    else
        fprintf(out, "1..%u\n", report->n_tests);
    return 0;
}

void report_done(Report *report) {
    buffer_done(&report->text);
}
