#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a page of the manual; what stands elsewhere already is filled in.

usage: page.py SCDOC PAGE.scd OUTPUT DEPFILE VERSION POLICY-FOLDER

@VERSION@ is the release, @PRESETS@ the presets of POLICY-FOLDER/presets, @REASONS@ the rows of POLICY-FOLDER/reason.c.
"""

import os
import re
import subprocess
import sys
import textwrap

LICENCE = "# SPDX-License-Identifier: Apache-2.0\n"


def fail(why):
    sys.exit(f"page.py: {why}")


def text_of(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def plain(text):
    """What scdoc would take for marks of its own."""
    return re.sub(r"([\\*_`|\[\]])", r"\\\1", text)


def entry(head, *paragraphs):
    lines = "\n\n".join("\n".join("\t" + line for line in textwrap.wrap(p, 100, break_on_hyphens=False)) for p in paragraphs)
    return f"{head}\n{lines}\n"


def preset(path):
    """Its comment, and what it allows. presets.py has looked at its form."""
    name = os.path.basename(path)[:-len(".yaml")]
    comment, _, rest = text_of(path).removeprefix(LICENCE).partition("policies:")
    lines = [line.removeprefix("#").strip() for line in comment.splitlines()]
    include = re.findall(r"^    include: \[(.*)\]", rest, re.MULTILINE)
    allow = rest.partition("    allow:\n")[2]
    allow = re.split(r"^    \w", allow, maxsplit=1, flags=re.MULTILINE)[0]
    ids = re.findall(r"^      - (?:\{?operation: )?(\w+)", allow, re.MULTILINE)
    holds = re.findall(r"^    (\w+):", rest, re.MULTILINE)
    if not lines or not holds:
        fail(f"{path} is no preset")
    says = [f"Includes: {', '.join(include)}."] if include else []
    says += [f"Allows: {', '.join(ids)}."] if ids else []
    says += [f"Has: {', '.join(h for h in holds if h not in ('include', 'allow'))}."] if set(holds) - {"include", "allow"} else []
    return entry(f"*{name}*", plain(lines[0]), *([plain(" ".join(lines[1:]))] if lines[1:] else []), *map(plain, says))


def presets(folder):
    names = sorted(name for name in os.listdir(folder) if name.endswith(".yaml"))
    return "\n".join(preset(os.path.join(folder, name)) for name in names)


def reasons(path):
    rows = re.findall(r'\[REASON_\w+\]\s*=\s*\{(\d+), (?:true|false), "(\w+)",\s*"([^"]*)"\}', text_of(path))
    if len(rows) < 2 or len(rows) != len(re.findall(r"^    \[REASON_\w+\]", text_of(path), re.MULTILINE)):
        fail(f"not every row of {path} is understood")
    return "\n".join(entry(f"*{label}*, {status}", plain(sentence[0].upper() + sentence[1:] + "."))
                     for status, label, sentence in rows if label != "ok")


def to_roff(scdoc, page, text):
    done = subprocess.run([scdoc], input=text, capture_output=True, encoding="utf-8", check=False)
    if done.returncode != 0:
        fail(f"{page}: {done.stderr.strip()} (without the lines that begin with ';')")
    return done.stdout


def main():
    scdoc, page, output, depfile, version, policy = sys.argv[1:]
    # Without comments: scdoc takes none before its first line, where the licence stands.
    text, used = re.sub(r"^; .*\n", "", text_of(page), flags=re.MULTILINE).replace("@VERSION@", version), []
    if "@PRESETS@" in text:
        folder = os.path.join(policy, "presets")
        text = text.replace("@PRESETS@", presets(folder))
        # The folder too: it changes with each file that comes or goes.
        used += [folder, *(os.path.join(folder, name) for name in sorted(os.listdir(folder)))]
    if "@REASONS@" in text:
        used.append(os.path.join(policy, "reason.c"))
        text = text.replace("@REASONS@", reasons(used[-1]))
    # scdoc asks for no hyphens before .TH, and .TH brings them back: keys, paths and options would be torn apart.
    roff = re.sub(r"^(\.TH .*\n)", r"\1.nh\n.ad l\n", to_roff(scdoc, page, text), count=1, flags=re.MULTILINE)
    # man(7): the first line names the preprocessors that a page needs; without it tables may come out as their source.
    if re.search(r"^\.TS", roff, re.MULTILINE):
        roff = "'\\\" t\n" + roff
    depends = f"{output}: " + " ".join(path.replace(" ", "\\ ") for path in used) + "\n"
    for path, content in ((output, roff), (depfile, depends)):
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)


main()
