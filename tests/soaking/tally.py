# SPDX-License-Identifier: Apache-2.0
"""What a soak counts: each thing that a client tried, and whether it came out as it must."""

import threading
import time

SHOWN = 20  # wrong results that are told in full, as they come


class CutOff(Exception):
    """The soak ends while a client was at something: neither right nor wrong."""


class Tally:
    def __init__(self):
        self._lock = threading.Lock()
        self.rows = {}  # (client, what) → [tries, wrong, seconds]
        self.wrong = []

    def add(self, key, seconds=0.0, problem=None, n=1):
        with self._lock:
            row = self.rows.setdefault(key, [0, 0, 0.0])
            row[0] += n
            row[2] += seconds
            if problem is not None:
                row[1] += 1
                self.wrong.append(f"{time.strftime('%H:%M:%S')} {key[0]}: {key[1]}: {' '.join(str(problem).split())[:700]}")
                if len(self.wrong) <= SHOWN:
                    print("wrong: " + self.wrong[-1], flush=True)

    def run(self, key, function):
        """One try. Whatever it raises is a wrong result, but for being cut off."""
        start = time.monotonic()
        try:
            function()
        except CutOff:
            return
        except Exception as error:  # pylint: disable=broad-except
            text = str(error) if isinstance(error, AssertionError) else f"{type(error).__name__}: {error}"
            self.add(key, time.monotonic() - start, text)
        else:
            self.add(key, time.monotonic() - start)

    @property
    def totals(self):
        with self._lock:
            return sum(row[0] for row in self.rows.values()), len(self.wrong)

    def table(self):
        lines = [f"{'client':<10} {'what':<44} {'tries':>8} {'wrong':>6} {'ms each':>8}"]
        for (client, what), (tries, wrong, seconds) in sorted(self.rows.items()):
            lines.append(f"{client:<10} {what:<44} {tries:>8} {wrong:>6} {1000 * seconds / max(tries, 1):>8.1f}")
        tries, wrong = self.totals
        lines.append(f"{'all':<55} {tries:>8} {wrong:>6}")
        return lines


class Presence:
    """Whether the engine is there. Clients that need it share it; who restarts it has it alone."""

    def __init__(self):
        self._changed = threading.Condition()
        self._users = 0
        self._away = False

    def __enter__(self):
        with self._changed:
            self._changed.wait_for(lambda: not self._away)
            self._users += 1

    def __exit__(self, *_):
        with self._changed:
            self._users -= 1
            self._changed.notify_all()

    def take_away(self):
        """Waits for those who are at it; those who come then wait for bring_back."""
        with self._changed:
            self._away = True
            self._changed.wait_for(lambda: self._users == 0)

    def bring_back(self):
        with self._changed:
            self._away = False
            self._changed.notify_all()
