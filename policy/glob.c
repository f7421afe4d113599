// SPDX-License-Identifier: Apache-2.0
/*
 * A pattern becomes a row of tokens; matching keeps the set of tokens that could be next, as a bit set,
 * and moves it on byte by byte. A recursive matcher would take exponential time on `*a*a*a*b`, which a
 * client could feed through a name or a path. What stands before the first star or `?` is compared byte by
 * byte: in a list of thousands most patterns differ there.
 */
#include "glob.h"

#include "limits.h"

typedef enum TokenKind {
    TOKEN_BYTE = 0,
    TOKEN_ANY,     /* `?` */
    TOKEN_SEGMENT, /* `*` */
    TOKEN_TREE,    /* `**` */
} TokenKind;

typedef struct Token {
    TokenKind kind;
    char byte; /* TOKEN_BYTE */
} Token;

struct Glob {
    size_t n;       // tokens; position n is the accepting one
    size_t subtree; // position that accepts too: before the `/` of a last `/**`; n: none
    size_t n_head;  // bytes before the first other token, and before `subtree`
    Token tokens[];
};

#define GLOB_WORDS (LIMIT_PATTERN_BYTES / 64u + 1u)

typedef struct Positions {
    uint64_t words[GLOB_WORDS];
} Positions;

static inline bool positions_have(const Positions *set, size_t i) {
    return (set->words[i / 64] >> (i % 64)) & 1u;
}

/* A star may also match nothing, so whoever stands before one stands behind it too. */
static void glob_add_position(const Glob *glob, Positions *set, size_t i) {
    for (;;) {
        set->words[i / 64] |= UINT64_C(1) << (i % 64);
        if (i == glob->n || glob->tokens[i].kind < TOKEN_SEGMENT)
            return;
        i++;
    }
}

static size_t glob_tokenize(Span pattern, Token *tokens) {
    size_t n = 0;

    for (size_t i = 0; i < pattern.size; i++) {
        char c = pattern.data[i];

        if (c == '*') {
            size_t run = 1;

            while (i + run < pattern.size && pattern.data[i + run] == '*')
                run++;
            tokens[n++] = (Token){.kind = run > 1 ? TOKEN_TREE : TOKEN_SEGMENT};
            i += run - 1;
        } else if (c == '?') {
            tokens[n++] = (Token){.kind = TOKEN_ANY};
        } else {
            tokens[n++] = (Token){.kind = TOKEN_BYTE, .byte = c};
        }
    }
    return n;
}

const Glob *glob_compile(Arena *arena, Span pattern) {
    size_t n_head = 0;
    Glob *glob;

    if (pattern.size == 0 || pattern.size > LIMIT_PATTERN_BYTES)
        return NULL;
    glob = arena_alloc(arena, sizeof(*glob) + pattern.size * sizeof(Token));
    if (!glob)
        return NULL;

    glob->n = glob_tokenize(pattern, glob->tokens);
    while (n_head < glob->n && glob->tokens[n_head].kind == TOKEN_BYTE)
        n_head++;

    glob->subtree = glob->n;
    // `/srv/**` holds /srv, but `/**` must not hold the empty text.
    if (glob->n > 2 && glob->tokens[glob->n - 1].kind == TOKEN_TREE &&
        glob->tokens[glob->n - 2].kind == TOKEN_BYTE && glob->tokens[glob->n - 2].byte == '/')
        glob->subtree = glob->n - 2;
    glob->n_head = n_head < glob->subtree ? n_head : glob->subtree;
    return glob;
}

static bool token_takes(const Token *token, char c) {
    switch (token->kind) {
    case TOKEN_BYTE:
        return token->byte == c;
    case TOKEN_ANY:
    case TOKEN_SEGMENT:
        return c != '/';
    case TOKEN_TREE:
        return true;
    }
    return false;
}

/* One byte on: every live position that takes it moves, stars stay where they are. */
static bool glob_step(const Glob *glob, const Positions *live, char c, Positions *ret_next) {
    bool any = false;

    for (size_t w = 0; w <= glob->n / 64; w++)
        for (uint64_t rest = live->words[w]; rest != 0; rest &= rest - 1) {
            size_t i = w * 64 + (size_t) __builtin_ctzll(rest);

            if (i == glob->n || !token_takes(&glob->tokens[i], c))
                continue;
            glob_add_position(glob, ret_next, glob->tokens[i].kind >= TOKEN_SEGMENT ? i : i + 1);
            any = true;
        }
    return any;
}

static bool glob_match_rest(const Glob *glob, Span text) {
    Positions live = {0};

    glob_add_position(glob, &live, glob->n_head);
    for (size_t i = glob->n_head; i < text.size; i++) {
        Positions next = {0};

        if (!glob_step(glob, &live, text.data[i], &next))
            return false;
        live = next;
    }
    return positions_have(&live, glob->n) || positions_have(&live, glob->subtree);
}

bool glob_match(const Glob *glob, Span text) {
    if (text.size < glob->n_head)
        return false;
    for (size_t i = 0; i < glob->n_head; i++)
        if (glob->tokens[i].byte != text.data[i])
            return false;
    return glob_match_rest(glob, text);
}

bool glob_is_literal(const Glob *glob) {
    return glob->n_head == glob->n;
}

/* Whether some byte is taken by both. */
static bool token_meets(const Token *a, const Token *b) {
    if (a->kind == TOKEN_BYTE)
        return token_takes(b, a->byte);
    return b->kind != TOKEN_BYTE || token_takes(a, b->byte);
}

static bool glob_accepts(const Glob *glob, size_t i) {
    return i == glob->n || i == glob->subtree;
}

/* Pairs of positions that one text can bring about; each leads only to pairs further on. */
bool glob_meets(const Glob *a, const Glob *b) {
    Positions rows[2] = {0};

    glob_add_position(b, &rows[0], 0);
    for (size_t i = 0;; i++) {
        Positions *row = &rows[i % 2], *next = &rows[(i + 1) % 2];
        const Token *ta = i < a->n ? &a->tokens[i] : NULL;
        bool star_a = ta && ta->kind >= TOKEN_SEGMENT;

        *next = (Positions){0};
        for (size_t j = 0; j <= b->n; j++) {
            const Token *tb = j < b->n ? &b->tokens[j] : NULL;
            bool star_b = tb && tb->kind >= TOKEN_SEGMENT;

            if (!positions_have(row, j))
                continue;
            if (glob_accepts(a, i) && glob_accepts(b, j))
                return true;
            if (star_a)
                glob_add_position(b, next, j);
            if (ta && tb && token_meets(ta, tb))
                glob_add_position(b, star_a ? row : next, star_b ? j : j + 1);
        }
        if (!ta)
            return false;
    }
}
