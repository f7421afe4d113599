# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Start and stop a quaygated of the build BUILD, with its log and pid in one folder. To be sourced by bash.

# Started: it has said READY with its sockets, which is when the last of them is there.
gate_start() { # FOLDER ARGUMENT… (those of quaygated)
    local dir=$1 pid socket _
    shift
    # For ^C in a terminal its own session: the caller stops it when it wants.
    setsid "$BUILD/daemon/quaygated" "$@" >"$dir/gate.out" 2>"$dir/gate.log" </dev/null &
    pid=$!
    echo "$pid" >"$dir/gate.pid"
    for _ in $(seq 100); do
        if ! kill -0 "$pid" 2>/dev/null; then
            echo "gate: quaygated ended; its log:" >&2
            tail -n 20 "$dir/gate.log" >&2
            rm -f "$dir/gate.pid"
            return 1
        fi
        for socket in $(gate_list_sockets "$@"); do
            [[ -S $socket ]] || { sleep 0.1; continue 2; }
        done
        return 0
    done
    echo "gate: quaygated's sockets do not appear; its log:" >&2
    tail -n 20 "$dir/gate.log" >&2
    return 1
}

# The Unix sockets that a command line or its config file asks for.
gate_list_sockets() { # ARGUMENT… (those of quaygated)
    while [[ $# -gt 0 ]]; do
        case $1 in
        --listen) echo "${2#unix://}" ;;
        --config) sed -n 's|.*address: "unix://\([^"]*\)".*|\1|p' "$2" ;;
        esac
        shift
    done
}

gate_stop() { # FOLDER
    local pid _
    pid=$(cat "$1/gate.pid" 2>/dev/null) || return 0
    rm -f "$1/gate.pid"
    # A child of ours, so the pid is not reused until we wait for it.
    kill -TERM "$pid" 2>/dev/null
    for _ in $(seq 100); do
        kill -0 "$pid" 2>/dev/null || break
        [[ $(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null) == Z* ]] && break
        sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
    return 0
}
