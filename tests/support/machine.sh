# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A Debian made by debootstrap and booted by systemd-nspawn, which runs checks and ends. To be sourced by bash.
# packages.sh must be there.

machine_pid=

# What is missing for it, and can't be installed; nothing where all is there.
machine_lacks() {
    [[ $EUID -eq 0 ]] || { echo "a system of its own needs root"; return; }
    packages_install debootstrap systemd-container || true
    command -v debootstrap >/dev/null || { echo "there is no debootstrap, and it can't be installed"; return; }
    command -v systemd-nspawn >/dev/null || echo "there is no systemd-nspawn, and it can't be installed"
}

# This machine's release.
machine_suite() {
    # shellcheck disable=SC1091
    (. /etc/os-release && echo "$VERSION_CODENAME")
}

# Runs a command in ROOT, which has our network and a /proc of its own.
machine_chroot() { # ROOT COMMAND…
    local root=$1
    shift
    unshare --mount --propagation private -- sh -c 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"' "$root" \
        env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive "$@"
}

# A minimal Debian in BASE, complete: it is made anew where it isn't of these packages, or was interrupted. MORE is
# installed by its own apt, which solves what debootstrap can't.
machine_make_base() { # BASE SUITE PACKAGES LOG [MORE…]
    local base=$1 mirror
    [[ $(cat "$base.packages" 2>/dev/null) == "$3 ${*:5}" ]] && return 0
    echo "# $2: debootstrap" >&2
    mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(SITE)' 'Identifier: Packages' 2>/dev/null | head -n 1)}
    rm -rf --one-file-system "$base"
    mkdir -p "$(dirname "$base")"
    # In a mount namespace of its own: debootstrap mounts /proc in there, and leaves it where it is interrupted.
    timeout -k 5 1200 unshare --mount --propagation private -- \
        debootstrap --variant=minbase --include="$3" "$2" "$base" ${mirror:+"$mirror"} >"$4" 2>&1 || return 1
    if [[ $# -gt 4 ]]; then
        printf '#!/bin/sh\nexit 101\n' >"$base/usr/sbin/policy-rc.d"
        chmod 755 "$base/usr/sbin/policy-rc.d"
        machine_chroot "$base" apt-get -qq update >"$4" 2>&1 || return 1
        machine_chroot "$base" apt-get -qq -y install --no-install-recommends "${@:5}" >"$4" 2>&1 || return 1
        rm "$base/usr/sbin/policy-rc.d"
    fi
    rm -rf "$base"/var/cache/apt/archives/*.deb "$base"/var/lib/apt/lists/*
    echo "$3 ${*:5}" >"$base.packages"
}

# Boots ROOT, which runs its /test/inside once it is up and ends with it. In there are lines `ok NAME`, `not ok NAME: WHY`
# and `skip NAME: WHY`, and `end` at the end. To be waited for with machine_report.
machine_boot() { # ROOT CONSOLE MINUTES [OPTION-OF-NSPAWN…]
    local root=$1 console=$2 minutes=$3
    shift 3
    # A unit that runs the checks, and ends the machine however they went.
    cat >"$root/etc/systemd/system/checks.service" <<END
[Unit]
After=multi-user.target
SuccessAction=exit-force
FailureAction=exit-force
[Service]
Type=oneshot
ExecStart=/bin/bash /test/inside
StandardOutput=file:/test/out
StandardError=file:/test/err
END
    mkdir -p "$root/etc/systemd/system/multi-user.target.wants" "$root/var/log/journal"
    ln -sf ../checks.service "$root/etc/systemd/system/multi-user.target.wants/checks.service"
    # The old hierarchy of cgroups where this machine has that one; with the new one nspawn finds out by itself.
    [[ $(stat -fc %T /sys/fs/cgroup 2>/dev/null) == cgroup2fs ]] || export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=0
    # Landlock is in none of nspawn's own sets (252), and on a host it is there.
    timeout -k 5 $((minutes * 60)) systemd-nspawn --quiet -D "$root" -b --register=no --keep-unit --private-network \
        --system-call-filter="landlock_create_ruleset landlock_add_rule landlock_restrict_self" \
        --console=pipe "$@" </dev/null >"$console" 2>&1 &
    machine_pid=$!
    wait "$machine_pid"
    machine_pid=
}

# For a trap.
machine_kill() {
    [[ -n $machine_pid ]] || return 0
    kill -KILL "$machine_pid" 2>/dev/null && wait "$machine_pid" 2>/dev/null
    machine_pid=
}

# What failed, and the counts as the last line. False where anything did.
machine_report() { # ROOT CONSOLE
    local out=$1/test/out
    if ! grep -q '^end$' "$out" 2>/dev/null; then
        cat "$out" "$1/test/err" 2>/dev/null
        tail -n 30 "$2"
        echo "not ok machine: it did not come to the end of its checks"
        echo "0 passed, 1 failed, 0 skipped"
        return 1
    fi
    grep -E '^(not ok|skip) ' "$out"
    if grep -q '^not ok ' "$out"; then cat "$1/test/err"; fi
    echo "$(grep -c '^ok ' "$out") passed, $(grep -c '^not ok ' "$out") failed, $(grep -c '^skip ' "$out") skipped"
    ! grep -q '^not ok ' "$out"
}
