# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# This tree as a source of packages: its version, its time, its files. To be sourced by bash; $top is the tree.

: "${top:?}"

# git refuses a tree of another user, as in a container or under sudo; nothing in it is run.
in_git() { git -c "safe.directory=$top" -C "$top" "$@" 2>/dev/null; }

is_clone() { command -v git >/dev/null && [[ $(in_git rev-parse --show-toplevel) == "$top" ]]; }

# That of meson.build where git has a tag of it (v1.2.3) right here; else that with ~git and the time of the commit,
# which sorts before it (or +git after it, where the tag is behind us).
tree_version() {
    local base tag
    base=$(sed -n "s/^ *version: '\([0-9][0-9A-Za-z.]*\)'.*/\1/p" "$top/meson.build" | head -n 1)
    [[ -n $base ]] || return 1
    if ! is_clone; then
        echo "$base"
        return
    fi
    tag=$(in_git describe --tags --abbrev=0 --match "v$base" || true)
    if [[ -n $tag && $(in_git rev-parse "$tag^{commit}") == "$(in_git rev-parse HEAD)" ]]; then
        echo "$base"
    else
        [[ -n $tag ]] && base+=+git || base+=~git
        echo "$base$(TZ=UTC0 in_git log -1 --date=format-local:%Y%m%d%H%M%S --format=%cd.%h --abbrev=8)"
    fi
}

# Where it is from, for people.
tree_origin() { is_clone && in_git rev-parse HEAD || echo "a tree without git"; }

# Seconds since 1970 of the last change: of the commit, or, of a tree without git, of the list of changes.
tree_time() {
    if is_clone; then in_git log -1 --format=%ct; else stat -c %Y "$top/CHANGELOG.md"; fi
}

# What belongs to the tree, as it stands in it: not what was built, and nothing that git ignores.
tree_copy() { # TO
    if is_clone; then
        in_git ls-files -z --cached --others --exclude-standard |
            (cd "$top" && while IFS= read -r -d '' file; do [[ ! -e $file && ! -L $file ]] || printf '%s\0' "$file"; done) |
            tar -C "$top" --null --files-from=- -c | tar -C "$1" -x --no-same-owner
    else
        tar -C "$top" --exclude=./build --exclude='./build-*' --exclude=./dist -c . | tar -C "$1" -x --no-same-owner
    fi
    # Files that git has checked out group-writable, or a umask, must not show in a package.
    chmod -R u=rwX,go=rX "$1"
}
