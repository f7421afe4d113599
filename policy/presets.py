#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Turns the files of a folder into the table of presets, in C; a new file there is a new preset.

usage: presets.py FOLDER OUTPUT.c DEPFILE

FOLDER/NAME.yaml holds the one policy NAME. Its first line is the licence, which stays out of the text; the comment that
follows begins with a sentence of one line, which `quaygate presets` lists.
"""

import os
import re
import sys

LICENCE = "# SPDX-License-Identifier: Apache-2.0"
SUMMARY_COLUMNS = 90


def fail(path, why):
    sys.exit(f"{path}: {why}")


def read_preset(path):
    """(name, summary, text)"""
    name = os.path.basename(path)[:-len(".yaml")]
    with open(path, encoding="ascii") as file:
        first, _, text = file.read().partition("\n")
    lines = text.split("\n")
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", name):
        fail(path, "a preset's name has small letters, digits and '-'")
    if first != LICENCE:
        fail(path, f"the first line must be '{LICENCE}'")
    if not re.fullmatch(r"# \S.*\.", lines[0]) or len(lines[0]) - 2 > SUMMARY_COLUMNS:
        fail(path, f"the second line must be a comment that says what it is for: a sentence of at most {SUMMARY_COLUMNS} bytes")
    if re.search(r"[\t\r]| $", text, re.MULTILINE) or not text.endswith("\n") or text.endswith("\n\n"):
        fail(path, "tabs, spaces at a line's end, or no line end at the end")
    keys = [line for line in lines if re.match(r" {0,3}[^ #]", line)]
    if keys != ["policies:", f"  {name}:"]:
        fail(path, f"must hold 'policies:' and below it '  {name}:', and nothing beside")
    return name, lines[0][2:-1], text


def quoted(text):
    # Octal, since its three digits end an escape; ?? would begin a trigraph.
    return '"' + "".join(c if c.isalnum() or c in " #:;,.'_-/()[]{}*=<>+|" else f"\\{ord(c):03o}" for c in text) + '"'


def write_table(presets, out):
    out.write("// Made by policy/presets.py of policy/presets/*.yaml.\n#include \"policy/presets.h\"\n\n"
              "const Preset PRESETS[] = {\n")
    for name, summary, text in presets:
        out.write(f"    {{{quoted(name)}, {quoted(summary)},\n")
        out.write("\n".join(f"     {quoted(line)}" for line in text.splitlines(keepends=True)))
        out.write("},\n")
    out.write("};\n\nconst char *const PRESET_NAMES[] = {\n")
    out.write("".join(f"    {quoted(name)},\n" for name, _, _ in presets))
    out.write("};\n\nconst size_t N_PRESETS = ARRAY_SIZE(PRESETS);\n")


def main():
    folder, output, depfile = sys.argv[1:]
    names = sorted(name[:-len(".yaml")] for name in os.listdir(folder) if name.endswith(".yaml"))
    files = [os.path.join(folder, name + ".yaml") for name in names]
    presets = [read_preset(path) for path in files]
    if not presets:
        fail(folder, "no presets")
    with open(output, "w", encoding="ascii") as out:
        write_table(presets, out)
    # The folder too: it changes with each file that comes or goes.
    with open(depfile, "w", encoding="utf-8") as out:
        out.write(f"{output}: " + " ".join(path.replace(" ", "\\ ") for path in [folder, *files]) + "\n")


main()
