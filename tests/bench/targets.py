# SPDX-License-Identifier: Apache-2.0
"""What tests/bench/run holds its figures against: medians, ratios and targets. A ratio is of one round, and the median of those is told, so
that what else the machine does in between hits both. Speeds are held against each other by what they are `alone` (rows.py). `told` is row to contestant to its rounds' figures, `rest` contestant to figures."""

import statistics
from dataclasses import dataclass
from typing import Callable

GATE = "quaygate"
TRAIL = "relay-trail"  # judges nothing, keeps a trail, and sends each message by itself


def ratio(told, ours, theirs, figure):
    """`ours` and `theirs` are (row, contestant). None where one wasn't measured, or is nothing."""
    a, b = (told.get(row, {}).get(name) for row, name in (ours, theirs))
    if not a or not b or not all(of[figure] for of in b):
        return None
    return statistics.median(x[figure] / y[figure] for x, y in zip(a, b))


@dataclass(frozen=True)
class Target:
    what: str
    most: bool  # else: at least
    limit: float
    unit: str
    measure: Callable  # of told, rest, and who is measured


def against(row, figure, name, own_row=None):
    return lambda told, rest, who: ratio(told, (own_row or row, who), (row, name), figure)


def plain(row, figure):
    def measure(told, _, who):
        rounds = told.get(row, {}).get(who)
        return statistics.median(of[figure] for of in rounds) if rounds else None
    return measure


def resting(figure, divisor=1):
    return lambda _, rest, who: rest[who][figure] / divisor if figure in rest.get(who, {}) else None


def lost(told, _, who):
    rounds = told.get("reload", {}).get(who)
    return sum(of["lost"] for of in rounds) if rounds else None


def added(figure):
    """Milliseconds by which a reload makes it longer."""
    def measure(told, _, who):
        pairs = list(zip(told.get("reload", {}).get(who, ()), told.get("calm", {}).get(who, ())))
        return statistics.median(a[figure] - b[figure] for a, b in pairs) / 1e3 if pairs else None
    return measure


def all_targets():
    for n in (16, 64):
        what, row = f"small GET, {n} connections", f"get-{n}"
        yield Target(f"{what}: CPU", True, 1.4, "× relay-parse", against(row, "cpu_us", "relay-parse"))
        yield Target(f"{what}: CPU", True, 0.65, "× haproxy tuned", against(row, "cpu_us", "haproxy tuned"))
        yield Target(f"{what}: CPU", True, 0.3, "× haproxy", against(row, "cpu_us", "haproxy"))
        yield Target(f"{what}: requests/s", False, 1.5, "× haproxy tuned", against(row, "alone_rps", "haproxy tuned"))
        yield Target(f"{what}: p99", True, 1.5, "× relay-parse", against(row, "p99_us", "relay-parse"))
    yield Target("small GET, 16 connections: system calls", True, 5, "", resting("calls"))
    yield Target("create of 2 KiB, judged in full: CPU", True, 2.5, "× relay-parse", against("create-16", "cpu_us", "relay-parse"))
    for n in (16, 64):
        yield Target(f"denied request, {n} connections: CPU", True, 1, "× an allowed one", against(f"get-{n}", "cpu_us", GATE, f"denied-{n}"))
    yield Target("a connection each: CPU", True, 1.3, "× relay-parse", against("anew-16", "cpu_us", "relay-parse"))
    for row, what in (("down-length", "download of known length"), ("down-close", "download until close"), ("up-length", "upload of known length"),
                      ("tunnel-down", "tunnel, engine to client"), ("tunnel-up", "tunnel, client to engine")):
        yield Target(f"{what}: bytes/s", False, 0.9, "× relay-splice", against(row, "alone_gib_per_second", "relay-splice"))
        yield Target(f"{what}: CPU", True, 0.2, "s/GiB", plain(row, "cpu_seconds_per_gib"))
    for row, what in (("down-chunked", "download in chunks"), ("up-chunked", "upload in chunks")):
        yield Target(f"{what}: bytes/s", False, 0.9, "× relay-copy", against(row, "alone_gib_per_second", "relay-copy"))
    yield Target("tunnel, a round trip: CPU", True, 1.2, "× relay-copy", against("echo", "cpu_us", "relay-copy"))
    yield Target("memory, idle", True, 4, "MiB", resting("idle_kib", 1024))
    yield Target("memory of an idle connection", True, 1, "KiB", resting("connection_kib"))
    yield Target("memory of an open stream", True, 4, "KiB", resting("stream_kib"))
    yield Target("start to first answer", True, 10, "ms", resting("start_ms"))
    yield Target("reload under load: requests lost", True, 0, "", lost)
    yield Target("reload under load: longest answer", True, 5, "ms more", added("most_us"))


TARGETS = tuple(all_targets())


def evaluate(told, rest):
    """The targets that could be measured, each with what it came to, and where that is known what a trail by itself comes to."""
    for target in TARGETS:
        measured = target.measure(told, rest, GATE)
        if measured is not None:
            met = measured <= target.limit if target.most else measured >= target.limit
            yield {"what": target.what, "bound": "at most" if target.most else "at least", "limit": target.limit, "unit": target.unit,
                   "measured": measured, "met": met, "trail": target.measure(told, rest, TRAIL)}


def result_of(rows, told, rest):
    """All of it, for JSON: medians, ratios of the gate to each other, shares of what the engine does by itself, targets."""
    found = {}
    for row in rows:
        rounds = told.get(row.name, {})
        names = [name for name in row.who if name in rounds]
        speed = "alone_gib_per_second" if row.how == "bulk" else "alone_rps"
        figures = {name: {key: statistics.median(of[key] for of in rounds[name]) for key in rounds[name][0]} for name in names}
        ratios = {name: {key: value for key in rounds[name][0] if (value := ratio(told, (row.name, GATE), (row.name, name), key)) is not None}
                  for name in names if name != GATE}
        shares = {name: ratio(told, (row.name, name), (row.name, "direct"), speed) for name in names if name != "direct" and "direct" in rounds}
        relay = (row.name.replace("denied", "get"), "relay-parse")  # which denies nothing
        cpu = {name: value for name in names if "cpu_us" in figures[name] and (value := ratio(told, (row.name, name), relay, "cpu_us")) is not None}
        found[row.name] = {"what": row.what, "how": row.how, "figures": figures, "gate_to": ratios, "of_direct": shares, "cpu_to_relay": cpu}
    return {"rows": found, "rest": rest, "targets": list(evaluate(told, rest))}
