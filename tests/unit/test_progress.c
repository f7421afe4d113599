// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/progress.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

static int leader = -1;

/* The other end of a terminal that leaves what is written as it is. */
static FILE *terminal(void) {
    struct termios raw;
    int fd;

    leader = posix_openpt(O_RDWR | O_NOCTTY);
    cr_assert(leader >= 0 && grantpt(leader) == 0 && unlockpt(leader) == 0);
    fd = open(ptsname(leader), O_RDWR | O_NOCTTY);
    cr_assert(fd >= 0 && tcgetattr(fd, &raw) == 0);
    cfmakeraw(&raw);
    cr_assert_eq(tcsetattr(fd, TCSANOW, &raw), 0);
    return fdopen(fd, "w");
}

static void expect(FILE *out, const char *text) {
    char got[512];
    size_t n = 0;

    fputc('.', out); /* so that there is something to read, which a terminal gives in pieces */
    fflush(out);
    do {
        ssize_t more = read(leader, got + n, sizeof(got) - n);

        cr_assert_gt(more, 0);
        n += (size_t) more;
    } while (got[n - 1] != '.');
    got[n - 1] = '\0';
    cr_expect_str_eq(got, text);
}

Test(progress, on_a_terminal) {
    FILE *out = terminal();
    Progress p;

    progress_begin(&p, out, 1000000000, 5000);
    progress_tell(&p, 100000000, 5000 + PROGRESS_QUIET_MSEC - 1);
    expect(out, "");
    progress_tell(&p, 100000000, 5000 + PROGRESS_QUIET_MSEC);
    expect(out, "\r[####                                    ]  10%  200 MB/s  0:04 left\033[K");
    progress_tell(&p, 100000000, 5000 + PROGRESS_QUIET_MSEC + PROGRESS_SHOW_MSEC - 1);
    expect(out, "");
    progress_tell(&p, 2000000000, 15000);
    expect(out, "\r[########################################] 100%  100 MB/s  0:00 left\033[K");
    progress_tell(&p, 1000000, 105000);
    expect(out, "\r[                                        ]   0%  0 MB/s  1665:00 left\033[K");
    progress_clear(&p);
    progress_clear(&p);
    expect(out, "\r\033[K");
    progress_begin(&p, out, 0, 0); /* nobody knows how much it will be */
    progress_tell(&p, 5, 90000);
    progress_clear(&p);
    expect(out, "");
    fclose(out);
    close(leader);
}

Test(progress, not_in_a_file) {
    FILE *out = tmpfile();
    Progress p;

    progress_begin(&p, out, 1000, 0);
    progress_tell(&p, 500, 90000);
    progress_clear(&p);
    cr_expect_eq(ftell(out), 0);
    fclose(out);
}
