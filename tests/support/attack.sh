# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The article's attack on a Docker socket, played against a private engine or against a gate in front of it.
# To be sourced by bash, after engine.sh.

ATTACK_INSIDE=$(dirname "${BASH_SOURCE[0]}")/attack_inside.sh
ATTACK_HOLDER=holder

# Lays out the target: a root-only file of the host with a content that nobody can guess, and a running container that
# holds the host's root. Prints the file's path.
attack_prepare() { # FOLDER-OF-THE-ENGINE
    local secret=$1/root-only
    (
        umask 077
        echo "secret-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')" >"$secret"
    ) || return 1
    engine_docker "$1" run -d --name "$ATTACK_HOLDER" --network none -v /:/host:ro bb:latest sleep 3600 \
        >/dev/null || return 1
    echo "$secret"
}

# Plays it with the given socket mounted into the attacker's container; the table goes to stdout.
attack_play() { # FOLDER-OF-THE-ENGINE SOCKET SECRET-FILE
    local r
    engine_docker "$1" run --rm -i --network none -v "$2:/var/run/docker.sock" bb:latest \
        sh -s "$3" "$ATTACK_HOLDER" <"$ATTACK_INSIDE"
    r=$?
    # So that it can be played again on the same engine.
    engine_docker "$1" rm -f attack-bind attack-privileged >/dev/null 2>&1
    return $r
}

# The steps in whose answers the file's content came back, one a line.
attack_list_successes() { # SECRET-FILE TABLE-FILE
    grep -F "$(cat "$1")" "$2" | cut -f 1
}
