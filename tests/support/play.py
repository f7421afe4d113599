#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Plays scenarios (tests/scenarios/*.scn) against quaygated and a fake engine.

usage: play.py [--daemon FILE] [--jobs N] [--sanitized] [--list] [--verbose] [--keep] [FILE.scn | TEXT]…

TEXT picks the scenarios with it in their name. The last line is `N passed, N failed, N skipped`.
"""

import argparse
import asyncio
import concurrent.futures
import glob
import json
import os
import re
import shutil
import socket
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import cgroup_peer  # noqa: E402
import gate as gate_module  # noqa: E402
import scn  # noqa: E402
from fake_engine import FakeEngine  # noqa: E402
from manager import Manager  # noqa: E402
from steps import Actor  # noqa: E402
from wire import Failure, Wire, show  # noqa: E402

PATIENCE = 5.0  # seconds a step waits for bytes


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class World:
    """One scenario at play."""

    def __init__(self, scenario, options):
        self.scenario = scenario
        self.directory = tempfile.mkdtemp(prefix="quaygate-scn.")
        os.chmod(self.directory, 0o755)
        slow = 3 if options.sanitized else 1
        self.patience = PATIENCE * slow
        self.gate = gate_module.Gate(options.daemon, self.directory, slow)
        self.engine = None
        self.events = {}
        self.wires = []
        self.kept = []
        self.crowd = []
        self.peers = []
        self.terminated = False
        self.n_descriptors = 0
        self.names = {"$DIR": self.directory, "$UID": str(os.getuid()), "$GID": str(os.getgid()),
                      "$PID": str(os.getpid())}

    def fill(self, text):
        if "$PORT" in text and "$PORT" not in self.names:
            self.names["$PORT"] = str(free_port())
        for name, value in self.names.items():
            text = text.replace(name, value)
        return text

    def event(self, name):
        return self.events.setdefault(name, asyncio.Event())

    def all_wires(self):
        return self.wires + (self.engine.wires if self.engine else [])

    def write_config(self, name):
        sections = [s for s in self.scenario.of("config") if s.name == (name or None)]
        if name and not sections:
            raise scn.ScnError(f"no `config {name}`")
        text = "\n".join(line for _, line in sections[0].raw) + "\n" if sections else ""
        gate_module.write_config(f"{self.directory}/quaygate.yaml", self.fill(text), self.directory,
                                 self.scenario.get("policy", "all"))

    def addresses(self):
        """What the config listens on: known from its text, for `unix://` and `tcp://`."""
        with open(f"{self.directory}/quaygate.yaml", encoding="utf-8") as file:
            text = file.read()
        if "--config" not in self.arguments():
            text = self.arguments()
        found = re.findall(r"""(?:address:|--listen)\s*"?(?:unix://([^\s"',}]+)|tcp://([^\s"',}]+))""", text)
        return [a or b for a, b in found if (a or b) != f"{self.directory}/engine.sock"]

    def arguments(self):
        return self.fill(self.scenario.get("arguments", "--config $DIR/quaygate.yaml"))

    def credentials(self, text):
        """`as UID[:GID[,GID…]]`"""
        if text is None:
            return None
        uid, _, gids = text.partition(":")
        groups = [int(g) for g in gids.split(",")] if gids else [int(uid)]
        return int(uid), groups[0], groups[1:]

    def connect(self, section, address):
        cgroup = section.option("from")
        if not cgroup:
            return gate_module.connect(address, self.credentials(section.option("as")))
        self.peers.append(cgroup_peer.Peer(self.fill(cgroup).rstrip("!"), address, not cgroup.endswith("!")))
        return self.peers[-1].socket

    async def play_client(self, section):
        for step in section.steps:  # what it waits for first, it waits for before it connects
            if not step.text.startswith("wait "):
                break
            await self.event(step.text[5:].strip()).wait()
        address = self.fill(section.option("on") or "gate.sock")
        if ":" not in address:
            address = self.gate.path(address)
        wire = Wire(self.connect(section, address), f"client {section.name or ''}".strip(), self.patience)
        self.wires.append(wire)
        await Actor(self, section, wire).play()

    async def play_engine(self, section, wire):
        await Actor(self, section, wire).play()

    async def play(self):
        scenario = self.scenario
        self.write_config(None)
        for section in scenario.of("before"):
            await Actor(self, section, None).play()
        self.engine = FakeEngine(f"{self.directory}/engine.sock", scenario.of("engine"), self.play_engine,
                                 self.patience)
        kind = scenario.get("engine-is", "up")
        if kind == "up":
            self.engine.up()
        elif kind == "deaf":
            self.engine.up_deaf()
        elif kind != "absent":
            raise scn.ScnError(f"engine-is: {kind}")
        if "audit-file" in scenario.directives:
            self.gate.audit_path = self.gate.path(scenario.get("audit-file"))
        if {"manager", "passes", "watchdog"} & scenario.directives.keys():
            pairs = [pair.split("=") for pair in scenario.get("passes", "").split()]
            self.gate.manager = Manager(self.directory, [(name, self.gate.path(path)) for name, path in pairs],
                                        int(scn.parse_time(scenario.get("watchdog", "0s")) * 1000000))
        if "start" in scenario.directives:
            await self.play_failed_start()
            return
        if scenario.get("without", "io_uring") != "io_uring":
            raise scn.ScnError(f"without: {scenario.get('without')}")
        self.gate.without_ring = "without" in scenario.directives
        if "clock" in scenario.directives:
            self.gate.set_clock(scenario.get("clock"))
        await self.gate.start(self.arguments().split(), self.addresses(), self.gate.manager is not None)
        self.names["$DAEMON"] = str(self.gate.process.pid)
        actors = [asyncio.create_task(self.play_client(s)) for s in scenario.of("client")]
        actors += [asyncio.create_task(Actor(self, s, None).play()) for s in scenario.of("daemon")]
        try:
            await self.until_done(actors)
            if not self.terminated:
                await self.finish()
        finally:
            for actor in actors:
                actor.cancel()
            await asyncio.gather(*actors, return_exceptions=True)
        self.check()

    async def play_failed_start(self):
        """`start: exit CODE ~REGEX`: the daemon must not come up."""
        match = re.fullmatch(r"exit (\d)(?: ~ ?(.*))?", self.fill(self.scenario.get("start")))
        if not match:
            raise scn.ScnError("start: exit CODE ~ REGEX")
        await self.gate.start(self.arguments().split(), [])
        await self.gate.wait_exit(int(match[1]), 5)
        if match[2]:
            await self.gate.wait_text("stderr", match[2], 1)
        self.gate.check_reports()
        for section in self.scenario.of("daemon"):
            await Actor(self, section, None).play()

    async def until_done(self, actors):
        """All scripts, or the first failure of any, or of the engine."""
        waiting = set(actors)
        while waiting:
            done, _ = await asyncio.wait(waiting | {self.engine.failure}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            waiting -= done
        played = asyncio.create_task(self.engine.all_played(self.patience * 4))
        await asyncio.wait({played, self.engine.failure}, return_when=asyncio.FIRST_COMPLETED)
        if self.engine.failure.done():
            played.cancel()
            self.engine.failure.result()
        await played

    async def finish(self):
        """What no script has ended: clients go, the daemon is told to end."""
        for wire in self.wires + self.crowd:
            wire.close()
        await asyncio.sleep(0.01)
        self.gate.signal(15)
        await self.gate.wait_exit(0, 10)

    def check(self):
        if self.gate.process.returncode is None:
            raise Failure("quaygated was told to end, and the scenario didn't wait for it")
        if self.engine.failure.done():
            self.engine.failure.result()
        for wire in self.engine.wires:
            if wire.buffer:
                raise Failure(f"{wire.name}: bytes nobody expected: {show(wire.buffer)!r}")
        self.gate.check_reports()
        ids = [pair for wire in self.wires for pair in wire.ids]
        if self.scenario.get("audit-file") != "none":
            self.gate.check_trail(ids, self.scenario.get("audit-gaps") == "allowed")
        for section in self.scenario.of("audit"):
            wanted = [json.loads(self.fill(line)) for _, line in section.raw if not line.startswith("#")]
            self.gate.check_expected(wanted, "unordered" in section.arguments)
        secret = self.scenario.get("secret")
        if secret:
            for name in os.listdir(self.directory):
                if name != "quaygate.yaml" and os.path.isfile(self.gate.path(name)):
                    if secret in self.gate.text_of(name):
                        raise Failure(f"{secret} stands in {name}")

    async def end(self):
        await self.gate.kill()
        if self.gate.manager:
            self.gate.manager.end()
        if self.engine:
            await self.engine.end()
            if self.engine.failure.done():
                self.engine.failure.exception()
            else:
                self.engine.failure.cancel()
        for wire in self.wires:
            wire.close()
        for sock in self.kept + self.crowd:
            sock.close()
        for peer in self.peers:
            peer.close()

    def story(self):
        lines = []
        for wire in self.all_wires():
            lines.append(f"    {wire.name}:")
            for direction, data in wire.transcript:
                lines.append(f"      {direction} {show(data)}")
        log = self.gate.text_of("stderr")
        if log:
            lines.append("    quaygated's stderr:\n      " + log[-2000:].replace("\n", "\n      "))
        return "\n".join(lines)


async def play_one(scenario, options):
    world = World(scenario, options)
    limit = scn.parse_time(scenario.get("timeout", "30s")) * (3 if options.sanitized else 1)
    try:
        await asyncio.wait_for(world.play(), limit)
        return "passed", ""
    except asyncio.TimeoutError:
        return "failed", f"not done within {limit} s\n{world.story()}"
    except Failure as failure:
        return "failed", f"{failure}\n{world.story()}"
    except scn.ScnError as error:
        return "failed", f"the scenario is wrong: {error}"
    except OSError as error:
        return "failed", f"{error}\n{world.story()}"
    finally:
        await world.end()
        if not options.keep:
            shutil.rmtree(world.directory, ignore_errors=True)


def has_ipv6():
    """Whether anything can listen on ::1: a kernel that has IPv6 may have it switched off (disable_ipv6)."""
    try:
        with open("/proc/net/if_inet6", encoding="utf-8") as file:
            return any(int(line.split()[0], 16) == 1 for line in file)
    except FileNotFoundError:
        return False


def lacks(scenario):
    """Why this scenario can't run here, or None."""
    for need in scenario.get("needs", "").split(","):
        if need.strip() == "root" and os.geteuid() != 0:
            return "needs root"
        if need.strip() == "ipv6" and not has_ipv6():
            return "needs IPv6"
        if need.strip() == "read-only-files" and not gate_module.can_go_read_only():
            return "needs root, and a file system on which an open file can become read-only"
        if need.strip() == "a-minute" and os.environ.get("PATIENT") != "true":
            return "takes a minute: PATIENT=true runs it"
        if need.strip() == "cgroups" and not cgroup_peer.can_make():
            return "needs root, and cgroups that can be made"
        if need.strip() not in ("", "root", "ipv6", "read-only-files", "a-minute", "cgroups"):
            return f"needs {need}, which the driver doesn't know"
    return None


def run(scenario, options):
    began = time.monotonic()
    why = lacks(scenario)
    if why:
        return "skipped", why, 0.0
    try:
        result, text = asyncio.run(play_one(scenario, options))
    except Exception:  # the driver's own mistake is a failure of the scenario, not of the run
        result, text = "failed", traceback.format_exc()
    return result, text, time.monotonic() - began


def select(arguments):
    files = [a for a in arguments if a.endswith(".scn")]
    texts = [a for a in arguments if not a.endswith(".scn")]
    files = files or sorted(glob.glob(os.path.join(HERE, "..", "scenarios", "*.scn")))
    scenarios = [s for file in files for s in scn.load(file)]
    names = [s.name for s in scenarios]
    twice = {n for n in names if names.count(n) > 1}
    if twice:
        raise scn.ScnError(f"names that stand twice: {twice}")
    return [s for s in scenarios if not texts or any(text in s.name for text in texts)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--daemon", default=os.path.join(HERE, "../../build/daemon/quaygated"))
    parser.add_argument("--jobs", type=int, default=3 * len(os.sched_getaffinity(0)))
    parser.add_argument("--sanitized", action="store_true", help="the daemon is a sanitizer build")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--verbose", action="store_true", help="each scenario with its time")
    parser.add_argument("--keep", action="store_true", help="leave the scenarios' folders in place")
    parser.add_argument("what", nargs="*", metavar="FILE.scn|TEXT")
    options = parser.parse_args()
    options.daemon = os.path.abspath(options.daemon)
    try:
        scenarios = select(options.what)
    except (scn.ScnError, OSError) as error:
        print(error)
        return 2
    if options.list:
        for scenario in scenarios:
            print(f"{os.path.basename(scenario.path)}:{scenario.line}: {scenario.name}")
        return 0
    count = {"passed": 0, "failed": 0, "skipped": 0}
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        futures = {pool.submit(run, s, options): s for s in scenarios}
        for future in concurrent.futures.as_completed(futures):
            scenario = futures[future]
            result, text, seconds = future.result()
            count[result] += 1
            place = f"{os.path.basename(scenario.path)}:{scenario.line}"
            if result != "passed" or options.verbose:
                print(f"{result}: {place}: {scenario.name} ({seconds:.1f} s)\n" + (f"    {text}\n" if text else ""),
                      end="", flush=True)
    print(f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped")
    return 1 if count["failed"] or not scenarios else 0


if __name__ == "__main__":
    sys.exit(main())
