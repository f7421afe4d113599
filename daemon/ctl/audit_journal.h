// SPDX-License-Identifier: Apache-2.0
/*
 * The records that quaygated sent to journald, as the lines they would be in a file.
 */
#pragma once

#include "audit.h"

/* As audit_input_read, oldest first. */
bool audit_journal_read(AuditInput *input, AuditTake take, void *ctx);

/* As audit_input_follow: behind what audit_journal_read has given, until a callback says false. */
bool audit_journal_follow(AuditInput *input, AuditTake take, bool (*idle)(void *ctx), void *ctx);

void audit_journal_close(AuditInput *input);
