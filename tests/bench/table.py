# SPDX-License-Identifier: Apache-2.0
"""The figures of tests/bench/run as text: for a terminal, and the README's block."""

from rows import REST

BEGIN, END = "<!-- figures: tests/bench/run --readme writes them -->", "<!-- end of figures -->"


def number(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def bound(target):
    return f"{target['bound']} {target['limit']:g}" + (f" {target['unit']}" if target["unit"] else "")


def trail(target):
    """What a trail alone comes to, where it is measured."""
    return number(target["trail"]) if target.get("trail") is not None else ""


def show_rows(rows):
    print(f"{'':34}{'':15}{'requests/s':>10} {'of direct':>9} {'p50 µs':>8} {'p99 µs':>8} {'CPU µs':>7}  quaygate's CPU, p99, requests/s by CPU time of all")
    for row in rows.values():
        what = row["what"]
        for name, figures in row["figures"].items():
            if "rps" not in figures:
                continue
            share = f"{row['of_direct'][name]:.2f}" if name in row["of_direct"] else ""
            cpu = f"{figures['cpu_us']:.1f}" if "cpu_us" in figures and name != "direct" else ""
            ratios = row["gate_to"].get(name) if name != "direct" else None
            ratios = f"× {ratios['cpu_us']:.2f}, × {ratios['p99_us']:.2f}, × {ratios['alone_rps']:.2f}" if ratios else ""
            if "most_us" in figures:
                ratios = f"longest {figures['most_us']:.0f} µs, {figures['lost']:g} lost, {figures['reloads']:g} reloads"
            print(f"{what[:33]:34}{name:15}{figures['rps']:10.0f} {share:>9} {figures['p50_us']:8.1f} {figures['p99_us']:8.1f} {cpu:>7}  {ratios}")
            what = ""


def show_bulk(rows):
    print(f"\n{'':34}{'':15}{'GiB/s':>10} {'of direct':>9} {'CPU s/GiB':>17}  quaygate's CPU, bytes/s by CPU time of all")
    for row in rows.values():
        what = row["what"]
        for name, figures in row["figures"].items():
            if "gib_per_second" not in figures:
                continue
            share = f"{row['of_direct'][name]:.2f}" if name in row["of_direct"] else ""
            cpu = f"{figures['cpu_seconds_per_gib']:.3f}" if name != "direct" else ""
            ratios = row["gate_to"].get(name) if name != "direct" else None
            ratios = f"× {ratios['cpu_seconds_per_gib']:.2f}, × {ratios['alone_gib_per_second']:.2f}" if ratios else ""
            print(f"{what[:33]:34}{name:15}{figures['gib_per_second']:10.2f} {share:>9} {cpu:>17}  {ratios}")
            what = ""


def show_targets(targets):
    print(f"\n{'':50}{'target':>28}{'measured':>10}{'relay-trail':>13}")
    for target in targets:
        print(f"{target['what']:50}{bound(target):>28}{number(target['measured']):>10}{trail(target):>13}  {'met' if target['met'] else 'MISSED'}")
    if targets:
        print(f"{sum(t['met'] for t in targets)} of {len(targets)} targets are met")


def show(result):
    rows = result["rows"]
    if any(row["how"] != "bulk" for row in rows.values()):
        show_rows(rows)
    if any(row["how"] == "bulk" for row in rows.values()):
        show_bulk(rows)
    print()
    for key, what, unit in REST:
        figures = ", ".join(f"{name} {number(of[key])}" for name, of in result["rest"].items() if key in of)
        if figures:
            print(f"{(what + ', ' + unit if unit else what):49}{figures}")
    show_targets(result["targets"])


def readme(text, result):
    """The README with its block written anew: which targets are missed, and by how much."""
    targets = result["targets"]
    missed = [target for target in targets if not target["met"]]
    lines = [f"Of its {len(targets)} targets ([tests/bench/targets.py](tests/bench/targets.py)) this run "
             + (f"meets {len(targets) - len(missed)}; these it misses:" if missed else "meets all.")]
    if missed:
        lines += ["", "| what | target | measured | relay-trail |", "| --- | --- | --- | --- |"]
        lines += [f"| {target['what']} | {bound(target)} | {number(target['measured'])} | {trail(target)} |" for target in missed]
    if any(trail(target) for target in missed):
        lines += ["", "relay-trail judges nothing: it reads HTTP and copies, and writes two chained lines a request, as long as the gate's. It sends each message by itself, the gate all that a turn of its loop has."]
    before, _, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise SystemExit(f"README.md has no lines `{BEGIN}` and `{END}`")
    return f"{before}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{after}"
