#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that includes point down: the rules are in layers.txt. Prints each file that breaks one."""

import fnmatch
import glob
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))


def read_rules():
    places, libraries, forbidden = {}, [], []
    with open(os.path.join(HERE, "layers.txt"), encoding="utf-8") as file:
        for number, line in enumerate(file):
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            if words[0] == "library":
                libraries.append((words[1], words[2:]))
            elif words[0] == "library-not":
                forbidden.append((words[1], words[2:]))
            else:
                for group in words:
                    for module in group.split("+"):
                        places[module] = (number, group)
    return places, libraries, forbidden


def check_library(path, header, libraries, forbidden):
    for prefix, files in libraries:
        if header.startswith(prefix) and not any(fnmatch.fnmatch(path, f) for f in files):
            return f"may not include <{header}>"
    for prefix, files in forbidden:
        if header.startswith(prefix) and any(fnmatch.fnmatch(path, f) for f in files):
            return f"may not include <{header}>"
    return None


def check_own(path, header, places):
    """A header of ours, written from the file's own folder or from the top."""
    folder = os.path.dirname(path)
    target = header if os.path.exists(os.path.join(TOP, header)) else os.path.join(folder, header)
    if not os.path.exists(os.path.join(TOP, target)):
        return None  # generated, or a library's
    if folder == "policy":
        return None if target.startswith("policy/") else f"policy includes nothing but policy, not {header}"
    if folder == "daemon/ctl" or not target.startswith("daemon/"):
        return None
    if target.startswith("daemon/ctl/"):
        return f"the daemon doesn't include the command: {header}"
    module = os.path.splitext(os.path.basename(path))[0]
    other = os.path.splitext(os.path.basename(target))[0]
    for name in (module, other):
        if name not in places:
            return f"{name} has no place in tests/style/layers.txt"
    if module == other or places[module][1] == places[other][1]:
        return None
    if places[module][0] < places[other][0]:
        return None
    return f"may not include {header}: it stands on a higher or the same line of tests/style/layers.txt"


def main():
    places, libraries, forbidden = read_rules()
    files = [p for f in ("policy", "daemon", "daemon/ctl") for p in glob.glob(os.path.join(TOP, f, "*.[ch]"))]
    bad = 0
    for file in sorted(files):
        path = os.path.relpath(file, TOP)
        with open(file, encoding="utf-8") as text:
            includes = re.findall(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', text.read(), re.MULTILINE)
        for mark, header in includes:
            problem = check_library(path, header, libraries, forbidden)
            if not problem and mark == '"':
                problem = check_own(path, header, places)
            if problem:
                print(f"{path}: {problem}")
                bad += 1
    return 1 if bad or not files else 0


if __name__ == "__main__":
    sys.exit(main())
