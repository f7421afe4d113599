// SPDX-License-Identifier: Apache-2.0
#include "choice.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/clock.h"
#include "when.h"

static const char *const CHOICE_VERDICTS[] = {"allow", "deny", "observe", "invalid", "error"};

/* Whether `word` stands in the list, between commas. */
static bool choice_has_word(const char *list, Span word) {
    for (const char *p = list;; p++) {
        size_t n = strcspn(p, ",");

        if (span_equals((Span){p, n}, word))
            return true;
        p += n;
        if (!*p)
            return false;
    }
}

static int choice_take_verdict(const char *verb, const char *list) {
    for (const char *p = list;; p++) {
        size_t n = strcspn(p, ",");
        bool known = false;

        for (size_t i = 0; i < ARRAY_SIZE(CHOICE_VERDICTS); i++)
            known = known || span_is((Span){p, n}, CHOICE_VERDICTS[i]);
        if (!known)
            return ctl_fail_usage(
                verb, "--verdict: there is no '%.*s', but allow, deny, observe, invalid and error", (int) n,
                p);
        p += n;
        if (!*p)
            return CTL_OK;
    }
}

static int choice_take_uid(Choice *choice, const char *verb, const char *text) {
    char *end;

    errno = 0;
    choice->uid = strtoull(text, &end, 10);
    choice->has_uid = true;
    if (errno != 0 || end == text || *end || text[0] == '-' || text[0] == '+' || text[0] == ' ')
        return ctl_fail_usage(verb, "--uid %s is no number", text);
    return CTL_OK;
}

static int choice_take_time(const char *verb, const char *option, const char *text, uint64_t *ret) {
    const char *wrong = when_parse(text, clock_realtime_usec(), ret);

    if (!wrong && *ret == 0)
        *ret = 1; /* 0 is no bound */
    return wrong ? ctl_fail_usage(verb, "%s %s %s", option, text, wrong) : CTL_OK;
}

int choice_take(Choice *choice, const char *verb, int option, const char *argument) {
    switch (option - CHOICE_FIRST) {
    case 0:
        choice->verdict = argument;
        return choice_take_verdict(verb, argument);
    case 1:
        choice->policy = argument;
        return CTL_OK;
    case 2:
        choice->operation = argument;
        return CTL_OK;
    case 3:
        choice->container = argument;
        return CTL_OK;
    case 4:
        choice->id = argument;
        return CTL_OK;
    case 5:
        return choice_take_uid(choice, verb, argument);
    case 6:
        return choice_take_time(verb, "--since", argument, &choice->since);
    default:
        return choice_take_time(verb, "--until", argument, &choice->until);
    }
}

/* `*` is any number of characters, in linear time per star. */
static bool choice_matches(const char *pattern, Span text) {
    const char *star = NULL;
    size_t i = 0, back = 0;

    while (i < text.size) {
        if (*pattern == '*') {
            star = ++pattern;
            back = i;
        } else if (*pattern && ascii_lower(*pattern) == ascii_lower(text.data[i])) {
            pattern++;
            i++;
        } else if (star) {
            pattern = star;
            i = ++back;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

bool choice_wants(const Choice *choice, const ScanRecord *record, uint64_t time) {
    return (choice->since == 0 || time >= choice->since) && (choice->until == 0 || time < choice->until) &&
           (!choice->id || span_is(record->id, choice->id)) &&
           (!choice->verdict || choice_has_word(choice->verdict, record->verdict)) &&
           (!choice->policy || span_is(record->policy, choice->policy)) &&
           (!choice->operation ||
            (record->operation.size > 0 && choice_matches(choice->operation, record->operation))) &&
           (!choice->container || (record->container.size > 0 &&
                                   span_starts_with(record->container, span_from(choice->container)))) &&
           (!choice->has_uid || (scan_has(record, SCAN_UID) && record->uid == choice->uid));
}
