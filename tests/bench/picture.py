# SPDX-License-Identifier: Apache-2.0
"""The picture of tests/bench/run for the README: two panels of bars and a table. It has a ground of its own, so that it can be read on a
light and on a dark page; ratios alone, as what is measured on another machine differs."""

from xml.sax.saxutils import escape

COLOURS = {"quaygate": "q", "relay-splice": "r", "haproxy tuned": "t", "haproxy": "h"}
STYLE = """
.ground{fill:#ffffff;stroke:#d0d7de} text{font:13px system-ui,sans-serif;fill:#1f2328} .title{font-size:17px;font-weight:600}
.head{font-weight:600} .small{font-size:12px;fill:#59636e} .end{text-anchor:end} .line{stroke:#1f2328;stroke-dasharray:3 3}
.rule{stroke:#d0d7de} .q{fill:#0969da} .r{fill:#9a9fa6} .t{fill:#d4a72c} .h{fill:#bc4c00}
@media (prefers-color-scheme:dark){.ground{fill:#151b23;stroke:#3d444d} text{fill:#f0f6fc} .small{fill:#9198a1} .line{stroke:#f0f6fc}
.rule{stroke:#3d444d} .q{fill:#4493f8} .r{fill:#767e88} .t{fill:#d29922} .h{fill:#db6d28}}
"""
WIDTH, EDGE, LEFT, RIGHT, BAR = 840, 24, 250, 80, 13
CPU_ROWS = (("get-16", "small GET"), ("list-16", "list of 8 KiB"), ("create-16", "create of 2 KiB, judged in full"), ("denied-16", "denied request"),
            ("anew-16", "a connection for each request"))
BULK_ROWS = (("down-length", "download, length known"), ("down-close", "download, until close"), ("down-chunked", "download, chunked"),
             ("up-length", "upload, length known"), ("up-chunked", "upload, chunked"), ("tunnel-down", "tunnel, down"), ("tunnel-up", "tunnel, up"))
TABLE = (("calls", "system calls of a small GET", "", 1), ("idle_kib", "memory, idle", "MiB", 1024), ("connection_kib", "memory of an idle connection", "KiB", 1),
         ("stream_kib", "memory of an open stream", "KiB", 1), ("start_ms", "start to first answer", "ms", 1))
TABLE_WHO = ("quaygate", "haproxy tuned", "haproxy")


def cpu_of(result):
    """Row to contestant to CPU time, in that of relay-parse; of a denied request, which no relay knows, in that of the small GET."""
    for name, what in CPU_ROWS:
        row = result["rows"].get(name)
        if row and row["cpu_to_relay"]:
            yield what, {who: ratio for who, ratio in row["cpu_to_relay"].items() if who in COLOURS}


def bulk_of(result):
    for name, what in BULK_ROWS:
        row = result["rows"].get(name)
        if row:
            yield what, {who: share for who, share in row["of_direct"].items() if who in COLOURS}


class Drawing:
    def __init__(self):
        self.y, self.parts = EDGE, []

    def text(self, x, text, classes="", down=0):
        attribute = f' class="{classes}"' if classes else ""
        self.parts.append(f'<text x="{x:.0f}" y="{self.y + down:.0f}"{attribute}>{escape(text)}</text>')

    def line(self, text, classes="", step=18):
        self.y += step
        self.text(EDGE, text, classes)

    def legend(self, names):
        self.y += 20
        x = LEFT
        for name in names:
            self.parts.append(f'<rect x="{x}" y="{self.y - 10:.0f}" width="11" height="11" class="{COLOURS[name]}"/>')
            self.text(x + 17, name, "small")
            x += 34 + 7 * len(name)
        self.y += 8

    def bars(self, rows, unit, one=None):
        """`one`: what the line at 1 is, if there is one."""
        rows = list(rows)
        names = [name for name in COLOURS if any(name in figures for _, figures in rows)]
        most = max([value for _, figures in rows for value in figures.values()] + ([1] if one else []), default=1)
        scale = (WIDTH - LEFT - RIGHT - EDGE) / most
        self.legend(names)
        top = self.y
        for what, figures in rows:
            here = [name for name in names if name in figures]
            self.text(LEFT - 12, what, "end", len(here) * BAR / 2 + 4)
            for name in here:
                width = max(1, figures[name] * scale)
                self.parts.append(f'<rect x="{LEFT}" y="{self.y:.0f}" width="{width:.1f}" height="{BAR - 2}" class="{COLOURS[name]}"/>')
                self.text(LEFT + width + 6, f"{figures[name]:.2f}{unit}", "small", BAR - 3)
                self.y += BAR
            self.y += 9
        if one:
            x = LEFT + scale
            self.parts.append(f'<line x1="{x:.1f}" y1="{top - 4:.0f}" x2="{x:.1f}" y2="{self.y - 4:.0f}" class="line"/>')
            self.y += 10
            self.text(x - 4, one, "small")

    def table(self, rest):
        columns = [name for name in TABLE_WHO if name in rest]
        places = {name: LEFT + 130 + 150 * i for i, name in enumerate(columns)}
        self.y += 22
        for name, x in places.items():
            self.text(x, name, "end head")
        for key, what, unit, divisor in TABLE:
            if not any(key in rest[name] for name in columns):
                continue
            self.y += 8
            self.parts.append(f'<line x1="{EDGE}" y1="{self.y:.0f}" x2="{places[columns[-1]]}" y2="{self.y:.0f}" class="rule"/>')
            self.y += 17
            self.text(EDGE, what)
            for name, x in places.items():
                if key in rest[name]:
                    value = rest[name][key] / divisor
                    self.text(x, (f"{value:.0f}" if value >= 20 else f"{value:.1f}") + (f" {unit}" if unit else ""), "end")

    def document(self, title):
        height = self.y + EDGE
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" height="{height:.0f}" role="img" '
                f'aria-label="{escape(title)}">\n<title>{escape(title)}</title>\n<style>{STYLE}</style>\n'
                f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1:.0f}" rx="6" class="ground"/>\n' + "\n".join(self.parts) + "\n</svg>\n")


def draw(result):
    """What --json keeps, as an SVG document."""
    drawing, title = Drawing(), "What the gate costs"
    drawing.y = EDGE - 6
    drawing.line(title, "title")
    drawing.line(f"Ratios: client, gate and engine share one processor. Medians of {result['rounds']} rounds, in which all take turns.", "small", 20)
    drawing.line("haproxy: method and path rules, as people put it before the socket; tuned: the same with connections kept. All write a log.", "small", 17)
    cpu, bulk = list(cpu_of(result)), list(bulk_of(result))
    if cpu:
        drawing.line("CPU time of a request: less is better", "head", 30)
        drawing.line("16 connections; × of a relay that reads HTTP, judges nothing and writes nothing down", "small")
        drawing.bars(cpu, " ×", "1 = that relay")
    if bulk:
        drawing.line("Bytes a second: more is better", "head", 30)
        drawing.line("as a share of the direct connection; relay-splice moves bytes in the kernel and does nothing else", "small")
        drawing.bars(bulk, "")
    if result["rest"].get("quaygate"):
        drawing.line("What it takes", "head", 20)
        drawing.table(result["rest"])
    return drawing.document(title)
