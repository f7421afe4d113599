// SPDX-License-Identifier: Apache-2.0
/*
 * Which records `quaygate audit` looks at: the filters of its command line.
 */
#pragma once

#include "ctl.h"
#include "scan.h"

typedef struct Choice {
    const char *verdict, *policy, *operation, *container, *id; /* NULL: any */
    bool has_uid;
    uint64_t uid;
    uint64_t since, until; /* microseconds; 0: no bound. `until` itself isn't in it */
} Choice;

/* For getopt_long: values above those of letters. */
#define CHOICE_FIRST 0x100
#define CHOICE_OPTIONS                                                                                       \
    {"verdict", required_argument, NULL, CHOICE_FIRST},                                                      \
        {"policy", required_argument, NULL, CHOICE_FIRST + 1},                                               \
        {"operation", required_argument, NULL, CHOICE_FIRST + 2},                                            \
        {"container", required_argument, NULL, CHOICE_FIRST + 3},                                            \
        {"id", required_argument, NULL, CHOICE_FIRST + 4},                                                   \
        {"uid", required_argument, NULL, CHOICE_FIRST + 5},                                                  \
        {"since", required_argument, NULL, CHOICE_FIRST + 6}, {                                              \
        "until", required_argument, NULL, CHOICE_FIRST + 7                                                   \
    }
#define CHOICE_HELP                                                                                          \
    "  --verdict VERDICT[,...]  allow, deny, observe, invalid, error\n"                                      \
    "  --policy NAME            judged by this policy\n"                                                     \
    "  --operation ID           Docker's operationId, or a pattern: 'Container*'\n"                          \
    "  --container ID           of a client in this container; the ID's beginning will do\n"                 \
    "  --uid N                  of a client of this user\n"                                                  \
    "  --id ID                  of this request, with its outcome\n"                                         \
    "  --since TIME             RFC 3339 (2026-12-01T18:00:00Z), a date, today, yesterday, or how long "     \
    "ago: "                                                                                                  \
    "1h, 2d\n"                                                                                               \
    "  --until TIME             before that\n"

static inline bool choice_is_option(int option) {
    return option >= CHOICE_FIRST && option < CHOICE_FIRST + 8;
}

/* CTL_OK, or CTL_USAGE after a message. */
int choice_take(Choice *choice, const char *verb, int option, const char *argument);

/* `time`: scan_time of the record. */
bool choice_wants(const Choice *choice, const ScanRecord *record, uint64_t time);
