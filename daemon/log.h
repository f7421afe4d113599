// SPDX-License-Identifier: Apache-2.0
/*
 * The daemon's own messages: one line each to stderr, with sd-daemon(3)'s <N> priority where stderr goes
 * to the journal ($JOURNAL_STREAM), plain otherwise. Not the audit trail.
 */
#pragma once

#include <syslog.h>

#include "policy/base.h"

void log_init(void);
void log_message(int priority, const char *format, ...) PRINTF_LIKE(2, 3);

#define log_error(...) log_message(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_message(LOG_WARNING, __VA_ARGS__)
#define log_notice(...) log_message(LOG_NOTICE, __VA_ARGS__)
#define log_info(...) log_message(LOG_INFO, __VA_ARGS__)
