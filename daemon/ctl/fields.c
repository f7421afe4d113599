// SPDX-License-Identifier: Apache-2.0
#include "fields.h"

#include "ctl.h"
#include "daemon/json_text.h"

#define WIDTH_MAX 48 /* of a column: what is longer moves only its own line */

/* A character is a column, however many bytes it has: what isn't plain was escaped. */
static int fields_columns(const char *text) {
    int n = 0;

    for (; *text; text++)
        n += ((unsigned char) *text & 0xC0) != 0x80;
    return n;
}

static int fields_width(int width, const char *text) {
    int size = text ? fields_columns(text) : 0;

    return size > width && size <= WIDTH_MAX ? size : width;
}

static void fields_print_cell(const char *text, int width) {
    printf("%s%*s  ", text, fields_columns(text) < width ? width - fields_columns(text) : 0, "");
}

static const char *fields_colour(TraceMark mark) {
    switch (mark) {
    case TRACE_DENIED:
    case TRACE_INVALID:
        return CTL_RED;
    case TRACE_ALLOWED:
        return CTL_GREEN;
    case TRACE_UNJUDGED:
        return CTL_YELLOW;
    case TRACE_UNSET:
    case TRACE_FREE:
    case TRACE_DROPPED:
        break;
    }
    return "";
}

void fields_print(const Trace *trace) {
    int place = (int) strlen("FIELD"), value = (int) strlen("VALUE"), rule = (int) strlen("RULE");

    for (const TraceEntry *entry = trace->first; entry; entry = entry->next) {
        place = fields_width(place, entry->place);
        value = fields_width(value, entry->value);
        rule = fields_width(rule, entry->rule);
    }
    printf("\n%s%-*s  %-*s  %-*s  %s%s\n", ctl_colour(CTL_BOLD), place, "FIELD", value, "VALUE", rule, "RULE",
           "VERDICT", ctl_colour(CTL_RESET));
    for (const TraceEntry *entry = trace->first; entry; entry = entry->next) {
        const char *colour = fields_colour(entry->mark);

        fields_print_cell(entry->place, place);
        fields_print_cell(entry->value ? entry->value : "-", value);
        fields_print_cell(entry->rule ? entry->rule : "-", rule);
        printf("%s%s%s", colour[0] ? ctl_colour(colour) : "", trace_mark_name(entry->mark),
               colour[0] ? ctl_colour(CTL_RESET) : "");
        if (entry->reason && !trace_is_told(entry, entry->reason))
            printf(": %s", entry->reason);
        putchar('\n');
    }
    if (trace->n_lost > 0)
        printf("and %zu more, for which there was no room\n", trace->n_lost);
}

static int fields_append_entry(Buffer *out, const TraceEntry *entry) {
    const struct {
        const char *name;
        const char *value;
    } parts[] = {
        {"field", entry->place},   {"value", entry->value},
        {"rule", entry->rule},     {"verdict", trace_mark_name(entry->mark)},
        {"reason", entry->reason}, {"hint", entry->hint},
    };
    int r = 0;

    for (size_t i = 0; r == 0 && i < ARRAY_SIZE(parts); i++) {
        r = buffer_printf(out, "%s\"%s\": ", i > 0 ? ", " : "{", parts[i].name);
        if (r == 0)
            r = json_text_append_cstr(out, parts[i].value);
    }
    return r == 0 ? buffer_append(out, SPAN("}")) : r;
}

int fields_append_json(Buffer *out, const Trace *trace) {
    int r = buffer_append(out, SPAN(", \"fields\": ["));

    for (const TraceEntry *entry = trace->first; r == 0 && entry; entry = entry->next) {
        if (entry != trace->first)
            r = buffer_append(out, SPAN(", "));
        if (r == 0)
            r = fields_append_entry(out, entry);
    }
    return r == 0 ? buffer_printf(out, "], \"fields_lost\": %zu", trace->n_lost) : r;
}
