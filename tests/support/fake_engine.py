# SPDX-License-Identifier: Apache-2.0
"""The engine's place: a unix socket whose connections play the scenario's `engine` sections, one
section an exchange, and on which any byte that no section expects is a failure."""

import asyncio
import os
import socket

from wire import Failure, Wire, show


class FakeEngine:
    def __init__(self, path, sections, play, patience):
        self.path = path
        self.waiting = list(sections)
        self.play = play  # coroutine function (section, wire)
        self.patience = patience
        self.wires = []
        self.tasks = []
        self.listener = None
        self.acceptor = None
        self.fillers = []
        self.failure = asyncio.get_running_loop().create_future()
        self.n_playing = 0

    def up(self):
        """In one step: who tries meanwhile, or again and again, finds the old socket or the new one."""
        fresh = self.path + ".new"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(fresh)
        os.chmod(fresh, 0o666)
        self.listener.listen(64)
        self.listener.setblocking(False)
        os.rename(fresh, self.path)
        self.acceptor = asyncio.create_task(self._accept())

    def up_deaf(self):
        """Listens, but its queue is full: nobody gets through."""
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(0)
        for _ in range(4):
            filler = socket.socket(socket.AF_UNIX)
            filler.setblocking(False)
            self.fillers.append(filler)
            try:
                filler.connect(self.path)
            except BlockingIOError:
                break

    async def down(self):
        """Gone as after `systemctl stop docker`: connections cut, nobody listens."""
        if self.acceptor:
            self.tasks.append(self.acceptor)
            self.acceptor = None
        # Waited for: they would take the next listener's descriptor out of the loop, if it gets their number.
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.tasks.clear()
        if self.listener:
            self.listener.close()
            self.listener = None
        for wire in self.wires:
            wire.close()
        for filler in self.fillers:
            filler.close()

    async def _accept(self):
        loop = asyncio.get_running_loop()
        while True:
            sock, _ = await loop.sock_accept(self.listener)
            wire = Wire(sock, f"engine#{len(self.wires) + 1}", self.patience)
            self.wires.append(wire)
            self.tasks.append(asyncio.create_task(self._serve(wire)))

    def _fail(self, failure):
        if not self.failure.done():
            self.failure.set_exception(failure)

    def _choose(self, first_line):
        """The first unplayed section whose `request` line says this, or that has none."""
        for section in self.waiting:
            words = section.steps[0].text.split() if section.steps else []
            if not words or words[0] != "request" or len(words) == 1:
                return section
            if first_line == f"{words[1]} {words[2]} HTTP/1.1":
                return section
        return None

    async def _serve(self, wire):
        try:
            while True:
                # A first step that doesn't read (`> …`, `close`) begins with the connection.
                early = next((s for s in self.waiting if s.steps and s.steps[0].text.startswith("at-once")), None)
                section = early
                if section is None:
                    while b"\n" not in wire.buffer:
                        if not await wire.receive(3600):
                            if wire.buffer:
                                raise Failure(f"engine got {show(wire.buffer)!r}, then the end")
                            return
                    line = bytes(wire.buffer[:wire.buffer.index(b"\n")]).rstrip(b"\r").decode("latin-1")
                    section = self._choose(line)
                    if section is None:
                        raise Failure(f"the engine got what it must not get: {show(wire.buffer)!r}")
                self.waiting.remove(section)
                wire.name = f"engine {section.name}" if section.name else wire.name
                self.n_playing += 1
                try:
                    await self.play(section, wire)
                finally:
                    self.n_playing -= 1
                if wire.sock.fileno() < 0:
                    return
        except Failure as failure:
            self._fail(failure)
        except asyncio.CancelledError:
            raise
        except OSError as error:
            if wire.sock.fileno() >= 0:
                self._fail(Failure(f"{wire.name}: {error}"))
        except Exception as error:  # a mistake in the scenario or the driver
            self._fail(error)

    async def all_played(self, seconds):
        """Every section was played to its end."""
        for _ in range(int(seconds / 0.01)):
            if not self.waiting and not self.n_playing:
                return
            await asyncio.sleep(0.01)
        if self.n_playing:
            raise Failure("an engine section didn't come to its end")
        raise Failure(f"no request came for the engine section of line {self.waiting[0].line}")

    async def end(self):
        await self.down()
