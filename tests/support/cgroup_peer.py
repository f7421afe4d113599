#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A connection whose peer runs in a cgroup of our choice.

SO_PEERCRED tells the process that connected: so a process of its own goes into the cgroup, connects, and hands us
its socket. It stays until the connection is closed here, or ends at once.
"""

import contextlib
import fcntl
import os
import socket
import subprocess
import sys

ROOT = "/sys/fs/cgroup"


def hierarchies():
    """Where cgroups can be made: version 2, or systemd's and another of version 1, and version 2 beside it."""
    if os.path.exists(ROOT + "/cgroup.procs"):
        return [ROOT]
    found = [f"{ROOT}/{name}" for name in ("systemd", "unified", "pids")]
    return [path for path in found if os.path.exists(path + "/cgroup.procs")]


def can_make():
    """Whether this machine lets us; leaves nothing behind."""
    if os.geteuid() != 0 or not hierarchies():
        return False
    try:
        for path in hierarchies():
            probe = f"{path}/quaygate-{os.getpid()}"
            os.mkdir(probe)
            os.rmdir(probe)
    except OSError:
        return False
    return True


@contextlib.contextmanager
def alone():
    """Nobody else, of this run or another, makes or takes away cgroups meanwhile: one that is still empty would go."""
    folder = os.open(hierarchies()[0], os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


class Peer:
    """`socket` is connected to `address` by a process in the cgroup `path`, below every hierarchy's root.

    `OTHER>CGROUP`: it was in the other one when it connected before, and was looked at there.
    """

    def __init__(self, path, address, stays=True):
        self.made = []
        with alone():
            self._enter(path, address, stays)
        if not self.socket:
            self.close()
            raise RuntimeError(f"no connection from the cgroup {path}")
        if not stays:
            self.process.wait(10)

    def _enter(self, path, address, stays):
        for root in hierarchies():
            for one in path.split(">"):
                self._make(root, one)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            [sys.executable, "-I", os.path.abspath(__file__), path, address, str(theirs.fileno()),
             "stays" if stays else "goes"], stdin=subprocess.PIPE, pass_fds=[theirs.fileno()])
        self.pid = self.process.pid
        theirs.close()
        with ours:
            _, fds, _, _ = socket.recv_fds(ours, 1, 1)
        self.socket = socket.socket(fileno=fds[0]) if fds else None

    def _make(self, root, path):
        for end in [i for i, c in enumerate(path + "/") if c == "/"]:
            folder = f"{root}/{path[:end]}"
            try:
                os.mkdir(folder)
                self.made.append(folder)
            except FileExistsError:
                pass

    def close(self):
        """Ends the process; cgroups that it made go, unless another is in them."""
        self.process.stdin.close()
        self.process.wait(10)
        with alone():
            for folder in reversed(self.made):
                with contextlib.suppress(OSError):
                    os.rmdir(folder)
        self.made = []


def enter(path):
    for root in hierarchies():
        with open(f"{root}/{path}/cgroup.procs", "w", encoding="ascii") as procs:
            procs.write(str(os.getpid()))


def come_and_go(address):
    """Whoever is there has accepted it, and looked at us, once it ends: we have said all that we had to."""
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(10)
        peer.connect(address)
        peer.shutdown(socket.SHUT_WR)
        peer.recv(1)


def main():
    path, address, channel, what = sys.argv[1:]
    *before, path = path.split(">")
    for one in before:
        enter(one)
        come_and_go(address)
    enter(path)
    peer = socket.socket(socket.AF_UNIX)
    peer.connect(address)
    with socket.socket(fileno=int(channel)) as out:
        socket.send_fds(out, [b"x"], [peer.fileno()])
    peer.close()
    if what == "stays":
        sys.stdin.read()


if __name__ == "__main__":
    main()
