# SPDX-License-Identifier: Apache-2.0
"""Reads .scn files: the format is described at the top of tests/README.md. Strict: what it doesn't
know is an error with file and line."""

import re

ESCAPES = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "\\": b"\\", '"': b'"'}
SECTIONS = {"config", "before", "client", "engine", "daemon", "audit", "each"}
DIRECTIVES = {"policy", "needs", "engine-is", "start", "arguments", "timeout", "secret", "audit-file",
              "audit-gaps", "clock", "manager", "passes", "watchdog", "without"}


class ScnError(Exception):
    pass


class Step:
    def __init__(self, line, text):
        self.line = line
        self.text = text
        self.sub = []  # lines that are indented below it

    def __str__(self):
        return f"line {self.line}: {self.text.strip()}"


class Section:
    def __init__(self, line, kind, arguments):
        self.line = line
        self.kind = kind
        self.arguments = arguments
        self.steps = []
        self.raw = []

    def option(self, word):
        """`client on b.sock as 65534`: the word behind `on`."""
        if word in self.arguments:
            return self.arguments[self.arguments.index(word) + 1]
        return None

    @property
    def name(self):
        first = self.arguments[0] if self.arguments else None
        return None if first in ("on", "as", "from", "unordered") else first


class Scenario:
    def __init__(self, path, line, name):
        self.path = path
        self.line = line
        self.name = name
        self.directives = {}
        self.sections = []
        self.row = {}  # $1, $2 … of `each`

    def of(self, kind):
        return [s for s in self.sections if s.kind == kind]

    def get(self, key, default=None):
        return self.directives.get(key, default)


def unescape(text):
    """Text with \\r \\n \\t \\0 \\xHH \\\\ and \\(text*COUNT) to bytes; # in such a text counts."""
    out = bytearray()
    i = 0
    while i < len(text):
        if text[i] != "\\":
            out += text[i].encode()
            i += 1
            continue
        letter = text[i + 1:i + 2]
        repeat = re.match(r"\\\((.+?)\*(\d+)\)", text[i:])
        if repeat:
            counts = range(int(repeat[2]))
            out += (b"".join(unescape(repeat[1].replace("#", str(count))) for count in counts)
                    if "#" in repeat[1] else unescape(repeat[1]) * len(counts))
            i += repeat.end()
        elif letter == "x":
            out.append(int(text[i + 2:i + 4], 16))
            i += 4
        elif letter in ESCAPES:
            out += ESCAPES[letter]
            i += 2
        else:
            raise ScnError(f"unknown escape \\{letter} in {text!r}")
    return bytes(out)


def parse_size(text):
    match = re.fullmatch(r"(\d+)(KiB|MiB|GiB)?", text)
    if not match:
        raise ScnError(f"not a size: {text!r}")
    return int(match[1]) * {None: 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}[match[2]]


def parse_time(text):
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s)", text)
    if not match:
        raise ScnError(f"not a time: {text!r}")
    return float(match[1]) / (1000 if match[2] == "ms" else 1)


def _parse_lines(path):
    scenarios, scenario, section = [], None, None
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\n")
            where = f"{path}:{number}"
            if not line.strip():
                if section and section.kind == "config":
                    section.raw.append((number, ""))
                continue
            if not line.startswith(" "):
                if line.startswith("#"):
                    continue
                if line.startswith("scenario:"):
                    scenario = Scenario(path, number, line[9:].strip())
                    scenarios.append(scenario)
                    section = None
                    continue
                if scenario is None:
                    raise ScnError(f"{where}: text before the first scenario")
                key, colon, value = line.partition(":")
                if colon and key in DIRECTIVES:
                    scenario.directives[key] = value.strip()
                    section = None
                    continue
                words = line.split()
                if words[0] not in SECTIONS:
                    raise ScnError(f"{where}: unknown section or directive {line!r}")
                section = Section(number, words[0], words[1:])
                scenario.sections.append(section)
                continue
            if section is None:
                raise ScnError(f"{where}: indented text outside a section")
            if not line.startswith("  "):
                raise ScnError(f"{where}: indent by two")
            section.raw.append((number, line[2:]))
    return scenarios


def _steps(section):
    """Raw lines to steps; deeper lines hang on the step above them."""
    for number, line in section.raw:
        if line.lstrip().startswith("#"):
            continue
        if line.startswith("  "):
            if not section.steps:
                raise ScnError(f"line {number}: nothing to hang {line!r} on")
            section.steps[-1].sub.append(line.strip())
        else:
            section.steps.append(Step(number, line))


def _substitute(text, row):
    for key, value in row.items():
        text = text.replace(key, value)
    return text


def _expand(scenario):
    """One scenario a row of `each`; `$1` is the row's second column, and so on."""
    each = scenario.of("each")
    if not each:
        return [scenario]
    result = []
    for number, line in each[0].raw:
        if line.startswith("#"):
            continue
        columns = re.split(r"\s\|\s", line)
        one = Scenario(scenario.path, number, f"{scenario.name}: {columns[0].strip()}")
        one.row = {f"${i}": column.strip() for i, column in enumerate(columns[1:], 1)}
        one.directives = {key: _substitute(value, one.row) for key, value in scenario.directives.items()}
        for section in scenario.sections:
            if section.kind == "each":
                continue
            copy = Section(section.line, section.kind, [_substitute(a, one.row) for a in section.arguments])
            copy.raw = [(n, _substitute(text, one.row)) for n, text in section.raw]
            one.sections.append(copy)
        result.append(one)
    return result


def load(path):
    scenarios = []
    for scenario in _parse_lines(path):
        scenarios += _expand(scenario)
    for scenario in scenarios:
        for section in scenario.sections:
            if section.kind != "config":
                _steps(section)
    return scenarios
