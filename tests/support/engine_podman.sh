# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Podman behind its Docker API, in place of the dockerd of engine.sh, which is to be sourced before. It runs in
# ENGINE_ROOT, a Debian with podman; its data is in the engine's folder. To be sourced by bash.

# True while the process of the pid file is the podman of this folder.
engine_is_running() { # FOLDER
    local pid
    pid=$(cat "$1/pid" 2>/dev/null) && [[ -n $pid ]] || return 1
    tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF -- "unix://$1/docker.sock"
}

engine_start() { # FOLDER
    local dir=$1 _
    engine_is_answering "$dir" && return 0
    engine_podman_configure "$dir" || return 1
    # cgroupfs, since no systemd runs in there.
    CONTAINERS_CONF=$dir/containers.conf CONTAINERS_STORAGE_CONF=$dir/storage.conf CONTAINERS_REGISTRIES_CONF=$dir/registries.conf \
        PODMAN_IGNORE_CGROUPSV1_WARNING=1 setsid "$ENGINE_SUPPORT/engine_in_root.sh" \
        podman --root "$dir/data" --runroot "$dir/exec" --tmpdir "$dir/tmp" system service --time=0 "unix://$dir/docker.sock" \
        >>"$dir/engine.log" 2>&1 </dev/null &
    # engine_in_root.sh becomes podman, with the same pid.
    echo $! >"$dir/pid"
    for _ in $(seq 150); do
        engine_is_answering "$dir" && return 0
        kill -0 "$(cat "$dir/pid")" 2>/dev/null || break
        sleep 0.2
    done
    echo "engine: podman did not come up; the end of its log:" >&2
    tail -n 5 "$dir/engine.log" >&2
    return 1
}

engine_podman_configure() { # FOLDER
    local dir=$1 runtime=/usr/sbin/runc
    mkdir -p "$dir/data" "$dir/exec" "$dir/tmp" || return 1
    printf '[storage]\ndriver = "overlay"\ngraphroot = "%s/data"\nrunroot = "%s/exec"\n' "$dir" "$dir" >"$dir/storage.conf"
    printf 'unqualified-search-registries = []\n' >"$dir/registries.conf"
    if engine_lacks_capabilities; then
        cp "$ENGINE_SUPPORT/runtime_here.sh" "$dir/runtime_here.sh" || return 1
        runtime=$dir/runtime_here.sh
    fi
    # Not crun, Debian's default: it starts nothing where cgroup v1 and v2 are both mounted.
    printf '[network]\nfirewall_driver = "none"\n[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\nruntime = "here"\n[engine.runtimes]\nhere = ["%s"]\n' \
        "$runtime" >"$dir/containers.conf"
}
