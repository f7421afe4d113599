// SPDX-License-Identifier: Apache-2.0
/* In libc's place, in a program that links it: splice(2) says no where a test wants it to. */
#pragma once

/* 0, or what it fails with (errno): into a pipe, and out of one to a socket. */
extern int splice_refuse_in, splice_refuse_out;
