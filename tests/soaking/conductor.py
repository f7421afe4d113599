# SPDX-License-Identifier: Apache-2.0
"""What happens around the clients of a soak: reloads, rotations, an engine that goes and comes back; and who watches."""

import signal
import statistics
import time

import clients
from place import http_get, wait_for

RELOAD_OK = "quaygate_config_last_reload_successful"


class Part:
    """Something again and again, so many seconds apart."""

    def __init__(self, place, tally, seconds, function):
        self.place, self.tally, self.seconds, self.function = place, tally, seconds, function

    def loop(self):
        while not self.place.stopping.wait(self.seconds):
            self.function()


class Conductor:
    def __init__(self, place, tally, presence):
        self.place, self.tally, self.presence = place, tally, presence
        self.n_reloads = 0
        self.parts = [Part(place, tally, 3, self.reload), Part(place, tally, 20, self.rotate),
                      Part(place, tally, 120, self.restart_engine), Part(place, tally, 10, self.look_behind)]

    def reload(self):
        """Every other config is broken, and changes nothing."""
        self.n_reloads += 1
        broken = self.n_reloads % 2 == 0

        def one():
            self.place.write_config(broken)
            self.place.gate.send_signal(signal.SIGHUP)
            wait_for("the reload", 10, lambda: self.place.metrics()[RELOAD_OK] == (0 if broken else 1))

        self.tally.run(("conductor", "SIGHUP, broken" if broken else "SIGHUP"), one)

    def rotate(self):
        self.tally.run(("conductor", "rotation, SIGUSR1"), self.place.rotate)

    def look_behind(self):
        def one():
            found = clients.strangers(self.place)
            if found:
                raise AssertionError(f"at the engine: {found}")

        with self.presence:
            self.tally.run(("conductor", "no stranger at the engine"), one)

    def restart_engine(self):
        """Without an engine denied is denied, and allowed is 502."""
        self.presence.take_away()
        try:
            if self.place.stopping.is_set():
                return
            self.place.engine("stop")
            self.tally.run(("conductor", "engine away: allowed, 502"), lambda: self.status("GET", "/v1.41/containers/json", 502))
            self.tally.run(("conductor", "engine away: denied, 403"), lambda: self.status("POST", "/v1.41/containers/x/start", 403))
            self.place.engine("start")
            clients.make_corpus(self.place)
            self.tally.run(("conductor", "engine back: allowed, 200"), lambda: self.status("GET", "/v1.41/containers/json", 200))
        except Exception as error:  # pylint: disable=broad-except
            if not self.place.stopping.is_set():
                self.tally.add(("conductor", "engine restart"), problem=f"{type(error).__name__}: {error}")
        finally:
            self.presence.bring_back()

    def status(self, method, target, wanted):
        status, body = http_get(self.place.socket("monitoring"), target, method)
        if status != wanted:
            raise AssertionError(f"{status}, not {wanted}: {body[:300]!r}")


class Watch:
    """Samples of the gate. What it opens to look is a connection to the metrics' socket."""

    def __init__(self, place, tally, seconds):
        self.place, self.tally, self.seconds = place, tally, seconds
        self.start = time.monotonic()
        self.samples = []  # (seconds since the start, resident KiB, descriptors, connections)
        self.at_start = self.sample()

    def sample(self):
        descriptors, resident = self.place.descriptors(), self.place.resident_kib()
        connections = sum(value for name, value in self.place.metrics().items() if name.startswith("quaygate_open_connections{"))
        return (time.monotonic() - self.start, resident, descriptors, int(connections))

    def loop(self):
        while not self.place.stopping.wait(self.seconds):
            try:
                self.samples.append(self.sample())
            except Exception as error:  # pylint: disable=broad-except
                self.tally.add(("watch", "sample"), problem=f"{type(error).__name__}: {error}")

    def line(self):
        tries, wrong = self.tally.totals
        at, resident, descriptors, connections = self.samples[-1] if self.samples else self.at_start
        return (f"{at:6.0f} s  resident {resident} KiB  descriptors {descriptors}  connections {connections}  "
                f"tries {tries}  wrong {wrong}")

    def thirds(self):
        n = len(self.samples) // 3
        return [self.samples[:n], self.samples[n:2 * n], self.samples[2 * n:]]

    def table(self):
        lines = ["", f"{'samples':<14} {'n':>5} {'KiB: median':>12} {'max':>8} {'descriptors: median':>20} {'max':>6} "
                 f"{'connections: median':>20} {'max':>6}"]
        for name, part in zip(("first third", "second third", "last third"), self.thirds()):
            if part:
                _, resident, descriptors, connections = zip(*part)
                lines.append(f"{name:<14} {len(part):>5} {statistics.median(resident):>12.0f} {max(resident):>8} "
                             f"{statistics.median(descriptors):>20.0f} {max(descriptors):>6} "
                             f"{statistics.median(connections):>20.0f} {max(connections):>6}")
        return lines
