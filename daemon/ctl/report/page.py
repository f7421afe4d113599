#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Puts report.html, report.css and report.js together as one page, in C, in two parts: what is before the data and what is behind.

usage: page.py FOLDER OUTPUT.c

The page may run that script and use that style, and nothing else: its Content-Security-Policy names their hashes.
"""
import base64
import hashlib
import os
import sys


def read(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        return file.read()


def hash_of(text):
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def array(name, text):
    # Bytes, not a string: the standard's strings end at 4095.
    data = text.encode()
    rows = (", ".join(str(b) for b in data[i:i + 32]) for i in range(0, len(data), 32))
    return f"const unsigned char {name}[] = {{\n    " + ",\n    ".join(rows) + f"}};\nconst size_t {name}_SIZE = {len(data)};\n"


def main():
    folder, output = sys.argv[1:]
    page, style, script = (read(folder, f"report.{kind}") for kind in ("html", "css", "js"))
    if "</" in script or "</" in style or "<!--" in script:
        sys.exit("report.js, report.css: '</' and '<!--' would end the element they are in")
    policy = (f"default-src 'none'; style-src {hash_of(style)}; script-src {hash_of(script)}; base-uri 'none'; form-action 'none'")
    for mark, text in (("@CSP@", policy), ("@STYLE@", style), ("@SCRIPT@", script)):
        if page.count(mark) != 1:
            sys.exit(f"report.html must have one {mark}")
        page = page.replace(mark, text)
    before, _, behind = page.partition("@DATA@")
    if not behind:
        sys.exit("report.html must have one @DATA@")
    with open(output, "w", encoding="ascii") as out:
        out.write("// Made by daemon/ctl/report/page.py.\n#include \"daemon/ctl/review_page.h\"\n\n" + array("REVIEW_BEFORE", before) + array("REVIEW_BEHIND", behind))


main()
