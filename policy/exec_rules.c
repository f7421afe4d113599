// SPDX-License-Identifier: Apache-2.0
#include "exec_rules.h"

#include <stdio.h>

#include "keys.h"

typedef struct ExecReader {
    Arena *arena;
    DocErrors *errors;
    ExecRules *rules;
} ExecReader;

static void exec_read_users(void *ctx, const DocNode *node) {
    ExecReader *reader = ctx;

    reader->rules->has_users = true;
    if (!pattern_list_is_any(node))
        (void) pattern_list_read(reader->arena, reader->errors, node, "users", &reader->rules->users);
}

static void exec_read_commands(void *ctx, const DocNode *node) {
    ExecReader *reader = ctx;

    if (!pattern_list_is_any(node))
        (void) pattern_list_read(reader->arena, reader->errors, node, "commands", &reader->rules->commands);
}

static void exec_read_privileged(void *ctx, const DocNode *node) {
    ExecReader *reader = ctx;

    reader->rules->has_privileged =
        keys_read_bool(reader->errors, node, "privileged", &reader->rules->privileged);
}

static const KeyRow EXEC_KEYS[] = {
    {"users", exec_read_users},
    {"commands", exec_read_commands},
    {"privileged", exec_read_privileged},
};

void exec_rules_read(Arena *arena, DocErrors *errors, const DocNode *mapping, ExecRules *ret) {
    ExecReader reader = {.arena = arena, .errors = errors, .rules = ret};

    (void) keys_read(errors, mapping, "exec.", EXEC_KEYS, ARRAY_SIZE(EXEC_KEYS), &reader);
}

/* --- the command as one text */

static bool exec_is_plain(Span argument) {
    for (size_t i = 0; i < argument.size; i++) {
        char c = argument.data[i], lower = ascii_lower(c);

        if (!(lower >= 'a' && lower <= 'z') && !(c >= '0' && c <= '9') &&
            (c == '\0' || !strchr("%+,-./:=@_^~!?#*[]{}()$&;|<>", c)))
            return false;
    }
    return argument.size > 0;
}

/* At most four bytes for one, and two quotes. */
static size_t exec_write(char *out, Span argument) {
    size_t n = 0;

    if (exec_is_plain(argument)) {
        memcpy(out, argument.data, argument.size);
        return argument.size;
    }
    out[n++] = '"';
    for (size_t i = 0; i < argument.size; i++) {
        unsigned char c = (unsigned char) argument.data[i];

        if (c < 0x20 || c == 0x7F) {
            n += (size_t) snprintf(out + n, 5, "\\x%02x", c);
            continue;
        }
        if (c == '"' || c == '\\')
            out[n++] = '\\';
        out[n++] = (char) c;
    }
    out[n++] = '"';
    return n;
}

const char *exec_rules_command(Arena *arena, const BodyNode *argv) {
    size_t n = 0, bytes = 1;
    char *out;

    if (!argv || body_type(argv) != BODY_TYPE_ARRAY)
        return NULL;
    for (size_t i = 0; i < body_size(argv); i++) {
        if (body_type(body_at(argv, i)) != BODY_TYPE_STRING)
            return NULL;
        bytes += 4 * body_string(body_at(argv, i)).size + 3;
    }
    out = arena_alloc(arena, bytes + 4); /* snprintf ends with a NUL */
    for (size_t i = 0; out && i < body_size(argv); i++) {
        if (i > 0)
            out[n++] = ' ';
        n += exec_write(out + n, body_string(body_at(argv, i)));
    }
    return out;
}

/* --- the judge */

static void exec_object(Findings *findings, const char *rule, const char *field, const char *detail,
                        const char *hint) {
    size_t at = findings->n < LIMIT_FINDINGS ? findings->n : LIMIT_FINDINGS - 1;

    findings->items[at] = (Finding){
        .reason = REASON_FIELD_NOT_ALLOWED, .rule = rule, .field = field, .detail = detail, .hint = hint};
    findings->n++;
}

/* judge_body has held the field against the profile; a key given here replaces what that says. */
static void exec_forget(Findings *findings, const char *rule) {
    size_t n = 0;

    for (size_t i = 0; i < findings->n && i < LIMIT_FINDINGS; i++)
        if (!findings->items[i].rule || strcmp(findings->items[i].rule, rule) != 0 ||
            findings->items[i].reason != REASON_FIELD_NOT_ALLOWED)
            findings->items[n++] = findings->items[i];
    if (findings->n <= LIMIT_FINDINGS)
        findings->n = n;
}

static void exec_judge_user(Arena *arena, const ExecRules *exec, const BodyNode *root, Findings *ret) {
    const BodyNode *user = body_member(root, "User");
    bool is_set = user && body_type(user) == BODY_TYPE_STRING && body_string(user).size > 0;

    if (exec->has_users)
        exec_forget(ret, "exec.users");
    if (!exec->users.given || (is_set && pattern_list_has(&exec->users, body_string(user))))
        return;
    exec_object(ret, "exec.users", "User",
                is_set ? arena_printf(arena, "User=%s", body_show(arena, user))
                       : "User is not set, so the image says who it is",
                "exec: {users: […]} names who may run commands");
}

/*
 * With a command on the list, what it does must not depend on the client: LD_PRELOAD and its like, and the
 * directory where a relative path is looked up.
 */
static void exec_judge_command(Arena *arena, const ExecRules *exec, const BodyNode *root, Findings *ret) {
    static const char *const unset[] = {"Env", "WorkingDir"};
    const BodyNode *argv = body_member(root, "Cmd");
    const char *text;

    if (!exec->commands.given)
        return;
    text = exec_rules_command(arena, argv);
    if (!text || !pattern_list_has(&exec->commands, span_from(text)))
        exec_object(ret, "exec.commands", "Cmd",
                    argv ? arena_printf(arena, "Cmd=%s", body_show(arena, argv)) : "Cmd is not set",
                    "exec: {commands: […]} names what may run");
    for (size_t i = 0; i < ARRAY_SIZE(unset); i++) {
        const BodyNode *value = body_member(root, unset[i]);

        if (value && !body_is_zero(value))
            exec_object(ret, "exec.commands", unset[i],
                        arena_printf(arena, "%s is set, and the policy lists commands", unset[i]), NULL);
    }
}

static void exec_judge_privileged(const ExecRules *exec, const BodyNode *root, Findings *ret) {
    const BodyNode *privileged = body_member(root, "Privileged");

    if (!exec->has_privileged)
        return;
    exec_forget(ret, "exec.privileged");
    if (!exec->privileged && privileged && !body_is_zero(privileged))
        exec_object(ret, "exec.privileged", "Privileged", "Privileged=true",
                    "exec: {privileged: true} allows it, and with it root on the host");
}

void exec_rules_judge(Arena *arena, const ExecRules *exec, const Body *body, Findings *ret) {
    const BodyNode *root = body ? body_root(body) : NULL;

    if (!root)
        return;
    exec_judge_privileged(exec, root, ret);
    exec_judge_user(arena, exec, root, ret);
    exec_judge_command(arena, exec, root, ret);
}

void exec_rules_trace(const ExecRules *exec, const Body *body, Trace *trace) {
    const struct {
        const char *field;
        const char *rule;
        bool given;
    } rows[] = {
        {"User", "exec.users", exec->has_users},
        {"Cmd", "exec.commands", exec->commands.given},
        {"Privileged", "exec.privileged", exec->has_privileged},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const BodyNode *value = body ? body_member(body_root(body), rows[i].field) : NULL;

        if (!trace || !rows[i].given || !value)
            continue;
        if (body_type(value) == BODY_TYPE_ARRAY) /* only its elements are noted */
            trace_note(trace, &(TraceEntry){.place = rows[i].field, .value = body_show(trace->arena, value)});
        trace_allow(trace, rows[i].field, rows[i].rule);
    }
}
