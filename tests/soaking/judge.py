# SPDX-License-Identifier: Apache-2.0
"""What must hold when a soak is over and its clients are gone."""

import collections
import json
import os
import re
import shutil
import statistics
import subprocess
import time

import clients

Finding = collections.namedtuple("Finding", "good what text")
# The median of the last third's resident memory against the second's: a leak of 100 bytes a request shows in minutes.
GROWTH_SHARE, GROWTH_KIB = 1.02, 256
CALM = 20  # seconds for connections that were cut off to be ended


def flat(watch):
    parts = watch.thirds()
    if len(parts[1]) < 5:
        return Finding(False, "memory", f"{len(watch.samples)} samples are too few to tell")
    second, last = (statistics.median(sample[1] for sample in part) for part in parts[1:])
    bound = second * GROWTH_SHARE + GROWTH_KIB
    return Finding(last <= bound, "memory", f"median of the last third {last:.0f} KiB, of the second {second:.0f}; bound {bound:.0f} "
                   f"(2 % and {GROWTH_KIB} KiB more); at the start {watch.at_start[1]}")


def calm(watch):
    """Descriptors and connections once the clients are gone, against before they came. Who looks is a client too, whose process
    the gate holds open for up to two seconds."""
    end = time.monotonic() + CALM
    while True:
        sample = watch.sample()
        if (sample[2] <= watch.at_start[2] and sample[3] == 0) or time.monotonic() > end:
            break
        time.sleep(3)
    return [Finding(sample[2] <= watch.at_start[2], "descriptors", f"{sample[2]} when the clients are gone, {watch.at_start[2]} before they came"),
            Finding(sample[3] == 0, "connections", f"{sample[3]} when the clients are gone")]


def counted(metrics):
    """What the metrics say of requests, by verdict."""
    verdicts = collections.Counter()
    for series, value in metrics.items():
        match = re.match(r'quaygate_requests_total\{.*verdict="(\w+)"', series)
        if match:
            verdicts[match[1]] += int(value)
    return verdicts


def recorded(place):
    """(records, verdicts, denials by rule, ids of what was let through without an outcome)"""
    lines, verdicts, rules, open_ids = 0, collections.Counter(), collections.Counter(), set()
    for name in place.trail():
        with open(name, encoding="utf-8") as file:
            for line in file:
                record = json.loads(line)
                lines += 1
                if record["event"] == "decision":
                    verdicts[record["verdict"]] += 1
                    if record["verdict"] == "deny":
                        rules[record["rule"]] += 1
                    if record["verdict"] == "allow":
                        open_ids.add(record["id"])
                elif record["event"] == "outcome":
                    open_ids.discard(record["id"])
    return lines, verdicts, rules, open_ids


def agree(place):
    metrics = place.metrics()
    lines, verdicts, rules, open_ids = recorded(place)
    said = counted(metrics)
    denials = collections.Counter()
    for series, value in metrics.items():
        match = re.match(r'quaygate_denials_total\{.*rule="([^"]*)"', series)
        if match and 'verdict="observe"' not in series:
            denials[match[1]] += int(value)
    other = sorted(rule for rule in rules if rule not in denials)
    written = int(sum(v for k, v in metrics.items() if k.startswith("quaygate_audit_records_written_total")))
    dropped = int(sum(v for k, v in metrics.items() if k.startswith("quaygate_audit_records_dropped_total")))
    return [
        Finding(all(said[v] == n for v, n in verdicts.items()) and sum(said.values()) == sum(verdicts.values()),
                "metrics and trail, verdicts", f"metrics {dict(said)}, trail {dict(verdicts)}"),
        Finding(denials == rules, "metrics and trail, denials by rule",
                f"{sum(rules.values())} denials by {len(rules)} rules" + (f"; not told by metrics: {other}" if other else "")),
        Finding(written == lines and dropped == 0, "metrics and trail, records",
                f"{written} written by the metrics, {lines} in {len(place.trail())} files, {dropped} dropped"),
        Finding(not open_ids, "outcomes", f"{verdicts['allow']} requests were let through, {len(open_ids)} without an outcome"),
    ]


def verified(place):
    done = subprocess.run([os.path.join(place.build, "daemon", "quaygate"), "audit", "verify", *place.trail()],
                          capture_output=True, text=True, check=False)
    last = " ".join((done.stdout + done.stderr).split())
    return Finding(done.returncode == 0, "quaygate audit verify", f"exit {done.returncode}: {last[-300:]}")


def judge(place, tally, watch, stuck):
    findings = [Finding(not stuck, "clients", f"{len(stuck)} did not end")]
    if place.gate.poll() is not None:
        findings.append(Finding(False, "the gate", f"ended with {place.gate.returncode}: {place.log()[-1500:]}"))
        return findings
    found = clients.strangers(place)
    findings.append(Finding(not found, "strangers at the engine", f"{len(found)} containers that nobody was allowed to make {' '.join(found)}"))
    findings += [flat(watch), *calm(watch), *agree(place)]
    code = place.stop_gate()
    findings.append(Finding(code == 0, "the gate", f"ended with {code}"))
    findings.append(verified(place))
    tries, wrong = tally.totals
    findings.append(Finding(wrong == 0 and tries > 0, "verdicts", f"{tries} results looked at, {wrong} wrong"))
    return findings


def keep(place, watch, folder):
    os.makedirs(folder, exist_ok=True)
    for name in [*place.trail(), place.path("log"), place.path("gate.yaml")]:
        if os.path.exists(name):
            shutil.copy(name, folder)
    with open(os.path.join(folder, "samples.csv"), "w", encoding="ascii") as file:
        file.write("seconds,resident_kib,descriptors,connections\n")
        file.writelines(",".join(f"{value:.0f}" for value in sample) + "\n" for sample in watch.samples)
