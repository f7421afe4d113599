# SPDX-License-Identifier: Apache-2.0
"""The picture of tests/bench/run: CPU time of a request through each, as bars. Readable on a light and a dark page."""

from xml.sax.saxutils import escape

COLOURS = {"quaygate": "#2f81f7", "haproxy tuned": "#8b949e", "haproxy": "#d29922"}
WIDTH, LEFT, BAR, GAP, RIGHT = 760, 240, 14, 14, 90


def draw(rows):
    """`rows`: name to {"what", "figures": {contestant: {"cpu_us"}}}. An SVG document."""
    names = [name for name in COLOURS if any(name in row["figures"] for row in rows.values())]
    most = max((row["figures"][n]["cpu_us"] for row in rows.values() for n in names if n in row["figures"]), default=1)
    y, parts = 58, []
    for row in rows.values():
        present = [n for n in names if n in row["figures"]]
        middle = y + len(present) * BAR / 2
        parts.append(f'<text x="{LEFT - 10}" y="{middle + 4:.0f}" text-anchor="end">{escape(row["what"])}</text>')
        for name in present:
            value = row["figures"][name]["cpu_us"]
            width = max(1, value / most * (WIDTH - LEFT - RIGHT))
            parts.append(f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR - 2}" fill="{COLOURS[name]}"/>'
                         f'<text x="{LEFT + width + 6:.1f}" y="{y + 10}" class="v">{value:.1f}</text>')
            y += BAR
        y += GAP
    legend, x = [], LEFT
    for name in names:
        legend.append(f'<rect x="{x}" y="32" width="12" height="12" fill="{COLOURS[name]}"/><text x="{x + 18}" y="42">{escape(name)}</text>')
        x += 130
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" height="{y}" role="img" '
            f'aria-label="CPU time of a request, by gate">\n<style>text{{font:12px sans-serif;fill:#57606a}} .v{{font-size:11px}} '
            f'.t{{font-size:14px;font-weight:bold}} @media (prefers-color-scheme:dark){{text{{fill:#adbac7}}}}</style>\n'
            f'<text x="{LEFT}" y="18" class="t">CPU time of a request, µs: less is better</text>\n'
            + "\n".join(legend + parts) + "\n</svg>\n")
