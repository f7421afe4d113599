#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# runc, asking for no capability that this machine can't give. A privileged container gets every capability
# the kernel knows, and runc fails where the bounding set has fewer (in a container, in a small virtual machine).
# engine.sh makes it the private engine's runtime on such machines only; the engine and its API don't change.

names=(CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE
    NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN
    SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP
    MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE)
bounding=0x$(sed -n 's/^CapBnd:[[:space:]]*//p' /proc/self/status)
edits=()
for i in "${!names[@]}"; do
    (((bounding >> i) & 1)) || edits+=(-e "s/\"CAP_${names[i]}\",//g; s/,\\?\"CAP_${names[i]}\"//g")
done

# The files that say what to run: a bundle's config.json (create, run), a process file (exec).
previous=
for argument in "$@"; do
    file=
    case $previous in
    --bundle | -b) file=$argument/config.json ;;
    --process | -p) file=$argument ;;
    esac
    [[ -n $file && -f $file && ${#edits[@]} -gt 0 ]] && sed -i "${edits[@]}" "$file"
    previous=$argument
done
exec runc "$@"
