// SPDX-License-Identifier: Apache-2.0
#include "policy/explain.h"

#include <criterion/criterion.h>

static const char *const ID = "01J00000000000000000000000";

Test(explain, sentences) {
    CLEANUP(arena_free_p) Arena *arena = arena_new(1u << 20);
    Request create = {.method = METHOD_POST, .operation = routes_find(SPAN("ContainerCreate"))};
    Request unknown = {.method = METHOD_GET, .target.path = SPAN("/fo\x1bo")};
    Request nothing = {0};
    const struct {
        Verdict verdict;
        const Request *request;
        const char *policy, *id, *sentence;
    } cases[] = {
        {{.reason = REASON_FIELD_NOT_ALLOWED,
          .rule = "containers.privileged",
          .detail = "HostConfig.Privileged=true",
          .hint = "not in the sentence"},
         &create,
         "ci",
         ID,
         "quaygate: ContainerCreate denied by policy ci: HostConfig.Privileged=true (containers.privileged) "
         "[request 01J00000000000000000000000]"},
        {{.reason = REASON_OPERATION_NOT_ALLOWED,
          .rule = "allow",
          .detail = "d",
          .hint = "do this instead",
          .advise = true},
         &create,
         "ci",
         "X",
         "quaygate: ContainerCreate denied by policy ci: d (allow): do this instead [request X]"},
        {{.reason = REASON_FIELD_NOT_ALLOWED, .rule = "r", .detail = "d", .advise = true},
         &create,
         "ci",
         NULL,
         "quaygate: ContainerCreate denied by policy ci: d (r)"},
        {{.effect = EFFECT_OBSERVE, .reason = REASON_FIELD_NOT_ALLOWED, .rule = "r", .detail = "d"},
         &create,
         "ci",
         NULL,
         "quaygate: ContainerCreate would be denied by policy ci: d (r)"},
        {{.effect = EFFECT_ALLOW, .reason = REASON_OK, .rule = "allow"},
         &create,
         "ci",
         NULL,
         "quaygate: ContainerCreate allowed by policy ci (allow)"},
        {{.effect = EFFECT_INVALID, .reason = REASON_HTTP_HOST},
         &nothing,
         "ci",
         NULL,
         "quaygate: request refused: the Host field is missing, repeated or malformed (http_host)"},
        {{.effect = EFFECT_ERROR, .reason = REASON_ENGINE_UNREACHABLE},
         &create,
         "ci",
         "X",
         "quaygate: the engine can't be reached (engine_unreachable) [request X]"},
        {{0},
         NULL,
         NULL,
         NULL,
         "quaygate: request denied: nothing decided about this request, so it is denied (undecided)"},
        {{.reason = REASON_OPERATION_UNKNOWN, .detail = "two\nlines\x7f"},
         &unknown,
         "p",
         NULL,
         "quaygate: GET /fo\\x1Bo denied by policy p: two?lines? (operation_unknown)"},
        {{.reason = REASON_CLIENT_NOT_ALLOWED},
         &nothing,
         "p",
         NULL,
         "quaygate: request denied by policy p: this client may not use this listener (client_not_allowed)"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *sentence =
            explain_sentence(arena, &cases[i].verdict, cases[i].request, cases[i].policy, cases[i].id);

        cr_expect_str_eq(sentence ? sentence : "(none)", cases[i].sentence, "case %zu: %s", i, sentence);
    }
}

Test(explain, no_memory) {
    Request unknown = {.method = METHOD_GET, .target.path = SPAN("/foo")};
    Verdict verdict = {0};

    for (size_t limit = 0; limit < 100; limit += 10) {
        CLEANUP(arena_free_p) Arena *arena = arena_new(limit);

        cr_expect_null(explain_sentence(arena, &verdict, &unknown, "p", ID), "%zu", limit);
    }
}
