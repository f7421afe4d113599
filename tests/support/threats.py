#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Sends the cases of tests/threats through quaygated, and looks at what comes to a recording engine behind it.

usage: threats.py [--daemon FILE] [--runner FILE] [--split N] [--gates N] [--sanitized] [--verbose] [FILE.txt | TEXT]…

--runner is the program of threats.c: what it reads in the files is held against what this one reads.
--split sends N bytes at a time; where the pieces end must make no difference.
TEXT picks the cases with it in their id. The last line is `N passed, N failed, N skipped`.
"""

import argparse
import asyncio
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import gate as gate_module  # noqa: E402
import threat_cases  # noqa: E402
from wire import Failure, Wire, show  # noqa: E402

PATIENCE = 8.0  # seconds until the gate must have said its last word
SPLIT_MOST = 4096  # bytes; longer requests are sent as they are
QUIET = 0.15  # seconds without an answer after which the sender half-closes
LOOK = re.compile(r"^/(?:(containers|exec|images)/([^/]+)/json|(volumes)/([^/]+))$")
STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) [^\r]*\r\n")


def policies_of(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    return text, re.findall(r"^  ([a-z0-9-]+):$", text, re.MULTILINE)


class RecordingEngine:
    """Answers each request as dockerd would, and keeps what came. It reads strictly: what is not one well-formed
    request is a failure of its own."""

    def __init__(self, path, patience):
        self.path, self.patience = path, patience
        self.requests = []  # (method, target, body)
        self.case = b""  # what the client sends: the gate's own looks are not among it
        self.looked = {}  # by ID, what was asked for
        self.malformed = []
        self.listener = None
        self.tasks = []

    def start(self):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(64)
        self.listener.setblocking(False)
        self.tasks.append(asyncio.create_task(self._accept()))

    async def _accept(self):
        loop = asyncio.get_running_loop()
        while True:
            sock, _ = await loop.sock_accept(self.listener)
            wire = Wire(sock, "engine", self.patience)
            wire.may_fail = True
            self.tasks.append(asyncio.create_task(self._serve(wire)))

    async def _serve(self, wire):
        try:
            while wire.buffer or await wire.receive(3600):
                method, target = await wire.read_request()
                headers = wire.message.headers
                if await self._look(wire, method, target):
                    continue
                for name in target.split("/"):
                    target = target.replace(name, self.looked[name]) if name in self.looked else target
                self.requests.append([method, target, None])
                mine = self.requests[-1]
                mine[2] = await wire.body_rest()
                if await self._answer(wire, method, target, dict((n.lower(), v) for n, v in headers)):
                    break
        except Failure as failure:
            self.malformed.append(str(failure))
        except OSError:
            pass
        finally:
            wire.close()

    async def _look(self, wire, method, target):
        """What the gate itself asks about an object: there is nothing in it that a policy could mind."""
        look = LOOK.match(re.sub(r"^/v[0-9.]+", "", target))
        if method != "GET" or not look or f"GET {target} ".encode() in self.case or \
                (look[1] == "images" and self.case.startswith(b"GET ")):
            return False
        await wire.body_rest()
        kind, name = look[1] or look[3], look[2] or look[4]
        told = {"Id": "%064x" % len(name), "ID": "%064x" % len(name), "Name": name, "Driver": "local", "Mounts": [],
                "HostConfig": {"Privileged": False}, "ContainerID": "c" * 64, "ProcessConfig": {"entrypoint": "id"}}
        body = json.dumps(told).encode()
        if kind != "volumes":
            self.looked[told["Id"]] = name
        await wire.send(self._head(404, 2) + b"{}" if name == "nope" or kind == "images" else self._head(200, len(body)) + body)
        return True

    async def _answer(self, wire, method, target, headers):
        """True: the connection is a tunnel now, and at its end."""
        path = re.sub(r"^/v[0-9.]+", "", target.split("?")[0])
        if "nope" in path:
            body = b'{"message":"No such container: nope"}\n'
            await wire.send(self._head(404, len(body)) + (b"" if method == "HEAD" else body))
            return False
        if path.endswith("/attach"):
            await wire.send(b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"
                            b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n" if "upgrade" in headers else
                            b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n")
            while await wire.receive(self.patience):
                wire.buffer.clear()  # stdin, to the container and nobody else
            return True
        body = b'{"Id":"0123456789abcdef","Warnings":[]}\n' if path.endswith("/create") else b"[]\n"
        await wire.send(self._head(201 if path.endswith("/create") else 200, len(body)) +
                        (b"" if method == "HEAD" else body))
        return False

    @staticmethod
    def _head(status, length):
        return (f"HTTP/1.1 {status} X\r\nApi-Version: 1.41\r\nContent-Type: application/json\r\n"
                f"Content-Length: {length}\r\n\r\n").encode()

    async def end(self):
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.listener.close()


class Place:
    """One gate with one engine behind it; a case at a time."""

    def __init__(self, options, policies, names):
        self.directory = tempfile.mkdtemp(prefix="quaygate-thr.")
        self.slow = 4 if options.sanitized else 1
        self.gate = gate_module.Gate(options.daemon, self.directory, self.slow)
        self.engine = RecordingEngine(f"{self.directory}/engine.sock", PATIENCE * self.slow)
        self.names = names
        self.split = options.split
        self.ids = []
        listeners = "".join(f"  - {{address: \"unix://{self.directory}/{name}.sock\", policy: {name}}}\n"
                            for name in names)
        gate_module.write_config(f"{self.directory}/quaygate.yaml", f"listeners:\n{listeners}{policies}",
                                 self.directory, None)

    async def start(self):
        self.engine.start()
        await self.gate.start(["--config", f"{self.directory}/quaygate.yaml"],
                              [f"{self.directory}/{name}.sock" for name in self.names])
        # From here on the gate knows the engine's API version, and asks no more.
        answer = await self.talk("corpus", b"GET /version HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n", False)
        if not answer.startswith(b"HTTP/1.1 200 "):
            raise Failure(f"the gate doesn't serve: {show(answer)}")

    async def talk(self, policy, request, half_close):
        """Sends, and reads to the end."""
        wire = Wire(gate_module.connect(f"{self.directory}/{policy}.sock", None), "client", PATIENCE * self.slow)
        wire.may_fail = True  # what is refused early is not read to its end
        wire.split = self.split if len(request) <= SPLIT_MOST else 0
        try:
            await wire.send(request)
            if not half_close:
                try:
                    while await wire.receive(QUIET * self.slow):
                        pass
                except asyncio.TimeoutError:
                    pass
            if not wire.eof:
                wire.half_close()
            try:
                while await wire.receive(PATIENCE * self.slow):
                    pass
            except asyncio.TimeoutError:
                raise Failure(f"the gate neither answers nor ends: {show(wire.buffer)!r}") from None
            return bytes(wire.buffer)
        finally:
            wire.close()

    async def play(self, case):
        del self.engine.requests[:], self.engine.malformed[:]
        self.engine.case = case.request
        answer = await self.talk(case.policy or "corpus", case.request, case.check == "create-half")
        statuses = [int(s) for s in STATUS.findall(answer) if s != b"100"]
        for head in re.findall(rb"HTTP/1\.1 (\d{3}) [^\r]*\r\n(?:[^\r]+\r\n)*?X-Quaygate-Request: (\S+)\r\n", answer):
            self.ids.append((head[1].decode(), int(head[0])))
        arrived = self.engine.requests
        if self.gate.process.returncode is not None:
            raise Failure(f"quaygated ended with {self.gate.process.returncode}")
        if self.engine.malformed:
            raise Failure(f"the engine got what is no request: {self.engine.malformed[0]}")
        if case.allowed:
            self.check_allowed(case, statuses, arrived, answer)
        else:
            self.check_denied(case, statuses, arrived, answer)

    @staticmethod
    def check_allowed(case, statuses, arrived, answer):
        if len(arrived) != case.n_requests:
            raise Failure(f"{len(arrived)} requests arrived, wanted {case.n_requests}; the answer was {show(answer)!r}")
        if any(body is None for _, _, body in arrived):
            raise Failure(f"half a request arrived: {arrived}")
        if len(statuses) != case.n_requests or not all(s < 400 for s in statuses):
            raise Failure(f"the answers were {statuses}")

    @staticmethod
    def check_denied(case, statuses, arrived, answer):
        # Of several requests the first may be a harmless one.
        most = 1 if case.check == "smuggle" else 0
        first = case.request.split(b"\r\n")[0].decode("latin-1").split(" ")
        if len(arrived) > most or any(f"{method} {target}".split("?")[0] != " ".join(first[:2]).split("?")[0]
                                      for method, target, _ in arrived):
            raise Failure(f"the engine got {[(m, t, show(b or b'')) for m, t, b in arrived]}")
        if not statuses or (not arrived and not 400 <= statuses[0] < 500):
            raise Failure(f"the answer was {show(answer)!r}")

    async def finish(self):
        self.gate.signal(15)
        await self.gate.wait_exit(0, 10)
        self.gate.check_reports()
        self.gate.check_trail(self.ids, False)

    async def end(self):
        await self.gate.kill()
        await self.engine.end()
        shutil.rmtree(self.directory, ignore_errors=True)


async def serve(place, queue, verbose):
    """Takes cases off the queue; (passed, failed)."""
    passed = failed = 0
    await place.start()
    while queue:
        case = queue.pop(0)
        try:
            await place.play(case)
            passed += 1
            if verbose:
                print(f"passed: {case.place}: {case.case}", flush=True)
        except Failure as failure:
            failed += 1
            print(f"failed: {case.place}: {case.case}: {case.expect}: {case.why}\n    {failure}", flush=True)
            if place.gate.process.returncode is not None:
                print(place.gate.text_of("stderr")[-3000:])
                return passed, failed
    await place.finish()
    return passed, failed


async def play_all(cases, options, policies, names):
    queue = list(cases)
    places = [Place(options, policies, names) for _ in range(options.gates)]
    try:
        results = await asyncio.gather(*[serve(p, queue, options.verbose) for p in places], return_exceptions=True)
    finally:
        for place in places:
            await place.end()
    passed = failed = 0
    for result in results:
        if isinstance(result, BaseException):
            traceback.print_exception(result)
            failed += 1
        else:
            passed, failed = passed + result[0], failed + result[1]
    if queue:
        print(f"failed: {len(queue)} cases were not sent")
        failed += len(queue)
    return passed, failed


def same_reading(runner, paths, cases):
    """The C program reads the same bytes out of the same files."""
    out = subprocess.run([runner, "--dump", *paths], capture_output=True, text=True, check=False)
    dumped = [tuple(line.split(" ")) for line in out.stdout.splitlines()]
    mine = [(c.case, c.policy or "corpus", c.request.hex()) for c in cases]
    if out.returncode == 0 and dumped == mine:
        return True
    different = [a[0] for a, b in zip(mine, dumped) if a != b]
    print(f"failed: {runner} reads {len(dumped)} cases, here {len(mine)}; different: {different[:5]} {out.stderr}")
    return False


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--daemon", default=os.path.join(HERE, "../../build/daemon/quaygated"))
    parser.add_argument("--runner")
    parser.add_argument("--split", type=int, default=0)
    parser.add_argument("--gates", type=int, default=2 * len(os.sched_getaffinity(0)))
    parser.add_argument("--sanitized", action="store_true", help="the daemon is a sanitizer build")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("what", nargs="*", metavar="FILE.txt|TEXT")
    options = parser.parse_args()
    options.daemon = os.path.abspath(options.daemon)
    paths = [w for w in options.what if w.endswith(".txt")] or threat_cases.paths()
    texts = [w for w in options.what if not w.endswith(".txt")]
    try:
        cases = threat_cases.read_all(paths)
    except threat_cases.CaseError as error:
        print(f"{error}\n0 passed, 1 failed, 0 skipped")
        return 1
    passed = failed = 0
    if options.runner:
        same = same_reading(options.runner, paths, cases)
        passed, failed = passed + same, failed + (not same)
    cases = [c for c in cases if not texts or any(text in c.case for text in texts)]
    policies, names = policies_of(f"{threat_cases.FOLDER}/policy.yaml")
    result = asyncio.run(play_all(cases, options, policies, names))
    passed, failed = passed + result[0], failed + result[1]
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
