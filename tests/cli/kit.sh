# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For the programs of this folder, to be sourced: run a command, then say what must be true of it.

WORK=$(mktemp -d "${TMPDIR:-/tmp}/quaygate-cli.XXXXXX")
trap 'rm -rf "$WORK"' EXIT

# Runs a command with no input; what it says is in $out and $err, its exit code in $code.
run() { # COMMAND…
    code=0
    timeout 20 "$@" </dev/null >"$WORK/out" 2>"$WORK/err" || code=$?
    out=$(<"$WORK/out") err=$(<"$WORK/err")
}

fail() { # NAME WHY
    echo "not ok $1: $2"
    printf 'exit %s\nstdout: %s\nstderr: %s\n' "$code" "$out" "$err"
}

# One test: the exit code, and a pattern for each of the two outputs ("" is for: nothing at all).
expect() { # NAME CODE OUT-REGEX ERR-REGEX
    local name=$1
    if [[ $code != "$2" ]]; then
        fail "$name" "wanted exit $2"
    elif [[ -z $3 && -n $out ]] || ! grep -qzP -- "$3" <<<"$out"; then
        fail "$name" "stdout is not /$3/"
    elif [[ -z $4 && -n $err ]] || ! grep -qzP -- "$4" <<<"$err"; then
        fail "$name" "stderr is not /$4/"
    else
        echo "ok $name"
    fi
}
