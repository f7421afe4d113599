# SPDX-License-Identifier: Apache-2.0
"""What tests/bench/run measures: the rows, and how one of them is measured once. A figure's unit is the end of its name; `alone_` is
what would be reached if the processor did nothing else: by the CPU time of client, server and engine, which no other load changes much."""

import json
import os
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

import contestants

PING, LIST = ["GET", "/_ping"], ["GET", "/v1.41/containers/json?all=1"]
CREATE, DENIED = ["POST", "/v1.41/containers/create", "2048"], ["POST", "/v1.41/swarm/leave"]
# Those that judge, and those that only let through.
JUDGES, PASSES = ("quaygate", "haproxy tuned", "haproxy"), ("direct", "relay-parse")
MOVERS = ("direct", "relay-splice", "relay-copy", "quaygate", "haproxy tuned")
TUNNELLERS = MOVERS[:-1]  # HAProxy 2.6 sends no Upgrade on where the request has a body
HELD = 1000  # idle connections, and streams, whose memory is measured
RELOAD_SECONDS = 0.1


@dataclass(frozen=True)
class Row:
    name: str
    what: str
    how: str  # load, bulk, echo, reload
    who: tuple
    connections: int = 1
    request: tuple = ()
    status: int = 200
    anew: bool = False


def all_rows():
    for name, what, request, status in (("get", "small GET", PING, 200), ("list", "list of 8 KiB", LIST, 200),
                                        ("create", "create of 2 KiB, judged in full", CREATE, 201), ("denied", "denied request", DENIED, 403)):
        for n in (1, 16, 64, 256):
            who = JUDGES if status == 403 else PASSES + JUDGES
            if name == "get" and n in (16, 64):
                who = (*who, "relay-trail")
            yield Row(f"{name}-{n}", f"{what}, {n} conn.", "load", who, n, tuple(request), status)
    yield Row("anew-16", "a connection each, 16 at once", "load", (*PASSES, *JUDGES, "relay-trail"), 16, tuple(PING), anew=True)
    for name, what in (("down-length", "download of known length"), ("down-close", "download until close"), ("down-chunked", "download in chunks"),
                       ("up-length", "upload of known length"), ("up-chunked", "upload in chunks"),
                       ("tunnel-down", "tunnel, engine to client"), ("tunnel-up", "tunnel, client to engine")):
        yield Row(name, what, "bulk", TUNNELLERS if name.startswith("tunnel") else MOVERS)
    yield Row("echo", "tunnel, 64 bytes to and fro", "echo", TUNNELLERS)
    yield Row("calm", "small GET, 16 conn.", "reload", ("quaygate",), 16, tuple(PING))
    yield Row("reload", "the same, reloaded all the time", "reload", ("quaygate",), 16, tuple(PING))


ROWS = tuple(all_rows())
REST = (("idle_kib", "memory, idle", "KiB"), ("connection_kib", "memory of an idle connection", "KiB"), ("stream_kib", "memory of an open stream", "KiB"),
        ("start_ms", "start to first answer", "ms"), ("calls", "system calls of a small GET", ""))
WHO_RESTS = ("quaygate", "relay-parse", "haproxy tuned", "haproxy")


def choose(wanted):
    """Rows by their names, or by parts of them: an exact name is that row alone."""
    exact = {row.name for row in ROWS}
    found = [row for row in ROWS if not wanted or any(text == row.name or (text not in exact and text in row.name) for text in wanted)]
    if {"calm", "reload"} & {row.name for row in found}:  # one is nothing without the other
        found = [row for row in ROWS if row in found or row.how == "reload"]
    return found


def run_tool(cpu, command, what):
    done = subprocess.run(["taskset", "-c", str(cpu), *command], check=False, capture_output=True, text=True, timeout=120)
    if done.returncode:
        sys.exit(f"{what}: {done.stderr or done.returncode}")
    return json.loads(done.stdout)


def ask(tools, server, row, seconds):
    request = [str(row.connections), str(seconds), "anew" if row.anew else "keep", *row.request]
    got = run_tool(server.cpu, [f"{tools}/bench-load", server.socket, *request], f"{server.name}, {row.what}")
    if got["status"] != row.status or got["others"] or not got["requests"] or (got["failures"] and row.how != "reload"):
        sys.exit(f"{server.name}, {row.what}: {got}")
    return got


class Spent:
    """CPU time since it was made, in microseconds: of a server, and of all three, the client and the engine too."""

    def __init__(self, server, engine):
        self.server, self.engine, self.before = server, engine, (0, 0)
        self.before = self.so_far()

    def so_far(self):
        its, client = self.server.cpu_usec(), resource.getrusage(resource.RUSAGE_CHILDREN)  # of those that have ended: the load
        engines = 0 if self.engine is self.server else self.engine.cpu_usec()
        return its, its + engines + (client.ru_utime + client.ru_stime) * 1e6

    def get(self):
        return tuple(now - before for now, before in zip(self.so_far(), self.before))


def measure_load(tools, server, engine, row, seconds):
    spent = Spent(server, engine)
    got = ask(tools, server, row, seconds)
    its, whole = spent.get()
    return {"rps": got["requests"] / got["seconds"], "alone_rps": got["all"] * 1e6 / whole, "p50_us": got["p50_us"], "p99_us": got["p99_us"],
            "cpu_us": its / got["all"]}


def measure_bulk(tools, server, engine, row, seconds):
    spent = Spent(server, engine)
    got = run_tool(server.cpu, [f"{tools}/bench-bulk", server.socket, str(seconds), row.name], f"{server.name}, {row.what}")
    its, whole = spent.get()
    if row.how == "echo":
        return {"rps": got["trips"] / got["seconds"], "alone_rps": got["all"] * 1e6 / whole, "p50_us": got["p50_us"], "p99_us": got["p99_us"],
                "cpu_us": its / got["all"]}
    gib = got["all"] / (1 << 30)
    return {"gib_per_second": got["bytes"] / (1 << 30) / got["seconds"], "alone_gib_per_second": gib * 1e6 / whole, "cpu_seconds_per_gib": its / 1e6 / gib}


def measure_reload(tools, server, _, row, seconds):
    """Under load, with a SIGHUP now and then, or none. Longer than the others: what is looked for is rare."""
    over, size = threading.Event(), os.path.getsize(server.trail)

    def reload_often():
        while row.name == "reload" and not over.wait(RELOAD_SECONDS):
            server.process.send_signal(signal.SIGHUP)

    thread = threading.Thread(target=reload_often)
    thread.start()
    try:
        got = ask(tools, server, row, 2 * seconds)
    finally:
        over.set()
        thread.join()
    with open(server.trail, "rb") as file:
        file.seek(size)
        reloads = sum(b'"reload"' in line and b"is in force" in line for line in file)
    if (row.name == "reload") != (reloads > 0):
        sys.exit(f"{server.name}, {row.what}: {reloads} reloads")
    return {"rps": got["requests"] / got["seconds"], "p50_us": got["p50_us"], "p99_us": got["p99_us"], "most_us": got["most_us"],
            "lost": got["failures"], "reloads": reloads}


HOW = {"load": measure_load, "bulk": measure_bulk, "echo": measure_bulk, "reload": measure_reload}


def measure(tools, servers, row, seconds, number, told):
    """One round of one row; who is first in one is second in the next, so that no place in it is anybody's."""
    who = [name for name in row.who if name in servers]
    for name in who[number % len(who):] + who[:number % len(who)]:
        told.setdefault(row.name, {}).setdefault(name, []).append(HOW[row.how](tools, servers[name], servers["direct"], row, seconds))
        servers[name].forget_trail()


def hold(server, request, n):
    """Memory that n connections take, each of which has asked and stays, in KiB each."""
    before, held = server.resident_kib(), []
    for _ in range(n):
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(10)
        sock.connect(server.socket)
        sock.sendall(request)
        if not sock.recv(4096).startswith(b"HTTP/1.1 200"):
            sys.exit(f"{server.name} refuses to hold {n} connections")
        held.append(sock)
    time.sleep(0.3)
    grown = server.resident_kib() - before
    for sock in held:
        sock.close()
    return grown / n


def wait_for_tracer(server):
    """Until each of its threads is looked at. False where that isn't to be had."""
    end = time.monotonic() + 10
    files = [f"/proc/{pid}/task/{task}/status" for pid in server.pids() for task in os.listdir(f"/proc/{pid}/task")]
    while files and time.monotonic() < end:
        with open(files[0], encoding="ascii") as file:
            if "TracerPid:\t0\n" not in file.read():
                files.pop(0)
                continue
        time.sleep(0.01)
    return not files


def count_calls(tools, server, folder, seconds):
    """System calls of a request, at 16 connections, as strace counts them. None where it can't."""
    report = f"{folder}/strace"
    pids = [word for pid in server.pids() for word in ("-p", pid)]
    with subprocess.Popen(["strace", "-f", "-qq", "-c", "-U", "calls,name", "-o", report, *pids],
                          stderr=subprocess.DEVNULL, preexec_fn=contestants.end_with_us) as strace:
        try:
            if not wait_for_tracer(server):
                print(f"STRACE CAN'T LOOK AT {server.name}, whose system calls aren't counted", file=sys.stderr)
                return None
            got = ask(tools, server, next(row for row in ROWS if row.name == "get-16"), seconds)
        finally:
            while strace.poll() is None:  # a signal just before it waits would only be seen with the next system call
                strace.send_signal(signal.SIGINT)
                time.sleep(0.1)
    with open(report, encoding="ascii") as file:
        lines = [line.split() for line in file]
    return sum(int(words[0]) for words in lines if len(words) == 2 and words[0].isdigit() and words[1] != "total") / got["all"]


def measure_rest(tools, server, folder, seconds, held=HELD):
    """System calls; memory and start, each from a fresh start."""
    found = {}
    if shutil.which("strace"):
        calls = count_calls(tools, server, folder, max(1.5 * seconds, 0.5))  # strace slows it
        found.update({"calls": calls} if calls else {})
    else:
        print("STRACE IS MISSING, and system calls aren't counted: apt-get install strace", file=sys.stderr)
    starts = []
    for _ in range(5):
        server.stop()
        starts.append(server.start())
    found["start_ms"] = statistics.median(starts)
    found["idle_kib"] = server.resident_kib()
    found["connection_kib"] = hold(server, b"GET /_ping HTTP/1.1\r\nHost: docker\r\n\r\n", held)
    server.stop()
    server.start()
    found["stream_kib"] = hold(server, b"GET /v1.41/events HTTP/1.1\r\nHost: docker\r\n\r\n", held)
    return found
