# SPDX-License-Identifier: Apache-2.0
"""What systemd is to the daemon: who listens on $NOTIFY_SOCKET, and passes sockets that listen already."""

import asyncio
import fcntl
import os
import socket

# $LISTEN_PID must be the daemon's own: exec keeps it. The sockets come where there was room, and go to 3 and up.
PASS = 'export LISTEN_PID=$$; to=3; for from in $PASSED; do eval "exec $to<&$from $from<&-"; ((to++)); done; unset PASSED; exec "$@"'
ABOVE = 30  # of where they go


class Manager:
    def __init__(self, directory, passes, watchdog_usec):
        """`passes`: pairs of a name and the path of a unix socket."""
        self.file = f"{directory}/manager"
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.notify.bind(f"{directory}/notify")
        os.chmod(f"{directory}/notify", 0o777)
        self.sockets = []
        for _, path in passes:
            with socket.socket(socket.AF_UNIX) as made:
                made.bind(path)
                made.listen(64)
                self.sockets.append(socket.socket(fileno=fcntl.fcntl(made.fileno(), fcntl.F_DUPFD, ABOVE)))
        self.environment = {"NOTIFY_SOCKET": f"{directory}/notify"}
        self.prefix = []
        if passes:
            self.environment |= {"LISTEN_FDS": str(len(passes)), "LISTEN_FDNAMES": ":".join(n for n, _ in passes),
                                 "PASSED": " ".join(map(str, self.descriptors()))}
            self.prefix = ["/bin/bash", "-c", PASS, "bash"]
        if watchdog_usec:  # without WATCHDOG_PID it is for whoever reads it
            self.environment["WATCHDOG_USEC"] = str(watchdog_usec)
        asyncio.get_running_loop().add_reader(self.notify, self._take)

    def descriptors(self):
        return [sock.fileno() for sock in self.sockets]

    def _take(self):
        with open(self.file, "ab", buffering=0) as file:
            file.write(self.notify.recv(4096).replace(b"\n", b" ") + b"\n")

    def end(self):
        asyncio.get_running_loop().remove_reader(self.notify)
        for sock in self.sockets + [self.notify]:
            sock.close()
