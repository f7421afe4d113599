# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Debian packages, for the scripts that set a bare machine up. To be sourced by bash.

# Prints those of its arguments that are not installed.
packages_list_missing() {
    local package
    for package in "$@"; do
        # shellcheck disable=SC2016 # dpkg-query's own format string
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || echo "$package"
    done
}

# True where apt knows the package: names differ between Debian 12 and 13.
packages_is_known() {
    apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: //p' | grep -qv '(none)'
}

packages_update_lists() {
    [[ -n ${PACKAGES_UPDATED:-} ]] && return 0
    echo "packages: refreshing apt's package lists" >&2
    apt-get -qq update >&2 || return 1
    PACKAGES_UPDATED=1
}

# Installs the missing ones of its arguments, without recommended packages and without starting a service:
# a test run must not leave a Docker engine or a Prometheus running that wasn't there before. A policy-rc.d
# that says 101 is how Debian asks for that; one that exists already is the administrator's and stays.
packages_install() {
    local -a missing
    mapfile -t missing < <(packages_list_missing "$@")
    [[ ${#missing[@]} -eq 0 ]] && return 0
    if [[ $EUID -ne 0 ]]; then
        echo "packages: these are missing, and only root can install them: ${missing[*]}" >&2
        return 1
    fi
    packages_update_lists || { echo "packages: apt-get update failed" >&2; return 1; }
    echo "packages: installing ${missing[*]}" >&2
    packages_run_apt "${missing[@]}" && return 0
    echo "packages: apt-get could not install ${missing[*]}" >&2
    return 1
}

# apt's many lines are shown only where it fails.
packages_run_apt() ( # PACKAGE…
    policy=/usr/sbin/policy-rc.d
    log=$(mktemp) || exit 1
    made=
    trap 'rm -f "$log" ${made:+"$policy"}' EXIT
    if [[ ! -e $policy ]]; then
        made=1
        printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" || exit 1
    fi
    DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0 \
        install --no-install-recommends "$@" >"$log" 2>&1 </dev/null && exit 0
    tail -n 20 "$log" >&2
    exit 1
)
