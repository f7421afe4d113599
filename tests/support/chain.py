#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Verifies the hash chain of audit files, by the contract alone and not by the daemon's code.

usage: chain.py [--gaps] FILE…      one trail, oldest file first; --gaps: lines may be missing
"""

import hashlib
import json
import re
import sys

HASH = re.compile(rb',"hash":"(sha256:[0-9a-f]{64})"}\n\Z')


def verify(lines, gaps=False):
    """What is wrong, line by line. Lines without a hash (chain: none) are only counted."""
    problems, before, sequence = [], None, None
    for number, line in enumerate(lines, 1):
        try:
            record = json.loads(line)
        except ValueError:
            problems.append(f"line {number} is no record")
            continue
        if sequence is not None and (record["seq"] <= sequence if gaps else record["seq"] != sequence + 1):
            problems.append(f"line {number}: seq {record['seq']} follows {sequence}")
        begins = sequence is None and record["seq"] > 1  # what is before it was rotated away
        missing = begins or (sequence is not None and record["seq"] > sequence + 1)
        sequence = record["seq"]
        found = HASH.search(line)
        if found is None:
            if record.get("hash", None) is not None or before is not None:
                problems.append(f"line {number} has no hash")
            continue
        if "sha256:" + hashlib.sha256(line[:found.start()] + b"}").hexdigest() != record["hash"]:
            problems.append(f"line {number} was changed")
        if not missing and record["prev"] != before:
            problems.append(f"line {number}: prev is {record['prev']}, the line before it has {before}")
        before = record["hash"]
    return problems


def main():
    names = [name for name in sys.argv[1:] if name != "--gaps"]
    lines = []
    for name in names:
        with open(name, "rb") as file:
            lines.extend(file)
    problems = verify(lines, "--gaps" in sys.argv)
    for problem in problems:
        print(problem)
    print(f"{len(lines)} lines")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
