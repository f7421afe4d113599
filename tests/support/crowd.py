# SPDX-License-Identifier: Apache-2.0
"""Many clients of one daemon, and an engine that does to each request what its name says; for tests/faults/load.

Each request has a name of its own, `KIND-NUMBER`, so that what a client was told, what the engine got and what is on
record can be held against each other, one by one. Names that begin with `evil` are what the policy denies."""

import asyncio
import itertools
import json
import os
import re
import socket

import gate as daemon
from wire import Failure

ID = re.compile(rb"X-Quaygate-Request: (\w+)")
NAME = re.compile(r"[a-z]+-\d+")
LENGTH = re.compile(rb"(?i)\r\nContent-Length: (\d+)")
STREAM_BYTES = 1 << 20
POLICY = """
    allow: [ImageInspect, ImageLoad, ContainerLogs, ContainerAttach, ContainerCreate]
    containers: {bind_mounts: [/srv/**]}
"""


class Engine:
    """`KIND-NUMBER` is in the target; a kind that it doesn't know gets 200 and its name."""

    def __init__(self, path):
        self.path = path
        self.backlog = 4096
        self.server = None
        self.writers = set()
        self.got = []       # names, in order
        self.evil = []      # what must not be here
        self.sent_most = 0  # bytes of a head without end that anybody took

    async def up(self):
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.server = await asyncio.start_unix_server(self._serve, self.path, backlog=self.backlog, limit=4 << 20)

    def down(self):
        """As when it is killed: who asked is cut."""
        self.server.close()
        os.unlink(self.path)
        for writer in self.writers:
            writer.transport.abort()

    async def _serve(self, reader, writer):
        self.writers.add(writer)
        try:
            while await self._exchange(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.writers.discard(writer)
            writer.transport.abort()

    async def _exchange(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        target = head.split(b" ", 2)[1].decode()
        found = NAME.search(target)
        name = found[0] if found else ""
        kind = name.partition("-")[0]
        length = LENGTH.search(head)
        body = b""
        if kind and "/containers/" not in target or "/create" in target:
            self.got.append(name)
        if length and "/load" not in target:
            body = await reader.readexactly(int(length[1]))
        if b"evil" in head or b"evil" in body:
            self.evil.append(head + body[:200])
        if "/load" in target:
            return await self._load(reader, writer, int(length[1]))
        if "/attach" in target:
            writer.write(b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nhello")
            while data := await reader.read(65536):
                writer.write(data)
            return False
        if "/logs" in target:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                         b"5\r\nhello\r\n")
            return await self._stream(reader, writer, target)
        if target.endswith("/json") and "/containers/" in target:  # a look
            told = {"Id": 64 * "c", "Name": "/" + (name or "c"), "Mounts": [], "Config": {"Image": "x"},
                    "HostConfig": {"Privileged": False, "NetworkMode": "default"}}
            return answer(writer, json.dumps(told).encode())
        return await getattr(self, "_" + kind, self._plain)(name, reader, writer)

    async def _stream(self, reader, writer, target):
        if "follow" in target:  # until somebody hangs up
            await reader.read(1)
            return False
        block = b"10000\r\n" + 65536 * b"x" + b"\r\n"
        for _ in range(STREAM_BYTES >> 16):
            writer.write(block)
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        return True

    async def _load(self, reader, writer, length):
        """An upload; where the first byte is `n`, the engine has heard enough: it answers, and closes."""
        first = await reader.readexactly(1)
        if first == b"n":
            writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
            await writer.drain()
            writer.close()
            return False
        await reader.readexactly(length - 1)
        return answer(writer, b"loaded")

    async def _plain(self, name, _reader, writer):
        return answer(writer, name.encode())

    async def _hang(self, _name, reader, _writer):
        await reader.read(1)
        return False

    async def _garbage(self, _name, _reader, writer):
        writer.write(b"\0\1\2 nonsense \xff\r\n\r\n" + 3000 * b"\xfe")
        await writer.drain()
        return False

    async def _early(self, _name, _reader, _writer):
        return False

    async def _half(self, _name, reader, writer):
        """Ends its side in the middle of what it promised, and goes on listening."""
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234")
        writer.write_eof()
        await reader.read()
        return False

    async def _short(self, _name, _reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234")
        await writer.drain()
        writer.close()
        return False

    async def _long(self, name, reader, writer):
        """More than it said: the rest looks like the answer to whatever comes next."""
        answer(writer, name.encode())
        answer(writer, b"evil")
        await reader.read(1)
        return False

    async def _upgrade(self, _name, _reader, writer):
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nevil")
        await writer.drain()
        return False

    async def _endless(self, _name, _reader, writer):
        """100 MB of a head."""
        writer.write(b"HTTP/1.1 200 OK\r\n")
        block = b"".join(b"X-%d: %s\r\n" % (i, 1000 * b"a") for i in range(100))
        for i in range(1000):
            writer.write(block)
            await writer.drain()
            self.sent_most = max(self.sent_most, i * len(block))
        return False


def answer(writer, body):
    writer.write(b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    return True


def message(name, method="GET", target="/v1.41/images/{}/json", body=b"", length=None):
    """A request, to be sent; `length`: what it says its body has, if that isn't here."""
    head = f"{method} {target.format(name)} HTTP/1.1\r\nHost: d\r\n".encode()
    if not body and length is None:
        return head + b"\r\n"
    kind = b"application/json" if "/create" in target else b"application/x-tar"
    return head + b"Content-Type: %s\r\nContent-Length: %d\r\n\r\n%s" % (kind, len(body) if length is None else length, body)


class Client:
    """One connection."""

    def __init__(self, world):
        self.world = world
        self.reader = self.writer = None

    async def __aenter__(self):
        sock = await asyncio.to_thread(self.world.connect)
        self.reader, self.writer = await asyncio.open_unix_connection(sock=sock, limit=8 << 20)
        return self

    async def __aexit__(self, *_):
        self.writer.transport.abort()

    async def send(self, data):
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, seconds=20):
        """(status, body, whether it is whole); (0, b"", False) where there is none."""
        async with asyncio.timeout(seconds):
            try:
                head = await self.reader.readuntil(b"\r\n\r\n")
            except (OSError, asyncio.IncompleteReadError):
                return 0, b"", False
            status, length, found = int(head.split(b" ", 2)[1]), LENGTH.search(head), ID.search(head)
            if found:
                self.world.ids.append((found[1].decode(), status))
            body, whole = b"", True
            try:
                if length:
                    body = await self.reader.readexactly(int(length[1]))
                elif b"chunked" in head:
                    while (size := int(await self.reader.readline() or b"-1", 16)) > 0:
                        body += (await self.reader.readexactly(size + 2))[:-2]
                    whole = size == 0 and await self.reader.readline() == b"\r\n"
            except (OSError, asyncio.IncompleteReadError, ValueError):
                whole = False
            return status, body, whole

    async def ask(self, kind, seconds=20, **more):
        """(status, body, whole) of one of these."""
        name = self.world.name(kind)
        self.world.told[name] = None
        try:
            await self.send(message(name, **more))
        except OSError:
            pass  # it may have said why
        status, body, whole = await self.answer(seconds)
        if whole and b"this client may not use this listener" not in body:  # its head wasn't read, its record has no name
            self.world.told[name] = status
        if whole and status == 200 and "target" not in more and body != name.encode():
            raise Failure(f"{name} was told what is another's: {body[:100]!r}")
        return status, body, whole

    async def is_over(self, seconds=10):
        """Whatever comes, and then the end."""
        async with asyncio.timeout(seconds):
            try:
                while await self.reader.read(65536):
                    pass
            except OSError:
                pass


EVIL = {"method": "POST", "target": "/v1.41/containers/{}/kill"}
CREATE = {"method": "POST", "target": "/v1.41/containers/create?name={}",
          "body": b'{"Image":"x","HostConfig":{"Binds":["/srv/data:/good"]}}'}
EVIL_CREATE = {**CREATE, "body": b'{"Image":"x","HostConfig":{"Binds":["/etc:/evil"]}}'}


class World:
    """A daemon with its engine and what is known of its requests; `async with` starts it, and ends and checks it."""

    def __init__(self, binary, folder, config="", environment=None, clock=None, memory=2 << 20, gaps=False, ring=True):
        self.gate = daemon.Gate(binary, folder, 1)
        self.gate.without_ring = not ring
        # What is freed goes back to the kernel where it can, so that what stays is what wasn't freed.
        self.gate.environment = {"MALLOC_MMAP_THRESHOLD_": "4096", "MALLOC_TRIM_THRESHOLD_": "0", **(environment or {})}
        if clock:
            self.gate.set_clock(clock)
        self.engine = Engine(folder + "/engine.sock")
        self.gaps = gaps      # records may be missing, and `seq` says so
        self.memory = memory  # how much more there may be of it at the end
        self.numbers = itertools.count(1)
        self.told = {}   # name: status, or None where a client had no whole answer
        self.ids = []    # of the daemon's own answers
        self.ended = False
        self.before = (0, 0)
        self.write_config(config)

    def write_config(self, more="", policy=POLICY):
        text = more if "policies:" in more else f"{more}\npolicies:\n  p:{policy}"
        daemon.write_config(self.gate.path("quaygate.yaml"), text, self.gate.directory, "p")

    def name(self, kind):
        return f"{kind}-{next(self.numbers)}"

    def connect(self):
        """In a thread: a unix socket whose queue is full has no way to say when it isn't."""
        sock = socket.socket(socket.AF_UNIX)
        try:
            sock.connect(self.gate.path("gate.sock"))
        except OSError:
            sock.close()
            raise
        sock.setblocking(False)
        return sock

    async def __aenter__(self):
        await self.engine.up()
        try:
            await self.gate.start(["--config", self.gate.path("quaygate.yaml")], [self.gate.path("gate.sock")])
            await asyncio.gather(*(self.serves() for _ in range(8)))  # what it allocates once
            await asyncio.sleep(0.1)
            self.before = (self.gate.descriptors(), self.gate.memory("VmRSS"))
        except BaseException:
            await self.gate.kill()
            raise
        return self

    async def __aexit__(self, kind, *_):
        try:
            if kind is None:
                await self.check()
        finally:
            await self.gate.kill()
            self.engine.down()

    async def again(self):
        """What malloc keeps for the next crowd isn't lost: from here on, memory is what the second of two leaves behind."""
        await self.has_descriptors(0)
        self.before = (self.before[0], self.gate.memory("VmRSS"))

    def refusals(self):
        return self.gate.text_of("audit.jsonl").count('"rule":"limits.connections"')

    async def serves(self):
        async with Client(self) as client:
            for kind, more, want in (("plain", {}, 200), ("evil", EVIL, 403), ("good", CREATE, 200), ("evil", EVIL_CREATE, 403)):
                status, _, whole = await client.ask(kind, **more)
                if status != want or not whole:
                    raise Failure(f"{kind} is answered {status}, wanted {want}")

    async def check(self):
        """What holds whatever has happened."""
        if not self.ended:
            await self.serves()
            await self._check_resources()
            self.gate.signal(15)
            await self.gate.wait_exit(0, 20)
        self.gate.check_reports()
        if self.gaps:
            self._check_gaps()
        else:
            self.gate.check_trail(self.ids, False)
        self._check_names()

    async def has_descriptors(self, more):
        """As many as at the start, and so many more."""
        for _ in range(500):
            if self.gate.descriptors() <= self.before[0] + more:
                break
            await asyncio.sleep(0.02)
        else:
            raise Failure(f"{self.gate.descriptors()} descriptors are open, there were {self.before[0]}")

    async def _check_resources(self):
        await self.has_descriptors(0)
        for _ in range(200):  # what a crowd took goes back a moment later
            growth = self.gate.memory("VmRSS") - self.before[1]
            if growth <= self.memory:
                return
            await asyncio.sleep(0.02)
        raise Failure(f"resident memory grew by {growth >> 10} KiB")

    def n_left_out(self):
        """Numbers that no record has, between the first one's and the last one's."""
        records = self.gate.records()
        return records[-1]["seq"] - records[0]["seq"] + 1 - len(records)

    def _check_gaps(self):
        """Of those of refusals as many numbers are left out as there are records missing, or more; an outcome is always there."""
        self.gate.check_chain(True)
        records = self.gate.records()
        n_left_out = self.n_left_out()
        decisions = {r["id"]: r["verdict"] for r in records if r.get("event") == "decision"}
        outcomes = {r["id"] for r in records if r.get("event") == "outcome"}
        open_ended = {request_id for request_id, verdict in decisions.items() if verdict == "allow"} - outcomes
        if open_ended:
            raise Failure(f"audit: {len(open_ended)} were let through and have no outcome: {sorted(open_ended)[:3]}")
        missing = {request_id for request_id, _ in self.ids} - decisions.keys()
        if len(missing) > n_left_out or outcomes - decisions.keys():
            raise Failure(f"audit: {len(missing)} records are missing, {n_left_out} numbers are left out")

    def _check_names(self):
        """What each was told is on record, what the engine got was let through, and nothing else was."""
        if self.engine.evil:
            raise Failure(f"a denied request reached the engine: {self.engine.evil[0]!r}")
        decided, ended, by_id = {}, {}, {}
        for record in self.gate.records():
            if record.get("event") == "decision":
                request = record["request"]
                found = NAME.search(f"{request.get('path')}?{request.get('query')}")
                if not found:
                    continue
                if found[0] in decided:
                    raise Failure(f"{found[0]} is on record twice")
                decided[found[0]] = record["verdict"]
                by_id[record["id"]] = found[0]
                ended[found[0]] = (record["response"] or {}).get("status")
            elif record.get("event") == "outcome" and record["id"] in by_id:
                ended[by_id[record["id"]]] = (record["response"] or {}).get("status")
        for name, status in self.told.items():
            if status == 503 and name not in decided:
                continue  # its head wasn't read; that its ID is on record was seen already
            if status is not None and ended.get(name) != status and not (self.gaps and ended.get(name) is None):
                raise Failure(f"{name} was told {status}, on record is {ended.get(name)}")
            if name.startswith("evil") and (status == 200 or decided.get(name) == "allow"):
                raise Failure(f"{name} got through")
        for name in self.engine.got:
            if decided.get(name) != "allow":
                raise Failure(f"the engine got {name}, on record is {decided.get(name)}")
