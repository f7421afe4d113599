#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs a program of another Debian in its folder, as if that were the host: dockerd of a newer release on this kernel.
# usage: ENGINE_ROOT=FOLDER engine_in_root.sh COMMAND [ARGUMENT…]
#
# /proc, /sys, /dev, /tmp and /srv are the host's own, mounted in a mount namespace that ends with the last process of
# COMMAND: the host's mount table never has them, and nobody who removes FOLDER can reach through them.

set -eu
if [[ ${ENGINE_IN_ROOT:-} != inside ]]; then
    export ENGINE_IN_ROOT=inside
    exec unshare --mount --propagation private -- "${BASH_SOURCE[0]}" "$@"
fi
unset ENGINE_IN_ROOT
root=${ENGINE_ROOT:?}
# A root file system of its own, or runc could not pivot.
mount --bind "$root" "$root"
for name in proc sys dev; do
    mount --rbind "/$name" "$root/$name"
done
# The engine's folder, and what tests let containers mount, are there under the same paths.
for name in tmp srv; do
    mount --bind "/$name" "$root/$name"
done
# The root of the namespace, not of the process alone (chroot): runc leaves what stands above a chroot where it is, and
# an exec, which joins the container's namespace, would find itself at the root of this machine.
cd "$root"
pivot_root . mnt
umount -l /mnt
exec chroot . /usr/bin/env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
