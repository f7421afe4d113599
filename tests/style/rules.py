#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Holds daemon/metrics_rules.def against the rules that the policy's tables and code name.

A rule that isn't there is counted as "other": that bounds what a metric's label may be, and nobody would notice one
that was forgotten. Rules stand in the rows of policy/fields_*.def and params.def, and in the code as .rule = "…", as
static RULE[] = "…", or as the argument of a function that objects.
"""

import glob
import os
import re
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FAMILY = r"(?:allow|archive|attach|build|checkpoints|commit|containers|exec|images|listener|logs|networks|services|top|volumes)"
ROW = re.compile(r'^(?:\w+)\(.*?"((?!fields)[a-z_]+\.[a-z_]+)"', re.MULTILINE)
CODE = [re.compile(pattern) for pattern in (
    r'\.rule = "([a-z_.]+)"',
    r'RULE(?:\[\])? (?:= )?"([a-z_.]+)"',
    r'\brule(?:\[\]|)? = "([a-z_.]+)"',
    rf'REASON_\w+,\s*"({FAMILY}\.[a-z_]+)"',
    r'(?:required_miss|required_since|exec_object|params_object|judgement_refuse(?:_hinted)?)\([^;]*?"'
    rf'({FAMILY}\.[a-z_]+)"',
    r'\*ret_rule = "([a-z_.]+)"',
    r'"(api_versions\.[a-z_]+)"',
)]


def text_of(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def main():
    known = set(re.findall(r'^RULE\("([^"]+)"\)', text_of(f"{TOP}/daemon/metrics_rules.def"), re.MULTILINE))
    found = {}
    for path in glob.glob(f"{TOP}/policy/fields_*.def") + [f"{TOP}/policy/params.def"]:
        for rule in ROW.findall(text_of(path)):
            found.setdefault(rule, path)
    for path in glob.glob(f"{TOP}/policy/*.c") + glob.glob(f"{TOP}/daemon/*.c"):
        for pattern in CODE:
            for rule in pattern.findall(text_of(path)):
                found.setdefault(rule, path)
    for name in re.findall(r'^    \{"[A-Z]\w+", "([a-z]+)", fields_', text_of(f"{TOP}/policy/fields.c"), re.MULTILINE):
        found.setdefault(f"{name}.unknown_fields", "policy/fields.c")
    for rule in sorted(set(found) - known):
        print(f"{os.path.relpath(found[rule], TOP)}: {rule} is not in daemon/metrics_rules.def")
    print(f"{len(found)} rules found, {len(known)} known")
    return 1 if set(found) - known or len(found) < 70 else 0


if __name__ == "__main__":
    sys.exit(main())
