// SPDX-License-Identifier: Apache-2.0
/*
 * `quaygate check --app NAME`: whether a policy covers what the preset NAME allows, which is what the app
 * calls, and what it gives beyond.
 */
#pragma once

#include "ctl.h"

/* `path`, `policy`: as given, or NULL. CTL_OK: covered; CTL_CONFIG: not; CTL_USAGE. */
int check_app(const char *app, const char *path, const char *policy);
