// SPDX-License-Identifier: Apache-2.0
/* The parts of the sandbox; for sandbox.c alone. */
#pragma once

#include "config.h"

/* Landlock: 0; −ENOSYS or −EOPNOTSUPP where the kernel has none, or −errno. */
int sandbox_files_enter(const Config *config);

/* seccomp: 0, −ENOTSUP in a sanitizer's build, −errno. Nothing may be executed or traced afterwards. */
int sandbox_calls_enter(int ring);
