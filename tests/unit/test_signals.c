// SPDX-License-Identifier: Apache-2.0
#include "policy/signals.h"

#include <criterion/criterion.h>
#include <signal.h>

Test(signals, spellings) {
    static const struct {
        const char *text;
        unsigned number;
    } cases[] = {
        {"KILL", SIGKILL},
        {"SIGKILL", SIGKILL},
        {"sigkill", SIGKILL},
        {"SigKill", SIGKILL},
        {"kill", SIGKILL},
        {"9", SIGKILL},
        {"009", SIGKILL},
        {"TERM", SIGTERM},
        {"15", SIGTERM},
        {"iot", SIGABRT},
        {"CLD", SIGCHLD},
        {"POLL", SIGIO},
        {"RTMIN", 34},
        {"SIGRTMIN+3", 37},
        {"rtmax-14", 50},
        {"RTMAX", 64},
        {"64", 64},
        {"32", 32},
        {"1", SIGHUP},
        /* none, though an engine may take some */
        {"", 0},
        {"0", 0},
        {"00", 0},
        {"65", 0},
        {"+9", 0},
        {"-9", 0},
        {"9 ", 0},
        {" 9", 0},
        {"0x9", 0},
        {"9a", 0},
        {"SIG", 0},
        {"SIGSIGKILL", 0},
        {"SIG9", 0},
        {"KILL\n", 0},
        {"KIL", 0},
        {"KILLX", 0},
        {"\xC5\xBFigkill", 0},
        {"EXIT", 0},
        {"4294967305", 0},
        {"RTMIN+16", 0},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        cr_expect_eq(signal_parse(span_from(cases[i].text)), cases[i].number, "'%s'", cases[i].text);
}

Test(signals, each_name_is_its_number) {
    size_t n = 0;

    for (unsigned number = 0; number <= SIGNAL_MAX + 1; number++) {
        const char *name = signal_name(number);

        if (!name)
            continue;
        cr_expect_eq(signal_parse(span_from(name)), number, "%s", name);
        n++;
    }
    cr_expect_eq(n, 31 + 31); /* and 32 and 33 are libc's own */
    cr_expect_str_eq(signal_name(SIGABRT), "ABRT");
    cr_expect_null(signal_name(0));
    cr_expect_null(signal_name(32));
}

Test(signals, bits) {
    uint64_t all = 0;

    for (unsigned number = 1; number <= SIGNAL_MAX; number++) {
        cr_expect_neq(signal_bit(number), 0);
        cr_expect_eq(all & signal_bit(number), 0);
        all |= signal_bit(number);
    }
    cr_expect_eq(all, UINT64_MAX);
    cr_expect_eq(signal_bit(0), 0);
    cr_expect_eq(signal_bit(SIGNAL_MAX + 1), 0);
}
