# SPDX-License-Identifier: Apache-2.0
"""What the tests of `answers:` share: marks to be found, a socket that keeps what a client gets, and the gate."""
import base64
import os
import socket
import threading

from kit import Gate


def mark(place):
    """What is to be found, or not. In letters and digits: it must be good in a host's name too."""
    return f"qgmark{place}z"


class Tap:
    """A socket beside the gate's that passes everything on, and keeps what came back."""

    def __init__(self, folder, target):
        self.path, self.target = os.path.join(folder, f"tap{id(self) % 9999}.sock"), target
        self.got, self.lock = bytearray(), threading.Lock()
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(self.path)
        self.server.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            client = self.server.accept()[0]
            gate = socket.socket(socket.AF_UNIX)
            gate.connect(self.target)
            threading.Thread(target=self._pass, args=(client, gate, False), daemon=True).start()
            threading.Thread(target=self._pass, args=(gate, client, True), daemon=True).start()

    def _pass(self, source, sink, keep):
        try:
            while data := source.recv(65536):
                if keep:
                    with self.lock:
                        self.got += data
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def has(self, text):
        """As it is, or in base64 at any offset."""
        with self.lock:
            got = bytes(self.got)
        if text.encode() in got:
            return True
        for pad in range(3):
            coded = base64.b64encode(b" " * pad + text.encode())
            if coded[4 if pad else 0:len(coded) // 4 * 4 - 4] in got:
                return True
        return False


class GateWithKey(Gate):
    """With the key file that its config names."""

    def __init__(self, engine_dir):
        super().__init__(engine_dir, config="answers.yaml", policies=("open", "hides", "monitoring", "updater", "restores"))

    def _start(self, extra, template, policies):
        key = self.path("answers.key")
        with open(key, "wb") as file:
            file.write(os.urandom(32))
        os.chmod(key, 0o600)
        super()._start(extra, template, policies)
