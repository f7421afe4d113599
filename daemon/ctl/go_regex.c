// SPDX-License-Identifier: Apache-2.0
/*
 * Classes are taken apart into sets of bytes and written anew, since a backslash in brackets is an escape to
 * Go and itself to POSIX.
 */
#include "go_regex.h"

#include <stdio.h>

#include "daemon/buffer.h"
#include "policy/text.h"

typedef struct Translation {
    Span rest;
    Buffer out;
    unsigned depth;                     /* of parentheses */
    unsigned atoms[GO_REGEX_DEPTH + 1]; /* so far, by depth */
    unsigned last;                      /* of these, what came last */
    unsigned repeated;
    bool icase, open;
    bool quantifiable; /* what came last is no anchor, and no quantifier */
    const char *why;
} Translation;

typedef struct ByteSet {
    bool has[128];
} ByteSet;

static void go_put(Translation *t, const char *text) {
    if (buffer_append(&t->out, span_from(text)) < 0)
        t->why = "out of memory";
}

static bool go_take(Translation *t, const char *text) {
    if (!span_starts_with(t->rest, span_from(text)))
        return false;
    t->rest.data += strlen(text);
    t->rest.size -= strlen(text);
    return true;
}

/* What came last is to be there so many times more. */
static void go_repeat(Translation *t, unsigned times) {
    t->atoms[t->depth] += t->last * times;
    t->repeated += t->last * times;
    if (t->repeated > GO_REGEX_REPEATED)
        t->why = "so many repetitions";
}

/* Something came that may be repeated. */
static void go_count(Translation *t, unsigned atoms) {
    t->atoms[t->depth] += atoms;
    t->last = atoms;
    t->quantifiable = true;
}

static char go_next(Translation *t) {
    char c = t->rest.data[0];

    t->rest.data++;
    t->rest.size--;
    return c;
}

/* --- sets of bytes */

static void set_range(ByteSet *set, char first, char last) {
    for (int c = first; c <= last; c++)
        set->has[c] = true;
}

/* `\d` and the like. False: c is no such letter. */
static bool set_class(ByteSet *set, char c) {
    ByteSet class = {0};
    bool inverted = c == 'D' || c == 'W' || c == 'S';

    switch (ascii_lower(c)) {
    case 'd':
        set_range(&class, '0', '9');
        break;
    case 'w':
        set_range(&class, '0', '9');
        set_range(&class, 'A', 'Z');
        set_range(&class, 'a', 'z');
        set_range(&class, '_', '_');
        break;
    case 's':
        set_range(&class, '\t', '\n');
        set_range(&class, '\f', '\r');
        set_range(&class, ' ', ' ');
        break;
    default:
        return false;
    }
    for (int i = 1; i < 128; i++)
        set->has[i] = set->has[i] || class.has[i] != inverted;
    return true;
}

static bool is_punctuation(char c) {
    return c > ' ' && c < 127 &&
           !((c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'));
}

/* A set in brackets; what means something there stands where it doesn't: ] first, [ and - last, ^ in the
 * middle. */
static void go_put_set(Translation *t, const ByteSet *set) {
    char text[2] = {0};
    size_t n = 0;

    for (int c = 1; c < 128; c++)
        n += set->has[c];
    if (n == 0) {
        t->why = "a class that matches nothing";
        return;
    }
    if (n == 1 && set->has['^'])
        return go_put(t, "\\^");
    go_put(t, "[");
    if (set->has[']'])
        go_put(t, "]");
    for (int c = 1; c < 128; c++)
        if (set->has[c] && !strchr("]^[-", c)) {
            text[0] = (char) c;
            go_put(t, text);
        }
    if (set->has['['])
        go_put(t, "[");
    /* Behind something: n == 1 has been seen to, and a set of ^ and - alone begins with neither. */
    if (set->has['^'] && set->has['-'] && n == 2)
        return go_put(t, "-^]");
    if (set->has['^'])
        go_put(t, "^");
    go_put(t, set->has['-'] ? "-]" : "]");
}

/* One member of a class, an escape or itself; −1: a set, which was added; −2: can't be. */
static int go_class_member(Translation *t, ByteSet *set) {
    char c = go_next(t);

    if ((unsigned char) c >= 128)
        return -2;
    if (c != '\\')
        return c;
    if (t->rest.size == 0)
        return -2;
    c = go_next(t);
    if (set_class(set, c))
        return -1;
    return is_punctuation(c) ? c : -2;
}

/* [:alpha:] and the like are as rare as they are many. */
static void go_take_class(Translation *t) {
    bool inverted = go_take(t, "^");
    ByteSet set = {0};
    bool first = true;

    while (t->rest.size > 0 && (first || t->rest.data[0] != ']')) {
        int low, high;

        if (span_starts_with(t->rest, SPAN("[:"))) {
            t->why = "a named class ([:…:])";
            return;
        }
        first = false;
        low = high = go_class_member(t, &set);
        if (low >= 0 && t->rest.size > 1 && t->rest.data[0] == '-' && t->rest.data[1] != ']') {
            (void) go_next(t);
            high = go_class_member(t, &set);
        }
        if (low == -2 || high == -2 || (low >= 0 && high < low)) {
            t->why = "something in brackets";
            return;
        }
        if (low > 0)
            set_range(&set, (char) low, (char) high);
    }
    if (!go_take(t, "]")) {
        t->why = "an open bracket";
        return;
    }
    for (int c = 1; inverted && c < 128; c++)
        set.has[c] = !set.has[c];
    go_put_set(t, &set);
    go_count(t, 1);
}

/* --- the rest */

static void go_put_literal(Translation *t, char c) {
    char text[3] = {c, 0, 0};

    if (strchr(".[]()*+?{}|^$\\", c)) {
        text[0] = '\\';
        text[1] = c;
    }
    go_put(t, text);
    go_count(t, 1);
}

static void go_take_escape(Translation *t) {
    ByteSet set = {0};
    char c;

    if (t->rest.size == 0) {
        t->why = "a backslash at the end";
        return;
    }
    c = go_next(t);
    if (c == 'A' || c == 'z') {
        go_put(t, c == 'A' ? "^" : "$");
        t->quantifiable = false;
    } else if (set_class(&set, c)) {
        go_put_set(t, &set);
        go_count(t, 1);
    } else if (is_punctuation(c)) {
        go_put_literal(t, c);
    } else {
        t->why = "an escape that POSIX hasn't";
    }
}

/* {n}, {n,} or {n,m}; false: it is no repetition, and `{` stands for itself to Go. */
static bool go_take_repeat(Translation *t) {
    unsigned low = 0, high = 0, n;
    char text[40];
    size_t i = 0;
    bool comma = false, digits = false;

    for (; i < t->rest.size && t->rest.data[i] != '}'; i++) {
        char c = t->rest.data[i];

        if (c == ',' && !comma && digits) {
            comma = true;
        } else if (c >= '0' && c <= '9' && i < 10) {
            unsigned *which = comma ? &high : &low;

            digits = true;
            *which = *which * 10 + (unsigned) (c - '0');
        } else {
            return false;
        }
    }
    if (i == t->rest.size || !digits)
        return false;
    n = high > low ? high : low;
    if (n > 255) /* POSIX's RE_DUP_MAX */
        t->why = "so many repetitions";
    if (comma && t->rest.data[i - 1] == ',' && low > 0) /* x{2,} is xxx* */
        n++;
    if (!t->why && n > 1)
        go_repeat(t, n - 1);
    (void) snprintf(text, sizeof(text), "{%.*s}", (int) i, t->rest.data);
    go_put(t, text);
    t->rest.data += i + 1;
    t->rest.size -= i + 1;
    return true;
}

static void go_take_quantifier(Translation *t, char c) {
    char text[2] = {c, 0};

    if (c == '{' && !go_take_repeat(t)) {
        if (!t->why)
            go_put_literal(t, '{');
        return;
    }
    if (!t->quantifiable) {
        t->why = "a repetition of nothing";
        return;
    }
    if (c == '+') /* regcomp makes xx* of it: of one within the other, each doubles what is inside */
        go_repeat(t, 1);
    if (c != '{')
        go_put(t, text);
    (void) go_take(t, "?"); /* the shortest match or the longest: all the same to whether there is one */
    t->quantifiable = false;
}

static void go_take_group(Translation *t) {
    if (go_take(t, "?i)")) {
        if (t->out.end != t->out.begin)
            t->why = "(?i) in the middle";
        t->icase = true;
        return;
    }
    if (!go_take(t, "?:") && span_starts_with(t->rest, SPAN("?"))) {
        t->why = "a group with flags or a name";
        return;
    }
    if (t->depth == GO_REGEX_DEPTH) {
        t->why = "parentheses so deep";
        return;
    }
    t->atoms[++t->depth] = 0;
    go_put(t, "(");
    t->quantifiable = false;
}

static void go_take_one(Translation *t) {
    char c = go_next(t), text[2] = {c, 0};

    if ((unsigned char) c >= 128 || c < ' ') {
        t->why = "a byte that is no ASCII";
        return;
    }
    switch (c) {
    case '\\':
        return go_take_escape(t);
    case '[':
        return go_take_class(t);
    case '(':
        return go_take_group(t);
    case '*':
    case '+':
    case '?':
    case '{':
        return go_take_quantifier(t, c);
    case ')':
        if (t->depth == 0) {
            t->why = "a parenthesis too many";
            return;
        }
        go_put(t, ")");
        t->depth--;
        go_count(t, t->atoms[t->depth + 1] > 0 ? t->atoms[t->depth + 1] : 1);
        return;
    case '|':
        t->open = t->open || t->depth == 0;
        break;
    case '}':
    case ']':
        return go_put_literal(t, c);
    default:
        break;
    }
    go_put(t, text);
    go_count(t, 1);
    if (strchr("|^$", c))
        t->quantifiable = false;
}

const char *go_regex_compile(Arena *arena, Span pattern, GoRegex *ret) {
    Translation t = {.rest = pattern};
    const char *ere;

    *ret = (GoRegex){0};
    if (pattern.size > GO_REGEX_BYTES)
        return "so long a pattern";
    go_put(&t, "");
    while (t.rest.size > 0 && !t.why)
        go_take_one(&t);
    if (!t.why && t.depth > 0)
        t.why = "an open parenthesis";
    ere = t.why ? NULL : arena_printf(arena, "^(%.*s)$", SPAN_FMT(buffer_span(&t.out)));
    if (!t.why &&
        (!ere || regcomp(&ret->regex, ere, REG_EXTENDED | REG_NOSUB | (t.icase ? REG_ICASE : 0)) != 0))
        t.why = ere ? "something that POSIX doesn't take" : "out of memory";
    ret->compiled = !t.why;
    ret->open = t.open;
    buffer_done(&t.out);
    return t.why;
}

void go_regex_done(GoRegex *regex) {
    if (regex->compiled)
        regfree(&regex->regex);
    regex->compiled = false;
}

bool go_regex_matches(const GoRegex *regex, const char *text) {
    return regex->compiled && regexec(&regex->regex, text, 0, NULL, 0) == 0;
}
