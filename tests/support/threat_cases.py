# SPDX-License-Identifier: Apache-2.0
"""Reads tests/threats/*.txt: raw requests and the verdict each must get. The form is in tests/threats/README.md;
support/threats.c reads it too, and the suite holds both readings against each other."""

import glob
import os
import re

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "threats")
CHECKS = ("create", "create-half", "exec", "start", "smuggle", "status")
KEYS = {"case": r"[a-z0-9-]+", "threats": r"T-\d{3}(, T-\d{3})*", "expect": r"deny|allow", "check": "|".join(CHECKS),
        "policy": r"[a-z0-9-]+", "requests": r"\d", "why": r".+"}
NEEDED = ("case", "expect", "check", "why")
JSON_HEAD = ("{} HTTP/1.1\r\nHost: docker\r\nContent-Type: application/json\r\nConnection: close\r\n"
             "Content-Length: $LENGTH\r\n\r\n")


class CaseError(Exception):
    pass


class Case:
    def __init__(self, place):
        self.place = place
        self.fields = {}
        self.request = b""
        self._head = b""
        self._body = b""

    def __getattr__(self, name):
        return self.fields.get(name)

    @property
    def allowed(self):
        return self.expect == "allow"

    @property
    def n_requests(self):
        """How many of the requests in it must arrive at the engine."""
        return int(self.requests or 1) if self.allowed else 0

    def add_head(self, data):
        if self._body:
            self.flush()
        self._head += data

    def add_body(self, data):
        self._body += data

    def flush(self):
        length = str(len(self._body)).encode()
        self.request += self._head.replace(b"$LENGTH", length) + self._body
        self._head = self._body = b""


def decode(text):
    """`\\xNN` is a byte; nothing else is an escape, so that JSON's own stand as they are sent."""
    return re.sub(rb"\\x([0-9a-f]{2})", lambda m: bytes([int(m[1], 16)]), text.encode("ascii"))


def take_line(case, line):
    if line == ">" or line.startswith("> "):
        case.add_head(decode(line[2:]) + b"\r\n")
    elif line.startswith("+ "):
        case.add_body(decode(line[2:]))
    elif line.startswith("= "):
        case.add_body(decode(line[2:]) + b"\r\n")
    elif line == "=":
        case.add_body(b"\r\n")
    elif match := re.fullmatch(r"\* (\d+) (.+)", line):
        case.add_body(decode(match[2]) * int(match[1]))
    elif match := re.fullmatch(r"json ([A-Z]+ \S+)", line):
        case.flush()
        case.add_head(decode(JSON_HEAD.format(match[1])))
    elif (match := re.fullmatch(r"([a-z]+): (.+)", line)) and match[1] in KEYS:
        if match[1] in case.fields:
            raise CaseError(f"{match[1]} stands twice")
        if not re.fullmatch(KEYS[match[1]], match[2]):
            raise CaseError(f"{match[1]} can't be {match[2]!r}")
        case.fields[match[1]] = match[2]
    else:
        raise CaseError(f"not a line of a case: {line!r}")


def read_file(path):
    cases, case = [], None
    with open(path, encoding="ascii", newline="\n") as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\n")
            place = f"{os.path.basename(path)}:{number}"
            try:
                if not line or line.startswith("#"):
                    continue
                if line.startswith("case: "):
                    case = Case(place)
                    cases.append(case)
                if case is None:
                    raise CaseError("before the first case")
                take_line(case, line)
            except CaseError as error:
                raise CaseError(f"{place}: {error}") from None
    for case in cases:
        case.flush()
        missing = [key for key in NEEDED if key not in case.fields]
        if missing or not case.request:
            raise CaseError(f"{case.place}: no {', '.join(missing) or 'request'}")
    return cases


def paths():
    return sorted(glob.glob(f"{FOLDER}/*.txt"))


def read_all(files):
    """All cases of the files, in their order; an id twice is an error."""
    cases = []
    for path in files:
        cases += read_file(path)
    seen = {}
    for case in cases:
        if case.case in seen:
            raise CaseError(f"{case.place}: {case.case} is at {seen[case.case]} too")
        seen[case.case] = case.place
    return cases
