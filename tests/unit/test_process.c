// SPDX-License-Identifier: Apache-2.0
#include "daemon/process.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <unistd.h>

Test(process, tells_what_it_takes) {
    ProcessUse before = process_use(), after;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    after = process_use();
    cr_expect_eq(after.open_fds, before.open_fds + 1);
    cr_expect_gt(after.resident_bytes, 4096);
    cr_expect_gt(after.virtual_bytes, after.resident_bytes);
    cr_expect_geq(after.cpu_usec, before.cpu_usec);
    cr_expect_geq(after.max_fds, after.open_fds);
    close(fd);
    cr_expect_eq(process_use().open_fds, before.open_fds);
}
