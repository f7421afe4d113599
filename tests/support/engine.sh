#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A private Docker engine in one folder: its own data, exec root, pid file and socket, no bridge, no iptables.
# Run it (engine.sh start|stop|remove|image FOLDER) or source it for the functions.
# The folder must be short: D/docker.sock and containerd's sockets have to fit a sun_path of 107 bytes.
# ENGINE_OPTIONS="--label a=b": more options of dockerd. ENGINE_NETWORK=own: in a network namespace of its own, where
# the bridges of a swarm stay, with nothing but a loopback.
# ENGINE_ROOT=FOLDER: the dockerd of the Debian in that folder; the engine's own folder is then below /tmp.

ENGINE_SUPPORT=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

engine_docker() { # FOLDER ARGUMENT…
    local dir=$1
    shift
    DOCKER_CONFIG=$dir/config "${DOCKER:-docker}" -H "unix://$dir/docker.sock" "$@"
}

engine_is_answering() { # FOLDER
    [[ -S $1/docker.sock ]] && engine_docker "$1" version --format '{{.Server.Version}}' >/dev/null 2>&1
}

# True while the process of the pid file is the dockerd of this folder: a pid may have been reused.
engine_is_running() { # FOLDER
    local pid
    pid=$(cat "$1/pid" 2>/dev/null) && [[ -n $pid ]] || return 1
    tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF -- "--pidfile $1/pid"
}

# True where a privileged container could not get every capability the kernel has.
engine_lacks_capabilities() {
    local last bounding
    last=$(cat /proc/sys/kernel/cap_last_cap)
    bounding=$((0x$(sed -n 's/^CapBnd:[[:space:]]*//p' /proc/self/status)))
    ((bounding != (1 << (last + 1)) - 1))
}

engine_start() { # FOLDER
    local dir=$1 name _
    local -a runtime=() inside=() more=()
    read -ra more <<<"${ENGINE_OPTIONS:-}"
    name=quaygate-$(basename "$dir" | tr -cd 'A-Za-z0-9')
    engine_is_answering "$dir" && return 0
    if [[ -n ${ENGINE_ROOT:-} ]]; then
        inside=("$ENGINE_SUPPORT/engine_in_root.sh")
    elif ! command -v dockerd >/dev/null; then
        echo "engine: there is no dockerd here" >&2
        return 1
    fi
    if engine_lacks_capabilities; then
        # A copy, which an engine in a root of its own sees too.
        cp "$ENGINE_SUPPORT/runtime_here.sh" "$dir/runtime_here.sh" || return 1
        runtime=(--add-runtime "here=$dir/runtime_here.sh" --default-runtime here)
    fi
    # shellcheck disable=SC2016 # for the shell inside
    [[ ${ENGINE_NETWORK:-} == own ]] && inside=(unshare --net sh -c 'busybox ip link set lo up; exec "$@"' sh "${inside[@]}")
    # In its own namespaces, because dockerd uses the system's containerd where one runs. Without the proxy
    # variables (but ENGINE_PROXY), because nothing here is fetched from outside. In its own session, so that a ^C on the
    # terminal reaches only us, and we stop it in order.
    env -u HTTP_PROXY -u HTTPS_PROXY -u http_proxy -u https_proxy ${ENGINE_PROXY:+HTTP_PROXY="$ENGINE_PROXY"} setsid "${inside[@]}" dockerd \
        --data-root "$dir/data" --exec-root "$dir/exec" --pidfile "$dir/pid" -H "unix://$dir/docker.sock" \
        --bridge=none --iptables=false --ip-forward=false --shutdown-timeout 1 \
        --containerd-namespace "$name" --containerd-plugins-namespace "$name-plugins" \
        "${runtime[@]}" "${more[@]}" >>"$dir/engine.log" 2>&1 </dev/null &
    local started=$!
    for _ in $(seq 150); do
        engine_is_answering "$dir" && return 0
        kill -0 "$started" 2>/dev/null || break
        sleep 0.2
    done
    echo "engine: dockerd did not come up; the end of its log:" >&2
    tail -n 5 "$dir/engine.log" >&2
    return 1
}

# Ends the dockerd of this folder and nothing else; containers, volumes and images stay for the next start.
engine_stop() { # FOLDER
    local dir=$1 pid _
    engine_is_running "$dir" || return 0
    pid=$(cat "$dir/pid")
    kill -TERM "$pid"
    for _ in $(seq 150); do
        engine_is_running "$dir" || return 0
        sleep 0.2
    done
    echo "engine: dockerd ($pid) does not end; killing it" >&2
    kill -KILL "$pid"
}

# What a killed dockerd leaves: its containerd and shims, which have the folder in their command lines.
engine_kill_leftovers() { # FOLDER
    local proc
    for proc in /proc/[0-9]*; do
        case $(readlink "$proc/exe" 2>/dev/null) in
        */containerd | */containerd-shim*) ;;
        *) continue ;;
        esac
        grep -zqF -- "$1/" "$proc/cmdline" 2>/dev/null && kill -KILL "${proc#/proc/}" 2>/dev/null
    done
    return 0
}

engine_unmount() { # FOLDER
    local target
    # Last mounted first. Lazily, since a network namespace may still be held.
    tac /proc/self/mounts | while read -r _ target _; do
        [[ $target == "$1"/* ]] && umount -l "$target" 2>/dev/null
    done
    return 0
}

engine_remove() { # FOLDER
    local dir=$1
    local -a ids
    [[ -n $dir && -d $dir ]] || return 0
    if engine_is_answering "$dir"; then
        mapfile -t ids < <(engine_docker "$dir" ps -aq)
        [[ ${#ids[@]} -gt 0 ]] && engine_docker "$dir" rm -f "${ids[@]}" >/dev/null 2>&1
        # Bridges would stay on the host.
        engine_docker "$dir" network prune -f >/dev/null 2>&1
    fi
    engine_stop "$dir"
    engine_kill_leftovers "$dir"
    engine_unmount "$dir"
    # A mount that we missed must not be emptied.
    rm -rf --one-file-system "$dir"
}

# The image bb:latest without a registry: the host's static busybox, and of curl what ldd names, where the
# host has curl (Debian has no static one).
engine_make_image() { # FOLDER
    local dir=$1 root file
    root=$(mktemp -d "$dir/root.XXXXXX") || return 1
    mkdir -p "$root"/{bin,etc,tmp,proc,dev,sys,srv,var/run}
    cp "$(command -v busybox)" "$root/bin/busybox" || return 1
    while read -r file; do
        ln -s busybox "$root/bin/$file" 2>/dev/null
    done < <("$root/bin/busybox" --list)
    printf 'root:x:0:0:root:/:/bin/sh\n' >"$root/etc/passwd"
    if [[ -x /usr/bin/curl ]]; then
        for file in /usr/bin/curl $(ldd /usr/bin/curl | grep -o '/[^ ]*'); do
            mkdir -p "$root$(dirname "$file")"
            cp -L "$file" "$root$file" || return 1
        done
    fi
    tar -C "$root" --numeric-owner -c . | engine_docker "$dir" import - bb:latest >/dev/null || return 1
    rm -rf "$root"
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
    case ${1:-}:${2:-} in
    start:/*) engine_start "$2" ;;
    stop:/*) engine_stop "$2" ;;
    remove:/*) engine_remove "$2" ;;
    image:/*) engine_make_image "$2" ;;
    *)
        echo "usage: engine.sh start|stop|remove|image FOLDER (an absolute path)" >&2
        exit 2
        ;;
    esac
fi
