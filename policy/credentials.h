// SPDX-License-Identifier: Apache-2.0
/*
 * X-Registry-Auth and X-Registry-Config: JSON in base64, which dockerd decodes where an operation reads them
 * (request.c lets them go on to no other). It takes what it can't read for no credentials at all; here they
 * have one reading or are refused (T-058): the fields of SystemAuth's body, each once, in whatever case.
 */
#pragma once

#include "request.h"

/*
 * `unknown_allowed`: whether keys that are no field pass. REASON_OK; or why not, with the header's name in
 * *ret_field and what is wrong in *ret_detail (arena or static), which never quotes the value.
 */
Reason credentials_check(Arena *arena, const Request *request, bool unknown_allowed, const char **ret_field,
                         const char **ret_detail);
