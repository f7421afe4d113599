#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Holds tests/threats/T-numbers.md against the tree: each known threat has a row, each place in it exists, the number
stands in a comment there or beside it, each case named is one of that threat; what deviates is on the page that says
why, and nothing else is on it."""

import os
import re
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, f"{TOP}/tests/support")

import threat_cases  # noqa: E402

TABLE = f"{TOP}/tests/threats/T-numbers.md"
PAGE = f"{TOP}/packaging/man/quaygated.8.scd"  # in comments above the entry that says why
KNOWN = [*range(1, 18), *range(20, 30), *range(30, 48), *range(50, 97), *range(100, 104)]
NUMBER = re.compile(r"T-\d{3}")
wrong = []


def text_of(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""


def numbers_in_sources():
    """Those that a comment of a source names; `T-001 to T-011` names what is between."""
    found = set()
    for folder in ("policy", "daemon"):
        for name in os.listdir(f"{TOP}/{folder}"):
            if not name.endswith((".c", ".h", ".def")):
                continue
            text = text_of(f"{TOP}/{folder}/{name}")
            found.update(NUMBER.findall(text))
            for first, last in re.findall(r"T-(\d{3}) to T-(\d{3})", text):
                found.update(f"T-{n:03d}" for n in range(int(first), int(last)))
    return found


def check_places(number, places):
    for place in places:
        path, _, name = place.partition(":")
        text = text_of(f"{TOP}/{path}")
        pattern = rf"^[A-Za-z].*\b{re.escape(name)}\(" if path.endswith(".c") else re.escape(name)
        if not name or not re.search(pattern, text, re.MULTILINE):
            wrong.append(f"{number}: there is no {name or 'name'} in {path}")


def check_proof(number, proof, cases):
    for item in proof:
        if "/" in item:
            if not os.path.isfile(f"{TOP}/{item}"):
                wrong.append(f"{number}: there is no {item}")
        elif number not in cases.get(item, ()):
            wrong.append(f"{number}: {item} is no case of it")


def check_row(number, where, proof, cases, named):
    places = [p for p in where if p != "deviation"]
    check_places(number, places)
    check_proof(number, proof, cases)
    if places and not proof:
        wrong.append(f"{number}: nothing proves it")
    if not where:
        wrong.append(f"{number}: neither a place nor a deviation")
    if places and number not in named:
        wrong.append(f"{number}: no comment of policy/ or daemon/ names it")


def main():
    cases = {c.case: (c.threats or "").split(", ") for c in threat_cases.read_all(threat_cases.paths())}
    named, rows, deviating = numbers_in_sources(), {}, set()
    for line in text_of(TABLE).splitlines():
        if not line.startswith("| T-"):
            continue
        parts = [p.strip() for p in line.strip("|").split("|")]
        if len(parts) != 4 or not NUMBER.fullmatch(parts[0]) or parts[0] in rows:
            wrong.append(f"not a row, or one of a number that has one: {line}")
            continue
        where, proof = ([p for p in text.split(", ") if p and p != "-"] for text in parts[2:])
        rows[parts[0]] = where
        if "deviation" in where:
            deviating.add(parts[0])
        check_row(parts[0], where, proof, cases, named)
    for number in sorted({f"T-{n:03d}" for n in KNOWN} ^ set(rows)):
        wrong.append(f"{number}: {'not a known one' if number in rows else 'no row'}")
    for number in sorted(deviating ^ set(NUMBER.findall(text_of(PAGE)))):
        wrong.append(f"{number}: {'not on the page' if number in deviating else 'on the page, but not in the table'}")
    for case, numbers in cases.items():
        wrong.extend(f"{case}: {n} has no row" for n in numbers if n and n not in rows)
    print("\n".join(wrong) if wrong else f"{len(rows)} threats, {len(cases)} cases")
    return 1 if wrong or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
