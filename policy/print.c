// SPDX-License-Identifier: Apache-2.0
#include "print.h"

#include <errno.h>

#include "answers_print.h"
#include "rules_print.h"
#include "set.h"

/* The code point at *text, which is valid UTF-8 (doc_parse saw to it); moves on behind it. */
static uint32_t utf8_next(const unsigned char **text) {
    const unsigned char *p = *text;
    unsigned n = p[0] < 0x80 ? 0 : p[0] < 0xE0 ? 1 : p[0] < 0xF0 ? 2 : 3;
    uint32_t c = n == 0 ? p[0] : p[0] & (0x3Fu >> n);

    for (unsigned i = 1; i <= n; i++)
        c = (c << 6) | (p[i] & 0x3Fu);
    *text = p + n + 1;
    return c;
}

void print_text(FILE *out, const char *text) {
    const unsigned char *p = (const unsigned char *) text;

    fputc('"', out);
    while (*p) {
        uint32_t c = utf8_next(&p);

        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", (char) c);
        else if (c >= 0x20 && c < 0x7F)
            fputc((int) c, out);
        else if (c > 0xFFFF)
            fprintf(out, "\\U%08X", c);
        else
            fprintf(out, "\\u%04X", c);
    }
    fputc('"', out);
}

static void print_grant(FILE *out, const Grant *grant) {
    if (grant && grant->until_text) {
        fputs("        until: ", out);
        print_text(out, grant->until_text);
        fputc('\n', out);
    }
    if (!grant || grant->n_windows == 0)
        return;
    fputs("        when: [", out);
    for (size_t i = 0; i < grant->n_windows; i++) {
        fputs(i > 0 ? ", " : "", out);
        print_text(out, grant->window_texts[i]);
    }
    fputs("]\n        zone: ", out);
    print_text(out, grant->zone->name);
    fputc('\n', out);
}

static void print_query(FILE *out, const RequestRule *rule) {
    fputs("        query:\n", out);
    for (size_t i = 0; i < rule->n_query; i++) {
        const QueryRule *query = &rule->query[i];

        fputs("          ", out);
        print_text(out, query->key);
        fputs(": [", out);
        for (size_t j = 0; j < query->n_values; j++) {
            fputs(j > 0 ? ", " : "", out);
            print_text(out, query->values[j].text);
        }
        fputs("]\n", out);
    }
}

static void print_rule(FILE *out, const RequestRule *rule) {
    if (!rule->operation) {
        fputs("      - request: ", out);
        print_text(out, rule->pattern);
        fputc('\n', out);
    } else {
        fprintf(out, rule->n_query > 0 || rule->grant ? "      - operation: %s\n" : "      - %s\n",
                rule->operation->id);
        if (rule->n_query > 0)
            print_query(out, rule);
    }
    print_grant(out, rule->grant);
}

static void print_allow(FILE *out, const Policy *policy) {
    size_t n = 0;

    for (size_t m = 0; m < policy->n_members; m++)
        n += policy->members[m]->n_allow;
    fputs(n > 0 ? "    allow:\n" : "    allow: []\n", out);
    for (size_t m = 0; m < policy->n_members; m++)
        for (size_t i = 0; i < policy->members[m]->n_allow; i++)
            print_rule(out, &policy->members[m]->allow[i]);
}

static void print_names(FILE *out, const char *key, bool any, const PatternList *list) {
    fprintf(out, "      %s: %s", key, any ? "any" : "[");
    for (size_t i = 0; !any && i < list->n; i++) {
        fputs(i > 0 ? ", " : "", out);
        print_text(out, list->items[i].text);
    }
    fputs(any ? "\n" : "]\n", out);
}

static void print_exec(FILE *out, const Policy *policy) {
    const ExecRules *exec = &policy->exec;

    fputs("    exec:\n", out);
    if (exec->has_users) /* else the profile says, as of privileged */
        print_names(out, "users", !exec->users.given, &exec->users);
    print_names(out, "commands", !exec->commands.given, &exec->commands);
    if (exec->has_privileged)
        fprintf(out, "      privileged: %s\n", exec->privileged ? "true" : "false");
}

static void print_build(FILE *out, const Policy *policy) {
    static const Pattern safe[] = {{.text = "none"}, {.text = "default"}};
    static const PatternList safe_networks = {.given = true, .items = safe, .n = ARRAY_SIZE(safe)};
    const BuildRules *build = &policy->build;
    bool privileged = policy->rules.profile == PROFILE_PRIVILEGED;
    bool any = build->has_networks ? build->any_network : privileged;

    fputs("    build:\n", out);
    print_names(out, "networks", any, build->has_networks ? &build->networks : &safe_networks);
    fprintf(out, "      remote: %s\n", (build->has_remote ? build->remote : privileged) ? "true" : "false");
}

static void print_scope(FILE *out, const Policy *policy) {
    const Scope *scope = &policy->scope;

    if (!scope->given)
        return;
    fputs("    scope:\n", out);
    if (scope->n_listed > 0)
        fputs("      labels:\n", out);
    for (size_t i = 0; i < scope->n_listed; i++) {
        fputs("        ", out);
        print_text(out, scope->labels[i].name);
        fputs(": ", out);
        print_text(out, scope->labels[i].value);
        fputc('\n', out);
    }
    if (scope->names.given)
        print_names(out, "names", false, &scope->names);
    if (scope->project) {
        fputs("      compose_project: ", out);
        print_text(out, scope->project);
        fputc('\n', out);
    }
    fprintf(out, "      own: %s\n", scope->own ? "true" : "false");
}

int policy_print(const Policy *policy, FILE *out) {
    fprintf(out, "  %s:\n    mode: %s\n", policy->name, policy->observes ? "observe" : "enforce");
    print_allow(out, policy);
    fputs(policy->n_deny > 0 ? "    deny:\n" : "    deny: []\n", out);
    for (size_t i = 0; i < policy->n_deny; i++)
        print_rule(out, &policy->deny[i]);
    rules_print(out, &policy->rules);
    print_exec(out, policy);
    print_build(out, policy);
    fprintf(out, "    attach: %s\n", policy->attach_output ? "output" : "any");
    print_scope(out, policy);
    answers_print(out, &policy->answers);
    return ferror(out) ? -EIO : 0;
}
