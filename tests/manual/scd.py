# SPDX-License-Identifier: Apache-2.0
"""Reads the pages of packaging/man, as far as tests need it: sections, entries, examples."""

import os
import re

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.join(TOP, "packaging", "man")
PAGES = sorted(name[:-len(".scd")] for name in os.listdir(FOLDER) if name.endswith(".scd"))


def text_of(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as file:
        return file.read()


def plain(text):
    """Without marks and escapes."""
    text = re.sub(r"(?<!\\)\*|(?<![\\\w])_|(?<!\\)_(?!\w)", "", text)
    return re.sub(r"\\(.)", r"\1", text)


class Example:
    """A literal block. `marks` are the words of the comments right above it: [["run"], ["file", "ci.yaml"]]"""

    def __init__(self, page, line, marks, lines):
        self.page, self.line, self.marks = page, line, marks
        # scdoc takes a backslash even there.
        self.text = re.sub(r"\\(.)", r"\1", "\n".join(lines)) + "\n"

    def mark(self, word):
        return next((mark[1:] for mark in self.marks if mark[0] == word), None)

    def __str__(self):
        return f"{self.page}:{self.line}"


class Page:
    def __init__(self, name):
        self.name = name
        self.lines = text_of(f"packaging/man/{name}.scd").splitlines()

    def section(self, title):
        """The lines of `# TITLE` or `## TITLE`, what is below it included."""
        found, level = [], 0
        for line in self._without_examples():
            head = re.match(r"(#+) (.*)$", line)
            if head and level and len(head[1]) <= level:
                break
            if head and head[2] == title:
                level = len(head[1])
            elif level:
                found.append(line)
        return found

    def sections(self, title):
        """The names of the `##` below `# TITLE`."""
        return [line[3:] for line in self.section(title) if line.startswith("## ")]

    def entries(self, title):
        """Each paragraph with an indented text below it: the words in bold of its head, and the head without marks."""
        lines, found, head = self.section(title), [], []
        for line in lines:
            if line.startswith("\t") and head:
                text = " ".join(head)
                # Between plain parentheses is a value's type.
                names = re.sub(r" \(.*\)$", "", text)
                found.append(([plain(name) for name in re.findall(r"(?<!\\)\*(.+?)(?<!\\)\*", names)], plain(text)))
                head = []
            elif line.startswith("*") or (head and line and not line.startswith("\t")):
                head.append(line)
            else:
                head = []
        return found

    def names(self, title):
        return [name for names, _ in self.entries(title) for name in names]

    def examples(self):
        found, marks, block = [], [], None
        for n, line in enumerate(self.lines, 1):
            if line == "```" and block is None:
                block, began = [], n
            elif line == "```":
                found.append(Example(self.name, began, marks, block))
                block, marks = None, []
            elif block is not None:
                block.append(line)
            elif line.startswith("; "):
                marks = [*marks, line[2:].split()]
            elif line:
                marks = []
        return found

    def _without_examples(self):
        inside = False
        for line in self.lines:
            if line == "```":
                inside = not inside
            elif not inside and not line.startswith("; "):
                yield line
